package archive

import (
	"context"
	"errors"
	"sync"
	"time"

	"oplog/oplog"
)

// total counts the matches in some days of the archive.
func (a *Archive) total(ctx context.Context, tenant string, m oplog.Match, days []oplog.ArchivedDay) (*Counts, error) {
	c := newCounts(0)
	if err := unknownAmong(days); err != nil { // whatever was counted here of such a day
		return nil, a.failed(ctx, days, err)
	}
	if m.IsPeriod() {
		var err error
		if days, err = a.sums.of(tenant).addTotals(ctx, &m, days, c); err != nil {
			return nil, err
		}
	}
	return a.addCounts(ctx, tenant, m, days, nil, c)
}

// count counts the matches in some days of a view, by bucket and value.
func (a *Archive) count(ctx context.Context, v *view, m oplog.Match, days []oplog.ArchivedDay, buckets []time.Time) (*Counts, error) {
	c := newCounts(len(buckets))
	if err := unknownAmong(days); err != nil {
		return nil, a.failed(ctx, days, err)
	}
	if m.IsPeriod() {
		var err error
		if days, err = a.sums.of(v.tenant).addWhole(ctx, v, &m, days, startsOf(buckets), c); err != nil {
			return nil, err
		}
	}
	return a.addCounts(ctx, v.tenant, m, days, buckets, c)
}

// addCounts adds what engines count in some days.
func (a *Archive) addCounts(ctx context.Context, tenant string, m oplog.Match, days []oplog.ArchivedDay, buckets []time.Time, c *Counts) (*Counts, error) {
	if len(days) == 0 {
		return c, nil
	}
	q, some, err := a.query(tenant, m)
	if err != nil || !some {
		return c, err
	}
	shards := byShard(days)
	counts, errs := make([]*Counts, len(shards)), make([]error, len(shards))
	var group sync.WaitGroup
	for i, s := range shards {
		group.Go(func() {
			engine, part, err := a.ask(q, s)
			if err == nil {
				counts[i], err = engine.Count(ctx, part, buckets)
			}
			errs[i] = err
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, a.failed(ctx, days, err)
	}
	for _, one := range counts {
		c.add(one)
	}
	return c, nil
}

// addTotals adds the totals of the days of which the period has whole quarters of an hour, and returns the others.
func (t *tenantSums) addTotals(ctx context.Context, m *oplog.Match, days []oplog.ArchivedDay, c *Counts) (rest []oplog.ArchivedDay, err error) {
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	low, high := m.First().Micros(), m.Last().Micros()
	for _, d := range days {
		if totals := t.totals(d.Date); totals != nil {
			if from, to, ok := totals.within(low, high); ok {
				c.addTotals(totals, nil, from, to)
				continue
			}
		}
		rest = append(rest, d)
	}
	return rest, ctx.Err()
}

// addTotals adds the entries of some quarters of a day.
func (c *Counts) addTotals(d *dayTotals, starts bucketsOf, from, to int) {
	starts.addQuarters(d, from, to, c.Buckets)
	if from == 0 && to == quartersPerDay {
		c.Total += int(d.rows) //nolint:gosec // rows of a day
		return
	}
	for i := from; i < to; i++ {
		c.Total += int(d.quarters[i])
	}
}

// within returns the quarters of the day that a period, in microseconds, has; false if it cuts one.
func (d *dayTotals) within(low, high int64) (from, to int, ok bool) {
	each := quarter.Microseconds()
	low = max(d.start, low)
	high = max(low, min(d.start+int64(quartersPerDay)*each, high))
	return int((low - d.start) / each), int((high - d.start) / each), low%each == 0 && high%each == 0
}

// addWhole adds the counts of whole days, and returns the others.
func (t *tenantSums) addWhole(ctx context.Context, v *view, m *oplog.Match, days []oplog.ArchivedDay, starts bucketsOf, c *Counts) (rest []oplog.ArchivedDay, err error) {
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	var dates []string
	var whole []*dayTotals
	low, high := m.First().Micros(), m.Last().Micros()
	for _, d := range days {
		if totals := t.totals(d.Date); totals != nil && totals.hasValues && !t.tooMany && !starts.cutQuarters(totals.start) {
			if from, to, ok := totals.within(low, high); ok && from == 0 && to == quartersPerDay {
				dates, whole = append(dates, d.Date), append(whole, totals)
				continue
			}
		}
		rest = append(rest, d)
	}
	if len(dates) == 0 {
		return rest, ctx.Err()
	}
	all := dates
	if len(all) < len(v.days) {
		all = t.inYears(v, dates[0][:4], dates[len(dates)-1][:4])
	}
	fit, err := t.addValues(ctx, all, dates, c)
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil || !fit {
		return days, nil // the archive counts them all
	}
	for _, totals := range whole {
		c.addTotals(totals, starts, 0, quartersPerDay)
	}
	return rest, nil
}

// inYears returns the dates with values of a view, from a year to another.
func (t *tenantSums) inYears(v *view, from, to string) (dates []string) {
	for _, d := range between(v.days, from+"-01-01", to+"-12-31") {
		if totals := t.totals(d.Date); totals != nil && totals.hasValues {
			dates = append(dates, d.Date)
		}
	}
	return dates
}

// bounds returns the first key of a date and the last key of another; without their counts, keys before and after all of these days.
func (a *Archive) bounds(ctx context.Context, tenant, first, last string) (low, high oplog.Key, err error) {
	t := a.sums.of(tenant)
	if err := t.lock(ctx); err != nil {
		return low, high, err
	}
	defer t.unlock()
	start, _ := oplog.Days{From: first, To: first}.Bounds()
	_, end := oplog.Days{From: last, To: last}.Bounds()
	low, high = oplog.MakeKey(start, 0), lastBefore(end)
	if d := t.totals(first); d != nil {
		low = d.first
	}
	if d := t.totals(last); d != nil {
		high = d.last
	}
	return low, high, nil
}
