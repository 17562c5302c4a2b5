package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// chunkSize is the number of entries read per transaction: long read transactions keep freed pages from being reused, and the file grows.
const chunkSize = 2000

// arrivalsPerTx limits the arrivals examined per transaction, if most entries are deleted.
const arrivalsPerTx = 64 * chunkSize

// entryAt returns an entry's bytes, valid only within the transaction.
func entryAt(tx *bolt.Tx, tenant string, key oplog.Key) ([]byte, error) {
	if b := entriesBucket(tx, tenant); b != nil {
		if date := b.Bucket([]byte(dateOf(key.Time()))); date != nil {
			if data := date.Get(key[:]); data != nil {
				return data, nil
			}
		}
	}
	return nil, oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
}

func entriesBucket(tx *bolt.Tx, tenant string) *bolt.Bucket {
	b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
	if b == nil {
		return nil
	}
	return bucketIn(b, []byte(nameEntries))
}

// Get returns the entries with the given keys; see [oplog.Store].
func (db *DB) Get(tenant string, keys []oplog.Key, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	found := newEntryReader(len(keys), into)
	err := db.view(func(tx *bolt.Tx) error {
		closed, archived := db.closedOf(tenant), db.archivedOf(tenant) // current, so possibly later than the transaction
		b := entriesBucket(tx, tenant)
		found.leaves = db.leavesOf(tx, tenant)
		var entriesOfDay *bolt.Cursor // reused for keys of the same day, which are adjacent
		day := int64(-1)
		for _, key := range keys {
			if closed.has(key.Micros()) {
				continue
			}
			if d := key.Micros() / microsPerDay; d != day {
				entriesOfDay, day = nil, d
				if date := bucketOfDay(b, key); date != nil {
					entriesOfDay = date.Cursor()
				}
			}
			var at, data []byte
			if entriesOfDay != nil {
				at, data = entriesOfDay.Seek(key[:])
			}
			switch {
			case bytes.Equal(at, key[:]):
			case archived.mayLack(key.Micros()):
				continue
			case found.leaves.arrived(key):
				data = nil
			default:
				return fmt.Errorf("entry %s of tenant %s is not in the store", key.ID(), tenant)
			}
			found.add(key, data)
		}
		return nil
	})
	return found.entries, err
}

// entryReader collects entries in a ReadBuffer, or in new memory if it is nil.
type entryReader struct {
	leaves  *leaves
	entries []oplog.Entry
	into    *oplog.ReadBuffer
}

// newEntryReader returns a reader for up to n entries.
func newEntryReader(n int, into *oplog.ReadBuffer) entryReader {
	if into == nil {
		return entryReader{entries: make([]oplog.Entry, 0, n)}
	}
	into.Entries, into.Texts = slices.Grow(into.Entries[:0], n), into.Texts[:0]
	return entryReader{entries: into.Entries, into: into}
}

// add decodes the next entry, or adds a placeholder if it is damaged.
func (r *entryReader) add(key oplog.Key, data []byte) {
	if r.into == nil || !r.leaves.isRecorded(key, data) {
		r.entries = append(r.entries, r.leaves.decode(key, data))
		return
	}
	r.entries = append(r.entries, oplog.Entry{})
	e := &r.entries[len(r.entries)-1]
	// If the buffer has to grow, earlier entries keep the old one.
	begin := len(r.into.Texts)
	r.into.Texts = append(r.into.Texts, data...)
	text := unsafe.String(unsafe.SliceData(r.into.Texts[begin:]), len(data)) //nolint:gosec // valid as long as ReadBuffer says
	if decodeInto(e, text) != nil {
		*e = r.leaves.placeholder(key)
	}
}

