package storage

import (
	"context"
	"crypto/sha256"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// DayLeaves calls visit for a date's recorded bytes; see [oplog.Retainer].
func (db *DB) DayLeaves(ctx context.Context, tenant, date string, visit func(key oplog.Key, leaf []byte) error) error {
	var from oplog.Key
	var keys []oplog.Key
	var bounds []int // ends of the leaves in data
	var data []byte
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		keys, bounds, data, more = keys[:0], bounds[:0], data[:0], false
		err := db.view(func(tx *bolt.Tx) error {
			b := entriesBucket(tx, tenant)
			if b == nil || b.Bucket([]byte(date)) == nil {
				return nil
			}
			leaves, finished := db.leavesOf(tx, tenant), db.lastFinished(tenant)
			c := b.Bucket([]byte(date)).Cursor()
			for k, leaf := c.Seek(from[:]); k != nil; k, leaf = c.Next() {
				key := oplog.Key(k)
				if len(keys) == chunkSize {
					more, from = true, key
					return nil
				}
				if key.Seq() > finished {
					continue
				}
				if !leaves.isRecorded(key, leaf) {
					return leaves.damaged(key)
				}
				keys, data = append(keys, key), append(data, leaf...)
				bounds = append(bounds, len(data))
			}
			return nil
		})
		if err != nil {
			return err
		}
		begin := 0
		for i, end := range bounds {
			if err := visit(keys[i], data[begin:end:end]); err != nil {
				return err
			}
			begin = end
		}
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
		var moved error
		for i, key := range keys {
			if known[i] {
				continue
			}
			if key.Seq() == 0 || key.Seq() > size {
				return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
			}
			at, hash, err := t.arrival(key.Seq())
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
