package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
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
	use(func() error { return l.readOnce(ctx, "spring") })
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

// readOnce reads all pages of a search, on which no entry may appear twice.
func (l *testLog) readOnce(ctx context.Context, search string) error {
	cursor, seen := "", make(map[string]bool)
	for {
		page, err := l.Journal.Page(ctx, "acme", oplog.Query{Filters: oplog.Filters{Search: search}}, 50, cursor)
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
}

// firstDay is day 0 of the oracle.
var firstDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// dateOfDay is the UTC date of a day of the oracle.
func dateOfDay(d int) string { return oplog.DateOf(firstDay.AddDate(0, 0, d)) }

// retentionOracle compares a log with a plain list of its expected contents.
type retentionOracle struct {
	*testLog
	rt      *rapid.T
	zone    *time.Location
	rule    int            // days that are kept; 0 for all
	kept    map[string]int // contents, by days since firstDay
	closed  map[int]bool   // days that accept no more entries
	holds   []heldDays
	number  int // of entries sent so far
	deleted int
}

type heldDays struct {
	hold     oplog.Hold
	from, to int
}

func (o *retentionOracle) today() int { return int(o.Clock.Now().Sub(firstDay) / day) }

// accepts reports whether a UTC day accepts entries.
func (o *retentionOracle) accepts(d int) bool {
	begin, end := firstDay.AddDate(0, 0, d), firstDay.AddDate(0, 0, d+1)
	midnight := func(d int) time.Time { return time.Date(2026, 1, 1+d, 0, 0, 0, 0, o.zone) } // of a day in the zone
	year, month, dayOfMonth := o.Clock.Now().In(o.zone).Date()
	there := int(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Sub(firstDay) / day)
	// A UTC day that ends where the other period begins does not overlap it.
	held := slices.ContainsFunc(o.holds, func(h heldDays) bool { return begin.Before(midnight(h.to+1)) && end.After(midnight(h.from)) })
	return !o.closed[d] && (o.rule == 0 || end.After(midnight(there-o.rule)) || held)
}

func (o *retentionOracle) append() {
	d := o.today() - rapid.IntRange(0, 25).Draw(o.rt, "days ago")
	e := oplog.Entry{
		Time: firstDay.AddDate(0, 0, d).Add(time.Duration(rapid.IntRange(0, 86_399).Draw(o.rt, "second")) * time.Second), User: oplog.User{ID: "u1", Name: "Wang Fang"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: fmt.Sprint("c", o.number)},
	}
	if rapid.Bool().Draw(o.rt, "with id") {
		e.ID = fmt.Sprint("id", o.number)
	}
	_, err := o.Journal.Append(context.Background(), "acme", []oplog.Entry{e})
	if (err == nil) != o.accepts(d) {
		o.rt.Fatalf("an entry of day %d, today %d, rule %d: %v", d, o.today(), o.rule, err)
	}
	if err == nil {
		o.kept[e.Content.ID] = d
	}
	o.number++
}

func (o *retentionOracle) hold() {
	from := o.today() - rapid.IntRange(0, 25).Draw(o.rt, "from")
	to := from + rapid.IntRange(0, 8).Draw(o.rt, "length")
	h, err := o.Directory.AddHold("acme", oplog.Hold{From: dateOfDay(from), To: dateOfDay(to), Reason: "r", SetBy: "s"})
	if err != nil {
		o.rt.Fatal(err)
	}
	o.holds = append(o.holds, heldDays{h, from, to})
}

func (o *retentionOracle) lift() {
	if len(o.holds) > 0 {
		o.Must(o.Directory.LiftHold("acme", o.holds[0].hold.ID, "owner"))
		o.holds = o.holds[1:]
	}
}

// expired compares the announced deletion with what will be deleted.
func (o *retentionOracle) expired() {
	_, dates, entries, err := o.Journal.Expired(context.Background(), "acme", o.rule)
	if err == nil && o.rule == 0 {
		return
	}
	wantDates, wantEntries := make(map[int]bool), 0
	for _, d := range o.kept {
		if !o.accepts(d) {
			wantDates[d] = true
			wantEntries++
		}
	}
	if err != nil || dates != len(wantDates) || entries != wantEntries {
		o.rt.Fatalf("%d entries of %d days would go, %v; want %d of %d", entries, dates, err, wantEntries, len(wantDates))
	}
}

func (o *retentionOracle) retain() {
	o.expired()
	o.testLog.retain()
	for c, d := range o.kept {
		if !o.accepts(d) {
			o.closed[d] = true
			delete(o.kept, c)
			o.deleted++
		}
	}
	r, err := o.Directory.Retention("acme")
	if err != nil {
		o.rt.Fatal(err)
	}
	for d := range o.today() { // the days between two deleted ones are closed with them
		if slices.ContainsFunc(r.Deletions, func(x oplog.Deletion) bool { return x.Contains(dateOfDay(d)) }) {
			o.closed[d] = true
		}
	}
}

func (o *retentionOracle) check() {
	got, want := strings.Fields(o.all("acme")), slices.Sorted(maps.Keys(o.kept))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		o.rt.Fatalf("the log has %v, want %v", got, want)
	}
}

// TestRetentionAgainstOracle: after any sequence of appends, holds, lifts and deletions the log agrees with a plain list, before and after
// a restart, and verifies.
func TestRetentionAgainstOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati"}).Draw(rt, "zone")
		o := &retentionOracle{testLog: newLog(t), rt: rt, zone: must(time.LoadLocation(zone)), kept: make(map[string]int), closed: make(map[int]bool)}
		defer o.Stop()
		o.retentionIn("acme", zone, o.rule)
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"append", "append", "append", "rule", "hold", "lift", "retain", "retain", "advance", "restart"}).Draw(rt, "step") {
			case "append":
				for range rapid.IntRange(1, 12).Draw(rt, "entries") {
					o.append()
				}
			case "rule":
				o.rule = rapid.IntRange(0, 20).Draw(rt, "rule")
				o.retentionIn("acme", zone, o.rule)
			case "hold":
				o.hold()
			case "lift":
				o.lift()
			case "retain":
				o.retain()
			case "advance":
				o.Clock.Advance(time.Duration(rapid.IntRange(1, 100).Draw(rt, "hours")) * time.Hour)
			case "restart":
				o.Restart()
			}
			o.check()
		}
		o.intact("acme", o.deleted)
		var backup bytes.Buffer
		if _, err := o.Store.WriteTo(&backup); err != nil {
			rt.Fatal(err)
		}
	})
}
