package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// Fetch gets the bytes of an entry from another copy of a replicated store: those of which LeafHash is leaf.
type Fetch func(ctx context.Context, log string, seq uint64, leaf [tlog.HashSize]byte) ([]byte, error)

// LeafHash returns the hash of an entry's leaf in the tree of its log.
func LeafHash(data []byte) [tlog.HashSize]byte { return tlog.RecordHash(data) }

// How long to wait before an entry is tried again that could not be healed, and how many may wait.
const (
	minHealWait = time.Minute
	maxHealWait = time.Hour
	maxHealing  = 10_000
)

var (
	errBeyondHealing = errors.New("not only the bytes of the entry are damaged")
	errOtherBytes    = errors.New("what another copy has is not what was recorded")
)

// damagedEntry is an entry whose stored bytes are not those that its leaf hashes.
type damagedEntry struct {
	log string
	key oplog.Key
}

// attempt is when to try to heal an entry, and how long to wait after that.
type attempt struct {
	next time.Time
	wait time.Duration
}

// healer puts the bytes of damaged entries back, which it fetches from other copies.
type healer struct {
	ctx   context.Context //nolint:containedctx // of Heal
	fetch Fetch
	noted chan struct{} // receives once an entry is noted

	mu      sync.Mutex
	waiting map[damagedEntry]attempt
}

// Heal puts back the bytes of entries that are found damaged, by a read or by CheckNext, until the context ends: fetch gets them from
// another copy. They must match the leaf that is stored here. That is a write to this copy alone, and no message; the tree does not change.
// Where a leaf or a page is damaged, nothing is changed.
func (db *DB) Heal(ctx context.Context, fetch Fetch) {
	h := &healer{ctx: ctx, fetch: fetch, noted: make(chan struct{}, 1), waiting: make(map[damagedEntry]attempt)}
	db.healer.Store(h)
	defer db.healer.CompareAndSwap(h, nil)
	for {
		e, wait := h.next(time.Now())
		if wait == 0 {
			h.tried(e, db.heal(h, e), time.Now())
			wait = time.Millisecond // others first
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-h.noted:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// Healed returns how many entries were healed since the store was opened.
func (db *DB) Healed() uint64 { return db.healed.Load() }

// note has an entry healed soon. It does nothing without a healer.
func (h *healer) note(e damagedEntry) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.waiting[e]; known || len(h.waiting) >= maxHealing {
		return
	}
	h.waiting[e] = attempt{}
	select {
	case h.noted <- struct{}{}:
	default:
	}
}

// next returns an entry that is due, or how long to wait for one.
func (h *healer) next(now time.Time) (due damagedEntry, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait = maxHealWait
	for e, a := range h.waiting {
		until := a.next.Sub(now)
		if until <= 0 {
			return e, 0
		}
		wait = min(wait, until)
	}
	return due, wait
}

// tried notes what became of an entry. One that cannot be healed now is tried again later.
func (h *healer) tried(e damagedEntry, err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil || errors.Is(err, errBeyondHealing) {
		delete(h.waiting, e)
		return
	}
	wait := min(maxHealWait, max(minHealWait, 2*h.waiting[e].wait))
	h.waiting[e] = attempt{now.Add(wait), wait}
	if wait == minHealWait {
		slog.Warn("a damaged entry could not be taken from another node; it is tried again", "log", e.log, "seq", e.key.Seq(), "err", err)
	}
}

// heal puts the bytes of an entry back; nil also if it is not damaged, or was deleted.
func (db *DB) heal(h *healer, e damagedEntry) error {
	var leaf tlog.Hash
	var damaged bool
	err := db.view(func(tx *bolt.Tx) (err error) {
		leaf, damaged, err = db.damageOf(tx, e)
		return err
	})
	if err != nil || !damaged {
		return err
	}
	data, err := h.fetch(h.ctx, e.log, e.key.Seq(), leaf)
	if err != nil {
		return err
	}
	if head, err := decodeEntry(data); err != nil || tlog.RecordHash(data) != leaf || head.Key() != e.key || head.Tenant != e.log {
		return errors.Join(errOtherBytes, err)
	}
	put := false
	err = db.update(func(tx *bolt.Tx) error {
		now, still, err := db.damageOf(tx, e)
		if err != nil || !still || now != leaf {
			return err
		}
		put = true
		return bucketOfDay(entriesBucket(tx, e.log), e.key).Put(e.key[:], data)
	})
	if err == nil && put {
		db.healed.Add(1)
		slog.Warn("a damaged entry was put back from another node's copy; if there are more, check the disk", "log", e.log, "seq", e.key.Seq())
	}
	return err
}

// damageOf returns the leaf of an entry, and whether its stored bytes are others. What is deleted or removed is not healed. errBeyondHealing means that its key or its leaf is not where it
// belongs.
func (db *DB) damageOf(tx *bolt.Tx, e damagedEntry) (leaf tlog.Hash, damaged bool, err error) {
	if db.closedOf(e.log).has(e.key.Micros()) || db.archivedOf(e.log).mayLack(e.key.Micros()) {
		return leaf, false, nil
	}
	b := topBucket(tx, bucketTenants).Bucket([]byte(e.log))
	if b == nil {
		return leaf, false, errBeyondHealing
	}
	key, leaf, err := tree{arrivals: bucketIn(b, []byte(nameArrivals))}.arrival(e.key.Seq())
	day := bucketOfDay(b.Bucket([]byte(nameEntries)), e.key)
	if err != nil || key != e.key || day == nil {
		return leaf, false, errBeyondHealing
	}
	data := day.Get(e.key[:])
	if data == nil {
		return leaf, false, errBeyondHealing
	}
	return leaf, tlog.RecordHash(data) != leaf, nil
}

// healFound heals what a slice of a pass has found, and returns what is found then.
func (db *DB) healFound(at scrubPosition, v *verification) (*verification, error) {
	h := db.healer.Load()
	if h == nil {
		return v, nil
	}
	tried := make(map[uint64]bool)
	for healed := true; healed && v.Bad > 0; {
		healed = false
		for _, f := range v.Findings {
			if f.Kind != FoundModified && f.Kind != FoundReplaced || tried[f.Seq] {
				continue
			}
			tried[f.Seq] = true
			e := damagedEntry{at.Tenant, oplog.MakeKey(f.Time, f.Seq)}
			if db.heal(h, e) == nil {
				healed = true
			} else {
				h.note(e) // tried again, and told
			}
		}
		if healed {
			var err error
			if v, err = db.verifySome(at); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// Leaf returns the bytes of an entry that its leaf hashes, for another copy. CodeDamaged means that they are damaged here as well.
func (db *DB) Leaf(log string, seq uint64) (data []byte, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, log)
		if err != nil {
			return err
		}
		key, leaf, err := t.arrival(seq)
		if err != nil {
			return err
		}
		stored, err := entryAt(tx, log, key)
		if err != nil {
			return err
		}
		if tlog.RecordHash(stored) != leaf {
			return oplog.DamagedEntry(log, key)
		}
		data = append([]byte(nil), stored...)
		return nil
	})
	return data, err
}
