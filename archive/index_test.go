package archive_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// Whatever days are in the archive, on their way, or already away from here: queries find what a plain scan finds.
func TestQueriesOverBothSidesEqualPlainScan(t *testing.T) {
	for seed := range uint64(3) {
		s := newSides(t, seed, 2000)
		r := rand.New(rand.NewPCG(seed, 3))
		for round := range 4 {
			for _, date := range s.dates[:len(s.dates)-3] {
				switch d := s.days[date]; {
				case r.IntN(3) > 0:
				case d.State == "":
					s.archived(date, []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved}[r.IntN(3)], r.IntN(6) > 0)
					if r.IntN(5) == 0 {
						s.earlier(date)
					}
				case d.State == oplog.DayShipping:
					s.setState(date, oplog.DayArchived)
				case d.State == oplog.DayArchived:
					s.setState(date, oplog.DayRemoved)
				}
			}
			for i := range uint64(40) {
				if err := s.compare(t.Context(), uint64(round)<<16+i); err != nil {
					t.Fatal(err)
				}
			}
			s.gone()
			for i := range uint64(20) {
				if err := s.compare(t.Context(), uint64(round)<<16+1<<8+i); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.engines[0].timesAsked() == 0 || s.engines[1].timesAsked() == 0 {
			t.Error("a shard was asked nothing")
		}
	}
}

// While days change sides, no query misses an entry or has one twice.
func TestQueriesWhileDaysChangeSides(t *testing.T) {
	s := newSides(t, 4, 1500)
	var asking sync.WaitGroup
	ended := make(chan struct{})
	for n := range uint64(3) {
		asking.Go(func() {
			for seed := n << 32; ; seed++ {
				select {
				case <-ended:
					return
				default:
				}
				if err := s.compare(t.Context(), seed); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i, date := range s.dates[:len(s.dates)-2] {
		if s.archived(date, oplog.DayRemoved, i%4 > 0); i%3 == 2 {
			s.gone()
		}
	}
	s.gone()
	close(ended)
	asking.Wait()
}

func (s *sides) all() (all []*oplog.Entry) {
	for i := range s.entries {
		all = append(all, &s.entries[i])
	}
	return all
}

// failing returns a log whose archive has the first 40 days.
func failing(t *testing.T) *sides {
	t.Helper()
	s := newSides(t, 6, 1500)
	for _, date := range s.dates[:40] {
		s.archived(date, oplog.DayRemoved, true)
	}
	s.gone()
	return s
}

// checkUnavailable checks an error that names dates.
func checkUnavailable(t *testing.T, err error, first, last string) {
	t.Helper()
	if oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), first) || !strings.Contains(err.Error(), last) {
		t.Errorf("%v, which does not say that %s to %s cannot be read", err, first, last)
	}
}

// A page has what is newer than the newest day that cannot be read, and says so; counts are never short.
func TestUnreadableDays(t *testing.T) {
	s := failing(t)
	filtered := oplog.Match{Values: oplog.Values{Outcomes: []string{"success"}}}
	want, err := s.plain(filtered)
	s.must(err)
	end := func(date string) time.Time {
		_, to := oplog.Days{From: date, To: date}.Bounds()
		return to
	}
	newer := func(than time.Time) (n int) {
		for _, e := range want {
			if !e.Time.Before(than) {
				n++
			}
		}
		return n
	}
	last, old := s.dates[39], s.dates[4]
	for _, e := range s.engines {
		e.set(func() { e.fails = errors.New("connection refused") })
	}
	keys, more, err := s.index.Page(t.Context(), sidesTenant, filtered, oplog.Key{}, len(want))
	var incomplete *oplog.Incomplete
	if !errors.As(err, &incomplete) || !incomplete.Before.Equal(end(last)) || len(keys) != newer(end(last)) || len(keys) == 0 || !more {
		t.Fatalf("%d keys of %d, more: %t, %v", len(keys), newer(end(last)), more, err)
	}
	checkUnavailable(t, err, s.dates[0], last)
	if _, _, err := s.index.Page(t.Context(), sidesTenant, filtered, oplog.MakeKey(end(last), 0), 10); errors.As(err, &incomplete) || err == nil {
		t.Error("a page of nothing but unreadable days:", err)
	} else {
		checkUnavailable(t, err, s.dates[0], last)
	}
	_, err = s.index.Count(t.Context(), sidesTenant, filtered, nil)
	checkUnavailable(t, err, s.dates[0], last)
	filtered.From = end(s.dates[2])
	_, err = s.index.Total(t.Context(), sidesTenant, filtered)
	checkUnavailable(t, err, s.dates[3], last)
	filtered.From = end(last)
	if n, err := s.index.Total(t.Context(), sidesTenant, filtered); err != nil || n != newer(end(last)) {
		t.Errorf("%d after the archived days, %v", n, err)
	}
	filtered.From = time.Time{}
	for _, e := range s.engines {
		e.set(func() { e.fails, e.short[old] = nil, true })
	}
	keys, more, err = s.index.Page(t.Context(), sidesTenant, filtered, oplog.Key{}, len(want))
	if incomplete = nil; !errors.As(err, &incomplete) || incomplete.Before.Before(end(old)) || len(keys) != newer(incomplete.Before) || !more || !errors.Is(incomplete, incomplete.Err) {
		t.Errorf("%d keys of %d, more: %t, %v", len(keys), newer(end(old)), more, err)
	}
	if keys, more, err = s.index.Page(t.Context(), sidesTenant, filtered, oplog.Key{}, newer(end(s.dates[20]))); err != nil || !more || len(keys) != newer(end(s.dates[20])) {
		t.Errorf("a page before a day that cannot be read: %d keys, more: %t, %v", len(keys), more, err)
	}
}

// A server that does not answer in time costs a page no more than what it has, and counts end as those that take too long.
func TestArchiveThatIsTooSlow(t *testing.T) {
	s := failing(t)
	filtered := oplog.Match{Values: oplog.Values{Outcomes: []string{"success"}}}
	s.engines[1].set(func() { s.engines[1].hangs = true })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	keys, _, err := s.index.Page(ctx, sidesTenant, filtered, oplog.Key{}, 10_000)
	var incomplete *oplog.Incomplete
	if !errors.As(err, &incomplete) || len(keys) == 0 || ctx.Err() != nil {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	s.engines[1].set(func() {
		s.engines[1].hangs, s.engines[1].fails = false, errors.Join(archive.ErrTooLong, errors.New("code 159"))
	})
	if _, err := s.index.Count(t.Context(), sidesTenant, filtered, nil); oplog.CodeOf(err) != oplog.CodeInvalid || !strings.Contains(err.Error(), "narrow") {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.index.Count(ended, sidesTenant, filtered, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A page that ends after the newest archived day asks no server.
func TestPagesHereAskNoServer(t *testing.T) {
	s := failing(t)
	for _, e := range s.engines {
		e.set(func() { e.fails = errors.New("must not be asked") })
	}
	keys, more, err := s.index.Page(t.Context(), sidesTenant, oplog.Match{}, oplog.Key{}, 50)
	if err != nil || !more || len(keys) != 50 || keys[49] != s.entries[49].Key() {
		t.Errorf("%d keys, more: %t, %v", len(keys), more, err)
	}
	if slices.ContainsFunc(s.engines[:], func(e *sliceEngine) bool { return e.timesAsked() > 0 }) {
		t.Error("a server was asked")
	}
}
