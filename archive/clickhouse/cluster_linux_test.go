package clickhouse

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/clustertest"
	"oplog/oplog"
)

// TestEngineOnCluster runs the engine's checks, and those of failures, on replicated tables of ClickHouse 18.16.
func TestEngineOnCluster(t *testing.T) {
	c := clustertest.Start(t)
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, clusterPlace(t, c, 0, name)) })
	}
}

// TestFailuresOnCluster: whatever fails, an answer is whole or an error, and a shipment that was verified stays.
func TestFailuresOnCluster(t *testing.T) {
	c := clustertest.Start(t)
	for _, check := range []struct {
		name string
		run  func(t *testing.T, c *clustertest.Cluster, f *fixture)
	}{
		{"certificates and passwords", checkAccess},
		{"a replica is killed during Put", checkKilledReplica},
		{"a replica is killed during Put, and its rows are dropped first", checkDroppedFirst},
		{"a replica comes back", checkReturn},
		{"a replica stands still", checkStandstill},
		{"ZooKeeper is away", checkKeeper},
		{"a shard is away", checkShardAway},
		{"a body breaks off", checkBrokenBody},
		{"a row is changed", checkTampered},
		{"a file is damaged", checkDamagedFile},
		{"files of a replica are lost", checkLostFiles},
		{"a disk is full", checkFullDisk},
		{"all fail at random", checkChaos},
	} {
		t.Run(check.name, func(t *testing.T) {
			f := &fixture{place: clusterPlace(t, c, 0, check.name), leaves: map[oplog.Key][]byte{}}
			if err := f.shard.MakeTable(ctx, f.tenant, true); err != nil {
				t.Fatal(err)
			}
			f.shard.quorum = 2 * time.Second
			check.run(t, c, f)
		})
	}
}

// clusterPlace returns a place for a tenant with a new table.
func clusterPlace(t *testing.T, c *clustertest.Cluster, shard int, tenant string) place {
	t.Helper()
	return place{shard: openServers(t, c, c.Shard(shard)...), tenant: tenant, replicated: true, queries: 150}
}

func openServers(t *testing.T, c *clustertest.Cluster, urls ...string) *Shard {
	t.Helper()
	s, err := Open(Options{Servers: urls, User: clustertest.User, Password: clustertest.Password, CA: c.CA})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// firstDate is the first date of which entries are shipped.
var firstDate = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// day makes the entries of the next day, and an attempt to ship them that is not recorded yet.
func (f *fixture) day(count int) (d archive.Day, entries []oplog.Entry, want archive.Sum) {
	at := firstDate.AddDate(0, 0, len(f.days))
	d = archive.Day{DayAttempt: archive.DayAttempt{Date: oplog.DateOf(at), Attempt: 1}, Rows: uint64(count)}
	first := len(f.leaves)
	for i := range count {
		entries = append(entries, oplog.Entry{
			Seq: uint64(first + i + 1), ID: fmt.Sprintf("%s-%d", d.Date, i), Time: at.Add(time.Duration(i) * time.Millisecond), Module: "crm", Operation: "create",
			User: oplog.User{ID: fmt.Sprint("u", i%7), Name: "Li"}, Content: oplog.Ref{ID: fmt.Sprint(i), Name: "content"}, Outcome: oplog.OutcomeSuccess,
		})
	}
	for row, err := range f.rows(entries) {
		if err == nil {
			want.Add(row.Entry.Seq, archive.LeafHash(row.Leaf))
		}
	}
	return d, entries, want
}

func (f *fixture) shipment(d archive.Day) archive.Shipment {
	return archive.Shipment{Tenant: f.tenant, DayAttempt: d.DayAttempt}
}

// archived ships a day, which must succeed, and records it.
func (f *fixture) archived(t *testing.T, count int) archive.Day {
	t.Helper()
	d, entries, want := f.day(count)
	if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err != nil {
		t.Fatal(err)
	}
	f.checkSum(t, f.shipment(d), want)
	f.days = append(f.days, d)
	return d
}

// until calls then after some rows.
func until(rows iter.Seq2[*archive.Row, error], count int, then func()) iter.Seq2[*archive.Row, error] {
	return func(yield func(*archive.Row, error) bool) {
		n := 0
		for row, err := range rows {
			if n++; n == count {
				then()
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (f *fixture) total() (n int) {
	for _, d := range f.days {
		n += int(d.Rows)
	}
	return n
}

// ask asks a shard all kinds of questions about the recorded days. A wrong answer fails the test; an error is returned.
func (f *fixture) ask(t *testing.T, s *Shard) error {
	t.Helper()
	q := &archive.Query{Tenant: f.tenant, Days: slices.Clone(f.days)}
	counts, err := s.Count(ctx, q, nil)
	if err == nil && counts.Total != f.total() {
		t.Fatalf("a count is %d of %d", counts.Total, f.total())
	}
	failed := []error{err}
	const limit = 50
	keys, more, err := s.Page(ctx, q, oplog.Key{}, limit)
	if err == nil && (len(keys) != min(limit, f.total()) || more != (f.total() > limit)) {
		t.Fatalf("a page has %d keys, more: %t; there are %d", len(keys), more, f.total())
	}
	failed = append(failed, err)
	n := 0
	err = s.Leaves(ctx, &archive.Range{Tenant: f.tenant, Days: q.Days}, func(oplog.Key, []byte) error { n++; return nil })
	if err == nil && n != f.total() {
		t.Fatalf("%d leaves come of %d", n, f.total())
	}
	failed = append(failed, err)
	last := q.Days[len(q.Days)-1]
	keys, err = s.Find(ctx, f.tenant, q.Days, last.Date+"-0", 0)
	if err == nil && len(keys) != 1 {
		t.Fatalf("%d entries are found by the id of one", len(keys))
	}
	return errors.Join(append(failed, err)...)
}

// mustAsk is ask of a shard that must answer.
func (f *fixture) mustAsk(t *testing.T, s *Shard) {
	t.Helper()
	if err := f.ask(t, s); err != nil {
		t.Fatal(err)
	}
}

// ships waits until a new day can be shipped, each time under a new attempt.
func (f *fixture) ships(t *testing.T) {
	t.Helper()
	d, entries, want := f.day(500)
	var err error
	defer func() {
		if t.Failed() {
			t.Log(err)
		}
	}()
	await(t, "a day is shipped", func() bool {
		d.Attempt++
		if err = f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err != nil {
			return false
		}
		f.checkSum(t, f.shipment(d), want)
		return true
	})
	f.days = append(f.days, d)
	f.mustAsk(t, f.shard)
}
