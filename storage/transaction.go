package storage

import (
	"encoding/binary"
	"fmt"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// transaction is a write transaction. There is only one at a time.
type transaction struct {
	*bolt.Tx
	db *DB
}

// begin begins a write transaction; call end afterwards.
func (db *DB) begin() (transaction, error) {
	db.writeMu.Lock()
	tx, err := db.bolt.Begin(true)
	if err != nil {
		db.writeMu.Unlock()
	}
	return transaction{tx, db}, err
}

// end ends a transaction, and rolls it back if it was not committed.
func (t transaction) end() {
	_ = t.Rollback() // does nothing after a commit
	t.db.writeMu.Unlock()
}

// commit returns once the transaction is on disk. Its errors are those of failure.
func (t transaction) commit() error {
	ended := false
	defer func() {
		if !ended { // it panicked
			t.db.failed.CompareAndSwap(nil, errUnfinished)
		}
	}()
	err := t.write()
	ended = true
	return t.db.failure(err)
}

var errUnfinished = oplog.Errorf(oplog.CodeUnavailable, "A write was interrupted. The log is read-only until restart; then retry with the same ids.")

func (t transaction) write() error {
	if !t.db.bolt.NoSync {
		return t.Commit()
	}
	before, err := t.db.metaPages()
	if err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return err
	}
	if err := t.db.seal(before); err != nil {
		slot := 1 - before.last
		_, _ = t.db.file.WriteAt(before.pages[slot], int64(slot)*before.pageSize)
		// Not an error of a full disk, after which writes continue: bbolt's state in memory is now ahead of the file.
		return fmt.Errorf("sync: %s", err.Error())
	}
	return nil
}

func (db *DB) metaPages() (metaPages, error) { return readMetaPages(db.file, db.bolt.Info().PageSize) }

// seal seals and syncs the transaction that bbolt has written since it read the meta pages before.
func (db *DB) seal(before metaPages) error {
	after, err := db.metaPages()
	if err != nil {
		return err
	}
	m := after.metas[after.last]
	pages, err := writtenPages(db.file, after.pageSize, before.metas[before.last], m)
	if err != nil {
		return err
	}
	if sealHead+runSize*len(pages)+sumSize > int(after.pageSize)-sealOffset {
		pages = nil // too many to list; they are synced before the seal instead
		if err := db.sync(db.file); err != nil {
			return err
		}
	}
	return db.writeSeal(&after, seal{sealNext: true, txid: m.txid, pages: pages})
}

// writeSeal writes the seal of the last transaction and syncs the file.
func (db *DB) writeSeal(p *metaPages, s seal) error {
	sum, err := s.sum(db.file, p.pageSize, db.sumBuffer)
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint32(s.encode(), sum)
	if _, err := db.file.WriteAt(b, int64(p.last)*p.pageSize+sealOffset); err != nil {
		return err
	}
	return db.sync(db.file)
}

// startSealing makes later transactions sealed.
func (db *DB) startSealing() error {
	if err := db.setFormat(sealedFormat); err != nil {
		return err
	}
	return db.failure(db.setSealing(true))
}

// stopSealing restores the format that builds without seals can read.
func (db *DB) stopSealing() error {
	if err := db.setFormat(formatVersion); err != nil {
		return err
	}
	return db.setSealing(false)
}

func (db *DB) setFormat(version int) error {
	return db.update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(version)))
	})
}

// setSealing sets whether the next transaction is sealed, in the seal of the last one, which is already on disk.
func (db *DB) setSealing(on bool) error {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	p, err := db.metaPages()
	if err != nil {
		return err
	}
	if err := db.writeSeal(&p, seal{sealNext: on, txid: p.metas[p.last].txid}); err != nil {
		return err
	}
	db.bolt.NoSync = on
	return nil
}
