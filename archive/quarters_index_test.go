package archive_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"oplog/oplog"
)

// zones have midnights at every quarter of an hour, and clocks that change.
var zones = []string{"Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York"}

// unreachable returns a log of which all days but the last are in the archive alone, which fails all who ask.
func unreachable(t *testing.T, seed uint64) *sides {
	t.Helper()
	s := newSides(t, seed, 3000)
	for _, date := range s.dates[:len(s.dates)-1] {
		s.archived(date, oplog.DayRemoved, true)
	}
	s.gone()
	s.fail(errors.New("must not be asked"))
	return s
}

// fail lets the archive fail, or not, from now on.
func (s *sides) fail(err error) {
	for _, e := range s.engines {
		e.set(func() { e.fails = err })
	}
}

func (s *sides) asked() (times int) {
	for _, e := range s.engines {
		times += e.timesAsked()
	}
	return times
}

// drawPeriod draws a period of a zone: of whole days, of some quarters of an hour, or without an end.
func drawPeriod(t *testing.T, r *rand.Rand) (m oplog.Match) {
	t.Helper()
	zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
	if err != nil {
		t.Fatal(err)
	}
	at := func() time.Time {
		now := sidesNow.In(zone)
		midnight := oplog.Midnight(now.Year(), now.Month(), now.Day()-r.IntN(62), zone)
		return midnight.Add(time.Duration(r.IntN(2)*r.IntN(96)) * 15 * time.Minute)
	}
	m.From, m.To = at(), at()
	switch {
	case m.To.Before(m.From):
		m.From, m.To = m.To, m.From
	case r.IntN(8) == 0:
		m.To = m.From.Add(time.Duration(r.IntN(12)) * 15 * time.Minute)
	}
	switch r.IntN(12) {
	case 0:
		m.From = time.Time{}
	case 1:
		m.To = time.Time{}
	}
	return m
}

// Summaries without a filter ask no server for any period that begins and ends at quarters of an hour, as the days of all time zones do, and equal a plain
// scan. Within an organization they are asked, and equal it, too.
func TestSummariesOfPeriodsAskNoServer(t *testing.T) {
	for seed := range uint64(2) {
		s := unreachable(t, 20+seed)
		r := rand.New(rand.NewPCG(seed, 8))
		for range 250 {
			m := drawPeriod(t, r)
			want, err := s.plain(m)
			s.must(err)
			if err := s.compareCounts(t.Context(), m, want, r); err != nil {
				t.Fatalf("seed %d, from %s to %s: %v", seed, m.From, m.To, err)
			}
		}
		if s.asked() > 0 {
			t.Errorf("servers were asked %d times", s.asked())
		}
		s.fail(nil)
		for range 60 {
			m, err := s.state.Match(oplog.Query{Scope: []string{"root", "east", "shop"}[r.IntN(3)]}, sidesNow)
			s.must(err)
			period := drawPeriod(t, r)
			m.From, m.To = period.From, period.To
			want, err := s.plain(m)
			s.must(err)
			if err := s.compareCounts(t.Context(), m, want, r); err != nil {
				t.Fatalf("seed %d, of an organization from %s to %s: %v", seed, m.From, m.To, err)
			}
		}
		if s.asked() == 0 {
			t.Error("no server was asked within an organization")
		}
	}
}

// The total and the histogram of any minutes are known here. Values are, too, if the entries of a quarter of an hour that the period cuts are all on one side.
func TestSummariesOfMinutes(t *testing.T) {
	s := unreachable(t, 30)
	r := rand.New(rand.NewPCG(9, 9))
	known := 0
	for range 400 {
		m := drawPeriod(t, r)
		for _, at := range []*time.Time{&m.From, &m.To} {
			if !at.IsZero() {
				*at = at.Add(time.Duration(r.IntN(16)) * time.Minute)
			}
		}
		if !m.To.IsZero() && m.To.Before(m.From) {
			continue
		}
		want, err := s.plain(m)
		s.must(err)
		if total, err := s.index.Total(t.Context(), sidesTenant, m); err != nil || total != len(want) {
			t.Fatalf("%d of %d from %s to %s, %v", total, len(want), m.From, m.To, err)
		}
		isCounted := s.compareHistogram(m, want)
		switch err := s.compareCounts(t.Context(), m, want, r); {
		case err == nil && isCounted:
			known++
		case isCounted || oplog.CodeOf(err) != oplog.CodeUnavailable:
			t.Fatalf("from %s to %s: %v", m.From, m.To, err)
		}
	}
	if known == 0 || s.asked() == 0 {
		t.Errorf("the values of %d periods were known, servers were asked %d times", known, s.asked())
	}
}

