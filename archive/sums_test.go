package archive

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"oplog/oplog"
)

// countRecords keep the counts of days; they count how often they are read.
type countRecords struct {
	data map[string][]byte
	read int
}

func (r *countRecords) Record(_ oplog.RecordKind, name string) ([]byte, oplog.Revision, error) {
	r.read++
	data, known := r.data[name]
	if !known {
		return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "none")
	}
	return data, oplog.RevisionOf(data), nil
}

// manyDays returns made-up counts of that many days from 2016 on, with so many users on each, and a view that reads all of them from the archive.
func manyDays(t testing.TB, days, users int) (*countRecords, *view) {
	t.Helper()
	records := &countRecords{data: map[string][]byte{}}
	v := &view{tenant: "acme"}
	r := rand.New(rand.NewPCG(1, 1))
	for day := range days {
		start := time.Date(2016, 1, 1+day, 0, 0, 0, 0, time.UTC)
		counts := newTally()
		var at []time.Duration
		for range 3 * users {
			at = append(at, time.Duration(r.Int64N(int64(24*time.Hour))))
		}
		slices.Sort(at)
		for n, since := range at {
			i := n % users
			if n >= users {
				i = r.IntN(users)
			}
			counts.add(&oplog.Entry{
				Time: start.Add(since), Seq: uint64(3*day*users + n + 1), //nolint:gosec // of a test
				User:         oplog.User{ID: fmt.Sprintf("U%d", 10_000+i), Name: fmt.Sprintf("%s %d", []string{"王伟", "Anna Müller", "李娜", "Peter Lang"}[i%4], i/4), Role: []string{"admin", "sales", "support"}[i%3]},
				Organization: oplog.Ref{ID: fmt.Sprintf("shop-%d", i%200)}, Module: fmt.Sprintf("module-%d", i%20), Operation: fmt.Sprintf("operation-%d", i%12),
				Outcome: []string{"success", "failure"}[r.IntN(20)/19],
			})
		}
		data, err := counts.encode()
		if err != nil {
			t.Fatal(err)
		}
		date := oplog.DateOf(start)
		records.data["acme/"+date] = data
		v.days = append(v.days, oplog.ArchivedDay{Tenant: "acme", Date: date, Rows: counts.rows})
	}
	return records, v
}

// wholeOf counts some days by their records, one by one.
func wholeOf(t *testing.T, records *countRecords, days []oplog.ArchivedDay) *Counts {
	t.Helper()
	c := newCounts(0)
	for _, d := range days {
		s, err := readCounts(d.Date, records.data["acme/"+d.Date])
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.values(d.Date)
		if err != nil {
			t.Fatal(err)
		}
		one := newCounts(0)
		one.Total = int(s.Rows) //nolint:gosec // of a test
		for i, f := range []map[string]int{one.Modules, one.Operations, one.Organizations, one.Outcomes, one.Roles} {
			for j, value := range v.Facets[i].Values {
				f[value] = int(v.Facets[i].Counts[j])
			}
		}
		_, end := oplog.Days{From: d.Date, To: d.Date}.Bounds()
		for j, id := range v.Facets[ofUsers].Values {
			one.Users[id] = UserCount{Count: int(v.Facets[ofUsers].Counts[j]), Name: v.Names[j], Latest: lastBefore(end)}
		}
		c.add(one)
	}
	return c
}

// Sums of days, months and years are those of the records, also while days are added to the archive, and records are read again only if they must be.
func TestSumsOfDays(t *testing.T) {
	records, all := manyDays(t, 800, 7)
	s := &sums{store: records, most: maxSummed}
	r := rand.New(rand.NewPCG(2, 2))
	for days := 20; days <= len(all.days); days += 26 {
		v := &view{tenant: "acme", days: all.days[:days]}
		for range 4 {
			from, to := r.IntN(days), r.IntN(days)
			if r.IntN(3) == 0 {
				from, to = 0, days-1
			}
			part := v.days[min(from, to) : max(from, to)+1]
			m := oplog.Match{}
			m.From, _ = oplog.Days{From: part[0].Date, To: part[0].Date}.Bounds()
			_, m.To = oplog.Days{From: part[len(part)-1].Date, To: part[len(part)-1].Date}.Bounds()
			c := newCounts(0)
			rest, err := s.of("acme").addPeriod(t.Context(), v, &m, v.touched(&m, oplog.Key{}), nil, c)
			if err != nil || len(rest) > 0 {
				t.Fatalf("%d days are left to count, %v", len(rest), err)
			}
			if want := wholeOf(t, records, part); !reflect.DeepEqual(c, want) {
				t.Fatalf("of %d days from %s: %+v, want %+v", len(part), part[0].Date, c, want)
			}
		}
	}
	records.read = 0
	c := newCounts(0)
	if _, err := s.of("acme").addPeriod(t.Context(), all, &oplog.Match{}, all.days, nil, c); err != nil || records.read > 31 {
		t.Errorf("%d records were read again, %v", records.read, err)
	}
}

