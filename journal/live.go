package journal

import (
	"context"
	"sync"
	"time"

	"oplog/oplog"
)

// MaxLiveLag is how many entries a reader of Live may be behind.
const MaxLiveLag = 10_000

// livePause is how long Live lets entries gather before it reads them.
const livePause = 50 * time.Millisecond

// arrivals tells those who wait for a tenant's entries that there are new
// ones. Who records never waits for who reads.
type arrivals struct {
	mu      sync.Mutex
	waiting map[string]chan struct{} // by tenant; closed at the next arrival
}

// next returns a channel that is closed when the tenant's next entries are on
// disk.
func (a *arrivals) next(tenant string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		a.waiting = make(map[string]chan struct{})
	}
	c := a.waiting[tenant]
	if c == nil {
		c = make(chan struct{})
		a.waiting[tenant] = c
	}
	return c
}

func (a *arrivals) tell(tenant string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.waiting[tenant]; c != nil {
		close(c)
		delete(a.waiting, tenant)
	}
}

// Live calls emit with the entries that arrive after a seq and that the query
// lets through, in order of arrival and without a gap, and with the seq that it
// has come to; also without entries, every so often, where none match. It ends
// with the context, with an error of emit, or with CodeTooLarge where emit is so
// slow that more than MaxLiveLag entries wait.
func (j *Journal) Live(ctx context.Context, tenant string, q oplog.Query, after uint64, every time.Duration, emit func(entries []oplog.Entry, seq uint64) error) error {
	last, _, err := j.store.Counts(tenant)
	if err != nil {
		return err
	}
	if last > after && last-after > MaxLiveLag {
		return errTooFarBehind(after, last)
	}
	quiet := time.NewTimer(every) // also where entries come all the time, of which none match
	defer quiet.Stop()
	tell := func(entries []oplog.Entry, seq uint64) error {
		quiet.Reset(every)
		return emit(entries, seq)
	}
	for {
		arrived := j.arrivals.next(tenant) // before reading, so that none is missed
		if after, err = j.emitArrivals(ctx, tenant, q, after, tell); err != nil {
			return err
		}
		select {
		case <-arrived:
			select {
			case <-time.After(livePause):
			case <-ctx.Done():
			}
		case <-quiet.C:
			if err := tell(nil, after); err != nil {
				return err
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func errTooFarBehind(after, last uint64) error {
	return oplog.Errorf(oplog.CodeTooLarge, "The reader is %d entries behind; a stream catches up with at most %d. Read GET …/entries?order=seq&after_seq=%d on, "+
		"until next_after_seq equals last_seq, then open the stream with that as Last-Event-ID.", last-after, MaxLiveLag, after)
}

// emitArrivals emits what is on disk after a seq, in portions, and returns the
// seq that it has come to.
func (j *Journal) emitArrivals(ctx context.Context, tenant string, q oplog.Query, after uint64, emit func([]oplog.Entry, uint64) error) (uint64, error) {
	m, err := j.match(tenant, q) // each time: presets move with the clock, and trees change
	if err != nil {
		return after, err
	}
	matches, err := j.index.Matcher(m)
	if err != nil {
		return after, err
	}
	var portion []oplog.Entry
	flush := func() error {
		if len(portion) == 0 {
			return nil
		}
		if err := emit(portion, after); err != nil {
			return err
		}
		portion = nil
		last, _, err := j.store.Counts(tenant)
		if err == nil && last-after > MaxLiveLag {
			err = errTooFarBehind(after, last)
		}
		return err
	}
	err = j.store.Arrivals(ctx, tenant, after+1, 0, func(e oplog.Entry) error {
		after = e.Seq
		if matches(&e) {
			portion = append(portion, e)
		}
		if len(portion) < oplog.MaxPageSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return after, err
}
