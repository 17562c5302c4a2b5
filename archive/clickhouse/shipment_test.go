package clickhouse

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"oplog/archive"
	"oplog/oplog"
)

func TestShipmentsAreVerified(t *testing.T) {
	f := newFixture(t, 800)
	var want archive.Sum
	day := f.days[3]
	for i := range f.entries {
		if e := &f.entries[i]; oplog.DateOf(e.Time) == day.Date {
			want.Add(e.Seq, archive.LeafHash(f.leaves[e.Key()]))
		}
	}
	of := archive.Shipment{Tenant: testTenant, DayAttempt: day.DayAttempt}
	f.checkSum(t, of, want)
	t.Run("an attempt that broke off", func(t *testing.T) {
		broken := archive.Shipment{Tenant: testTenant, DayAttempt: archive.DayAttempt{Date: day.Date, Attempt: 9}}
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
		if _, err := f.shard.servers[0].ask(ctx, "ALTER TABLE "+tableOf(testTenant)+" UPDATE leaf = concat(leaf, 'x') WHERE seq = "+
			"(SELECT max(seq) FROM "+tableOf(testTenant)+" WHERE day = '"+day.Date+"' AND attempt = "+attemptText(day)+") SETTINGS mutations_sync = 2", long); err != nil {
			t.Fatal(err)
		}
		sums, err := f.shard.Verify(ctx, of)
		if err != nil || sums[0].Lanes == want.Lanes || sums[0].Rows != want.Rows {
			t.Errorf("a changed row gives %+v, %v; before %+v", sums, err, want)
		}
	})
}

func (f *fixture) checkSum(t *testing.T, of archive.Shipment, want archive.Sum) {
	t.Helper()
	sums, err := f.shard.Verify(ctx, of)
	if err != nil || len(sums) != 1 || sums[0] != want {
		t.Errorf("Verify returns %+v, %v; want %+v", sums, err, want)
	}
}

func attemptText(d archive.Day) string { return string(rune('0' + d.Attempt)) }

func TestDroppedRowsAreGone(t *testing.T) {
	f := newFixture(t, 500)
	day := f.days[1]
	of := archive.Shipment{Tenant: testTenant, DayAttempt: day.DayAttempt}
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
	q := &archive.Query{Tenant: testTenant, Days: f.days}
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

func (f *fixture) held(t *testing.T) map[archive.DayAttempt]uint64 {
	t.Helper()
	all, err := f.shard.Holdings(ctx, testTenant)
	if err != nil || len(all) != 1 {
		t.Fatalf("holdings: %v, %v", all, err)
	}
	return all[0]
}

func TestLeavesComeWholeAndInOrder(t *testing.T) {
	f := newFixture(t, 25_000) // more than two answers
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
			c.of.Tenant, c.of.Days = testTenant, f.days
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
	if err := f.shard.Leaves(ctx, &archive.Range{Tenant: testTenant, Days: f.days}, func(oplog.Key, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the visitor gives %v", err)
	}
}

func TestFindBySendersID(t *testing.T) {
	f := newFixture(t, 3000)
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
		if got, err := f.shard.Find(ctx, testTenant, f.days, e.ID); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is found %v, %v; want %v", e.ID, got, err, want)
		}
	}
	if looked == 0 {
		t.Error("no entry has a sender's id")
	}
	if got, err := f.shard.Find(ctx, testTenant, f.days, "unknown"); err != nil || len(got) > 0 {
		t.Errorf("an unknown id is found %v, %v", got, err)
	}
}

func TestTablesAreChecked(t *testing.T) {
	s := openShard(t)
	check := func(part string) {
		t.Helper()
		if err := s.Check(ctx, testTenant); err == nil || !bytes.Contains([]byte(err.Error()), []byte(part)) {
			t.Errorf("Check returns %v, want %q", err, part)
		}
	}
	check("oplog archive schema --tenant lan-wan's")
	if err := s.MakeTable(ctx, testTenant, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx, testTenant); err != nil {
		t.Error(err)
	}
	if _, err := s.servers[0].ask(ctx, "ALTER TABLE "+tableOf(testTenant)+" DROP COLUMN role", long); err != nil {
		t.Fatal(err)
	}
	check("role")
	s.servers[0].password = "wrong"
	check("Authentication")
}
