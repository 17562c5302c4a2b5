package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// The Merkle tree of a tenant (RFC 6962, by golang.org/x/mod/sumdb/tlog) has a leaf per entry, in order of arrival. Leaf hashes are stored
// with the entries' times in tiles of 256 arrivals; hashes of subtrees within a tile are computed on demand; those of 256 leaves and more
// are stored once they are complete.
//
// A time is the low 7 bytes of the microseconds since 1970, enough until the year 4253: two tiles, which bbolt stores together, then fill
// five pages.
const (
	tileLevel   = 8
	tileSize    = 1 << tileLevel // oplog.TileSize
	keySize     = len(oplog.Key{})
	timeSize    = 7
	arrivalSize = timeSize + tlog.HashSize
)

// appendArrival appends an arrival to a tile.
func appendArrival(tile []byte, key oplog.Key, leaf tlog.Hash) []byte {
	return append(append(tile, key[8-timeSize:8]...), leaf[:]...)
}

// treeHead is what the committer needs to append to a tenant's tree: the hashes of the complete subtrees on its right edge, by level, and
// the last tile.
type treeHead struct {
	known bool // read from the store
	size  uint64
	edge  [64]tlog.Hash // valid at the levels of size's one bits
	tile  []byte        // arrivals of the last, incomplete tile
}

// tree reads a tenant's tree from its buckets.
type tree struct {
	arrivals, subtrees *bolt.Bucket
	moved              *movedTiles // that may be read; nil for none
}

// treeIn returns the tree in a tenant's bucket.
func treeIn(b *bolt.Bucket) tree {
	return tree{arrivals: bucketIn(b, []byte(nameArrivals)), subtrees: bucketIn(b, []byte(nameTree))}
}

func readTree(tx *bolt.Tx, tenant string) (tree, error) {
	b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
	if b == nil {
		return tree{}, oplog.Errorf(oplog.CodeNotFound, "Tenant %s has no entries.", tenant)
	}
	return treeIn(b), nil
}

func tileKey(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

func subtreeKey(level int, number int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(level)}, uint64(number))
}

// size returns the number of leaves. A damaged page may claim any number, and a full scan would never end; tiles before the last are only
// missing if someone removed them.
func (t tree) size() (uint64, error) {
	c := t.arrivals.Cursor()
	key, tile := c.Last()
	if key == nil {
		return 0, nil
	}
	if len(key) != tileKeySize || len(tile) > tileSize*arrivalSize || isStub(tile) {
		return 0, errArrivals
	}
	number, before := binary.BigEndian.Uint64(key), uint64(0)
	if key, _ := c.Prev(); len(key) == tileKeySize {
		before = binary.BigEndian.Uint64(key)
	}
	if number < before || number-before > maxMissing {
		return 0, errArrivals
	}
	return number*tileSize + uint64(len(tile)/arrivalSize), nil
}

const (
	tileKeySize = 8
	maxMissing  = 1 << 16 // tiles
)

var errArrivals = oplog.Errorf(oplog.CodeDamaged, "The record of arrivals is damaged. Restore the log from a backup to a new directory; oplog verify lists all that is damaged.")

// arrival returns the key and the leaf hash of the entry with a seq.
func (t tree) arrival(seq uint64) (oplog.Key, tlog.Hash, error) {
	number := (seq - 1) / tileSize
	tile := t.arrivals.Get(tileKey(number))
	if isStub(tile) && t.moved != nil {
		var err error
		if tile, err = t.moved.tile(t, number, tile); err != nil {
			return oplog.Key{}, tlog.Hash{}, err
		}
	}
	return arrivalOf(tile, seq)
}

// arrivalOf returns an arrival from its tile, or a movedError.
func arrivalOf(tile []byte, seq uint64) (oplog.Key, tlog.Hash, error) {
	if isStub(tile) {
		return oplog.Key{}, tlog.Hash{}, &movedError{[]uint64{(seq - 1) / tileSize}}
	}
	at := int((seq-1)%tileSize) * arrivalSize
	if seq == 0 || len(tile) < at+arrivalSize {
		return oplog.Key{}, tlog.Hash{}, oplog.Errorf(oplog.CodeDamaged, "The arrival of entry %d is not in the store. Restore the log from a backup to a new directory; oplog verify lists all that is damaged.", seq)
	}
	var key oplog.Key
	copy(key[8-timeSize:], tile[at:at+timeSize])
	binary.BigEndian.PutUint64(key[8:], seq)
	return key, tlog.Hash(tile[at+timeSize : at+arrivalSize]), nil
}

// ReadHashes makes tree a [tlog.HashReader]. A movedError is of all moved tiles that it needs.
func (t tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var all movedError
	for i, index := range indexes {
		var err error
		var moved *movedError
		switch hashes[i], err = t.hash(tlog.SplitStoredHashIndex(index)); {
		case errors.As(err, &moved):
			all.numbers = append(all.numbers, moved.numbers...)
		case err != nil:
			return nil, err
		}
	}
	if len(all.numbers) > 0 {
		return nil, &all
	}
	return hashes, nil
}

// hash returns the hash of the complete subtree of 2^level leaves with that number.
func (t tree) hash(level int, number int64) (tlog.Hash, error) {
	if level >= tileLevel {
		data := t.subtrees.Get(subtreeKey(level, number))
		if len(data) != tlog.HashSize {
			return tlog.Hash{}, fmt.Errorf("subtree %d at level %d is not in the store", number, level)
		}
		return tlog.Hash(data), nil
	}
	if level == 0 {
		_, hash, err := t.arrival(uint64(number) + 1)
		return hash, err
	}
	left, err := t.hash(level-1, 2*number)
	if err != nil {
		return tlog.Hash{}, err
	}
	right, err := t.hash(level-1, 2*number+1)
	return tlog.NodeHash(left, right), err
}

// readHead reads the head of a tree.
func readHead(t tree) (treeHead, error) {
	h := treeHead{known: true}
	var err error
	if h.size, err = t.size(); err != nil {
		return h, err
	}
	for level := range h.edge {
		if h.size>>level&1 == 0 {
			continue
		}
		if h.edge[level], err = t.hash(level, int64(h.size>>level)-1); err != nil {
			return h, err
		}
	}
	if h.size%tileSize > 0 {
		h.tile = append(h.tile, t.arrivals.Get(tileKey(h.size/tileSize))...)
	}
	return h, nil
}

// addLeaf appends an entry's leaf to the tree.
func (w *tenantWriter) addLeaf(key oplog.Key, data []byte) error {
	h := &w.head
	hash := tlog.RecordHash(data)
	if len(h.tile) == 0 {
		h.tile = make([]byte, 0, tileSize*arrivalSize)
	}
	h.tile = appendArrival(h.tile, key, hash)
	level := 0
	for ; h.size>>level&1 == 1; level++ { // like a carry in binary addition
		hash = tlog.NodeHash(h.edge[level], hash)
		if level+1 >= tileLevel {
			if err := w.tree.Put(subtreeKey(level+1, int64(h.size>>(level+1))), append([]byte(nil), hash[:]...)); err != nil {
				return err
			}
		}
	}
	h.edge[level] = hash
	h.size++
	if len(h.tile) < tileSize*arrivalSize {
		return nil
	}
	if err := w.saveTile(); err != nil {
		return err
	}
	h.tile = nil
	return nil
}

// saveTile writes the last, possibly incomplete tile.
func (w *tenantWriter) saveTile() error {
	if len(w.head.tile) == 0 {
		return nil
	}
	return w.arrivals.Put(tileKey((w.head.size-1)/tileSize), w.head.tile)
}