// Of values that take too much memory, and of a day that has too many, nothing is kept but the totals; those of another tenant are let go of.
func TestSumsTakeNoMoreThanTheyMay(t *testing.T) {
	records, v := manyDays(t, 90, 50)
	maps.Copy(records.data, map[string][]byte{"other/2016-01-01": records.data["acme/2016-01-01"]})
	s := &sums{store: records, most: 20_000}
	c := newCounts(0)
	rest, err := s.of("acme").addPeriod(t.Context(), v, &oplog.Match{}, v.days, nil, c)
	if err != nil || len(rest) != 90 || c.Total > 0 || s.of("acme").bytes > s.most {
		t.Errorf("%d days are left, %d were counted, %d bytes are taken, %v", len(rest), c.Total, s.of("acme").bytes, err)
	}
	if rest, err = s.of("acme").addTotals(t.Context(), &oplog.Match{}, v.days, nil, c); err != nil || len(rest) > 0 || c.Total == 0 {
		t.Errorf("%d days without totals, %v", len(rest), err)
	}
	few := &view{tenant: "other", days: v.days[:1]}
	if rest, err := s.of("other").addPeriod(t.Context(), few, &oplog.Match{}, few.days, nil, newCounts(0)); err != nil || len(rest) > 0 {
		t.Errorf("%d days are left, %v", len(rest), err)
	}
	if s.most = 1; s.of("acme") == nil || s.tenants["other"] != nil {
		t.Error("another tenant's sums stay")
	}

	many := newTally()
	for i := range maxTallied + 10 {
		many.add(&oplog.Entry{Time: time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), Seq: uint64(i + 1), User: oplog.User{ID: fmt.Sprint(i)}}) //nolint:gosec // of a test
	}
	data, err := many.encode()
	if err != nil || len(data) > 2000 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	stored, err := readCounts("day", data)
	if err != nil || stored.Rows != maxTallied+10 || stored.Values != nil {
		t.Errorf("%d rows, %d bytes of values, %v", stored.Rows, len(stored.Values), err)
	}
}

// A damaged record is as good as none: the archive is asked.
func TestDamagedCountsAreNotUsed(t *testing.T) {
	records, v := manyDays(t, 3, 5)
	name := "acme/" + v.days[1].Date
	whole := records.data[name]
	for _, damaged := range [][]byte{whole[:len(whole)/2], {}, {0xff}} {
		records.data[name] = damaged
		rest, err := (&sums{store: records, most: maxSummed}).of("acme").addTotals(context.Background(), &oplog.Match{}, v.days, nil, newCounts(0))
		if err != nil || len(rest) != 1 || rest[0].Date != v.days[1].Date {
			t.Errorf("%d days are left, %v", len(rest), err)
		}
	}
}

// BenchmarkArchivedSummary counts ten years of which each day is archived, without a filter, with 1,000 users on each day.
func BenchmarkArchivedSummary(b *testing.B) {
	records, v := manyDays(b, 60, 1000)
	stored := 0
	for _, data := range records.data {
		stored += len(data)
	}
	stored = stored * 3650 / len(v.days)
	for n := len(v.days); n < 3650; n++ {
		d := v.days[n%60]
		data := records.data[d.Name()]
		d.Date = oplog.DateOf(time.Date(2016, 1, 1+n, 0, 0, 0, 0, time.UTC))
		records.data[d.Name()] = data
		v.days = append(v.days, d)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := &sums{store: records, most: maxSummed}
	_, buckets := oplog.Buckets(time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	first := time.Now()
	count := func(m oplog.Match) {
		c := newCounts(len(buckets))
		rest, err := s.of("acme").addPeriod(b.Context(), v, &m, v.touched(&m, oplog.Key{}), startsOf(buckets), c)
		if err != nil || len(rest) > 0 || len(c.forIndex(false).Users) != oplog.MaxUserFacets {
			b.Fatal(len(rest), err)
		}
	}
	count(oplog.Match{})
	loaded := time.Since(first)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for name, m := range map[string]oplog.Match{
		"all": {}, "months cut": {From: time.Date(2017, 3, 16, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 10, 16, 0, 0, 0, 0, time.UTC)},
		"days cut": {From: time.Date(2017, 3, 16, 18, 15, 0, 0, time.UTC), To: time.Date(2024, 10, 16, 18, 15, 0, 0, time.UTC)},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				count(m)
			}
			b.ReportMetric(float64(stored)/float64(len(v.days)), "bytes/day")
			b.ReportMetric(float64(loaded.Milliseconds()), "ms-first")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
			b.ReportMetric(float64(s.of("acme").bytes)/1e6, "MB-of-values")
		})
	}
}
