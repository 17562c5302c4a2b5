package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"oplog/oplog"
)

// MaxLiveLag is how many entries a reader of a Live may lag behind.
const MaxLiveLag = 10_000

// livePause is how long a Live lets entries accumulate before it reads them.
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

// Live follows logs for many readers. Those that wait for the same entries share each batch, which is read and encoded once.
type Live struct {
	journal *Journal
	encode  func(b []byte, e *oplog.Entry) []byte

	mu      sync.Mutex
	batches map[batchKey]*batch
	kept    []batchKey // finished batches, oldest first
	bytes   int        // of the kept batches
}

// Limits of batches.
const (
	// MaxBatch is when a batch is full, in bytes. A reader holds at most one.
	MaxBatch = 64 << 10
	// maxBatches limits the finished batches that are kept for other readers, in bytes.
	maxBatches = 8 << 20
	batchCost  = 512 // bytes of a batch without its entries
)

// batchKey identifies a batch.
type batchKey struct {
	tenant string
	query  string // the whole query, with its scope
	after  uint64
}

// batch holds the encoded matching entries that arrived after a seq.
type batch struct {
	done chan struct{} // closed when the rest is set
	data []byte
	last uint64 // seq of the last entry examined
	err  error
}

// NewLive returns a Live whose readers get entries as encode appends them.
func NewLive(j *Journal, encode func(b []byte, e *oplog.Entry) []byte) *Live {
	return &Live{journal: j, encode: encode, batches: make(map[batchKey]*batch)}
}

// Follow calls emit with encoded matching entries that arrive after a seq, in order of arrival without gaps, and with the last seq
// examined; if nothing matches, it calls emit without data at the given interval. Data is shared with other readers. It ends with the
// context, with an error of emit, or with CodeTooLarge if emit is so slow that it lags more than MaxLiveLag entries behind.
func (l *Live) Follow(ctx context.Context, tenant string, q oplog.Query, after uint64, every time.Duration, emit func(data []byte, seq uint64) error) error {
	quiet := time.NewTimer(every) // also while non-matching entries keep arriving
	defer quiet.Stop()
	tell := func(data []byte, seq uint64) error {
		quiet.Reset(every)
		return emit(data, seq)
	}
	if _, err := l.journal.match(tenant, q); err != nil {
		return err
	}
	key := batchKey{tenant: tenant, query: fmt.Sprintf("%#v", q)}
	for {
		arrived := l.journal.arrivals.next(tenant) // before reading, so that no arrival is missed
		var err error
		if after, err = l.catchUp(ctx, key, q, after, tell); err != nil {
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

// catchUp emits what arrived after a seq, and returns the last seq examined.
func (l *Live) catchUp(ctx context.Context, key batchKey, q oplog.Query, after uint64, emit func([]byte, uint64) error) (uint64, error) {
	for {
		last, _, err := l.journal.store.Counts(key.tenant)
		if err != nil || after >= last {
			return after, err
		}
		if last-after > MaxLiveLag {
			return after, lagError(after, last)
		}
		key.after = after
		b, err := l.batch(ctx, key, q)
		if err != nil {
			return after, err
		}
		after = b.last
		if len(b.data) > 0 {
			if err := emit(b.data, after); err != nil {
				return after, err
			}
		}
	}
}

// batch returns a batch, which another reader may have read or be reading.
func (l *Live) batch(ctx context.Context, key batchKey, q oplog.Query) (*batch, error) {
	for {
		l.mu.Lock()
		b, known := l.batches[key]
		if !known {
			b = &batch{done: make(chan struct{}), last: key.after}
			l.batches[key] = b
		}
		l.mu.Unlock()
		if !known {
			l.read(ctx, key, q, b)
			return b, b.err
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// A reader that ended took its batch with it; others read it themselves.
		if b.err == nil || ctx.Err() != nil || !errors.Is(b.err, context.Canceled) {
			return b, b.err
		}
	}
}

// read reads a batch and keeps it for others.
func (l *Live) read(ctx context.Context, key batchKey, q oplog.Query, b *batch) {
	b.err = context.Canceled // unless it is read
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(b.done)
		if b.err != nil || b.last == key.after { // it was read before anything arrived
			delete(l.batches, key)
			return
		}
		l.kept = append(l.kept, key)
		l.bytes += cap(b.data) + batchCost
		for l.bytes > maxBatches {
			l.bytes -= cap(l.batches[l.kept[0]].data) + batchCost
			delete(l.batches, l.kept[0])
			l.kept = l.kept[1:]
		}
	}()
	b.err = l.readArrivals(ctx, key, q, b)
}

func (l *Live) readArrivals(ctx context.Context, key batchKey, q oplog.Query, b *batch) error {
	m, err := l.journal.match(key.tenant, q) // resolved each time: presets are relative to now, and trees change
	if err != nil {
		return err
	}
	matches, err := l.journal.index.Matcher(m)
	if err != nil {
		return err
	}
	last, _, err := l.journal.store.Counts(key.tenant)
	if err != nil {
		return err
	}
	full := errors.New("the batch is full")
	err = l.journal.store.Arrivals(ctx, key.tenant, key.after+1, 0, func(e oplog.Entry) error {
		b.last = e.Seq
		if matches(&e) {
			b.data = l.encode(b.data, &e)
		}
		if len(b.data) >= MaxBatch {
			return full
		}
		return nil
	})
	if errors.Is(err, full) {
		return nil
	}
	b.last = max(b.last, last) // the last entries may have been deleted
	return err
}

func lagError(after, last uint64) error {
	return oplog.Refuse(oplog.CodeTooLarge, "too-far-behind", "The client is {behind} entries behind; a stream can catch up at most {max}. "+
		"Page through GET …/entries?order=seq&after_seq={seq} until next_after_seq equals last_seq, then open the stream with that value as Last-Event-ID.", last-after, MaxLiveLag, after)
}
