package clickhouse

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// checkShipments: sums tell of rows that were changed or are not there.
func checkShipments(t *testing.T, p place) {
	f := newFixture(t, p, 800)
	var want archive.Sum
	day := f.days[3]
	for i := range f.entries {
		if e := &f.entries[i]; oplog.DateOf(e.Time) == day.Date {
			want.Add(e.Seq, archive.LeafHash(f.leaves[e.Key()]))
		}
	}
	of := archive.Shipment{Tenant: f.tenant, DayAttempt: day.DayAttempt}
	f.checkSum(t, of, want)
	t.Run("an attempt that broke off", func(t *testing.T) {
		broken := archive.Shipment{Tenant: f.tenant, DayAttempt: archive.DayAttempt{Date: day.Date, Attempt: 9}}
		cause := errors.New("the disk does not read")
		err := f.shard.Put(ctx, broken, func(yield func(*archive.Row, error) bool) {
			for row, err := range f.rows(f.entries[:2]) {
				if !yield(row, err) {
					return
				}
			}
			yield(nil, cause)
		})
		if !errors.Is(err, cause) {
			t.Errorf("a row that cannot be read gives %v", err)
		}
		f.checkSum(t, of, want)
	})
	t.Run("a row that was changed", func(t *testing.T) {
		f.tamper(t, day, want.MaxSeq)
		await(t, "the sum tells of the change", func() bool {
			sums, err := f.shard.Verify(ctx, of)
			return err == nil && !slices.ContainsFunc(sums, func(s archive.Sum) bool { return s.Lanes == want.Lanes || s.Rows != want.Rows })
		})
	})
}

// tamper changes the leaf of one row of a day, as an administrator of the database can: the rows are taken out and put back.
func (f *fixture) tamper(t *testing.T, day archive.Day, seq uint64) {
	t.Helper()
	table, kept := tableOf(f.tenant), "kept_"+tableOf(f.tenant)
	names := columnNames()
	for _, statement := range []string{
		"CREATE TABLE " + kept + " ENGINE = Memory AS SELECT * FROM " + table + " WHERE " + inDays([]archive.Day{day}),
		fmt.Sprintf("ALTER TABLE %s DROP PARTITION ('%s', %d)", table, day.Date, day.Attempt),
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", table, names, strings.Replace(names, "leaf", fmt.Sprintf("if(seq = %d, concat(leaf, 'x'), leaf)", seq), 1), kept),
		"DROP TABLE " + kept,
	} {
		if _, err := f.shard.servers[0].ask(ctx, statement, long); err != nil {
			t.Fatal(err)
		}
	}
}

// await waits up to a minute until what holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func (f *fixture) checkSum(t *testing.T, of archive.Shipment, want archive.Sum) {
	t.Helper()
	sums, err := f.shard.Verify(ctx, of)
	if err != nil || len(sums) != len(f.shard.servers) || slices.ContainsFunc(sums, func(s archive.Sum) bool { return s != want }) {
		t.Errorf("Verify returns %+v, %v; want %+v", sums, err, want)
	}
}

// checkDrops: dropped rows are gone, and days that lack them are not answered.
func checkDrops(t *testing.T, p place) {
	f := newFixture(t, p, 500)
	day := f.days[1]
	of := archive.Shipment{Tenant: f.tenant, DayAttempt: day.DayAttempt}
	if held := f.held(t)[day.DayAttempt]; held != day.Rows {
		t.Fatalf("%d rows are held of %+v", held, day)
	}
	for range 2 { // again does no harm
		if err := f.shard.Drop(ctx, of); err != nil {
			t.Fatal(err)
		}
	}
	if held, others := f.held(t)[day.DayAttempt], f.held(t); held != 0 || len(others) < len(f.days)-1 {
		t.Errorf("%d rows are held of a dropped day; %d partitions are left", held, len(others))
	}
	q := &archive.Query{Tenant: f.tenant, Days: f.days}
	if _, _, err := f.shard.Page(ctx, q, oplog.Key{}, 10); !errors.Is(err, archive.ErrIncomplete) {
		t.Errorf("a page of days with rows missing: %v", err)
	}
	if _, err := f.shard.Count(ctx, q, nil); !errors.Is(err, archive.ErrIncomplete) {
		t.Errorf("a count of days with rows missing: %v", err)
	}
	q.Days = slices.DeleteFunc(slices.Clone(f.days), func(d archive.Day) bool { return d == day })
	if _, err := f.shard.Count(ctx, q, nil); err != nil {
		t.Errorf("the other days: %v", err)
	}
}