// A server that does not answer in time costs the values alone, and their part of the time.
func TestSummaryOfSlowArchive(t *testing.T) {
	s := unreachable(t, 31)
	r := rand.New(rand.NewPCG(10, 10))
	var m oplog.Match
	for isCounted := true; isCounted; {
		m = drawPeriod(t, r)
		m.From = m.From.Add(7 * time.Minute)
		if !m.To.IsZero() && m.To.Before(m.From) {
			continue
		}
		want, err := s.plain(m)
		s.must(err)
		isCounted = s.compareHistogram(m, want)
	}
	for _, e := range s.engines {
		e.set(func() { e.hangs = true })
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	want, err := s.plain(m)
	s.must(err)
	if c, err := s.index.Count(ctx, sidesTenant, m, nil); !errors.As(err, new(*oplog.Uncounted)) || c.Total != len(want) || ctx.Err() != nil {
		t.Errorf("%d of %d, %v", c.Total, len(want), err)
	}
}

// compareHistogram compares total and histogram, and reports whether values were counted, too.
func (s *sides) compareHistogram(m oplog.Match, want []*oplog.Entry) bool {
	s.Helper()
	from, to := m.From, m.To
	if from.IsZero() {
		from = s.entries[len(s.entries)-1].Time
	}
	if to.IsZero() {
		to = sidesNow
	}
	_, buckets := oplog.Buckets(from, to)
	c, err := s.index.Count(s.Context(), sidesTenant, m, buckets)
	if err != nil && (!errors.As(err, new(*oplog.Uncounted)) || len(c.Modules)+len(c.Users) > 0) {
		s.Fatal(err)
	}
	if plain := countEach(want, buckets); c.Total != plain.Total || !slices.Equal(c.Buckets, plain.Buckets) {
		s.Errorf("from %s to %s: %d in %v, want %d in %v", m.From, m.To, c.Total, c.Buckets, plain.Total, plain.Buckets)
	}
	return err == nil
}

// Of days whose counts are in the form of the first ones, all but values in parts of a day is known. What may take too much memory is not kept.
func TestSummariesWithLessKept(t *testing.T) {
	s := unreachable(t, 40)
	for _, date := range s.dates[:30] {
		s.earlier(date)
	}
	noon := oplog.Match{From: dayOf(s.dates[5]).Add(12 * time.Hour), To: dayOf(s.dates[9]).Add(15 * time.Minute)}
	want, err := s.plain(noon)
	s.must(err)
	if total, err := s.index.Total(t.Context(), sidesTenant, noon); err != nil || total != len(want) {
		t.Errorf("%d of %d in quarters of an hour, %v", total, len(want), err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	checkUnavailable(t, s.compareCounts(t.Context(), noon, want, r), s.dates[5], s.dates[9])
	s.fail(nil)
	s.must(s.compareCounts(t.Context(), noon, want, r))
	whole := oplog.Match{From: dayOf(s.dates[5]), To: dayOf(s.dates[9])}
	want, err = s.plain(whole)
	s.must(err)
	s.fail(errors.New("must not be asked"))
	s.must(s.compareCounts(t.Context(), whole, want, r))
	s.fail(nil)
	s.Archive.LimitSums(100)
	s.must(s.compareCounts(t.Context(), oplog.Match{}, s.all(), r))
}

func dayOf(date string) time.Time {
	from, _ := oplog.Days{From: date, To: date}.Bounds()
	return from
}
