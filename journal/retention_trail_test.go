package journal_test

import (
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/trail"
)

// retainTrail runs retention and checks that acme's trail has so many deleted and remaining entries, and nothing missing otherwise.
func (l *testLog) retainTrail(deleted, left uint64) {
	l.T.Helper()
	l.Must(nil, l.Journal.Retain(l.T.Context()))
	name := oplog.TrailName("acme")
	v, err := l.Store.Verify(l.T.Context(), name, nil, func(_, _ uint64) {})
	l.Must(nil, err)
	if v.Bad > 0 || v.Deleted != deleted || v.Size-v.Deleted != left {
		l.T.Errorf("%d of %d entries are deleted, want %d, and %d left: %+v", v.Deleted, v.Size, deleted, left, v.Findings)
	}
	page, err := l.Trail.Page(l.T.Context(), "acme", oplog.Query{}, oplog.MaxPageSize, "")
	if err != nil || uint64(len(page.Entries)) != left {
		l.T.Errorf("%d entries are listed, want %d, %v", len(page.Entries), left, err)
	}
}

// TestRetentionOfTheTrail: an access log is kept for a year at least, reports its own deletions, and verifies after the report of the first
// one is deleted, too. The log's own entries stay.
func TestRetentionOfTheTrail(t *testing.T) {
	l := newLog(t)
	look := func() {
		l.Trail.Add(trail.Event{Tenant: "acme", User: oplog.User{ID: "ann", Name: "ann"}, Module: "log", Operation: "search"})
		l.Trail.Flush()
	}
	set := func(days int, code oplog.Code) {
		t.Helper()
		_, err := l.Directory.ChangeTenant("acme", func(of *oplog.Tenant) { of.RetainAccess(&days, "owner", l.Clock.Now()) })
		nodetest.WantCode(t, err, code)
	}
	l.Record("acme", nodetest.Entry("a", 1))
	set(oplog.MinAccessDays-1, oplog.CodeInvalid)
	look()
	l.Clock.Advance(3 * 24 * time.Hour)
	look()
	l.Clock.Advance(368 * 24 * time.Hour) // the first two days have become older than a year
	l.retainTrail(0, 2)                   // forever is the default
	hold, err := l.Directory.AddHold("acme", oplog.Hold{From: "2026-11-23", To: "2026-11-23", Reason: "a dispute"})
	l.Must(hold, err)
	set(oplog.MinAccessDays, "")
	l.retainTrail(1, 2) // the held one, and the report
	l.retainTrail(1, 2)
	l.Clock.Advance(24 * time.Hour)
	l.Must(l.Directory.LiftHold("acme", hold.ID, "owner"))
	l.retainTrail(2, 2) // both reports
	l.Restart()
	l.Clock.Advance(367 * 24 * time.Hour)
	look()
	l.retainTrail(4, 2) // the reports are deleted, and reported
	l.Restart()
	l.retainTrail(4, 2)
	kept, err := l.Directory.Retention("acme")
	l.Must(nil, err)
	if n := len(kept.AccessDeletions); n != 3 || len(kept.Deletions) != 0 || kept.AccessDays != 365 || len(kept.AccessDeletions[0].Days) != 1 ||
		kept.AccessDeletions[0].Days[0].From != "2026-11-20" || kept.AccessDeletions[0].SetBy != "owner" || kept.AccessDeletions[0].FinishedAt.IsZero() {
		t.Errorf("%+v", kept)
	}
	if v, err := l.Store.Verify(t.Context(), "acme", nil, func(_, _ uint64) {}); err != nil || v.Bad > 0 || v.Deleted > 0 || v.Size != 1 {
		t.Errorf("the log: %+v, %v", v, err)
	}
}
