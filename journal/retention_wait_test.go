package journal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

const tenYears = 10 * 365 * day

// waiting formats the deletions of acme that wait for an owner.
func (l *testLog) waiting() string {
	var all []string
	for _, w := range l.Journal.Waiting("acme") {
		all = append(all, fmt.Sprintf("%s %d/%d", w.Reason, w.Dates, w.Entries))
	}
	return strings.Join(all, " ")
}

// untold tells of no agreement.
func (l *testLog) untold(string, []oplog.Waiting) oplog.Audit { return l.Trail.Audit() }

// check compares the log of acme and what waits.
func (l *testLog) check(what, want, waits string) {
	l.T.Helper()
	if got := l.all("acme"); got != want {
		l.T.Errorf("%s: the log is %q, want %q", what, got, want)
	}
	if got := l.waiting(); got != waits {
		l.T.Errorf("%s: %q waits, want %q", what, got, waits)
	}
}

// TestClockFarAhead: a clock that is ten years ahead at one start deletes nothing, closes no day and rejects nothing, and says why. Nobody has to
// agree to anything once it is right.
func TestClockFarAhead(t *testing.T) {
	l := newLog(t)
	l.retention("acme", 365)
	l.Record("acme", dated("b", 2), dated("a", 1))
	l.retain()
	l.Clock.Advance(tenYears)
	l.Restart()
	l.retain()
	l.check("ten years ahead", "a b", "clock 2/2")
	w := l.Journal.Waiting("acme")[0]
	for _, text := range []string{"The clock says 2036-11-17 08:42 UTC", "should be about 2026-11-20 08:42 UTC", "nothing is deleted; 2 entries of 2 days of tenant acme would be"} {
		if !strings.Contains(w.String(), text) {
			t.Errorf("%q is not in %s", text, w.String())
		}
	}
	if got := l.Journal.Waiting(""); len(got) != 1 {
		t.Errorf("of all tenants %v wait", got)
	}
	l.Record("acme", dated("today", 0)) // its receipt and the start are of the wrong clock
	l.Clock.Advance(day)
	l.retain()
	l.check("a day later", "today a b", "clock 3/3")

	l.Clock.Advance(-tenYears)
	l.Restart()
	l.retain()
	l.check("right again", "today a b", "")
	l.Record("acme", dated("c", 0))
	l.Clock.Advance(363 * day)
	l.retain()
	l.check("a year later, without a restart", "c today a", "")
}

// TestOwnerConfirmsClock: after a long stop an owner confirms the clock, once.
func TestOwnerConfirmsClock(t *testing.T) {
	l := newLog(t)
	l.retention("acme", 30)
	l.Record("acme", dated("b", 20), dated("a", 1))
	l.Clock.Advance(20 * day)
	l.Restart()
	l.retain()
	l.check("after a long stop", "a b", "clock 1/1")
	if _, err := l.Journal.AgreeToDeletion("acme", oplog.WaitAmount, "owner", l.untold); oplog.CodeOf(err) != oplog.CodeConflict {
		t.Errorf("an agreement to something else: %v", err)
	}
	if agreed, err := l.Journal.AgreeToDeletion("acme", oplog.WaitClock, "owner", l.untold); err != nil || len(agreed) != 1 {
		t.Errorf("%v, %v", agreed, err)
	}
	l.Restart()
	l.retain()
	l.check("confirmed", "a", "")
}

// TestMuchMoreThanLastTime: a run that would delete much more than the last waits until an owner agrees; the agreement is for that one.
func TestMuchMoreThanLastTime(t *testing.T) {
	l := newLog(t)
	var all []oplog.Entry
	for i := range 80 {
		all = append(all, dated(fmt.Sprint(i), i))
	}
	l.Record("acme", all...)
	l.retention("acme", 78)
	l.retain() // one day
	l.retention("acme", 40)
	l.retain()
	if n := len(strings.Fields(l.all("acme"))); n != 79 || l.waiting() != "amount 38/38" {
		t.Errorf("%d entries are left, %s waits", n, l.waiting())
	}
	if got := l.Journal.Waiting("acme")[0].String(); !strings.Contains(got, "38 entries of 38 days of tenant acme would be deleted, much more than the 1 entries of 1 days") {
		t.Error(got)
	}
	if _, err := l.Journal.AgreeToDeletion("acme", oplog.WaitAmount, "owner", l.untold); err != nil {
		t.Fatal(err)
	}
	l.Restart()
	l.retain()
	if n := len(strings.Fields(l.all("acme"))); n != 41 || l.waiting() != "" {
		t.Errorf("%d entries are left, %s waits", n, l.waiting())
	}
}

// TestAgreementStartsARun: deletions begin at once after an owner agreed, not at the next day.
func TestAgreementStartsARun(t *testing.T) {
	l := newLog(t)
	l.retention("acme", 30)
	l.Record("acme", dated("b", 20), dated("a", 1))
	l.Clock.Advance(20 * day)
	l.Restart()
	l.retain()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Journal.RetainDaily(ctx, time.Hour, func(err error) { t.Error(err) })
	}()
	if _, err := l.Journal.AgreeToDeletion("acme", oplog.WaitClock, "owner", l.untold); err != nil {
		t.Error(err)
	}
	deleted := func() bool {
		r, err := l.Directory.Retention("acme")
		return err != nil || len(r.Deletions) > 0 && !r.Deletions[0].FinishedAt.IsZero()
	}
	for deadline := time.Now().Add(time.Minute); !deleted() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	end()
	<-ended
	l.check("agreed", "a", "")
}
