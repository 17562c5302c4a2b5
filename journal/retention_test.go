package journal_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

const day = 24 * time.Hour

// dated returns an entry of the day daysAgo before nodetest.Morning's.
func dated(content string, daysAgo int) oplog.Entry { return nodetest.Entry(content, daysAgo*24*60) }

// retention sets a tenant's retention in UTC days; days_test.go covers other zones.
func (l *testLog) retention(tenant string, days int) {
	l.T.Helper()
	l.retentionIn(tenant, "UTC", days)
}

func (l *testLog) retentionIn(tenant, zone string, days int) {
	l.T.Helper()
	l.Must(l.Directory.ChangeTenant(tenant, func(t *oplog.Tenant) {
		t.TimeZone = zone
		t.Retain(&days, new(true), "owner", l.Clock.Now())
	}))
}

func (l *testLog) retain() {
	l.T.Helper()
	if err := l.Journal.Retain(context.Background()); err != nil {
		l.T.Fatal(err)
	}
}

// all formats a tenant's log, newest first, and checks that pages, counts and the store agree.
func (l *testLog) all(tenant string) string {
	l.T.Helper()
	ctx := context.Background()
	page, err := l.Journal.Page(ctx, tenant, oplog.Query{}, oplog.MaxPageSize, "")
	if err != nil {
		l.T.Fatal(err)
	}
	sum, err := l.Journal.Summary(ctx, tenant, oplog.Query{}, oplog.LocaleEN)
	if err != nil || sum.Total != len(page.Entries) {
		l.T.Errorf("%d rows, %d counted, %v", len(page.Entries), sum.Total, err)
	}
	for what, visit := range map[string]func(func(oplog.Entry) error) error{
		"scan":     func(f func(oplog.Entry) error) error { return l.Store.Scan(ctx, tenant, oplog.Key{}, oplog.Key{}, f) },
		"arrivals": func(f func(oplog.Entry) error) error { return l.Store.Arrivals(ctx, tenant, 1, 0, f) },
	} {
		n := 0
		if err := visit(func(oplog.Entry) error { n++; return nil }); err != nil || n != len(page.Entries) {
			l.T.Errorf("%s finds %d of %d, %v", what, n, len(page.Entries), err)
		}
	}
	return nodetest.Contents(page.Entries)
}

// intact verifies a tenant's log, with that many deleted entries.
func (l *testLog) intact(tenant string, deleted int) {
	l.T.Helper()
	for _, name := range []string{tenant, oplog.TrailName(tenant)} {
		v, err := l.Store.Verify(context.Background(), name, nil, func(uint64, uint64) {})
		if err != nil || v.Bad > 0 || name == tenant && v.Deleted != uint64(deleted) {
			l.T.Errorf("%s: %+v, %v; want %d deleted", name, v, err, deleted)
		}
	}
}

// newRetained returns a log in which acme keeps 30 days, from which nothing was
// deleted yet.
func newRetained(t *testing.T) *testLog {
	t.Helper()
	l := newLog(t)
	l.retain() // no rule yet
	l.Record("acme", dated("a", 200), dated("b", 100), nodetest.WithID("own", dated("c", 31)), dated("d", 30), dated("e", 1), dated("f", 0))
	l.Record("plain", dated("x", 200))
	l.retention("acme", 30)
	return l
}

// acmeIs checks acme's entries, newest first, and the number of deleted ones.
func (l *testLog) acmeIs(want string, deleted int) {
	l.T.Helper()
	if got := l.all("acme"); got != want {
		l.T.Errorf("the log is %s, want %s", got, want)
	}
	l.intact("acme", deleted)
}

func TestRetention(t *testing.T) {
	l := newRetained(t)
	head, err := l.Journal.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	if before, dates, entries, err := l.Journal.Expired(context.Background(), "acme", 30); dates != 3 || entries != 3 || oplog.DateOf(before) != "2026-10-21" || err != nil {
		t.Errorf("%d dates with %d entries are to go, %v", dates, entries, err)
	}
	l.retain()
	l.acmeIs("f e d", 3)
	l.retain() // a second time on the same day
	l.acmeIs("f e d", 3)
	if got := l.all("plain"); got != "x" {
		t.Errorf("another tenant has %s", got)
	}
	if again, err := l.Journal.Checkpoint("acme"); err != nil || again != head {
		t.Errorf("the checkpoint is %s, %v; it was %s", again, err, head)
	}

	r, err := l.Directory.Retention("acme")
	if err != nil || len(r.Deletions) != 1 || r.Days != 30 || r.SetBy != "owner" || r.KeptFrom != "2026-10-21" || r.KeptDay != r.KeptFrom || r.TimeZone != "UTC" {
		t.Fatalf("%+v, %v", r, err)
	}
	d := r.Deletions[0]
	if d.Entries != 3 || d.Dates != 3 || d.Through != 6 || d.RetentionDays != 30 || d.SetBy != "owner" || d.FinishedAt.IsZero() ||
		fmt.Sprint(d.Days) != "[{2026-05-04 2026-10-20}]" {
		t.Errorf("%+v", d)
	}
	recorded, err := l.Trail.Entry("acme", d.ID)
	if err != nil || recorded.Module != "retention" || recorded.Operation != "delete" || !strings.Contains(string(recorded.Details), `"entries":3`) {
		t.Errorf("%+v, %v", recorded, err)
	}
}

