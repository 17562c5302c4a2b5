package wire

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func TestBudget(t *testing.T) {
	b := NewBudget(12, 8, 6)
	a, a2, other, third := Holder{"a", "acme"}, Holder{"a2", "acme"}, Holder{"b", "other"}, Holder{"c", "third"}
	take := func(h Holder, n int64, want Share) {
		t.Helper()
		var over *OverBudget
		got := Share("")
		if errors.As(b.Take(h, n), &over) {
			got = over.Share
		}
		if got != want {
			t.Errorf("%v takes %d: %q, want %q", h, n, got, want)
		}
	}
	take(a, 7, OfCaller)
	take(a, 6, "")
	take(a, 1, OfCaller)
	take(a2, 3, OfTenant)
	take(a2, 2, "")
	take(other, 5, OfAll)
	take(other, 4, "")
	take(third, 1, OfAll)
	b.Give(a, 2)
	take(a2, 3, OfTenant)
	take(third, 2, "")
	b.Give(a, 4)
	b.Give(a2, 2)
	b.Give(other, 4)
	b.Give(third, 2)
	if len(b.byCaller) != 0 || len(b.byTenant) != 0 || b.held != 0 {
		t.Errorf("%d of %v, %v are still held", b.held, b.byCaller, b.byTenant)
	}
}

// TestBudgetWait: callers that wait get what is given back, the first of them first, and none waits for another's share.
func TestBudgetWait(t *testing.T) {
	b := NewBudget(3, 3, 2)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan string)
	wait := func(name, caller string, n int64) {
		t.Helper()
		waiting := b.inLines()
		go func() {
			if b.Wait(ctx, Holder{Caller: caller}, n) != nil {
				name += " is refused"
			}
			got <- name
		}()
		for b.inLines() == waiting {
			runtime.Gosched()
		}
	}
	want := func(name string) {
		t.Helper()
		if name != <-got {
			t.Errorf("it is not %s", name)
		}
	}
	for range 2 {
		if err := b.Wait(ctx, Holder{Caller: "a"}, 1); err != nil {
			t.Fatal(err)
		}
	}
	wait("a's third", "a", 1)
	wait("a's fourth", "a", 1)
	wait("two of b", "b", 2)
	b.Give(Holder{Caller: "a"}, 1)
	want("a's third")
	b.Give(Holder{Caller: "a"}, 2)
	for _, name := range []string{<-got, <-got} {
		if name != "a's fourth" && name != "two of b" {
			t.Error(name)
		}
	}
	wait("b's third", "b", 1)
	cancel()
	want("b's third is refused")
	b.Give(Holder{Caller: "a"}, 1)
	b.Give(Holder{Caller: "b"}, 2)
	if len(b.byCaller) != 0 || b.held != 0 || len(b.waiting)+len(b.lines) != 0 {
		t.Errorf("%d of %v are still held, %d wait", b.held, b.byCaller, b.inLines())
	}
}

// inLines returns how many requests wait.
func (b *Budget) inLines() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.waiting {
		n += len(l.waiters)
	}
	return n
}

// TestBudgetLines: callers are served in turn however many requests of one wait, and a request that gives up holds up none behind it.
func TestBudgetLines(t *testing.T) {
	b := NewBudget(2, 2, 2)
	flood, other := Holder{Caller: "flood", Tenant: "acme"}, Holder{Caller: "other", Tenant: "acme"}
	for range 2 {
		if err := b.Take(flood, 1); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan error)
	wait := func(ctx context.Context, h Holder, n int64, done chan error) {
		t.Helper()
		before := b.inLines()
		go func() { done <- b.Wait(ctx, h, n) }()
		for b.inLines() == before {
			runtime.Gosched()
		}
	}
	leaving, leave := context.WithCancel(t.Context())
	wait(leaving, flood, 2, got)
	floods := make(chan error, 1000)
	for range cap(floods) {
		wait(t.Context(), flood, 1, floods)
	}
	wait(t.Context(), other, 1, got)
	b.Give(flood, 1)
	if err := <-got; err != nil { // the flood waits for two
		t.Fatal(err)
	}
	wait(t.Context(), other, 1, got)
	b.Give(other, 1) // to itself: what the first of the flood waits for is not there yet
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	leave()
	var over *OverBudget
	if err := <-got; !errors.As(err, &over) || over.Share != OfCaller {
		t.Errorf("%v", err)
	}
	for range cap(floods) {
		b.Give(flood, 1)
		if err := <-floods; err != nil {
			t.Fatal(err)
		}
	}
	b.Give(flood, 1)
	b.Give(other, 1)
	if b.held != 0 || len(b.waiting)+len(b.lines) != 0 {
		t.Errorf("%d are held, %d wait", b.held, b.inLines())
	}
}

// BenchmarkBudget gives a share to the next of many requests of one caller that wait.
func BenchmarkBudget(b *testing.B) {
	budget, h := NewBudget(32, 16, 2), Holder{Caller: "key/oplog_read_1", Tenant: "acme"}
	_, _ = budget.Take(h, 1), budget.Take(h, 1)
	ctx, cancel := context.WithCancel(b.Context())
	var waiting sync.WaitGroup
	for range 2000 {
		waiting.Go(func() { _ = budget.Wait(ctx, h, 1) })
	}
	for budget.inLines() < 2000 {
		runtime.Gosched()
	}
	for b.Loop() {
		waiting.Go(func() { _ = budget.Wait(ctx, h, 1) })
		budget.Give(h, 1)
	}
	cancel()
	waiting.Wait()
}

// TestReadGrowing: memory is taken as a body arrives, and not for what is only
// announced.
func TestReadGrowing(t *testing.T) {
	f := func(body string, length, most int, wantHeld int, want error) {
		t.Helper()
		held := 0
		got, err := readGrowing(iotest.HalfReader(strings.NewReader(body)), length, most, func(n int) error { held += n; return nil })
		if !errors.Is(err, want) || want == nil && string(got) != body {
			t.Errorf("%d of %d bytes: %d, %v", len(body), length, len(got), err)
		}
		if held > wantHeld {
			t.Errorf("%d of %d bytes hold %d, want at most %d", len(body), length, held, wantHeld)
		}
	}
	f("", 0, 1<<20, 0, nil)
	f("{", MaxBodyBytes, MaxBodyBytes, 4<<10, nil)
	f("{", -1, MaxBodyBytes, 4<<10, nil)
	f(strings.Repeat(" ", 100_000), MaxBodyBytes, MaxBodyBytes, 128<<10, nil)
	f(strings.Repeat(" ", 100_000), 100_000, MaxBodyBytes, 100_000, nil)
	f(strings.Repeat(" ", 1<<20), -1, 1<<20, 1<<20, nil)
	f(strings.Repeat(" ", 1<<20+1), -1, 1<<20, 1<<20, errTooMany)
	full := errors.New("full")
	if _, err := readGrowing(strings.NewReader("{}"), 2, 2, func(int) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}
