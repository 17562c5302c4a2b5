package archive

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"oplog/oplog"
)

// pageDays is how many of the newest days are asked for a page first: usually it ends there, and older days need not be readable.
const pageDays = 32

// there is what the archive found for a page.
type there struct {
	found
	unreadable []oplog.ArchivedDay // the days up to the newest that could not be read
	why        error
}

// page completes a page by what is archived.
func (a *Archive) page(ctx context.Context, q *Query, days []oplog.ArchivedDay, before oplog.Key, limit int, here found) ([]oplog.Key, bool, error) {
	// What is here can be answered even if a server does not answer in time.
	within, cancel := withinMost(ctx)
	defer cancel()
	t := a.newest(within, q, days, before, limit)
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	all := append(slices.Clone(here.keys), t.keys...)
	slices.SortFunc(all, func(x, y oplog.Key) int { return y.Compare(x) })
	more := here.more || t.more
	if t.why == nil {
		if len(all) > limit {
			return all[:limit], true, nil
		}
		return all, more, nil
	}
	end := endOf(t.unreadable)
	readable, _ := slices.BinarySearchFunc(all, oplog.MakeKey(end, 0), func(k, end oplog.Key) int {
		if k.Compare(end) >= 0 {
			return -1
		}
		return 1
	})
	if readable >= limit && (more || len(all) > limit) {
		return all[:limit], true, nil // the page ends before what cannot be read
	}
	err := a.failed(ctx, t.unreadable, t.why)
	if readable == 0 {
		return nil, false, err
	}
	return all[:readable], true, &oplog.Incomplete{Before: end, Err: err}
}

// withinMost returns a context for most of the time that is left.
func withinMost(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-time.Until(end)/5))
	}
	return context.WithCancel(ctx)
}

// endOf returns the end of the last of some days.
func endOf(days []oplog.ArchivedDay) time.Time {
	last := days[len(days)-1].Date
	_, end := oplog.Days{From: last, To: last}.Bounds()
	return end
}

// newest returns the newest matches of some days: all that are newer than the days that could not be read.
func (a *Archive) newest(ctx context.Context, q *Query, days []oplog.ArchivedDay, before oplog.Key, limit int) (t there) {
	for size := pageDays; len(days) > 0 && !t.more && t.why == nil; size = len(days) {
		from := max(0, len(days)-size)
		part := a.newestOf(ctx, q, days[from:], before, max(1, limit-len(t.keys)))
		t.keys = append(t.keys, part.keys...)
		t.more, t.why = part.more || len(t.keys) > limit, part.why
		if t.why != nil {
			t.unreadable = days[:from+len(part.unreadable)]
		}
		days = days[:from]
	}
	return t
}

// newestOf asks all shards of some days at once.
func (a *Archive) newestOf(ctx context.Context, q *Query, days []oplog.ArchivedDay, before oplog.Key, limit int) (t there) {
	shards := byShard(days)
	found, errs := make([]found, len(shards)), make([]error, len(shards))
	var group sync.WaitGroup
	for i, s := range shards {
		group.Go(func() {
			engine, part, err := a.ask(q, s)
			if err == nil {
				found[i].keys, found[i].more, err = engine.Page(ctx, part, before, limit)
			}
			errs[i] = err
		})
	}
	group.Wait()
	t.why = errors.Join(errs...)
	for i, f := range found {
		if errs[i] == nil {
			t.keys, t.more = append(t.keys, f.keys...), t.more || f.more
			continue
		}
		newest := shards[i].days[len(shards[i].days)-1].Date
		if upTo := between(days, "", newest); len(upTo) > len(t.unreadable) {
			t.unreadable = upTo
		}
	}
	slices.SortFunc(t.keys, func(x, y oplog.Key) int { return y.Compare(x) })
	return t
}

// failed returns the error of a query that needed days of the archive: that it took too long, or that they cannot be read.
func (a *Archive) failed(ctx context.Context, days []oplog.ArchivedDay, why error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if errors.Is(why, ErrTooLong) || errors.Is(why, context.DeadlineExceeded) {
		return oplog.DeadlineError(context.DeadlineExceeded)
	}
	return a.unavailable(ctx, days, why)
}
