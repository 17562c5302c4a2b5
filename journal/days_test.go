package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/records"
)

func at(text string) time.Time { return must(time.Parse(time.RFC3339, text)) }

// timed returns an entry at a time, whose content is that time.
func timed(text string) oplog.Entry {
	e := nodetest.Entry(text, 0)
	e.Time = at(text)
	return e
}

// TestRetentionByTenantDays: retention keeps whole days of the tenant's zone, and the UTC days in which these begin and end.
func TestRetentionByTenantDays(t *testing.T) {
	for _, c := range []struct {
		zone, now string
		days      int
		keptDay   string
		keptFrom  string // UTC
		last      string // the first moment of keptDay
	}{
		{"UTC", "2026-11-20T08:42:00Z", 30, "2026-10-21", "2026-10-21", "2026-10-21T00:00:00Z"},
		{"Asia/Shanghai", "2026-11-20T08:42:00Z", 30, "2026-10-21", "2026-10-20", "2026-10-20T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-20T15:59:59Z", 30, "2026-10-21", "2026-10-20", "2026-10-20T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-20T16:00:00Z", 30, "2026-10-22", "2026-10-21", "2026-10-21T16:00:00Z"},
		// At 16:00 of the day before in Los Angeles the UTC day has changed, the local day has not.
		{"America/Los_Angeles", "2026-11-20T00:00:00Z", 30, "2026-10-20", "2026-10-20", "2026-10-20T07:00:00Z"},
		{"America/Los_Angeles", "2026-11-20T08:42:00Z", 30, "2026-10-21", "2026-10-21", "2026-10-21T07:00:00Z"},
		// Berlin's clocks were set back on 25 October.
		{"Europe/Berlin", "2026-11-20T22:59:59Z", 30, "2026-10-21", "2026-10-20", "2026-10-20T22:00:00Z"},
		{"Europe/Berlin", "2026-11-20T23:00:00Z", 26, "2026-10-26", "2026-10-25", "2026-10-25T23:00:00Z"},
		// Santiago's clocks skipped midnight on 6 September.
		{"America/Santiago", "2026-09-10T12:00:00Z", 4, "2026-09-06", "2026-09-06", "2026-09-06T04:00:00Z"},
		{"Pacific/Kiritimati", "2026-11-20T10:00:00Z", 1, "2026-11-20", "2026-11-19", "2026-11-19T10:00:00Z"},
	} {
		t.Run(c.zone+" "+c.now, func(t *testing.T) {
			l := &testLog{nodetest.NewAt(t, at(c.now))}
			first := must(time.Parse(time.DateOnly, c.keptFrom))
			gone := first.Add(-time.Microsecond).Format(time.RFC3339Nano)
			l.Record("acme", timed(gone), timed(first.Format(time.RFC3339)), timed(c.last))
			l.retentionIn("acme", c.zone, c.days)
			r, err := l.Directory.Retention("acme")
			if err != nil || r.KeptDay != c.keptDay || r.KeptFrom != c.keptFrom || r.TimeZone != c.zone {
				t.Errorf("%+v, %v", r, err)
			}
			before, dates, entries, err := l.Journal.Expired(context.Background(), "acme", c.days)
			if !before.Equal(first) || dates != 1 || entries != 1 || err != nil {
				t.Errorf("before %s %d dates with %d entries are to go, %v", before, dates, entries, err)
			}
			l.retain()
			if got := l.all("acme"); strings.Contains(got, gone) || !strings.Contains(got, c.last) || len(strings.Fields(got)) != 2 {
				t.Errorf("the log is %s", got)
			}
			if _, err := l.Journal.Append(context.Background(), "acme", []oplog.Entry{timed(c.last)}); err != nil {
				t.Error(err)
			}
			_, err = l.Journal.Append(context.Background(), "acme", []oplog.Entry{timed(gone)})
			if want := "is before " + oplog.FormatInBoth(first, must(time.LoadLocation(c.zone))); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

// holdDays are chosen days and the UTC days that a hold on them covers; frontend/src/time/utcDays.test.ts has the same.
var holdDays = []struct{ zone, from, to, coversFrom, coversUntil string }{
	{"UTC", "2026-11-01", "2026-11-01", "2026-11-01", "2026-11-02"},
	{"Asia/Shanghai", "2026-11-01", "2026-11-01", "2026-10-31", "2026-11-02"},
	{"Asia/Shanghai", "2026-11-01", "", "2026-10-31", ""},
	{"Asia/Shanghai", "", "2026-11-01", "", "2026-11-02"},
	{"America/Los_Angeles", "2026-11-01", "2026-11-01", "2026-11-01", "2026-11-03"}, // 25 hours
	{"America/Los_Angeles", "2026-03-08", "2026-03-09", "2026-03-08", "2026-03-11"}, // 23 hours, and 24
	{"Europe/Berlin", "2026-10-25", "2026-10-25", "2026-10-24", "2026-10-26"},
	{"Europe/London", "2026-12-01", "2026-12-01", "2026-12-01", "2026-12-02"},
	{"Europe/London", "2026-07-01", "2026-07-01", "2026-06-30", "2026-07-02"},
	{"America/Santiago", "2026-09-06", "2026-09-06", "2026-09-06", "2026-09-08"}, // begins at 01:00
	{"Pacific/Kiritimati", "2026-11-01", "2026-11-01", "2026-10-31", "2026-11-02"},
	{"Asia/Kolkata", "2026-11-01", "2026-11-01", "2026-10-31", "2026-11-02"},
	{"America/Los_Angeles", "", "9999-12-31", "", ""},
	{"UTC", "0001-01-01", "9999-12-31", "", ""},
	{"Asia/Shanghai", "0001-01-01", "2026-11-01", "", "2026-11-02"},
}

// TestHoldByTenantDays: a hold covers every moment of its days in the tenant's zone, rounded out to whole UTC days, also after the tenant's
// zone changes.
func TestHoldByTenantDays(t *testing.T) {
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return strings.TrimSuffix(t.Format(time.RFC3339), "T00:00:00Z")
	}
	for _, c := range holdDays {
		t.Run(c.zone+" "+c.from+" to "+c.to, func(t *testing.T) {
			l := newLog(t)
			l.retentionIn("acme", c.zone, 0)
			h, err := l.Directory.AddHold("acme", oplog.Hold{From: c.from, To: c.to, Reason: "case 7", SetBy: "admin"})
			check := func(h oplog.Hold, err error) {
				t.Helper()
				if err != nil || h.From != c.from || h.To != c.to || h.TimeZone != c.zone || date(h.CoversFrom) != c.coversFrom || date(h.CoversUntil) != c.coversUntil {
					t.Errorf("%+v, %v", h, err)
				}
				if _, err := json.Marshal(h); err != nil {
					t.Error(err)
				}
			}
			check(h, err)
			var held, gone []string
			add := func(list *[]string, t time.Time) {
				*list = append(*list, t.Format(time.RFC3339Nano))
				l.Record("acme", timed(t.Format(time.RFC3339Nano)))
			}
			l.Clock.Advance(at("2027-06-01T00:00:00Z").Sub(nodetest.Morning))
			loc := must(time.LoadLocation(c.zone))
			if from, ok := time.Parse(time.DateOnly, c.from); ok == nil && from.Year() > 2000 {
				y, m, d := from.Date()
				add(&held, oplog.Midnight(y, m, d, loc).UTC())
				add(&gone, h.CoversFrom.Add(-time.Microsecond))
			}
			if to, ok := time.Parse(time.DateOnly, c.to); ok == nil && to.Year() < 3000 {
				y, m, d := to.Date()
				add(&held, oplog.Midnight(y, m, d+1, loc).UTC().Add(-time.Microsecond))
				add(&gone, h.CoversUntil)
			}
			l.retentionIn("acme", "UTC", 30) // the tenant's zone changes
			l.Restart()
			l.retain()
			l.leaves(held, gone)
			r, err := l.Directory.Retention("acme")
			check(r.Holds[0], err)
			check(l.Directory.LiftHold("acme", h.ID, "owner"))
			l.retain()
			if left := l.all("acme"); left != "" {
				t.Errorf("%s are left", left)
			}
		})
	}
}

// leaves checks which entries acme's log has, and which not.
func (l *testLog) leaves(held, gone []string) {
	l.T.Helper()
	left := l.all("acme")
	for _, one := range held {
		if !strings.Contains(left, one) {
			l.T.Errorf("%s is gone", one)
		}
	}
	for _, one := range gone {
		if strings.Contains(left, one) {
			l.T.Errorf("%s is left", one)
		}
	}
}

// TestHoldOfUTCDays: a hold from the time when users chose UTC dates covers these dates, and older builds read the dates covered from
// records that are written today.
func TestHoldOfUTCDays(t *testing.T) {
	l := newLog(t)
	l.retentionIn("acme", "Asia/Shanghai", 30)
	put := func(id, record string) {
		l.Must(nil, l.Store.PutRecord(oplog.RecordHold, "acme/"+id, oplog.Revision{}, []byte(record)))
	}
	put("old", `{"id":"old","from":"2026-09-01","to":"2026-09-02","reason":"case 7","set_by":"admin","set_at":"2026-10-01T00:00:00Z"}`)
	put("open", `{"id":"open","reason":"case 8","set_by":"admin","set_at":"2026-10-01T00:00:00Z","lifted_by":"owner","lifted_at":"2026-10-02T00:00:00Z"}`)
	l.Restart()
	l.Record("acme", timed("2026-09-01T00:00:00Z"), timed("2026-09-02T23:59:59Z"))
	l.retain()
	if got := l.all("acme"); got != "2026-09-02T23:59:59Z 2026-09-01T00:00:00Z" {
		t.Errorf("the log is %s", got)
	}
	h, err := l.Directory.LiftHold("acme", "old", "owner")
	if err != nil || h.TimeZone != "UTC" || h.From != "2026-09-01" || h.To != "2026-09-02" || !h.CoversFrom.Equal(at("2026-09-01T00:00:00Z")) || !h.CoversUntil.Equal(at("2026-09-03T00:00:00Z")) {
		t.Errorf("%+v, %v", h, err)
	}

	h, err = l.Directory.AddHold("acme", oplog.Hold{From: "2026-09-05", To: "2026-09-06", Reason: "case 9", SetBy: "admin"})
	l.Must(nil, err)
	stored, err := records.Read[struct{ From, To string }](l.Store, oplog.RecordHold, "acme/"+h.ID)
	l.Must(nil, err)
	if stored.From != "2026-09-04" || stored.To != "2026-09-06" {
		t.Errorf("%+v", stored)
	}
}

// TestRetainDailyByTenantDays: each tenant's entries are deleted when its own day changes; a new rule waits for that, too.
func TestRetainDailyByTenantDays(t *testing.T) {
	l := newLog(t)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "tokyo", Name: "Tokyo"}))
	for tenant, zone := range map[string]string{"acme": "Asia/Shanghai", "tokyo": "Asia/Tokyo"} {
		l.Record(tenant, dated("a", 40), dated("b", 20))
		l.retentionIn(tenant, zone, 30)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { l.Journal.RetainDaily(ctx, time.Millisecond, func(err error) { t.Error(err) }) })
	until := func(tenant string, deletions int) (last oplog.Deletion) {
		t.Helper()
		for {
			if r := must(l.Directory.Retention(tenant)); len(r.Deletions) >= deletions && !r.Deletions[0].FinishedAt.IsZero() {
				return r.Deletions[0]
			}
		}
	}
	until("acme", 1)
	until("tokyo", 1)
	l.retentionIn("acme", "Asia/Shanghai", 10)
	l.retentionIn("tokyo", "Asia/Tokyo", 10)
	l.Clock.Advance(at("2026-11-20T15:00:00Z").Sub(nodetest.Morning)) // midnight in Tokyo, 23:00 in Shanghai
	if d := until("tokyo", 2); !d.At.Equal(at("2026-11-20T15:00:00Z")) {
		t.Errorf("Tokyo's went at %s", d.At)
	}
	l.Clock.Advance(time.Hour)
	if d := until("acme", 2); !d.At.Equal(at("2026-11-20T16:00:00Z")) || fmt.Sprint(d.Days) != "[{2026-10-31 2026-10-31}]" {
		t.Errorf("Shanghai's went at %s: %v", d.At, d.Days)
	}
}

