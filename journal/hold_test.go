package journal_test

import (
	"fmt"
	"strings"
	"testing"

	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestHold: a day under a legal hold is never deleted.
func TestHold(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 40), dated("b", 39), dated("c", 38), dated("d", 37), dated("e", 36), dated("f", 1))
	l.retention("acme", 30)
	hold := func(from, to string) oplog.Hold {
		t.Helper()
		h, err := l.Directory.AddHold("acme", oplog.Hold{From: from, To: to, Reason: "case 7", SetBy: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	lift := func(h oplog.Hold) {
		t.Helper()
		got, err := l.Directory.LiftHold("acme", h.ID, "owner")
		if err != nil || got.LiftedBy != "owner" || got.LiftedAt.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = l.Directory.LiftHold("acme", h.ID, "owner")
		nodetest.WantCode(t, err, oplog.CodeConflict)
	}
	f := func(want string, deleted int) {
		t.Helper()
		l.retain()
		if got := l.all("acme"); got != want {
			t.Errorf("the log is %s, want %s", got, want)
		}
		l.intact("acme", deleted)
	}
	// 2026-10-11 is 40 days ago.
	all := hold("", "")
	f("f e d c b a", 0)
	middle := hold("2026-10-13", "2026-10-13")
	lift(all)
	f("f c", 4)
	if r, err := l.Directory.Retention("acme"); err != nil || len(r.Holds) != 2 || fmt.Sprint(r.Deletions[0].Days) != "[{2026-10-11 2026-10-12} {2026-10-14 2026-10-15}]" {
		t.Errorf("%+v, %v", r, err)
	}
	l.Restart()
	l.Record("acme", dated("late", 38)) // a held day still accepts entries
	f("f late c", 4)
	since := hold("2026-10-13", "")
	lift(middle)
	l.Clock.Advance(60 * day)
	f("f late c", 4)
	lift(since)
	before := hold("", "2026-10-13")
	f("late c", 5)
	lift(before)
	f("", 7)
}

func TestHoldInvalid(t *testing.T) {
	l := newLog(t)
	for reason, h := range map[string]oplog.Hold{
		"from":   {From: "2026-02-30", Reason: "x"},
		"to":     {To: "tomorrow", Reason: "x"},
		"after":  {From: "2026-02-02", To: "2026-02-01", Reason: "x"},
		"reason": {From: "2026-02-02", Reason: " "},
	} {
		if _, err := l.Directory.AddHold("acme", h); oplog.CodeOf(err) != oplog.CodeInvalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	_, err := l.Directory.AddHold("none", oplog.Hold{Reason: "x"})
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Directory.LiftHold("acme", "none", "owner")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	h, err := l.Directory.AddHold("acme", oplog.Hold{Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Directory.LiftHold("plain", h.ID, "owner")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}
