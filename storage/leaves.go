package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// DayLeaves calls visit for a date's recorded bytes; see [oplog.Retainer].
func (db *DB) DayLeaves(ctx context.Context, tenant, date string, visit func(key oplog.Key, leaf []byte) error) error {
	d := dayReader{db: db, tenant: tenant, date: []byte(date)}
	day, err := time.Parse(time.DateOnly, date)
	sealed := err == nil && db.archivedOf(tenant).of(day.UnixMicro()) != ""
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := db.view(func(tx *bolt.Tx) (err error) {
			more, err = d.read(tx)
			return err
		})
		begin := 0
		for i, end := range d.ends {
			d.note(d.keys[i])
			if err := visit(d.keys[i], d.data[begin:end:end]); err != nil {
				return err
			}
			begin = end
		}
		if err != nil {
			return err
		}
	}
	if !sealed || d.rows == 0 {
		return nil
	}
	return d.checkComplete(ctx, day)
}

// dayReader reads the entries of a date.
type dayReader struct {
	db     *DB
	tenant string
	date   []byte

	next oplog.Key // the first key to read
	keys []oplog.Key
	ends []int // of the leaves in data
	data []byte

	rows, minSeq, maxSeq uint64 // of those that were read
}

// read reads the next entries, and reports whether there may be more. Those before a damaged one are read.
func (d *dayReader) read(tx *bolt.Tx) (more bool, err error) {
	d.keys, d.ends, d.data = d.keys[:0], d.ends[:0], d.data[:0]
	b := entriesBucket(tx, d.tenant)
	if b == nil || b.Bucket(d.date) == nil {
		return false, nil
	}
	leaves, finished := d.db.leavesOf(tx, d.tenant), d.db.lastFinished(d.tenant)
	c := b.Bucket(d.date).Cursor()
	for k, leaf := c.Seek(d.next[:]); k != nil; k, leaf = c.Next() {
		key := oplog.Key(k)
		if len(d.keys) == chunkSize {
			d.next = key
			return true, nil
		}
		if key.Seq() > finished {
			continue
		}
		if !leaves.isRecorded(key, leaf) {
			return false, leaves.damaged(key)
		}
		d.keys, d.data = append(d.keys, key), append(d.data, leaf...)
		d.ends = append(d.ends, len(d.data))
	}
	return false, nil
}

func (d *dayReader) note(key oplog.Key) {
	if d.rows == 0 || key.Seq() < d.minSeq {
		d.minSeq = key.Seq()
	}
	d.rows, d.maxSeq = d.rows+1, max(d.maxSeq, key.Seq())
}

// checkComplete looks for an entry of the date that arrived among those that were read, or some before or after, and is missing: what is not sent to the
// archive would be gone once the day is removed.
func (d *dayReader) checkComplete(ctx context.Context, day time.Time) error {
	from := max(d.minSeq, arrivalsPerTx) - arrivalsPerTx + 1
	for to := d.maxSeq + arrivalsPerTx; from <= to; from += arrivalsPerTx {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := d.db.view(func(tx *bolt.Tx) error { return d.checkArrivals(tx, from, min(to, from+arrivalsPerTx-1), day) })
		if errors.Is(err, errNoMore) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errNoMore = errors.New("there are no more arrivals")

// checkArrivals looks up the entries of a day that arrived from one seq to another.
func (d *dayReader) checkArrivals(tx *bolt.Tx, from, to uint64, day time.Time) error {
	t, err := readTree(tx, d.tenant)
	if err != nil {
		return err
	}
	size, err := d.db.sizeOf(d.tenant, t)
	if err != nil {
		return err
	}
	if d.db.archivedOf(d.tenant).mayLack(day.UnixMicro()) {
		return errNoMore
	}
	leaves, first := d.db.leavesOf(tx, d.tenant), day.UnixMicro()
	entries := bucketOfDay(entriesBucket(tx, d.tenant), oplog.MakeKey(day, 0))
	arrivals := tileReader{arrivals: t.arrivals}
	for seq := from; seq <= min(to, size); seq++ {
		key, _, err := arrivals.arrival(seq)
		if err != nil { // a finding of Verify
			seq = (seq-1)/tileSize*tileSize + tileSize
			continue
		}
		if key.Micros() < first || key.Micros() >= first+microsPerDay {
			continue
		}
		if entries == nil || entries.Get(key[:]) == nil {
			return leaves.damaged(key)
		}
	}
	if to >= size {
		return errNoMore
	}
	return nil
}

// LeafHashes returns the leaf hashes of entries; see [oplog.Retainer].
func (db *DB) LeafHashes(ctx context.Context, tenant string, keys []oplog.Key) ([][sha256.Size]byte, error) {
	hashes := make([][sha256.Size]byte, len(keys))
	known := make([]bool, len(keys))
	err := db.viewTree(ctx, tenant, func(tx *bolt.Tx, m *movedTiles) error {
		t, err := m.readTree(tx)
		if err != nil {
			return err
		}
		size, err := db.sizeOf(tenant, t)
		if err != nil {
			return err
		}
		arrivals := tileReader{arrivals: t.arrivals} // of which keys in order share most
		var moved error
		for i, key := range keys {
			if known[i] {
				continue
			}
			if key.Seq() == 0 || key.Seq() > size {
				return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
			}
			at, hash, err := arrivals.arrival(key.Seq())
			if isMoved(err) {
				at, hash, err = t.arrival(key.Seq())
			}
			switch {
			case isMoved(err):
				moved = err
				continue
			case err != nil:
				return err
			case at != key:
				return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
			}
			hashes[i], known[i] = hash, true
		}
		clear(m.tiles) // the keys may be of any number of tiles
		return moved
	})
	return hashes, err
}
