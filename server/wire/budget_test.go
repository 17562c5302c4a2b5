package wire

import (
	"context"
	"errors"
	"runtime"
	"strings"
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
		waiting := len(b.waiting)
		go func() {
			if b.Wait(ctx, Holder{Caller: caller}, n) != nil {
				name += " is refused"
			}
			got <- name
		}()
		for b.mu.Lock(); len(b.waiting) == waiting; b.mu.Lock() {
			b.mu.Unlock()
			runtime.Gosched()
		}
		b.mu.Unlock()
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
	if len(b.byCaller) != 0 || b.held != 0 || len(b.waiting) != 0 {
		t.Errorf("%d of %v are still held, %d wait", b.held, b.byCaller, len(b.waiting))
	}
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
