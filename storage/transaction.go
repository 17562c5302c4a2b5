package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/durable"
	"oplog/oplog"
)

// transaction is a write transaction. There is only one at a time.
type transaction struct {
	*bolt.Tx
	db *DB
}

// begin begins a write transaction; call end afterwards.
func (db *DB) begin() (t transaction, err error) {
	db.writeMu.Lock()
	defer func() {
		if t.Tx == nil {
			db.writeMu.Unlock()
		}
	}()
	if err := cmp.Or(db.stuck.err(), db.Failure()); err != nil {
		return transaction{}, db.fail(errReadOnly(err))
	}
	err = db.unlessItPanics(&db.stuck.writing, func() (err error) {
		t.Tx, err = db.bolt.Load().Begin(true)
		return err
	})
	return transaction{t.Tx, db}, err
}

// end ends a transaction, and rolls it back if it was not committed.
func (t transaction) end() {
	defer t.db.writeMu.Unlock()
	t.db.adds, t.db.extends = 0, treeSum{}
	_ = t.db.unlessItPanics(&t.db.stuck.writing, t.Rollback) // does nothing after a commit
}

// commit returns once the transaction is on disk. An error means that it is not in effect; unless the disk was full, nothing more can be written
// until the file has been opened again.
func (t transaction) commit() error {
	before, err := t.db.metaPages()
	if err != nil {
		return t.db.fail(errReadOnly(err))
	}
	ended, txid := false, uint64(t.ID()) //nolint:gosec // bbolt counts from 1
	defer func() {
		if !ended { // it panicked
			t.db.undo = &before
			_ = t.db.fail(errUnfinished)
		}
	}()
	err = t.write(before)
	if err == nil {
		err = t.db.inPlace() // an acknowledged transaction is in the file that the next start opens
	}
	ended = true
	if err == nil {
		t.db.advanceHead(txid)
		return nil
	}
	if after, readErr := t.db.metaPages(); isFullWrite(err) && readErr == nil && after.equal(&before) {
		return errDiskFull
	}
	t.db.undo = &before
	_ = t.db.putMetaPages(&before) // at once, so that nobody reads what was not stored; recovery repeats it
	return t.db.fail(errReadOnly(err))
}

var errUnfinished = oplog.Errorf(oplog.CodeUnavailable, "A write was interrupted. The log is read-only until the file has been opened again; retry with the same ids.")

func errReadOnly(err error) *oplog.Error {
	var e *oplog.Error
	if errors.As(err, &e) {
		return e
	}
	return oplog.Errorf(oplog.CodeUnavailable, "A disk write failed. The log is read-only until the disk accepts writes; retry with the same ids. (%w)", err)
}

func (t transaction) write(before metaPages) error {
	sealed := t.db.bolt.Load().NoSync
	if err := t.Commit(); err != nil {
		return err
	}
	if sealed {
		return t.db.seal(before)
	}
	t.db.noteUnsealed(before)
	return nil
}

func (db *DB) metaPages() (metaPages, error) {
	return readMetaPages(db.file, db.bolt.Load().Info().PageSize)
}

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
	db.noteWritten(pages, m.end, nil)
	if sealHead+runSize*len(pages)+sumSize > int(after.pageSize)-sealOffset {
		pages = nil // too many to list; they are synced before the seal instead
		if err := db.syncFile(); err != nil {
			return err
		}
	}
	if err := db.writeSeal(&after, seal{sealNext: !db.sealsLast, txid: m.txid, pages: pages}); err != nil {
		return err
	}
	if db.sealsLast { // by Close: no other goroutine writes or appends
		db.bolt.Load().NoSync = false
	}
	return nil
}

// writeSeal writes the seal of the last transaction and syncs the file.
func (db *DB) writeSeal(p *metaPages, s seal) error {
	sum, err := s.sum(db.file, p.pageSize, db.sumBuffer)
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint32(s.encode(), sum)
	if _, err := durable.WriteAt(db.file, b, int64(p.last)*p.pageSize+sealOffset); err != nil {
		return err
	}
	return db.syncFile()
}

// syncFile makes what was written to the data file durable.
func (db *DB) syncFile() error {
	defer db.syncs.Since(time.Now())
	return db.sync(db.file)
}

// syncData makes the transaction in a file durable.
func syncData(f *os.File) error { return durable.SyncData(f) }

// startSealing makes later transactions sealed.
func (db *DB) startSealing() error {
	if err := db.setFormat(sealedFormat); err != nil {
		return err
	}
	return db.sealNext()
}

// stopSealing restores the format that builds without seals can read, in the last transaction that is sealed.
func (db *DB) stopSealing() error {
	db.writeMu.Lock()
	db.sealsLast = true
	db.writeMu.Unlock()
	return db.setFormat(formatVersion)
}

func (db *DB) setFormat(version int) error {
	return db.update(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if string(meta.Get(keyFormat)) == strconv.Itoa(movedFormat) {
			version = movedFormat
		}
		return meta.Put(keyFormat, []byte(strconv.Itoa(version)))
	})
}

// sealNext makes the next transaction sealed, by a seal of the last one, which is on disk and has none. If that fails, the seal is taken back and
// the log is read-only before another transaction can begin: without a seal of its own, that would be taken for one that was interrupted.
func (db *DB) sealNext() (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	before, err := db.metaPages()
	if err != nil {
		return db.fail(errReadOnly(err))
	}
	defer func() {
		if !db.bolt.Load().NoSync { // it failed or panicked
			db.undo = &before
			_ = db.putMetaPages(&before) // recovery repeats it
			_ = db.fail(errUnfinished)
		}
	}()
	if err := db.writeSeal(&before, seal{sealNext: true, txid: before.metas[before.last].txid}); err != nil {
		return db.fail(errReadOnly(err))
	}
	db.bolt.Load().NoSync = true
	return nil
}
