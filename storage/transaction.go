package storage

import (
	"encoding/binary"
	"fmt"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

// transaction is a transaction that writes. One at a time has the file.
type transaction struct {
	*bolt.Tx
	db *DB
}

// begin begins a transaction, which must be ended.
func (db *DB) begin() (transaction, error) {
	db.writing.Lock()
	tx, err := db.bolt.Begin(true)
	if err != nil {
		db.writing.Unlock()
	}
	return transaction{tx, db}, err
}

// end ends a transaction, and undoes what was not committed.
func (t transaction) end() {
	_ = t.Rollback() // does nothing after a commit
	t.db.writing.Unlock()
}

// commit returns once the transaction is on disk.
func (t transaction) commit() error {
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
		// Not as an error of a full disk, after which more could be written: what
		// bbolt has in memory is ahead of its file now.
		return fmt.Errorf("sync: %s", err.Error())
	}
	return nil
}

func (db *DB) metaPages() (metaPages, error) { return readMetaPages(db.file, db.bolt.Info().PageSize) }

// seal seals and syncs the transaction that bbolt has written since the meta
// pages were read.
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
		pages = nil // too many to list; so they are synced before the seal
		if err := db.sync(db.file); err != nil {
			return err
		}
	}
	return db.writeSeal(&after, seal{on: true, txid: m.txid, pages: pages})
}

// writeSeal writes the seal of the last transaction, and syncs all that was
// written.
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

// startSealing has the transactions that follow sealed.
func (db *DB) startSealing() error {
	if err := db.setFormat(sealedFormat); err != nil {
		return err
	}
	return db.setSealing(true)
}

// stopSealing leaves a file that builds read that know no seals.
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

// setSealing tells whether the next transaction is sealed, in the seal of the
// last one, which is on disk.
func (db *DB) setSealing(on bool) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	p, err := db.metaPages()
	if err != nil {
		return err
	}
	if err := db.writeSeal(&p, seal{on: on, txid: p.metas[p.last].txid}); err != nil {
		return err
	}
	db.bolt.NoSync = on
	return nil
}
