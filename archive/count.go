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
		if days, err = a.sums.of(tenant).addTotals(ctx, &m, days, nil, c); err != nil {
			return nil, err
		}
	}
	return a.addCounts(ctx, tenant, m, days, nil, c)
}

// count counts the matches in some days of a view, by bucket and value; of a period [oplog.Uncounted] if values cannot be counted, and the rest can.
func (a *Archive) count(ctx context.Context, v *view, m oplog.Match, days []oplog.ArchivedDay, buckets []time.Time) (*Counts, error) {
	c := newCounts(len(buckets))
	if err := unknownAmong(days); err != nil {
		return nil, a.failed(ctx, days, err)
	}
	if !m.IsPeriod() {
		return a.addCounts(ctx, v.tenant, m, days, buckets, c)
	}
	t, starts := a.sums.of(v.tenant), startsOf(buckets)
	rest, err := t.addPeriod(ctx, v, &m, days, starts, c)
	if err != nil || len(rest) == 0 {
		return c, err
	}
	most, cancel := withinMost(ctx)
	defer cancel()
	if c, err = a.addCounts(most, v.tenant, m, rest, buckets, c); err == nil || ctx.Err() != nil {
		return c, err
	}
	without := newCounts(len(buckets))
	if rest, failed := t.addTotals(ctx, &m, days, starts, without); failed != nil || len(rest) > 0 {
		return nil, err
	}
	return without, &oplog.Uncounted{Err: err}
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

// addTotals adds the totals of days of which the record tells them, by bucket, and returns the others.
func (t *tenantSums) addTotals(ctx context.Context, m *oplog.Match, days []oplog.ArchivedDay, starts bucketsOf, c *Counts) (rest []oplog.ArchivedDay, err error) {
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	low, high := m.First().Micros(), m.Last().Micros()
	for _, d := range days {
		if totals := t.totals(d.Date); totals != nil {
			if of, ok := t.within(d.Date, totals, low, high, starts); ok {
				of.addTo(starts, c)
				continue
			}
		}
		rest = append(rest, d)
	}
	return rest, ctx.Err()
}

// partOfDay are parts of a day, from one to another (exclusive).
type partOfDay struct {
	date string
	grid
	from, to int
}

// addTo adds the entries.
func (p *partOfDay) addTo(starts bucketsOf, c *Counts) {
	c.Total += p.total(p.from, p.to)
	starts.add(&p.grid, p.from, p.to, c.Buckets)
}

// within returns what a period, in microseconds, has of a day: in quarters of an hour or, if these are too coarse for it or for the buckets, in minutes;
// false if these are, too, or the record does not tell.
func (t *tenantSums) within(date string, d *dayTotals, low, high int64, starts bucketsOf) (p partOfDay, ok bool) {
	p = partOfDay{date: date, grid: *d.grid()}
	if p.from, p.to, ok = p.within(low, high); ok && !starts.cuts(&p.grid) {
		return p, true
	}
	minutes := t.minutes(date)
	if minutes == nil {
		return p, false
	}
	p.grid = *minutes
	p.from, p.to, ok = p.within(low, high)
	return p, ok && !starts.cuts(&p.grid)
}

// quarters returns the quarters of an hour that have these entries and no others.
func (p *partOfDay) quarters() (from, to int, ok bool) {
	if len(p.counts) == quartersPerDay {
		return p.from, p.to, true
	}
	return p.grid.quarters(p.from, p.to)
}

// addPeriod adds the counts of days, by bucket and value, of which the records tell them, and returns the others.
func (t *tenantSums) addPeriod(ctx context.Context, v *view, m *oplog.Match, days []oplog.ArchivedDay, starts bucketsOf, c *Counts) (rest []oplog.ArchivedDay, err error) {
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	var a adder
	known := make([]partOfDay, 0, len(days))
	var whole []string
	low, high := m.First().Micros(), m.Last().Micros()
	for _, d := range days {
		var of partOfDay
		totals := t.totals(d.Date)
		ok := totals != nil && totals.hasValues && !t.tooMany
		if ok {
			of, ok = t.within(d.Date, totals, low, high, starts)
		}
		if ok {
			whole, ok = t.addCut(&of, &a, whole)
		}
		if ok {
			known = append(known, of)
		} else {
			rest = append(rest, d)
		}
	}
	if len(known) == 0 {
		return rest, ctx.Err()
	}
	all := whole
	if len(all) > 0 && len(all) < len(v.days) {
		all = t.inYears(v, whole[0][:4], whole[len(whole)-1][:4])
	}
	fit, err := t.addValues(ctx, all, whole, &a)
	if t.shrink(known[0].date[:4]); t.tooMany || err != nil || !fit {
		return days, ctx.Err() // the archive counts them all
	}
	a.addTo(c, t)
	for i := range known {
		known[i].addTo(starts, c)
	}
	return rest, ctx.Err()
}

// addCut adds the values of a part of a day, or adds the day to those of which all is to be added; false if they are unknown.
func (t *tenantSums) addCut(of *partOfDay, a *adder, whole []string) ([]string, bool) {
	from, to, ok := of.quarters()
	switch {
	case !ok:
		return whole, false
	case from == to:
		return whole, true
	case from == 0 && to == quartersPerDay:
		return append(whole, of.date), true
	}
	p, err := t.dayPart(of.date, from, to, true)
	if err != nil || p == nil {
		return whole, false
	}
	a.add(p)
	return whole, true
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
