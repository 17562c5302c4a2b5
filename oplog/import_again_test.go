package oplog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"oplog/oplog"
)

// untimed is an entry to which a file gives neither id nor time.
func untimed(content string) oplog.Entry {
	e := entry(content, 0)
	e.Time = time.Time{}
	return e
}

// Lines without an id that the log has already are stored twice only where that
// is asked for.
func TestImportAgain(t *testing.T) {
	l := newLog(t)
	ctx := context.Background()
	f := func(tenant string, wantLine, wantRecorded int, lines ...any) {
		t.Helper()
		file := linesOf(lines...)
		var found *oplog.AgainError
		err := l.FindAgain(ctx, tenant, file)
		if errors.As(err, &found); err != nil && found == nil {
			t.Fatal(err)
		}
		if line := lineOf(found); line != wantLine {
			t.Errorf("%v is found again, want line %d", err, wantLine)
		}
		found = nil
		done, err := l.Import(ctx, tenant, file, false, func(int, error) {})
		if errors.As(err, &found); lineOf(found) != wantLine || err != nil && found == nil || done.Recorded != wantRecorded {
			t.Errorf("imported %+v, %v, want line %d, %d recorded", done, err, wantLine, wantRecorded)
		}
		if found != nil && !found.At.Equal(morning) {
			t.Errorf("it says %v", found.At)
		}
	}
	file := []any{entry("a", 3), errors.New("bad"), entry("b", 2), entry("b", 2), untimed("c"), withID("d", entry("d", 1))}
	f("acme", 0, 5, file...) // two lines of one file may be alike
	f("acme", 1, 0, file...)
	f("acme", 3, 0, entry("new", 3), entry("other", 2), entry("b", 2))
	f("acme", 1, 0, untimed("c"))
	f("acme", 2, 0, entry("new", 1), untimed("c"))
	f("acme", 0, 0, withID("d", entry("d", 1)), errors.New("bad")) // a duplicate, as ever
	other := entry("b", 2)
	other.Outcome = oplog.OutcomeFailure
	byProgram := entry("a", 3)
	byProgram.Origin = oplog.OriginAPI
	f("acme", 0, 3, other, byProgram, entry("a", 4), untimed("b"))
	f("plain", 0, 5, file...) // of another tenant

	l.reopen()
	l.clock.advance(time.Minute)
	f("acme", 1, 0, untimed("c"))
	if done, err := l.Import(ctx, "acme", linesOf(file...), true, func(int, error) {}); err != nil || done != (oplog.Imported{Recorded: 4, Duplicates: 1, Refused: 1}) {
		t.Errorf("again: %+v, %v", done, err)
	}
	if n, _, err := l.store.Counts("acme"); err != nil || n != 12 {
		t.Errorf("%d entries, %v", n, err)
	}
	l.record("acme", entry("sent", 5)) // not by an import
	l.clock.advance(-time.Minute)
	if err := l.FindAgain(ctx, "acme", linesOf(entry("sent", 5))); !errors.As(err, new(*oplog.AgainError)) {
		t.Errorf("what was sent over the API is not found: %v", err)
	}
	wantCode(t, l.FindAgain(ctx, "none", linesOf()), oplog.CodeNotFound)
	if err := l.FindAgain(ctx, "acme", linesOf(entry("x", 1))); err != nil {
		t.Error(err)
	}
}

func lineOf(e *oplog.AgainError) int {
	if e == nil {
		return 0
	}
	return e.Line
}

// Of a file of many lines, many of them of one time, the first that is there is
// found, wherever it is.
func TestImportAgainOfManyLines(t *testing.T) {
	const n = 12_000
	l := newLog(t)
	line := func(i int) any {
		e := entry(fmt.Sprint(i), i%7)
		return e
	}
	var first []any
	for i := range n {
		first = append(first, line(i))
	}
	if done, err := l.Import(context.Background(), "acme", linesOf(first...), false, nil); err != nil || done.Recorded != n {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, at := range []int{0, 4_999, 5_000, n - 1} {
		var file []any
		for i := range n {
			file = append(file, line(n+i))
		}
		file[at] = line(n - 1 - at)
		var found *oplog.AgainError
		if err := l.FindAgain(context.Background(), "acme", linesOf(file...)); !errors.As(err, &found) || found.Line != at+1 {
			t.Errorf("%v, want line %d", err, at+1)
		}
	}
}
