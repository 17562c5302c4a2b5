package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// TestRetentionDuringUse: clients that read and append while days are deleted see no error, no entry twice and none in part.
func TestRetentionDuringUse(t *testing.T) {
	l := newLog(t)
	const days, each = 12, 60
	for d := range days {
		var entries []oplog.Entry
		for i := range each {
			entries = append(entries, dated(fmt.Sprintf("spring %d %d", d, i), 20+d))
		}
		l.Record("acme", entries...)
	}
	l.retention("acme", 30)
	_, err := l.Directory.AddHold("acme", oplog.Hold{From: "2026-10-25", To: "2026-10-25", Reason: "x", SetBy: "y"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var using sync.WaitGroup
	use := func(do func() error) {
		using.Go(func() {
			for ctx.Err() == nil {
				if err := do(); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	use(func() error {
		cursor, seen := "", make(map[string]bool)
		for {
			page, err := l.Journal.Page(ctx, "acme", oplog.Query{Filters: oplog.Filters{Search: "spring"}}, 50, cursor)
			if err != nil {
				return err
			}
			for _, e := range page.Entries {
				if seen[e.ID] {
					return fmt.Errorf("%s stands twice", e.ID)
				}
				seen[e.ID] = true
			}
			if cursor = page.NextCursor; cursor == "" {
				return nil
			}
		}
	})
	use(func() error {
		_, err := l.Journal.Summary(ctx, "acme", oplog.Query{}, oplog.LocaleEN)
		return err
	})
	number := 0
	use(func() error {
		number++
		_, err := l.Journal.Append(ctx, "acme", []oplog.Entry{dated(fmt.Sprint("new ", number), 1)})
		return err
	})
	for range days {
		l.Clock.Advance(day)
		l.retain()
	}
	stop()
	using.Wait()
	l.Clock.Advance(-days * day)
	page, err := l.Journal.Page(context.Background(), "acme", oplog.Query{Filters: oplog.Filters{Search: "spring"}}, 200, "")
	if err != nil || len(page.Entries) != each {
		t.Errorf("%d entries are left, %v; those held are %d", len(page.Entries), err, each)
	}
	l.intact("acme", (days-1)*each)
}

// TestRetentionAgainstOracle: after any sequence of appends, holds, lifts and deletions the log agrees with a plain list, before and after
// a restart, and verifies.
func TestRetentionAgainstOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLog(t)
		defer l.Stop()
		zone := must(time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati"}).Draw(rt, "zone")))
		kept := make(map[string]int) // contents, by days since 2026-01-01
		closed := make(map[int]bool)
		type held struct {
			hold     oplog.Hold
			from, to int
		}
		var holds []held
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		today := func() int { return int(l.Clock.Now().Sub(start) / day) }
		midnight := func(d int) time.Time { return time.Date(2026, 1, 1+d, 0, 0, 0, 0, zone) } // of a day in the zone
		there := func() int {
			y, m, d := l.Clock.Now().In(zone).Date()
			return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(start) / day)
		}
		// A UTC day that ends where the other period begins does not overlap it.
		touches := func(d int, from, to time.Time) bool {
			return start.AddDate(0, 0, d).Before(to) && start.AddDate(0, 0, d+1).After(from)
		}
		rule, number, deleted := 0, 0, 0
		l.retentionIn("acme", zone.String(), rule)
		isHeld := func(d int) bool {
			return slices.ContainsFunc(holds, func(h held) bool { return touches(d, midnight(h.from), midnight(h.to+1)) })
		}
		takes := func(d int) bool {
			return !closed[d] && (rule == 0 || start.AddDate(0, 0, d+1).After(midnight(there()-rule)) || isHeld(d))
		}
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"append", "append", "append", "rule", "hold", "lift", "retain", "retain", "advance", "restart"}).Draw(rt, "step") {
			case "append":
				for range rapid.IntRange(1, 12).Draw(rt, "entries") {
					d := today() - rapid.IntRange(0, 25).Draw(rt, "days ago")
					e := oplog.Entry{
						Time: start.AddDate(0, 0, d).Add(time.Duration(rapid.IntRange(0, 86_399).Draw(rt, "second")) * time.Second), User: oplog.User{ID: "u1", Name: "Wang Fang"},
						Module: "sms", Operation: "send", Content: oplog.Ref{ID: fmt.Sprint("c", number)},
					}
					if rapid.Bool().Draw(rt, "with id") {
						e.ID = fmt.Sprint("id", number)
					}
					_, err := l.Journal.Append(context.Background(), "acme", []oplog.Entry{e})
					if (err == nil) != takes(d) {
						rt.Fatalf("an entry of day %d, today %d, rule %d: %v", d, today(), rule, err)
					}
					if err == nil {
						kept[e.Content.ID] = d
					}
					number++
				}
			case "rule":
				rule = rapid.IntRange(0, 20).Draw(rt, "rule")
				l.retentionIn("acme", zone.String(), rule)
			case "hold":
				from := today() - rapid.IntRange(0, 25).Draw(rt, "from")
				to := from + rapid.IntRange(0, 8).Draw(rt, "length")
				h, err := l.Directory.AddHold("acme", oplog.Hold{From: oplog.DateOf(start.AddDate(0, 0, from)), To: oplog.DateOf(start.AddDate(0, 0, to)), Reason: "r", SetBy: "s"})
				if err != nil {
					rt.Fatal(err)
				}
				holds = append(holds, held{h, from, to})
			case "lift":
				if len(holds) > 0 {
					l.Must(l.Directory.LiftHold("acme", holds[0].hold.ID, "owner"))
					holds = holds[1:]
				}
			case "retain":
				if _, dates, entries, err := l.Journal.Expired(context.Background(), "acme", rule); err != nil || rule > 0 {
					wantDates, wantEntries := make(map[int]bool), 0
					for _, d := range kept {
						if !takes(d) {
							wantDates[d] = true
							wantEntries++
						}
					}
					if err != nil || dates != len(wantDates) || entries != wantEntries {
						rt.Fatalf("%d entries of %d days would go, %v; want %d of %d", entries, dates, err, wantEntries, len(wantDates))
					}
				}
				l.retain()
				for c, d := range kept {
					if !takes(d) {
						closed[d] = true
						delete(kept, c)
						deleted++
					}
				}
				// The days between two deleted ones are closed with them.
				if r, err := l.Directory.Retention("acme"); err != nil {
					rt.Fatal(err)
				} else if len(r.Deletions) > 0 {
					for d := range today() {
						if slices.ContainsFunc(r.Deletions, func(x oplog.Deletion) bool { return x.Contains(oplog.DateOf(start.AddDate(0, 0, d))) }) {
							closed[d] = true
						}
					}
				}
			case "advance":
				l.Clock.Advance(time.Duration(rapid.IntRange(1, 100).Draw(rt, "hours")) * time.Hour)
			case "restart":
				l.Restart()
			}
			var want []string
			for c := range kept {
				want = append(want, c)
			}
			got := strings.Fields(l.all("acme"))
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				rt.Fatalf("the log has %v, want %v", got, want)
			}
		}
		l.intact("acme", deleted)
		var backup bytes.Buffer
		if _, err := l.Store.WriteTo(&backup); err != nil {
			rt.Fatal(err)
		}
	})
}