// TestGoneByTenantDay: the error for a deleted entry names the tenant's day of the deletion.
func TestGoneByTenantDay(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 40))
	page := must(l.Journal.Page(context.Background(), "acme", oplog.Query{}, 1, ""))
	l.retentionIn("acme", "Asia/Shanghai", 30)
	l.Clock.Advance(at("2026-11-20T16:00:00Z").Sub(nodetest.Morning))
	l.retain()
	_, err := l.Journal.Entry("acme", page.Entries[0].ID, "")
	nodetest.WantCode(t, err, oplog.CodeGone)
	if !strings.HasPrefix(err.Error(), "Deleted on 2026-11-21 under") {
		t.Error(err)
	}
}

func TestFormatInBoth(t *testing.T) {
	for _, c := range []struct{ at, zone, want string }{
		{"2026-11-01T00:00:00Z", "Asia/Shanghai", "2026-11-01 00:00 UTC = 08:00 Asia/Shanghai"},
		{"2026-11-01T00:00:00Z", "America/Los_Angeles", "2026-11-01 00:00 UTC = 2026-10-31 17:00 America/Los_Angeles"},
		{"2026-11-01T16:00:00Z", "Asia/Shanghai", "2026-11-01 16:00 UTC = 2026-11-02 00:00 Asia/Shanghai"},
		{"2026-12-01T00:00:00Z", "Europe/London", "2026-12-01 00:00 UTC = 00:00 Europe/London"},
		{"2026-11-01T00:00:00Z", "UTC", "2026-11-01 00:00 UTC"},
	} {
		if got := oplog.FormatInBoth(at(c.at), must(time.LoadLocation(c.zone))); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
