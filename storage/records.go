package storage

import (
	"bytes"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Record returns a record; see [oplog.Store].
func (db *DB) Record(kind oplog.RecordKind, name string) ([]byte, error) {
	var data []byte
	err := db.view(func(tx *bolt.Tx) error {
		data = bytes.Clone(recordBucket(tx, kind).Get([]byte(name)))
		if data == nil {
			return oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
		}
		return nil
	})
	return data, err
}

// Records returns the records whose names start with a prefix; see
// [oplog.Store].
func (db *DB) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	var records []oplog.Record
	err := db.view(func(tx *bolt.Tx) error {
		c := recordBucket(tx, kind).Cursor()
		for name, data := c.Seek([]byte(prefix)); name != nil && bytes.HasPrefix(name, []byte(prefix)); name, data = c.Next() {
			records = append(records, oplog.Record{Name: string(name), Data: bytes.Clone(data)})
		}
		return nil
	})
	return records, err
}

// ChangeRecord replaces a record; see [oplog.Store].
func (db *DB) ChangeRecord(kind oplog.RecordKind, name string, change func(old []byte) ([]byte, error)) (err error) {
	if err := db.failure(nil); err != nil {
		return err
	}
	defer db.guard(debug.SetPanicOnFault(true), &err)
	tx, err := db.bolt.Begin(true)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	b := recordBucket(tx, kind)
	old := bytes.Clone(b.Get([]byte(name)))
	data, err := change(old)
	if err != nil || bytes.Equal(data, old) && (data == nil) == (old == nil) {
		return err
	}
	if err := putRecord(b, name, data); err != nil {
		return err
	}
	return db.failure(tx.Commit())
}

func putRecord(b *bolt.Bucket, name string, data []byte) error {
	if data == nil {
		return b.Delete([]byte(name))
	}
	return b.Put([]byte(name), data)
}

func recordBucket(tx *bolt.Tx, kind oplog.RecordKind) *bolt.Bucket {
	return tx.Bucket(bucketRecords).Bucket([]byte(kind))
}
