package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/demo"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestDaysGoToClickHouse: days are shipped, removed from the log and tidied on a real server.
func TestDaysGoToClickHouse(t *testing.T) {
	s := openShard(t)
	l := nodetest.New(t)
	l.Shards = []archive.Engine{s}
	l.Restart()
	sent := map[string]uint64{}
	for day := range 3 {
		var entries []oplog.Entry
		for i := range 700 {
			e := nodetest.WithID(fmt.Sprintf("order-%d-%d", day, i), nodetest.Entry(fmt.Sprintf("c%d", i), (40+day)*24*60-i%60))
			entries = append(entries, e)
			sent[oplog.DateOf(e.Time)]++
		}
		l.Record("plain", entries...)
	}
	l.Must(l.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.ArchiveAfter = 30 }))
	state, err := l.Directory.State("plain")
	l.Must(state, err)
	if err := l.Archive.ShipDue(t.Context(), state, nil); err == nil || !strings.Contains(err.Error(), tableOf("plain")) {
		t.Errorf("without a table it says %v", err)
	}
	l.Must(nil, s.MakeTable(t.Context(), "plain", false))
	l.Must(nil, l.Archive.Check(t.Context(), "plain"))
	shipped := map[string]uint64{}
	l.Must(nil, l.Archive.ShipDue(t.Context(), state, func(date string, rows uint64) { shipped[date] = rows }))
	if fmt.Sprint(shipped) != fmt.Sprint(sent) {
		t.Errorf("shipped are %v of %v", shipped, sent)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Archive.Run(ctx, l.TenantStates, func(err error) { t.Errorf("running it: %v", err) })
	}()
	nodetest.Eventually(t, "all days are removed", func() bool { return countLeft(t, l, sent) == 0 })
	end()
	<-ended
	checkHeld(t, l, s, sent)
}

// countLeft returns how many entries of some dates the log still has.
func countLeft(t *testing.T, l *nodetest.Log, dates map[string]uint64) (left int) {
	t.Helper()
	for date := range dates {
		l.Must(nil, l.Store.DayLeaves(t.Context(), "plain", date, func(oplog.Key, []byte) error { left++; return nil }))
	}
	return left
}

// checkHeld checks that the server has the days, and nothing of the attempts that were given up.
func checkHeld(t *testing.T, l *nodetest.Log, s *Shard, sent map[string]uint64) {
	t.Helper()
	all, err := s.Holdings(t.Context(), "plain")
	l.Must(all, err)
	days := l.Archive.Days("plain")
	if len(all[0]) != len(sent) || len(days) != len(sent) {
		t.Errorf("the server has %v of %+v", all[0], days)
	}
	for _, d := range days {
		highest, err := s.Highest(t.Context(), "plain", d.Date)
		l.Must(highest, err)
		if d.State != oplog.DayRemoved || d.Rows != sent[d.Date] || highest != d.Attempt || all[0][archive.DayAttempt{Date: d.Date, Attempt: d.Attempt}] != d.Rows {
			t.Errorf("the record is %+v, and the server has %v", d, all[0])
		}
	}
	if status := l.Archive.Status(t.Context(), l.TenantStates); !status.Servers[0].Reachable || status.Servers[0].Rows != 2100 || len(status.Servers[0].Missing)+len(status.Servers[0].Unknown) > 0 {
		t.Errorf("the status is %+v", status.Servers)
	}
}

// BenchmarkShip ships so many entries of a log as OPLOG_ARCHIVED says (400,000 by default), of four days: it reads, decodes, encodes, sends, compares
// and records.
func BenchmarkShip(b *testing.B) {
	rows, _ := strconv.Atoi(cmp.Or(os.Getenv("OPLOG_ARCHIVED"), "400000"))
	s := openShard(b)
	tenant := demo.Tenant().ID
	if err := s.MakeTable(b.Context(), tenant, false); err != nil {
		b.Fatal(err)
	}
	l := nodetest.OpenArchived(b, b.TempDir(), s)
	entries := slices.Collect(demo.Generate(1, rows, time.Now()))
	newest := time.Now().AddDate(0, 0, -40)
	for i := range entries {
		entries[i].Time = newest.Add(-time.Duration(i) * (4 * 24 * time.Hour / time.Duration(rows))).Truncate(time.Microsecond)
	}
	for chunk := range slices.Chunk(entries, 5000) {
		if _, err := l.Journal.Append(b.Context(), tenant, chunk); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := l.Directory.ChangeTenant(tenant, func(t *oplog.Tenant) { t.ArchiveAfter = 30 }); err != nil {
		b.Fatal(err)
	}
	state, err := l.Directory.State(tenant)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var shipped uint64
	if err = l.Archive.ShipDue(b.Context(), state, func(_ string, rows uint64) { shipped += rows }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(shipped)/b.Elapsed().Seconds(), "rows/s")
}
