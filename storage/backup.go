package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"oplog/durable"
	"oplog/oplog"
)

// A backup is the data file, then trailerMark and the SHA-256 of all before the
// mark. Other programs that read bbolt files ignore what follows the last page.
const trailerMark = "\noplog backup\x00\x01\x0a"

const trailerSize = len(trailerMark) + sha256.Size

// WriteTo writes all that the store holds as of now: a data file that is whole,
// with the signing key, and a hash of it. What it reads stays as it is until it
// is done, and the file grows meanwhile by what others write; the writer should
// be fast.
func (db *DB) WriteTo(w io.Writer) (int64, error) {
	sum := sha256.New()
	var n int64
	err := db.view(func(tx *bolt.Tx) (err error) {
		n, err = tx.WriteTo(io.MultiWriter(w, sum))
		return err
	})
	if err != nil {
		return n, err
	}
	written, err := w.Write(append([]byte(trailerMark), sum.Sum(nil)...))
	return n + int64(written), err
}

// Bytes returns the size of the data file.
func (db *DB) Bytes() (int64, error) {
	var n int64
	err := db.view(func(tx *bolt.Tx) error {
		n = tx.Size()
		return nil
	})
	return n, err
}

// Restored says what a backup held.
type Restored struct {
	Hashed  bool   // whether the backup carried a hash; those of earlier versions do not
	Logs    int    // tenants and trails
	Entries uint64 // of all logs
}

// restorePart is the store while it is copied from a backup. A restore that was
// cut off leaves it, and the next one writes over it.
const restorePart = fileName + ".part"

// Restore makes a data directory of a file that WriteTo has written. It checks
// the hash in the file, then the tree of every log, and has the records changed
// that must not outlive a restore. The directory must be new or empty, and is left
// so where the backup is damaged.
func Restore(ctx context.Context, dir string, from io.Reader, finish func(oplog.Records) error) (r Restored, err error) {
	if err := prepareDir(dir, restorePart); err != nil {
		return r, err
	}
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err == nil {
		return r, fmt.Errorf("data directory %s has a log already; name an empty or new directory", dir)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
			_ = os.Remove(filepath.Join(dir, pidName))
		}
	}()
	var n int64
	err = durable.WriteFileVia(filepath.Join(dir, restorePart), path, 0o600, func(f *os.File) (err error) {
		if n, err = io.Copy(f, from); err == nil {
			r.Hashed, err = checkTrailer(f, n)
		}
		return err
	})
	if err != nil {
		return r, fmt.Errorf("restore to %s: %w", dir, err)
	}
	if n == 0 {
		return r, errors.New("the backup is an empty file")
	}
	db, err := Open(dir, Options{})
	if err != nil {
		return r, fmt.Errorf("the backup is damaged: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if r.Logs, r.Entries, err = db.verifyAll(ctx); err != nil {
		return r, err
	}
	return r, finish(db)
}

// checkTrailer compares a backup of n bytes with the hash at its end, which it
// takes off; false where there is none.
func checkTrailer(f *os.File, n int64) (hashed bool, err error) {
	end := n - int64(trailerSize)
	if end < 0 {
		return false, nil
	}
	trailer := make([]byte, trailerSize)
	if _, err := f.ReadAt(trailer, end); err != nil {
		return false, err
	}
	if !bytes.HasPrefix(trailer, []byte(trailerMark)) {
		const smallestPage = 512
		if n%smallestPage != 0 {
			return false, errors.New("the backup is damaged: it does not end as a backup does")
		}
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, end)); err != nil {
		return false, err
	}
	if !bytes.Equal(sum.Sum(nil), trailer[len(trailerMark):]) {
		return false, errors.New("the backup is damaged: its content does not fit the hash that it carries")
	}
	return true, f.Truncate(end)
}

// verifyAll checks the tree of every log, and counts logs and entries.
func (db *DB) verifyAll(ctx context.Context) (logs int, entries uint64, err error) {
	tenants, err := db.Tenants()
	if err != nil {
		return 0, 0, fmt.Errorf("the backup is damaged: %w", err)
	}
	for _, tenant := range tenants {
		v, err := db.Verify(ctx, tenant, 0, func(_, _ uint64) {})
		if err == nil && v.Bad > 0 {
			err = fmt.Errorf("entry %d is not as it was recorded", v.Findings[0].Seq)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("the backup is damaged: tenant %s: %w", tenant, err)
		}
		entries += v.Size
	}
	return len(tenants), entries, nil
}
