package archive

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"oplog/oplog"
)

// A read that began by an earlier view, however many views ago, keeps what it reads from being taken away.
func TestReadsKeepTheirView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b dayBook
		first := b.read("acme")
		for range 3 {
			b.replace("acme", func(before *view) *view { return newView("acme", before.all, nil) })
		}
		second := b.read("acme")
		settled := make(chan error)
		go func() { settled <- b.settle(t.Context(), "acme") }()
		for _, v := range []*view{second, first} {
			time.Sleep(time.Second)
			select {
			case err := <-settled:
				t.Fatalf("settled while a read goes by an earlier view: %v", err)
			default:
			}
			v.release()
		}
		if err := <-settled; err != nil {
			t.Fatal(err)
		}
		third := b.read("acme")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.settle(ended, "acme"); err == nil {
			t.Error("settled while a read goes by the view before")
		}
		third.release()
	})
}

func TestViewKnowsItsDays(t *testing.T) {
	day := func(date string, state oplog.ArchiveState) oplog.ArchivedDay {
		return oplog.ArchivedDay{Tenant: "acme", Date: date, State: state}
	}
	v := newView("acme", []oplog.ArchivedDay{
		day("2026-01-01", oplog.DayRemoved), day("2026-01-02", oplog.DayArchived), day("2026-01-03", oplog.DayRemoved), day("2026-01-05", oplog.DayRemoved),
	}, []oplog.Days{{From: "2026-01-03", To: "2026-01-04"}})
	at := func(text string) oplog.Key {
		moment, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return oplog.MakeKey(moment, 0)
	}
	for _, c := range []struct {
		from, to string
		days     []string
	}{
		{"2025-12-01 00:00:00", "2026-01-01 00:00:00", nil},
		{"2025-12-01 00:00:00", "2026-01-01 00:00:01", []string{"2026-01-01"}},
		{"2026-01-01 23:59:59", "2026-01-03 00:00:00", []string{"2026-01-01"}},
		{"2026-01-02 00:00:00", "2026-02-01 00:00:00", []string{"2026-01-03", "2026-01-05"}},
		{"2026-01-06 00:00:00", "2026-02-01 00:00:00", nil},
	} {
		var dates []string
		for _, d := range v.within(at(c.from), at(c.to)) {
			dates = append(dates, d.Date)
		}
		if len(dates) != len(c.days) || len(dates) > 0 && (dates[0] != c.days[0] || dates[len(dates)-1] != c.days[len(c.days)-1]) {
			t.Errorf("from %s to %s: %v, not %v", c.from, c.to, dates, c.days)
		}
	}
	if !v.has("2026-01-03") || v.has("2026-01-02") || len(v.leaving) != 1 || v.leaving[0].From != "2026-01-03" {
		t.Errorf("leaving %v of %v", v.leaving, v.days)
	}
}