// bucketOfDay returns the bucket of a key's date, or nil.
func bucketOfDay(entries *bolt.Bucket, key oplog.Key) *bolt.Bucket {
	if entries == nil {
		return nil
	}
	return entries.Bucket([]byte(dateOf(key.Time())))
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// Find returns an entry by its id; see [oplog.Store].
func (db *DB) Find(tenant, id string, keep func(*oplog.Entry) bool) (oplog.Entry, error) {
	var found oplog.Entry
	err := db.view(func(tx *bolt.Tx) error {
		closed, archived := db.closedOf(tenant), db.archivedOf(tenant)
		keys := keysOfSendersID(tx, tenant, id, closed, archived, keep == nil)
		slices.SortFunc(keys, func(a, b oplog.Key) int { return b.Compare(a) })
		// A sender's id may look like a generated id. The entry with that generated id takes precedence, so that nobody can shadow it.
		if key, ok := oplog.KeyOfID(id); ok {
			keys = slices.Insert(keys, 0, key)
		}
		leaves, finished := db.leavesOf(tx, tenant), db.lastFinished(tenant)
		for _, key := range keys {
			data, err := entryAt(tx, tenant, key)
			isMissing := oplog.CodeOf(err) == oplog.CodeNotFound
			if closed.has(key.Micros()) || isMissing && (archived.mayLack(key.Micros()) || !leaves.arrived(key)) || key.Seq() > finished {
				continue
			}
			if isMissing {
				return leaves.damaged(key)
			}
			if err != nil {
				return err
			}
			if !leaves.isRecorded(key, data) {
				return leaves.damaged(key)
			}
			found, err = decodeEntry(data)
			if err != nil || found.ID == id && (keep == nil || keep(&found)) {
				return err
			}
		}
		found = oplog.Entry{}
		return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", id)
	})
	return found, err
}

// KeyOfSeq returns the key of an entry by seq; see [oplog.Store].
func (db *DB) KeyOfSeq(tenant string, seq uint64) (oplog.Key, error) {
	var key oplog.Key
	err := db.viewTree(context.Background(), tenant, func(tx *bolt.Tx, m *movedTiles) error {
		t, err := m.readTree(tx)
		if err != nil {
			return err
		}
		size, err := db.sizeOf(tenant, t)
		if err != nil {
			return err
		}
		if seq == 0 || seq > size {
			return oplog.Errorf(oplog.CodeNotFound, "Tenant %s has no entry with seq %d.", tenant, seq)
		}
		key, _, err = t.arrival(seq)
		return err
	})
	return key, err
}

// keysOfSendersID looks up a sender's id day by day, from the newest; each day may have another entry with the id. Closed days are skipped,
// whatever is still on disk, so the newest is the newest that is kept.
func keysOfSendersID(tx *bolt.Tx, tenant, id string, closed closedDays, archived *archivedDays, newest bool) []oplog.Key {
	b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
	if b == nil {
		return nil
	}
	arrivals := tree{arrivals: bucketIn(b, []byte(nameArrivals))}
	ids := bucketIn(b, []byte(nameIDs))
	hash := hashID(id)
	var keys []oplog.Key
	c := ids.Cursor()
	for name, _ := c.Last(); name != nil && (!newest || len(keys) == 0); name, _ = c.Prev() {
		if closed.hasDate(dateIn(name)) {
			continue
		}
		readRun(ids, name).find(hash, func(seq uint64) bool {
			key, _, err := arrivals.arrival(seq)
			if err != nil {
				return false
			}
			data, err := entryAt(tx, tenant, key)
			var head entryHead
			isIts := err != nil && !archived.mayLack(key.Micros()) || err == nil && headDecoding.Unmarshal(data, &head) == nil && head.ID == id // one that is missing may have been
			if isIts {
				keys = append(keys, key)
			}
			return isIts
		})
	}
	return keys
}

// Arrivals calls visit for entries in order of arrival; see [oplog.Store].
func (db *DB) Arrivals(ctx context.Context, tenant string, from, to uint64, visit func(oplog.Entry) error) error {
	from = max(from, 1)
	for more := true; more; {
		var chunk []oplog.Entry
		more = false
		err := db.view(func(tx *bolt.Tx) error {
			closed, archived := db.closedOf(tenant), db.archivedOf(tenant)
			t, err := readTree(tx, tenant)
			if oplog.CodeOf(err) == oplog.CodeNotFound {
				return nil
			}
			if err != nil {
				return err
			}
			size, err := db.sizeOf(tenant, t)
			if err != nil {
				return err
			}
			leaves := db.leavesOf(tx, tenant)
			if to > 0 {
				size = min(size, to-1)
			}
			for end := from + arrivalsPerTx; from <= size && from < end && len(chunk) < chunkSize; from++ {
				key, _, err := t.arrival(from)
				if isMoved(err) { // none of them is here
					from = (from-1)/tileSize*tileSize + tileSize
					continue
				}
				if err != nil {
					return err
				}
				if closed.has(key.Micros()) {
					continue
				}
				data, _ := entryAt(tx, tenant, key)
				if data == nil && archived.mayLack(key.Micros()) { // otherwise none is damage, too
					continue
				}
				chunk = append(chunk, leaves.decode(key, data))
			}
			more = from <= size
			return nil
		})
		if err != nil {
			return err
		}
		if err := visitAll(ctx, chunk, visit); err != nil {
			return err
		}
	}
	return nil
}

func visitAll(ctx context.Context, chunk []oplog.Entry, visit func(oplog.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range chunk {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// Scan calls visit for entries in key order; see [oplog.Store].
func (db *DB) Scan(ctx context.Context, tenant string, from, to oplog.Key, visit func(oplog.Entry) error) error {
	for {
		var chunk []oplog.Entry
		err := db.view(func(tx *bolt.Tx) error {
			chunk = scanChunk(tx, db.leavesOf(tx, tenant), db.closedOf(tenant), from, to, db.lastFinished(tenant))
			return nil
		})
		if err != nil || len(chunk) == 0 {
			return err
		}
		if err := visitAll(ctx, chunk, visit); err != nil {
			return err
		}
		from = oplog.MakeKey(chunk[len(chunk)-1].Time, chunk[len(chunk)-1].Seq+1)
	}
}

func scanChunk(tx *bolt.Tx, leaves *leaves, closed closedDays, from, to oplog.Key, finished uint64) []oplog.Entry {
	b := entriesBucket(tx, leaves.tenant)
	if b == nil {
		return nil
	}
	var chunk []oplog.Entry
	dates := b.Cursor()
	for date, _ := dates.Seek([]byte(dateOf(from.Time()))); date != nil; date, _ = dates.Next() {
		if closed.hasDate(date) {
			continue
		}
		c := bucketIn(b, date).Cursor()
		for k, data := c.Seek(from[:]); k != nil; k, data = c.Next() {
			if !to.IsZero() && bytes.Compare(k, to[:]) >= 0 || len(chunk) == chunkSize {
				return chunk
			}
			if key := oplog.Key(k); key.Seq() <= finished {
				chunk = append(chunk, leaves.decode(key, data))
			}
		}
	}
	return chunk
}

// Counts returns a tenant's numbers of entries and skipped operations; see [oplog.Store].
func (db *DB) Counts(tenant string) (entries, skipped uint64, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
		if b == nil {
			return nil
		}
		if data := b.Get([]byte(nameSkipped)); data != nil {
			skipped = binary.BigEndian.Uint64(data)
		}
		var err error
		entries, err = db.sizeOf(tenant, tree{arrivals: bucketIn(b, []byte(nameArrivals))})
		return err
	})
	return entries, skipped, err
}
