package journal

import (
	"context"
	"sync"
	"time"

	"oplog/oplog"
)

// MaxLiveLag is how many entries a reader of Live may lag behind.
const MaxLiveLag = 10_000

// livePause is how long Live lets entries accumulate before it reads them.
const livePause = 50 * time.Millisecond

// arrivals wakes readers when their tenant has new entries. Appends never wait for readers.
type arrivals struct {
	mu      sync.Mutex
	waiting map[string]chan struct{} // by tenant; closed by the next arrival
}

// next returns a channel that is closed when the tenant's next entries are on disk.
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

func (a *arrivals) notify(tenant string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.waiting[tenant]; c != nil {
		close(c)
		delete(a.waiting, tenant)
	}
}

// Live calls emit with matching entries that arrive after a seq, in order of arrival without gaps, and with the last seq examined; if
// nothing matches, it calls emit without entries at the given interval. It ends with the context, with an error of emit, or with
// CodeTooLarge if emit is so slow that it lags more than MaxLiveLag entries behind.
func (j *Journal) Live(ctx context.Context, tenant string, q oplog.Query, after uint64, every time.Duration, emit func(entries []oplog.Entry, seq uint64) error) error {
	last, _, err := j.store.Counts(tenant)
	if err != nil {
		return err
	}
	if last > after && last-after > MaxLiveLag {
		return lagError(after, last)
	}
	quiet := time.NewTimer(every) // also while non-matching entries keep arriving
	defer quiet.Stop()
	tell := func(entries []oplog.Entry, seq uint64) error {
		quiet.Reset(every)
		return emit(entries, seq)
	}
	for {
		arrived := j.arrivals.next(tenant) // before reading, so that no arrival is missed
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

func lagError(after, last uint64) error {
	return oplog.Errorf(oplog.CodeTooLarge, "The client is %d entries behind; a stream can catch up at most %d. Page through GET …/entries?order=seq&after_seq=%d "+
		"until next_after_seq equals last_seq, then open the stream with that value as Last-Event-ID.", last-after, MaxLiveLag, after)
}

// emitArrivals emits the matching entries on disk after a seq, in chunks, and returns the last seq examined.
func (j *Journal) emitArrivals(ctx context.Context, tenant string, q oplog.Query, after uint64, emit func([]oplog.Entry, uint64) error) (uint64, error) {
	m, err := j.match(tenant, q) // resolved each time: presets are relative to now, and trees change
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
			err = lagError(after, last)
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
