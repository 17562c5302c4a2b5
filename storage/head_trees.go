package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// treeSum stands for the sizes and roots of the trees of all logs: the sum, bit by bit, of a hash of each. A transaction changes it by the hashes of
// the trees that it extends, so the head says what all trees were like without a line for each.
type treeSum [sha256.Size]byte

func (s *treeSum) add(other treeSum) {
	for i := range s {
		s[i] ^= other[i]
	}
}

// sum returns the hash of a log's tree: of its name, its size and the subtrees that make its root. An empty tree has none.
func (h *treeHead) sum(log string) treeSum {
	if h.size == 0 {
		return treeSum{}
	}
	b := make([]byte, 0, 1024)
	b = append(append(b, log...), 0)
	b = binary.BigEndian.AppendUint64(b, h.size)
	for level := range h.edge {
		if h.size>>level&1 == 1 {
			b = append(b, h.edge[level][:]...)
		}
	}
	return sha256.Sum256(b)
}

// readTrees returns the number of entries of all logs, and the sum of their trees.
func readTrees(tx *bolt.Tx) (entries uint64, sum treeSum, err error) {
	tenants := topBucket(tx, bucketTenants)
	err = tenants.ForEachBucket(func(name []byte) error {
		b := tenants.Bucket(name)
		if b == nil { // its name is in the wrong order
			return errDamaged
		}
		t := tree{arrivals: b.Bucket([]byte(nameArrivals)), subtrees: b.Bucket([]byte(nameTree))}
		if t.arrivals == nil || t.subtrees == nil {
			return nil
		}
		h, err := readHead(t)
		if entries += h.size; err != nil {
			return fmt.Errorf("tenant %s: %w", name, err)
		}
		sum.add(h.sum(string(name)))
		return nil
	})
	return entries, sum, err
}

// checkTrees checks that the trees of a data file are those of the head, if that is of its last transaction: as far as the next entries build on
// them. It comes before any transaction of this start: after one, another start could not compare them. If entries are missing or cannot be
// counted, startHead tells.
func (db *DB) checkTrees(o *opening) error {
	if o.head == nil || o.head.trees == nil || o.head.txid != o.txid {
		return nil
	}
	var entries uint64
	var trees treeSum
	err := db.view(func(tx *bolt.Tx) (err error) {
		entries, trees, err = readTrees(tx)
		return err
	})
	if err != nil || entries < o.head.entries || trees == *o.head.trees {
		return nil //nolint:nilerr // startHead counts them too, and tells
	}
	what := fmt.Sprintf("the trees of %s are not those that were acknowledged according to oplog.head beside it; oplog verify tells which", o.path)
	older := &olderError{what, withChanged}
	switch {
	case o.readOnly:
		db.missing = errors.Join(db.missing, older)
	case !o.acceptLoss:
		return older
	}
	o.changed = !o.readOnly
	return nil
}
