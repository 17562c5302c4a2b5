package archive_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"oplog/archive"
	"oplog/demo"
	"oplog/oplog"
)

// BenchmarkBytesOfCounts stores what days count: those of the demo with 7 and 14 times as many users; and 3,000 entries of 1,000 users evenly spread over the
// day, about the worst.
func BenchmarkBytesOfCounts(b *testing.B) {
	byDate := map[string][]oplog.Entry{}
	for e := range demo.Generate(1, 1_000_000, sidesNow) {
		byDate[oplog.DateOf(e.Time)] = append(byDate[oplog.DateOf(e.Time)], e)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var demo500, demo1000, spread [][]oplog.Entry
	for n := range 20 {
		one, other := byDate[oplog.DateOf(sidesNow.AddDate(0, 0, -20-n))], byDate[oplog.DateOf(sidesNow.AddDate(0, 0, -41-n))]
		demo500 = append(demo500, crowd(r, 7, one))
		demo1000 = append(demo1000, crowd(r, 14, one, other))
		spread = append(spread, evenly(r))
	}
	for _, c := range []struct {
		name string
		days [][]oplog.Entry
	}{{"500 users", demo500}, {"1000 users", demo1000}, {"spread", spread}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				rows, bytes := 0, 0
				for _, day := range c.days {
					data, err := archive.CountsRecord(day)
					if err != nil {
						b.Fatal(err)
					}
					rows, bytes = rows+len(day), bytes+len(data)
				}
				b.ReportMetric(float64(bytes)/float64(rows), "bytes/entry")
				b.ReportMetric(float64(rows)/float64(len(c.days)), "entries/day")
			}
		})
	}
}

// crowd returns the entries of days as those of a single one, newest first, and of so many times as many users.
func crowd(r *rand.Rand, times int, days ...[]oplog.Entry) (all []oplog.Entry) {
	for _, day := range days {
		for _, e := range day {
			e.Time = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(e.Time.Sub(e.Time.Truncate(24 * time.Hour)))
			e.User.ID += fmt.Sprint("-", r.IntN(times))
			all = append(all, e)
		}
	}
	return newestFirst(all)
}

// evenly returns 3,000 entries of 1,000 users.
func evenly(r *rand.Rand) (all []oplog.Entry) {
	for i := range 3000 {
		all = append(all, oplog.Entry{
			Time:   time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(24 * time.Hour)))),
			User:   oplog.User{ID: fmt.Sprint("U", 10_000+i%1000), Name: fmt.Sprint("Anna Müller ", i%1000), Role: fmt.Sprint("role-", i%3)},
			Module: fmt.Sprint("module-", i%20), Operation: fmt.Sprint("operation-", r.IntN(12)), Outcome: oplog.OutcomeSuccess,
			Organization: oplog.Ref{ID: fmt.Sprint("shop-", i%200)},
		})
	}
	return newestFirst(all)
}

func newestFirst(all []oplog.Entry) []oplog.Entry {
	slices.SortStableFunc(all, func(a, b oplog.Entry) int { return b.Time.Compare(a.Time) })
	for i := range all {
		all[i].Seq = uint64(len(all) - i) //nolint:gosec // of a test
	}
	return all
}
