package archive_test

import (
	"context"
	"strings"
	"testing"

	"oplog/archive"
)

// crashes are the points where the program may end, with how to bring that about.
var crashes = map[string]func(f *fixture, end func()){
	"before the attempt is recorded": func(f *fixture, end func()) { f.store.before = once("shipping", end) },
	"the attempt is recorded":        func(f *fixture, end func()) { f.store.after = once("shipping", end) },
	"before rows are sent":           atStep("put", 1),
	"in the middle of the rows":      atStep("row", dayEntries/2),
	"before the last row":            atStep("row", dayEntries),
	"all rows are there":             atStep("inserted", 1),
	"in the middle of another day":   atStep("row", dayEntries+dayEntries/2),
	"before they are compared":       atStep("verify", 1),
	"before that is recorded":        func(f *fixture, end func()) { f.store.before = once("archived", end) },
	"it is recorded":                 func(f *fixture, end func()) { f.store.after = once("archived", end) },
	"before they are compared again": atStep("verify", oldDays+1),
	"before the removal is recorded": func(f *fixture, end func()) { f.store.before = once("removed", end) },
	"the removal is recorded":        func(f *fixture, end func()) { f.store.after = once("removed", end) },
	"before entries are removed": func(f *fixture, end func()) {
		f.store.deleting = func(context.Context) (context.Context, error) { end(); return nil, errDead }
	},
	"half of the entries are removed": func(f *fixture, end func()) {
		f.store.deleting = func(ctx context.Context) (context.Context, error) { return &halfContext{Context: ctx, end: end}, nil }
	},
}

// halfContext ends after the first transaction.
type halfContext struct {
	context.Context
	asked int
	end   func()
}

func (c *halfContext) Err() error {
	if c.asked++; c.asked == 1 {
		return nil
	}
	c.end()
	return errDead
}

// once calls end at the first change to a state.
func once(state string, end func()) func(string) {
	return func(data string) {
		if end != nil && strings.Contains(data, `"state":"`+state+`"`) {
			end()
			end = nil
		}
	}
}

// atStep calls end at the n-th time of a step.
func atStep(step string, n int) func(f *fixture, end func()) {
	return func(f *fixture, end func()) {
		count := 0
		f.shards[0].Fault = func(now string, _ archive.Shipment) error {
			if now == step {
				if count++; count == n {
					end()
				}
			}
			return f.store.alive()
		}
	}
}

// TestCrashes: wherever the program ends, after the next start everything is in the archive, once, and removed here.
func TestCrashes(t *testing.T) {
	for name, crash := range crashes {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1, 2)
			dates := f.dates()
			if len(dates) != oldDays {
				t.Fatalf("due are %v", dates)
			}
			ended := false
			crash(f, func() { ended = true; f.store.dead.Store(true) })
			if f.round() == nil && !ended {
				f.Clock.Advance(f.Grace)
				_ = f.round()
			}
			if !ended {
				t.Fatal("the program did not end")
			}
			f.shards[0].Fault = nil
			f.Restart()
			f.settle()
			f.check(dates)
		})
	}
}
