package storage

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// Prove returns the inclusion proof of an entry in a tree of its tenant; see [oplog.Store].
func (db *DB) Prove(tenant string, key oplog.Key, of uint64) (oplog.Proof, error) {
	return db.prove(tenant, key, nil, of)
}

// ProveLeaf is Prove of an entry whose bytes are given; see [oplog.Store].
func (db *DB) ProveLeaf(tenant string, key oplog.Key, leaf []byte, of uint64) (oplog.Proof, error) {
	return db.prove(tenant, key, leaf, of)
}

// prove proves an entry whose bytes are given, or those in the store if they are nil.
func (db *DB) prove(tenant string, key oplog.Key, given []byte, of uint64) (oplog.Proof, error) {
	var proof oplog.Proof
	var head string
	err := db.viewTree(context.Background(), tenant, func(tx *bolt.Tx, m *movedTiles) error {
		t, err := m.readTree(tx)
		if err != nil {
			return err
		}
		leaf := given
		if leaf == nil {
			if leaf, err = entryAt(tx, tenant, key); err != nil {
				return err
			}
		}
		size, err := db.sizeOf(tenant, t)
		if err != nil {
			return err
		}
		if key.Seq() > size || key.Seq() == 0 { // it is not on disk yet
			return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
		}
		if of > size || of > 0 && of < key.Seq() {
			return fmt.Errorf("prove entry %d in the first %d of %d", key.Seq(), of, size)
		}
		if of > 0 {
			size = of
		}
		path, err := tlog.ProveRecord(int64(size), int64(key.Seq()-1), t)
		if err != nil {
			return fmt.Errorf("prove entry %d of %d: %w", key.Seq(), size, err)
		}
		if err := t.checkLeaf(tenant, key, leaf); err != nil {
			return err
		}
		proof = oplog.Proof{Leaf: append([]byte(nil), leaf...), Index: key.Seq() - 1, Size: size, Path: make([][]byte, len(path))}
		for i := range path {
			proof.Path[i] = path[i][:]
		}
		head, err = db.headText(tenant, size, t)
		return err
	})
	if err != nil {
		return proof, err
	}
	// After the transaction: a command may sign slowly. The changes come last, so that they lead to the key that signed.
	proof.Checkpoint, err = db.Sign(head)
	history, historyErr := db.KeyHistory(tenant)
	proof.KeyChanges = history.Changes
	return proof, cmp.Or(err, historyErr)
}

// checkLeaf checks that the bytes of an entry are those that were recorded at its key.
func (t tree) checkLeaf(tenant string, key oplog.Key, leaf []byte) error {
	at, hash, err := t.arrival(key.Seq())
	switch {
	case err != nil:
		return err
	case at != key:
		return oplog.Errorf(oplog.CodeNotFound, "There is no entry %s.", key.ID())
	case tlog.RecordHash(leaf) != hash:
		return oplog.DamagedEntry(tenant, key)
	}
	return nil
}

// Checkpoint returns the signed head of a tenant's tree; see [oplog.Store].
func (db *DB) Checkpoint(tenant string) (string, error) {
	var head string
	err := db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, tenant)
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			head, err = db.headText(tenant, 0, tree{})
			return err
		}
		if err != nil {
			return err
		}
		size, err := db.sizeOf(tenant, t)
		if err != nil {
			return err
		}
		head, err = db.headText(tenant, size, t)
		return err
	})
	if err != nil {
		return "", err
	}
	return db.Sign(head)
}

// headText returns what the checkpoint of a tree signs (c2sp.org/tlog-checkpoint): the log's origin, its size, and its root hash in base64.
func (db *DB) headText(tenant string, size uint64, t tree) (string, error) {
	root, err := tlog.TreeHash(int64(size), t)
	if err != nil {
		return "", fmt.Errorf("tree hash at %d: %w", size, err)
	}
	return fmt.Sprintf("%s\n%d\n%s\n", db.origin(tenant), size, base64.StdEncoding.EncodeToString(root[:])), nil
}

// origin returns the origin of a tree: the name of the log's key, which stays when the key is replaced, and the tree's name.
func (db *DB) origin(tenant string) string { return db.name() + "/" + tenant }
