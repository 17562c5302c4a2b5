package archive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// touched returns the days read from the archive that a match and a cursor (zero for none) reach.
func (v *view) touched(m *oplog.Match, before oplog.Key) []oplog.ArchivedDay {
	if len(v.days) == 0 {
		return nil
	}
	from, to := m.First(), m.Last()
	if !before.IsZero() && before.Compare(to) < 0 {
		to = before
	}
	if to.Compare(from) <= 0 {
		return nil
	}
	end := to.Time()
	if to.Seq() == 0 {
		end = end.Add(-time.Microsecond)
	}
	return between(v.days, oplog.DateOf(from.Time()), oplog.DateOf(end))
}

// between returns the days from a date to another, inclusive.
func between(days []oplog.ArchivedDay, first, last string) []oplog.ArchivedDay {
	low, _ := slices.BinarySearchFunc(days, first, func(d oplog.ArchivedDay, date string) int { return strings.Compare(d.Date, date) })
	days = days[low:]
	end, _ := slices.BinarySearchFunc(days, last, func(d oplog.ArchivedDay, date string) int {
		if d.Date <= date {
			return -1
		}
		return 1
	})
	return days[:end]
}

// local returns the matches of the parts of a period that are read here, in order: all but the days that are still here and read from the archive.
func (v *view) local(m oplog.Match) []oplog.Match {
	from := m.From
	var parts []oplog.Match
	add := func(to time.Time) {
		if from.IsZero() || to.IsZero() || from.Before(to) {
			part := m
			part.From, part.To = from, to
			parts = append(parts, part)
		}
	}
	for _, days := range v.leaving {
		start, end := days.Bounds()
		if !m.To.IsZero() && !start.Before(m.To) {
			break
		}
		if !from.Before(end) {
			continue
		}
		if from.Before(start) {
			add(start)
		}
		from = end
	}
	add(m.To)
	return parts
}

// onShard are days of one shard of the archive.
type onShard struct {
	number int
	days   []oplog.ArchivedDay
}

// byShard groups days by their shards, each with its days in order.
func byShard(days []oplog.ArchivedDay) []onShard {
	var shards []onShard
	for i := range days {
		at := slices.IndexFunc(shards, func(s onShard) bool { return s.number == days[i].Shard })
		if at < 0 {
			at = len(shards)
			shards = append(shards, onShard{number: days[i].Shard})
		}
		shards[at].days = append(shards[at].days, days[i])
	}
	slices.SortFunc(shards, func(a, b onShard) int { return cmp.Compare(a.number, b.number) })
	return shards
}

// ask returns the engine of a shard's days, and the query for it.
func (a *Archive) ask(q *Query, s onShard) (Engine, *Query, error) {
	engine, err := a.shardOf(&s.days[0])
	if err != nil {
		return nil, nil, err
	}
	for i := range s.days {
		if d := &s.days[i]; len(q.Words) > 0 && d.Analysis != a.options.Analysis {
			return nil, nil, fmt.Errorf("the texts of %s were analysed by another version of oplog: words in them cannot be searched before the day is shipped again", d.Date)
		}
	}
	return engine, q.of(s.days), nil
}

// query returns the query for engines, without days. False means that nothing can match.
func (a *Archive) query(tenant string, m oplog.Match) (*Query, bool, error) {
	q := &Query{Tenant: tenant, Match: m, Within: m.Within.IDs(), NotWithin: m.NotWithin.IDs()}
	if m.Organizations != nil && len(m.Organizations) == 0 || q.Within != nil && len(q.Within) == 0 {
		return nil, false, nil
	}
	if len(m.Words) == 0 {
		return q, true, nil
	}
	if a.options.Compile == nil {
		return nil, false, errNotConfigured
	}
	var err error
	q.Words, err = a.options.Compile(m)
	return q, true, err
}

// of returns the query for some days.
func (q *Query) of(days []oplog.ArchivedDay) *Query {
	part := *q
	part.Days = make([]Day, len(days))
	for i := range days {
		part.Days[i] = Day{DayAttempt: DayAttempt{Date: days[i].Date, Attempt: days[i].Attempt}, Rows: days[i].Rows}
	}
	return &part
}
