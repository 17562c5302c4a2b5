package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// untimed returns an entry without id and time.
func untimed(content string) oplog.Entry {
	e := nodetest.Entry(content, 0)
	e.Time = time.Time{}
	return e
}

// Lines without an id that are already in the log are stored twice only on request.
func TestImportDuplicateLines(t *testing.T) {
	l := newLog(t)
	ctx := context.Background()
	f := func(tenant string, wantLine, wantRecorded int, lines ...any) {
		t.Helper()
		file := nodetest.ImportLines(lines...)
		var found *journal.DuplicateLineError
		err := l.Journal.FindDuplicateLines(ctx, tenant, file)
		if errors.As(err, &found); err != nil && found == nil {
			t.Fatal(err)
		}
		if line := lineOf(found); line != wantLine {
			t.Errorf("%v is found again, want line %d", err, wantLine)
		}
		found = nil
		done, err := l.Journal.Import(ctx, tenant, file, false, func(int, error) {})
		if errors.As(err, &found); lineOf(found) != wantLine || err != nil && found == nil || done.Recorded != wantRecorded {
			t.Errorf("imported %+v, %v, want line %d, %d recorded", done, err, wantLine, wantRecorded)
		}
		if found != nil && !found.ReceivedAt.Equal(nodetest.Morning) {
			t.Errorf("it says %v", found.ReceivedAt)
		}
	}
	file := []any{nodetest.Entry("a", 3), errors.New("bad"), nodetest.Entry("b", 2), nodetest.Entry("b", 2), untimed("c"), nodetest.WithID("d", nodetest.Entry("d", 1))}
	f("acme", 0, 5, file...) // two lines of one file may be alike
	f("acme", 1, 0, file...)
	f("acme", 3, 0, nodetest.Entry("new", 3), nodetest.Entry("other", 2), nodetest.Entry("b", 2))
	f("acme", 1, 0, untimed("c"))
	f("acme", 2, 0, nodetest.Entry("new", 1), untimed("c"))
	f("acme", 0, 0, nodetest.WithID("d", nodetest.Entry("d", 1)), errors.New("bad")) // a duplicate by id, as always
	other := nodetest.Entry("b", 2)
	other.Outcome = oplog.OutcomeFailure
	byProgram := nodetest.Entry("a", 3)
	byProgram.Origin = oplog.OriginAPI
	f("acme", 0, 3, other, byProgram, nodetest.Entry("a", 4), untimed("b"))
	f("plain", 0, 5, file...) // another tenant's

	l.Restart()
	l.Clock.Advance(time.Minute)
	f("acme", 1, 0, untimed("c"))
	if done, err := l.Journal.Import(ctx, "acme", nodetest.ImportLines(file...), true, func(int, error) {}); err != nil || done != (journal.ImportResult{Recorded: 4, Duplicates: 1, Rejected: 1}) {
		t.Errorf("again: %+v, %v", done, err)
	}
	if n, _, err := l.Store.Counts("acme"); err != nil || n != 12 {
		t.Errorf("%d entries, %v", n, err)
	}
	l.Record("acme", nodetest.Entry("sent", 5)) // not by an import
	l.Clock.Advance(-time.Minute)
	if err := l.Journal.FindDuplicateLines(ctx, "acme", nodetest.ImportLines(nodetest.Entry("sent", 5))); !errors.As(err, new(*journal.DuplicateLineError)) {
		t.Errorf("what was sent over the API is not found: %v", err)
	}
	nodetest.WantCode(t, l.Journal.FindDuplicateLines(ctx, "none", nodetest.ImportLines()), oplog.CodeNotFound)
	if err := l.Journal.FindDuplicateLines(ctx, "acme", nodetest.ImportLines(nodetest.Entry("x", 1))); err != nil {
		t.Error(err)
	}
}

func lineOf(e *journal.DuplicateLineError) int {
	if e == nil {
		return 0
	}
	return e.Line
}

// In a file with many lines, many with the same time, the first duplicate is found wherever it is.
func TestImportDuplicateAmongManyLines(t *testing.T) {
	const n = 12_000
	l := newLog(t)
	line := func(i int) any {
		e := nodetest.Entry(fmt.Sprint(i), i%7)
		return e
	}
	var first []any
	for i := range n {
		first = append(first, line(i))
	}
	if done, err := l.Journal.Import(context.Background(), "acme", nodetest.ImportLines(first...), false, nil); err != nil || done.Recorded != n {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, at := range []int{0, 4_999, 5_000, n - 1} {
		var file []any
		for i := range n {
			file = append(file, line(n+i))
		}
		file[at] = line(n - 1 - at)
		var found *journal.DuplicateLineError
		if err := l.Journal.FindDuplicateLines(context.Background(), "acme", nodetest.ImportLines(file...)); !errors.As(err, &found) || found.Line != at+1 {
			t.Errorf("%v, want line %d", err, at+1)
		}
	}
}
