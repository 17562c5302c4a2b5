package journal

import (
	"context"
	"errors"

	"oplog/oplog"
)

// Feed is one page of entries in order of arrival.
type Feed struct {
	Entries      []oplog.Entry
	NextAfterSeq uint64 // where the next page begins; all entries up to it were looked at
	LastSeq      uint64 // of the newest entry when the page was read
}

const (
	// MaxFeedSize is how many entries a page of a feed has at most.
	MaxFeedSize = 1000
	// maxFeedScan is how many arrivals are looked at for one page, so that a
	// filter that lets little through gets short pages instead of a timeout.
	maxFeedScan = 100_000
)

// Feed returns up to limit entries that arrived after a seq and that the query
// lets through, in order of arrival. A reader that passes each NextAfterSeq on
// gets every entry once, until it equals LastSeq; a page may be short or empty
// before that. Entries that retention has deleted are omitted.
func (j *Journal) Feed(ctx context.Context, tenant string, q oplog.Query, after uint64, limit int) (Feed, error) {
	if limit < 1 || limit > MaxFeedSize {
		return Feed{}, oplog.InvalidQuery("limit", limit, "is not between 1 and %d", MaxFeedSize)
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
		return Feed{}, oplog.InvalidQuery("after_seq", after, "is beyond the last entry of this tenant, %d; if an older backup was restored, read from 0 again", last)
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
	for stretch := uint64(limit); f.NextAfterSeq < end; stretch *= 2 { // a page that is soon full reads little more
		to := min(end, f.NextAfterSeq+stretch)
		err := j.store.Arrivals(ctx, tenant, f.NextAfterSeq+1, to+1, visit)
		switch {
		case errors.Is(err, full):
			return f, nil
		case errors.Is(err, context.DeadlineExceeded) && f.NextAfterSeq > after:
			return f, nil // the reader goes on from there
		case err != nil:
			return Feed{}, oplog.DeadlineError(err)
		}
		f.NextAfterSeq = to
	}
	return f, nil
}
