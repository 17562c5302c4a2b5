package archive_test

import (
	"testing"

	"oplog/oplog"
)

// BenchmarkQueriesHere asks about a period that is all here, of a log with archived days before it: of the index alone, and of both sides.
func BenchmarkQueriesHere(b *testing.B) {
	s := newSides(b, 7, 20_000)
	for _, date := range s.dates[:20] {
		s.archived(date, oplog.DayRemoved, true)
	}
	s.gone()
	from, _ := oplog.Days{From: s.dates[30], To: s.dates[30]}.Bounds()
	for name, m := range map[string]oplog.Match{"period": {From: from}, "filtered": {From: from, Values: oplog.Values{Users: []string{"u3"}}}} {
		for side, index := range map[string]oplog.Index{"alone": s.here, "both": s.index} {
			b.Run(name+"/page/"+side, func(b *testing.B) {
				for b.Loop() {
					_, _, err := index.Page(b.Context(), sidesTenant, m, oplog.Key{}, 50)
					s.must(err)
				}
			})
			b.Run(name+"/count/"+side, func(b *testing.B) {
				for b.Loop() {
					_, err := index.Count(b.Context(), sidesTenant, m, nil)
					s.must(err)
				}
			})
		}
	}
}