func TestWhatRetentionDeletedIsKnown(t *testing.T) {
	l := newRetained(t)
	gone, err := l.Journal.Page(context.Background(), "acme", oplog.Query{}, 6, "")
	if err != nil {
		t.Fatal(err)
	}
	l.retain()
	// Deleted entries with generated ids are reported as deleted.
	for i, e := range gone.Entries {
		_, err := l.Journal.Entry("acme", e.ID, "")
		want := oplog.Code("")
		switch {
		case e.ID == "own":
			want = oplog.CodeNotFound
		case i > 2:
			want = oplog.CodeGone
		}
		if oplog.CodeOf(err) != want {
			t.Errorf("%s: %v", e.Content.ID, err)
		}
		if want == oplog.CodeGone && err.Error() != "Deleted on 2026-11-20 under the retention rule: path.id was deleted under the retention rule" {
			t.Error(err)
		}
	}
	// By seq every deleted entry is reported as deleted, whatever its id.
	for i, e := range gone.Entries {
		for _, id := range []string{journal.NoID, e.ID} {
			_, err := l.Journal.EntryAt("acme", id, e.Seq, "")
			if want := map[bool]oplog.Code{true: oplog.CodeGone}[i > 2]; oplog.CodeOf(err) != want {
				t.Errorf("%s, seq %d: %v, want %q", id, e.Seq, err, want)
			}
			_, err = l.Journal.EntryAt("acme", id, e.Seq, "east")
			if i > 2 {
				nodetest.WantCode(t, err, oplog.CodeNotFound)
			}
		}
	}
	key := gone.Entries[5].Key()
	_, err = l.Journal.Entry("acme", key.ID(), "east")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Journal.Entry("acme", oplog.MakeKey(key.Time(), 2).ID(), "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

func TestRetentionRejectsWhatIsTooOld(t *testing.T) {
	l := newRetained(t)
	l.retain()
	late := func(want string, entries ...oplog.Entry) {
		t.Helper()
		_, err := l.Journal.Append(context.Background(), "acme", entries)
		if want == "" && err != nil || want != "" && (oplog.CodeOf(err) != oplog.CodeInvalid || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	late("item 2: time is before 2026-10-21 00:00 UTC: this tenant keeps entries for 30 days", dated("g", 3), dated("h", 31))
	late("item 1: time is before 2026-10-21", nodetest.WithID("own", dated("c", 31)))
	skipped := dated("i", 40)
	skipped.Origin = oplog.OriginAPI
	late("", skipped) // it would not be stored anyway
	l.retention("acme", 0)
	late("item 2: time is on a day that was deleted under the retention rule", dated("g", 3), nodetest.WithID("own", dated("c", 31)))
	late("", dated("z", 300))
	l.acmeIs("f e d z", 3)
	l.Restart()
	l.acmeIs("f e d z", 3)
	if err := l.Journal.Reindex(context.Background(), "acme", func(uint64, uint64) {}); err != nil {
		t.Fatal(err)
	}
	l.acmeIs("f e d z", 3)
}

func TestRetentionDayByDay(t *testing.T) {
	l := newRetained(t)
	l.retain()
	l.retention("acme", 0)
	l.Record("acme", dated("z", 300))
	l.retention("acme", 30)
	l.Clock.Advance(day)
	l.retain()
	l.acmeIs("f e", 5)
	if r, err := l.Directory.Retention("acme"); err != nil || len(r.Deletions) != 2 || r.Deletions[0].Entries != 2 {
		t.Errorf("%+v, %v", r.Deletions, err)
	}
	l.retention("acme", 1)
	l.Clock.Advance(30 * day)
	l.retain()
	l.acmeIs("", 7)
	l.Record("acme", nodetest.Entry("new", -31*24*60))
	l.acmeIs("new", 7)
}

func TestRetentionBelowMinimumIsConfirmed(t *testing.T) {
	l := newLog(t)
	set := func(days int, below bool) error {
		meant := &below
		if !below {
			meant = nil
		}
		_, err := l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Retain(&days, meant, "owner", nodetest.Morning) })
		return err
	}
	for _, c := range []struct {
		days  int
		below bool
		ok    bool
	}{{180, false, true}, {179, false, false}, {1, true, true}, {30, false, false}, {30, true, true}, {-1, true, false}, {0, false, true}, {100, false, false}} {
		if err := set(c.days, c.below); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	l.Must(nil, set(30, true))
	l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Name = "Acme again" }))
	if r, err := l.Directory.Retention("acme"); err != nil || r.Days != 30 || !r.BelowMinimum || !r.SetAt.Equal(nodetest.Morning.Truncate(time.Second)) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRetentionUnfinished: a deletion cut off by a crash is finished by the next run, and is not visible before.
func TestRetentionUnfinished(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 100), nodetest.WithID("own", dated("b", 99)), dated("c", 1))
	l.retention("acme", 30)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Store.BeginDeletion(&oplog.Deletion{ID: recordDeletion(l), Tenant: "acme", Days: []oplog.Days{{From: "2026-08-12", To: "2026-08-13"}}, Through: 3}); err != nil {
		t.Fatal(err)
	}
	if err := l.Store.DeleteDays(ctx, "acme", oplog.Days{From: "2026-08-12", To: "2026-08-13"}); err == nil {
		t.Fatal("it goes on when it is to end")
	}
	if e, err := l.Journal.Page(context.Background(), "acme", oplog.Query{}, 10, ""); err != nil || nodetest.Contents(e.Entries) != "c" {
		t.Errorf("%v, %v", e, err) // the index does not know yet
	}
	l.Restart()
	if err := l.Journal.Reindex(context.Background(), "acme", func(uint64, uint64) {}); err != nil {
		t.Fatal(err)
	}
	if got := l.all("acme"); got != "c" {
		t.Error(got)
	}
	l.intact("acme", 0) // they are still on disk
	l.retain()
	l.intact("acme", 2)
	if r, err := l.Directory.Retention("acme"); err != nil || len(r.Deletions) != 1 || r.Deletions[0].FinishedAt.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
}

