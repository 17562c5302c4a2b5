package journal

import (
	"context"
	"errors"

	"oplog/oplog"
)

// Feed is a page of entries in order of arrival.
type Feed struct {
	Entries      []oplog.Entry
	NextAfterSeq uint64 // start of the next page; all entries up to it were examined
	LastSeq      uint64 // of the newest entry when the page was read
}

const (
	// MaxFeedSize limits the entries of a feed page.
	MaxFeedSize = 1000
	// maxFeedScan limits the arrivals examined for one page, so that a selective filter yields short pages rather than timeouts.
	maxFeedScan = 100_000
)

// Feed returns up to limit matching entries that arrived after a seq, in order of arrival. A client that passes on each NextAfterSeq until
// it equals LastSeq gets every entry once; pages before that may be short or empty. Entries deleted by retention are omitted.
func (j *Journal) Feed(ctx context.Context, tenant string, q oplog.Query, after uint64, limit int) (Feed, error) {
	if limit < 1 || limit > MaxFeedSize {
		return Feed{}, oplog.InvalidQuery("limit", limit, "out_of_range", "is not between {min} and {max}", 1, MaxFeedSize)
	}
	m, err := j.match(tenant, q)
	if err != nil {
		return Feed{}, err
	}
	matches, err := j.index.Matcher(m)
	if err != nil {
		return Feed{}, err
	}
	last, _, err := j.store.Counts(tenant)
	if err != nil {
		return Feed{}, err
	}
	if after > last {
		return Feed{}, oplog.InvalidQuery("after_seq", after, "beyond_last", "is beyond this tenant's last entry, {last}; if an older backup was restored, start again from 0", last)
	}
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	f := Feed{Entries: []oplog.Entry{}, NextAfterSeq: after, LastSeq: last}
	full := errors.New("the page is full")
	visit := func(e oplog.Entry) error {
		f.NextAfterSeq = e.Seq
		if matches(&e) {
			if f.Entries = append(f.Entries, e); len(f.Entries) == limit {
				return full
			}
		}
		return nil
	}
	end := min(last, after+maxFeedScan)
	for stretch := uint64(limit); f.NextAfterSeq < end; stretch *= 2 { // a page that fills quickly reads little more
		to := min(end, f.NextAfterSeq+stretch)
		err := j.store.Arrivals(ctx, tenant, f.NextAfterSeq+1, to+1, visit)
		switch {
		case errors.Is(err, full):
			return f, nil
		case errors.Is(err, context.DeadlineExceeded) && f.NextAfterSeq > after:
			return f, nil // the next page continues here
		case err != nil:
			return Feed{}, oplog.DeadlineError(err)
		}
		f.NextAfterSeq = to
	}
	return f, nil
}
