package oplog

import (
	"context"
	"errors"
)

// Feed is one page of entries in order of arrival.
type Feed struct {
	Entries      []Entry
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
func (l *Log) Feed(ctx context.Context, tenant string, q Query, after uint64, limit int) (Feed, error) {
	if limit < 1 || limit > MaxFeedSize {
		return Feed{}, queryError("limit", limit, "is not between 1 and %d", MaxFeedSize)
	}
	m, err := l.match(tenant, q)
	if err != nil {
		return Feed{}, err
	}
	matches, err := l.index.Matcher(m)
	if err != nil {
		return Feed{}, err
	}
	last, _, err := l.store.Counts(tenant)
	if err != nil {
		return Feed{}, err
	}
	if after > last {
		return Feed{}, queryError("after_seq", after, "is beyond the last entry of this tenant, %d; if an older backup was restored, read from 0 again", last)
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	f := Feed{Entries: []Entry{}, NextAfterSeq: after, LastSeq: last}
	full := errors.New("the page is full")
	visit := func(e Entry) error {
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
		err := l.store.Arrivals(ctx, tenant, f.NextAfterSeq+1, to+1, visit)
		switch {
		case errors.Is(err, full):
			return f, nil
		case errors.Is(err, context.DeadlineExceeded) && f.NextAfterSeq > after:
			return f, nil // the reader goes on from there
		case err != nil:
			return Feed{}, tooSlow(err)
		}
		f.NextAfterSeq = to
	}
	return f, nil
}