// recordDeletion records the deletion of TestRetentionUnfinished in acme's trail and returns the id of the entry.
func recordDeletion(l *testLog) string {
	l.T.Helper()
	receipts, err := l.Store.Append(context.Background(), oplog.TrailName("acme"), []oplog.Entry{{
		Tenant: oplog.TrailName("acme"), ReceivedAt: nodetest.Morning, Time: nodetest.Morning, User: trail.ServerUser, Module: "retention", Operation: "delete",
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		Details: []byte(`{"tenant":"acme","days":[{"from":"2026-08-12","to":"2026-08-13"}],"through":3}`),
	}}, 0)
	if err != nil {
		l.T.Fatal(err)
	}
	return receipts[0].ID
}

// TestRetentionForged: a record of a deletion proves nothing without its entry in the trail.
func TestRetentionForged(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 100), dated("b", 99), dated("c", 1))
	days := oplog.Days{From: "2026-08-12", To: "2026-08-13"}
	f := func(id string, days oplog.Days, through uint64, bad uint64) {
		t.Helper()
		if err := l.Store.BeginDeletion(&oplog.Deletion{ID: id, Tenant: "acme", Days: []oplog.Days{days}, Through: through}); err != nil {
			t.Fatal(err)
		}
		v, err := l.Store.Verify(context.Background(), "acme", nil, func(uint64, uint64) {})
		if err != nil || v.Bad != bad || bad > 0 && v.Findings[0].Kind != storage.FoundRemoved {
			t.Errorf("%s: %+v, %v", id, v, err)
		}
	}
	l.Must(nil, l.Store.BeginDeletion(&oplog.Deletion{ID: "none", Tenant: "acme", Days: []oplog.Days{days}, Through: 3}))
	l.Must(nil, l.Store.DeleteDays(context.Background(), "acme", days))
	id := recordDeletion(l)
	f("none", days, 3, 2)
	f(oplog.MakeKey(nodetest.Morning, 99).ID(), days, 3, 2)
	f(id, oplog.Days{From: "2026-08-12", To: "2026-08-14"}, 3, 2)
	f(id, days, 4, 2)
	f(id, days, 3, 0)
}

// TestRetainDaily: entries are deleted at the start and when the date changes; failures are retried.
func TestRetainDaily(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 31), dated("b", 30), dated("c", 29))
	l.retention("acme", 30)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.Journal.RetainDaily(ctx, time.Millisecond, func(err error) { t.Error(err) }) })
	until := func(deletions int) {
		t.Helper()
		for {
			r, err := l.Directory.Retention("acme")
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Deletions) == deletions && !r.Deletions[0].FinishedAt.IsZero() {
				return
			}
		}
	}
	until(1)
	if got := l.all("acme"); got != "c b" {
		t.Errorf("the log is %s", got)
	}
	l.Clock.Advance(day)
	until(2)
	if got := l.all("acme"); got != "c" {
		t.Errorf("the log is %s", got)
	}
	stop()
	running.Wait()

	var failed []error
	ctx, stop = context.WithCancel(context.Background())
	if err := l.Store.Close(); err != nil {
		t.Fatal(err)
	}
	l.Journal.RetainDaily(ctx, time.Millisecond, func(err error) {
		if failed = append(failed, err); len(failed) == 3 {
			stop()
		}
	})
	if len(failed) != 3 {
		t.Errorf("%v", failed)
	}
}
