package storage

import (
	"crypto/sha256"
	"hash/crc32"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// leaves compares the entries that leave the store with the leaves of the tree, within a transaction: damage must not be shown, exported or
// signed as if it had been recorded.
type leaves struct {
	tenant   string
	arrivals *bolt.Bucket
	number   uint64 // of the tile
	tile     []byte // the last one used: entries that are read together arrived together
	sums     *tileSums
	checked  *checkedSums
	healer   *healer // is told of damaged entries; nil for none
	hashed   []byte  // reused
}

// leavesOf returns the leaves of a tenant, which may have none.
func (db *DB) leavesOf(tx *bolt.Tx, tenant string) *leaves {
	l := &leaves{tenant: tenant, checked: &db.checked, healer: db.healer.Load()}
	if b := topBucket(tx, bucketTenants).Bucket([]byte(tenant)); b != nil {
		l.arrivals = b.Bucket([]byte(nameArrivals))
	}
	return l
}

// isRecorded reports whether the bytes are those that were recorded at a key.
func (l *leaves) isRecorded(key oplog.Key, data []byte) bool {
	if data == nil || l.arrivals == nil || key.Seq() == 0 {
		return false
	}
	if number := (key.Seq() - 1) / tileSize; l.tile == nil || number != l.number {
		l.tile, l.number = l.arrivals.Get(tileKey(number)), number
		l.sums = l.checked.of(l.tenant, number)
	}
	at, leaf, err := arrivalOf(l.tile, key.Seq())
	if err != nil || at != key {
		return false
	}
	sum := crc32.Checksum(data, castagnoli)
	known := l.sums.of(key.Seq())
	if known.Load() == sum && sum != 0 {
		return true
	}
	l.hashed = append(append(l.hashed[:0], leafPrefix), data...)
	if leaf != sha256.Sum256(l.hashed) {
		return false
	}
	known.Store(sum)
	return true
}

// checkedSums holds checksums of entries that were compared with their leaf since the program started. Reading such an entry again costs a
// checksum instead of a hash: a third of the time, and damage that comes later is found as well.
type checkedSums struct {
	mu    sync.RWMutex // guards tiles
	tiles map[tileOf]*tileSums
}

type tileOf struct {
	tenant string
	number uint64
}

// tileSums holds a checksum for each entry of a tile; zero if unknown.
type tileSums [tileSize]atomic.Uint32

// maxChecked is the number of tiles whose checksums are kept, 1 KiB each.
const maxChecked = 8192

// of returns the checksums of a tile.
func (c *checkedSums) of(tenant string, number uint64) *tileSums {
	at := tileOf{tenant, number}
	c.mu.RLock()
	sums := c.tiles[at]
	c.mu.RUnlock()
	if sums != nil {
		return sums
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if sums = c.tiles[at]; sums != nil {
		return sums
	}
	if len(c.tiles) >= maxChecked {
		for other := range c.tiles { // any
			delete(c.tiles, other)
			break
		}
	}
	if c.tiles == nil {
		c.tiles = make(map[tileOf]*tileSums)
	}
	sums = new(tileSums)
	c.tiles[at] = sums
	return sums
}

func (s *tileSums) of(seq uint64) *atomic.Uint32 { return &s[(seq-1)%tileSize] }

// leafPrefix precedes the data of a leaf when it is hashed (RFC 6962, section 2.1). [tlog.RecordHash] does the same and allocates.
const leafPrefix = 0

// arrived reports whether an entry was recorded at a key.
func (l *leaves) arrived(key oplog.Key) bool {
	if l.arrivals == nil || key.Seq() == 0 {
		return false
	}
	tile := l.tile
	if number := (key.Seq() - 1) / tileSize; tile == nil || number != l.number {
		tile = l.arrivals.Get(tileKey(number))
	}
	at, _, err := arrivalOf(tile, key.Seq())
	return err == nil && at == key
}

// damaged returns the error for an entry whose bytes are not those that were recorded.
func (l *leaves) damaged(key oplog.Key) error {
	l.healer.note(damagedEntry{l.tenant, key})
	return oplog.DamagedEntry(l.tenant, key)
}

// placeholder is returned in place of a damaged entry, so that the entries beside it can be read.
func (l *leaves) placeholder(key oplog.Key) oplog.Entry {
	l.healer.note(damagedEntry{l.tenant, key})
	e := oplog.Entry{Tenant: l.tenant, ID: key.ID(), Seq: key.Seq(), Time: key.Time(), ReceivedAt: key.Time(), Damaged: true}
	setDefaults(&e)
	return e
}

// decode decodes the bytes at a key, or returns its placeholder if they are damaged. The entry does not alias data.
func (l *leaves) decode(key oplog.Key, data []byte) oplog.Entry {
	if !l.isRecorded(key, data) {
		return l.placeholder(key)
	}
	e, err := decodeEntry(data)
	if err != nil { // recorded by a later version
		return l.placeholder(key)
	}
	return e
}
