package storage

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// ProveConsistency returns the proof that a tenant's tree has grown from one size to another; see [oplog.Store].
func (db *DB) ProveConsistency(tenant string, from, to uint64) (oplog.Consistency, error) {
	var c oplog.Consistency
	var head string
	err := db.viewTree(context.Background(), tenant, func(tx *bolt.Tx, m *movedTiles) error {
		size := uint64(0)
		t, err := m.readTree(tx)
		switch {
		case err == nil:
			if size, err = db.sizeOf(tenant, t); err != nil {
				return err
			}
		case oplog.CodeOf(err) != oplog.CodeNotFound:
			return err
		}
		if to == 0 {
			to = size
		}
		switch more := oplog.Violates("more_than_log", "is more than the log's {size} entries", size); {
		case from > size:
			return sizeError("from", from, more)
		case to > size:
			return sizeError("to", to, more)
		case from == 0 || from > to:
			return sizeError("from", from, oplog.Violates("out_of_range", "is not between {min} and {max}; it is the size of the older checkpoint", 1, to))
		}
		path, err := tlog.ProveTree(int64(to), int64(from), t)
		if err != nil {
			return fmt.Errorf("prove that %d entries follow %d: %w", to, from, err)
		}
		c = oplog.Consistency{From: from, To: to, Path: make([][]byte, len(path))}
		for i := range path {
			c.Path[i] = path[i][:]
		}
		head, err = db.headText(tenant, to, t)
		return err
	})
	if err == nil {
		c.Checkpoint, err = db.Sign(head)
	}
	return c, err
}

func sizeError(name string, size uint64, v oplog.Violation) error {
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "There is no such proof.", Fields: []oplog.FieldError{
		{Part: oplog.InQuery, Field: name, Value: size, Violation: v},
	}}
}
