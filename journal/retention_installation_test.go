package journal_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"oplog/journal"
	"oplog/oplog"
	"oplog/trail"
)

// retainInstallation runs retention and checks that the installation's trail has so many deleted and remaining entries, and that it verifies.
func (l *testLog) retainInstallation(what string, deleted, left uint64) {
	l.T.Helper()
	l.Must(nil, l.Journal.Retain(l.T.Context()))
	v, err := l.Store.Verify(l.T.Context(), oplog.TrailName(""), nil, func(_, _ uint64) {})
	l.Must(nil, err)
	if v.Bad > 0 || v.Deleted != deleted || v.Size-v.Deleted != left {
		l.T.Errorf("%s: %d of %d entries are deleted, want %d, and %d left: %+v", what, v.Deleted, v.Size, deleted, left, v.Findings)
	}
	page, err := l.Trail.Page(l.T.Context(), "", oplog.Query{}, oplog.MaxPageSize, "")
	if err != nil || uint64(len(page.Entries)) != left {
		l.T.Errorf("%s: %d entries are listed, want %d, %v", what, len(page.Entries), left, err)
	}
}

// TestRetentionOfTheInstallationsTrail: it is kept for ever unless the server has a setting; then it reports its own deletions and verifies, also
// after the report of the first one is deleted. A clock that is far ahead deletes nothing. Tenants' logs and trails stay.
func TestRetentionOfTheInstallationsTrail(t *testing.T) {
	l := newLog(t)
	look := func(tenant string) {
		l.Trail.Add(trail.Event{Tenant: tenant, User: oplog.User{ID: "olga", Name: "olga"}, Module: "session", Operation: "sign_in"})
		l.Trail.Flush()
	}
	look("")
	look("acme")
	l.Clock.Advance(3 * 24 * time.Hour)
	look("")
	l.Clock.Advance(368 * 24 * time.Hour) // both days have become older than a year
	l.retainInstallation("by default", 0, 2)

	l.Journal.KeepInstallationTrail(oplog.MinAccessDays)
	l.retainInstallation("set", 2, 1) // the report
	l.retainInstallation("again", 2, 1)
	l.Restart()
	l.retainInstallation("without the setting", 2, 1)
	l.Journal.KeepInstallationTrail(oplog.MinAccessDays)
	l.Clock.Advance(367 * 24 * time.Hour)
	look("")
	l.retainInstallation("a year later", 3, 2)

	look("")
	l.Clock.Advance(tenYears)
	l.Restart()
	l.Journal.KeepInstallationTrail(oplog.MinAccessDays)
	l.retainInstallation("with a clock ten years ahead", 3, 3)
	waiting := l.Journal.Waiting("")
	if len(waiting) != 1 || waiting[0].Tenant != "" || !strings.Contains(waiting[0].String(), "of the installation's access log would be") {
		t.Fatalf("%+v", waiting)
	}
	if _, err := l.Journal.AgreeToDeletion("acme", oplog.WaitClock, "owner", l.untold); err != nil {
		t.Fatal(err)
	}
	l.retainInstallation("with a clock that an owner confirmed", 6, 1)
	if v, err := l.Store.Verify(t.Context(), oplog.TrailName("acme"), nil, func(_, _ uint64) {}); err != nil || v.Bad > 0 || v.Deleted > 0 || v.Size != 1 {
		t.Errorf("the trail of acme: %+v, %v", v, err)
	}
}

// panickyStore is a store that panics when retention looks at the installation's trail.
type panickyStore struct{ oplog.Store }

func (panickyStore) OnAppend(func(string, []oplog.Entry)) {}

func (s panickyStore) DaysBefore(ctx context.Context, log, date string) ([]oplog.DayCount, error) {
	if log == oplog.TrailName("") {
		panic("a mistake")
	}
	return s.Store.DaysBefore(ctx, log, date)
}

// TestPanicOfTheInstallationsRetention: it is an error of that run, as one of a tenant is, and does not end the program.
func TestPanicOfTheInstallationsRetention(t *testing.T) {
	l := newLog(t)
	clock, err := journal.ReadClock(l.Store, l.Clock.Now)
	l.Must(nil, err)
	j := journal.New(panickyStore{l.Store}, nil, l.Directory, l.Trail, clock, oplog.Place{}, l.Clock.Now)
	j.KeepInstallationTrail(oplog.MinAccessDays)
	if err := j.Retain(t.Context()); err == nil || !strings.Contains(err.Error(), "retention of the installation's access log: ") {
		t.Errorf("%v", err)
	}
}

// TestOwnersFindTheInstallationsDeletion: what waits of the installation's trail is shown to owners with each tenant, is found where no run of
// retention has been, and is told in its own trail.
func TestOwnersFindTheInstallationsDeletion(t *testing.T) {
	l := newLog(t)
	l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.RetainAccess(new(400), "owner", l.Clock.Now()) }))
	for _, tenant := range []string{"", "acme", "plain"} {
		l.Trail.Add(trail.Event{Tenant: tenant, User: oplog.User{ID: "olga", Name: "olga"}, Module: "session", Operation: "sign_in"})
	}
	l.Trail.Flush()
	l.Clock.Advance(tenYears)
	l.Restart()
	l.Journal.KeepInstallationTrail(oplog.MinAccessDays)
	names := func(waiting []oplog.Waiting) string {
		var all []string
		for _, w := range waiting {
			all = append(all, oplog.TrailName(w.Tenant))
		}
		return strings.Join(all, " ")
	}
	shows := func(tenant string, owner bool, want string) {
		t.Helper()
		l.Must(nil, l.Journal.FindWaiting(t.Context(), tenant))
		if got := names(l.Journal.WaitingFor(tenant, owner)); got != want {
			t.Errorf("%s, to an owner %t: %q wait, want %q", tenant, owner, got, want)
		}
	}
	shows("plain", false, "")
	shows("plain", true, "/access")
	shows("acme", false, "acme/access")
	shows("acme", true, "/access acme/access")
	told := make(map[string]string)
	agreed, err := l.Journal.AgreeToDeletion("acme", oplog.WaitClock, "owner", func(tenant string, agreed []oplog.Waiting) oplog.Audit {
		told[tenant] = names(agreed)
		return l.Trail.Audit()
	})
	if err != nil || names(agreed) != "/access acme/access" || told[""] != "/access" || told["acme"] != "acme/access" || len(told) != 2 {
		t.Errorf("%q, %v, told %q", names(agreed), err, told)
	}
}
