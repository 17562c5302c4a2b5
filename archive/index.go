package archive

import (
	"context"
	"errors"
	"time"

	"oplog/oplog"
)

// joinedIndex answers queries from the index and the archive. A query whose days are all here is the index's alone; otherwise each date is counted on one
// side, as the view of the query says.
type joinedIndex struct {
	oplog.Index
	archive *Archive
}

// Page asks the archive only for what can be on the page; see [oplog.Index].
func (x *joinedIndex) Page(ctx context.Context, tenant string, m oplog.Match, before oplog.Key, limit int) ([]oplog.Key, bool, error) {
	v := x.archive.days.read(tenant)
	defer v.release()
	days := v.touched(&m, before)
	if len(days) == 0 {
		return x.Index.Page(ctx, tenant, m, before, limit)
	}
	here, err := x.pageHere(ctx, v, m, before, limit)
	if err != nil {
		return nil, false, err
	}
	if len(here.keys) == limit && here.more { // then only newer ones than the last can be on the page, too
		last := here.keys[limit-1].Time()
		m.From = last
		if days = between(days, oplog.DateOf(last), days[len(days)-1].Date); len(days) == 0 {
			return here.keys, true, nil
		}
	}
	q, some, err := x.archive.query(tenant, m)
	if err == nil && some {
		return x.archive.page(ctx, q, days, before, limit, here)
	}
	return here.keys, here.more, err
}

// found are keys, newest first, and whether there are more.
type found struct {
	keys []oplog.Key
	more bool
}

// pageHere returns what is here of a page.
func (x *joinedIndex) pageHere(ctx context.Context, v *view, m oplog.Match, before oplog.Key, limit int) (here found, err error) {
	parts := v.local(m)
	for i := len(parts) - 1; i >= 0 && !here.more; i-- {
		var keys []oplog.Key
		if keys, here.more, err = x.Index.Page(ctx, v.tenant, parts[i], before, limit-len(here.keys)); err != nil {
			return here, err
		}
		here.keys = append(here.keys, keys...)
	}
	return here, nil
}

// Total adds up both sides; see [oplog.Index].
func (x *joinedIndex) Total(ctx context.Context, tenant string, m oplog.Match) (int, error) {
	v := x.archive.days.read(tenant)
	defer v.release()
	days := v.touched(&m, oplog.Key{})
	if len(days) == 0 {
		return x.Index.Total(ctx, tenant, m)
	}
	return x.total(ctx, v, m, days)
}

func (x *joinedIndex) total(ctx context.Context, v *view, m oplog.Match, days []oplog.ArchivedDay) (int, error) {
	there := x.archive.begin(ctx, func(ctx context.Context) (*Counts, error) { return x.archive.total(ctx, v.tenant, m, days) })
	defer there.end()
	sum := 0
	for _, part := range v.local(m) {
		n, err := x.Index.Total(ctx, v.tenant, part)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	counts, err := there.wait()
	if err != nil {
		return 0, err
	}
	return sum + counts.Total, nil
}

// Count adds up both sides; see [oplog.Index].
func (x *joinedIndex) Count(ctx context.Context, tenant string, m oplog.Match, buckets []time.Time) (oplog.Counts, error) {
	v := x.archive.days.read(tenant)
	defer v.release()
	days := v.touched(&m, oplog.Key{})
	if len(days) == 0 {
		return x.Index.Count(ctx, tenant, m, buckets)
	}
	return x.count(ctx, v, m, days, buckets)
}

func (x *joinedIndex) count(ctx context.Context, v *view, m oplog.Match, days []oplog.ArchivedDay, buckets []time.Time) (oplog.Counts, error) {
	there := x.archive.begin(ctx, func(ctx context.Context) (*Counts, error) { return x.archive.count(ctx, v, m, days, buckets) })
	defer there.end()
	sum := newCounts(len(buckets))
	for _, part := range v.local(m) {
		part.AllValues = true
		c, err := x.Index.Count(ctx, v.tenant, part, buckets)
		if err != nil {
			return oplog.Counts{}, err
		}
		sum.addIndex(&c)
	}
	counts, err := there.wait()
	if err != nil && !errors.As(err, new(*oplog.Uncounted)) {
		return oplog.Counts{}, err
	}
	if sum.add(counts); err != nil {
		return oplog.Counts{Total: sum.Total, Buckets: sum.Buckets}, err
	}
	return sum.forIndex(m.AllValues), nil
}

// Bounds knows the first and last keys of archived days without the archive; see [oplog.Index].
func (x *joinedIndex) Bounds(ctx context.Context, tenant string) (first, last oplog.Key, ok bool, err error) {
	v := x.archive.days.read(tenant)
	defer v.release()
	first, last, ok, err = x.Index.Bounds(ctx, tenant)
	if err != nil || len(v.days) == 0 {
		return first, last, ok, err
	}
	low, high, err := x.archive.bounds(ctx, tenant, v.days[0].Date, v.days[len(v.days)-1].Date)
	if err != nil {
		return first, last, false, err
	}
	if !ok || low.Compare(first) < 0 {
		first = low
	}
	if !ok || high.Compare(last) > 0 {
		last = high
	}
	return first, last, true, nil
}

// beside is what is counted in the archive while the index counts here.
type beside struct {
	cancel context.CancelFunc
	done   chan struct{}
	counts *Counts
	err    error
}

func (a *Archive) begin(ctx context.Context, count func(ctx context.Context) (*Counts, error)) *beside {
	ctx, cancel := context.WithCancel(ctx)
	b := &beside{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		b.counts, b.err = count(ctx)
	}()
	return b
}

func (b *beside) wait() (*Counts, error) {
	<-b.done
	return b.counts, b.err
}

// end ends it, and returns once it goes by the view no longer.
func (b *beside) end() {
	b.cancel()
	<-b.done
}