// held returns what all servers hold alike.
func (f *fixture) held(t *testing.T) map[archive.DayAttempt]uint64 {
	t.Helper()
	all, err := f.shard.Holdings(ctx, f.tenant)
	if err != nil || len(all) != len(f.shard.servers) {
		t.Fatalf("holdings: %v, %v", all, err)
	}
	for _, other := range all[1:] {
		if !maps.Equal(other, all[0]) {
			t.Fatalf("servers hold %v and %v", all[0], other)
		}
	}
	return all[0]
}

// checkLeaves: leaves come whole and in order.
func checkLeaves(t *testing.T, p place) {
	f := newFixture(t, p, 25_000) // more than two answers
	var newest, bySeq []oplog.Key
	for i := range f.entries {
		newest = append(newest, f.entries[i].Key())
	}
	bySeq = slices.Clone(newest)
	slices.SortFunc(bySeq, func(a, b oplog.Key) int { return int(a.Seq()) - int(b.Seq()) })
	for name, c := range map[string]struct {
		of   archive.Range
		want []oplog.Key
	}{
		"all":                 {archive.Range{}, newest},
		"in order of arrival": {archive.Range{BySeq: true}, bySeq},
		"between keys":        {archive.Range{From: newest[20_000], To: newest[100]}, newest[101:20_001]},
		"some seqs":           {archive.Range{BySeq: true, FirstSeq: 257, EndSeq: 513}, bySeq[256:512]},
		"keys":                {archive.Range{Keys: []oplog.Key{newest[7], newest[24_000], newest[3]}}, []oplog.Key{newest[3], newest[7], newest[24_000]}},
		"no keys":             {archive.Range{Keys: []oplog.Key{}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.of.Tenant, c.of.Days = f.tenant, f.days
			var got []oplog.Key
			err := f.shard.Leaves(ctx, &c.of, func(key oplog.Key, leaf []byte) error {
				if !bytes.Equal(leaf, f.leaves[key]) {
					t.Fatalf("the leaf of %v is %q", key, leaf)
				}
				got = append(got, key)
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%d leaves came, %v; want %d in order", len(got), err, len(c.want))
			}
		})
	}
	stop := errors.New("enough")
	if err := f.shard.Leaves(ctx, &archive.Range{Tenant: f.tenant, Days: f.days}, func(oplog.Key, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the visitor gives %v", err)
	}
}

// checkFind: entries are found by senders' ids.
func checkFind(t *testing.T, p place) {
	f := newFixture(t, p, 3000)
	looked := 0
	for i := range f.entries {
		e := &f.entries[i]
		if e.ID == e.Key().ID() || looked > 20 {
			continue
		}
		looked++
		var want []oplog.Key
		for j := range f.entries {
			if f.entries[j].ID == e.ID {
				want = append(want, f.entries[j].Key())
			}
		}
		if got, err := f.shard.Find(ctx, f.tenant, f.days, e.ID, 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is found %v, %v; want %v", e.ID, got, err, want)
		}
	}
	if looked == 0 {
		t.Error("no entry has a sender's id")
	}
	if got, err := f.shard.Find(ctx, f.tenant, f.days, "unknown", 0); err != nil || len(got) > 0 {
		t.Errorf("an unknown id is found %v, %v", got, err)
	}
}

// checkTables: tables that are not as Schema makes them are told.
func checkTables(t *testing.T, p place) {
	s := p.shard
	check := func(parts ...string) { // one of them
		t.Helper()
		err := s.Check(ctx, p.tenant)
		if err == nil || !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(err.Error(), part) }) {
			t.Errorf("Check returns %v, want %q", err, parts)
		}
	}
	check("oplog archive schema --tenant " + p.tenant)
	if err := s.MakeTable(ctx, p.tenant, p.replicated); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx, p.tenant); err != nil {
		t.Error(err)
	}
	if _, err := s.servers[0].ask(ctx, "ALTER TABLE "+tableOf(p.tenant)+" DROP COLUMN role", long); err != nil {
		t.Fatal(err)
	}
	check("role")
	s.servers[0].password = "wrong"
	check("Wrong password", "Authentication failed")
}
