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
)

// A backup is the data file followed by trailerMark and the SHA-256 of everything before the mark. Programs that read bbolt files ignore
// data after the last page.
const trailerMark = "\noplog backup\x00\x01\x0a"

const trailerSize = len(trailerMark) + sha256.Size

// WriteTo is CopyTo for a stream, while nothing is written: its read transaction keeps pages from being used again, and writers from mapping more
// of the file.
func (db *DB) WriteTo(w io.Writer) (int64, error) {
	sum := sha256.New()
	var n int64
	err := db.viewFinished(func(tx *bolt.Tx, before *metaPages) (err error) {
		to := io.MultiWriter(w, sum)
		if before != nil {
			to = &metaWriter{to, before.copies()}
		}
		n, err = tx.WriteTo(to)
		return err
	})
	if err != nil {
		return n, err
	}
	written, err := w.Write(append([]byte(trailerMark), sum.Sum(nil)...))
	return n + int64(written), err
}

// metaWriter replaces the meta pages that bbolt writes at the beginning of a copy: by those of before a transaction that failed.
type metaWriter struct {
	io.Writer
	pages [][]byte // not yet written
}

func (w *metaWriter) Write(p []byte) (int, error) {
	if len(w.pages) > 0 {
		p, w.pages = w.pages[0], w.pages[1:] // bbolt writes each by itself
	}
	return w.Writer.Write(p)
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

// RestoreResult describes a restored backup.
type RestoreResult struct {
	Hashed  bool   // whether the backup had a hash; those of earlier versions do not
	HasKey  bool   // whether the directory has the signing key
	Logs    int    // tenants and trails
	Entries uint64 // of all logs
}

// restorePart is the folder in which a backup becomes a store, which is moved out once it is complete. An interrupted restore leaves it behind;
// the next one begins again.
const restorePart = "restore.part"

// Restore creates a data directory from the output of WriteTo. It checks the hash and the tree of every log, and calls finish to change
// what must not survive a restore. The directory must be new or empty. Until the restore is complete it contains no store, also if it is interrupted.
func Restore(ctx context.Context, dir string, from io.Reader, finish func(*DB) error) (r RestoreResult, err error) {
	if err := prepareDir(dir, restorePart, keyName); err != nil {
		return r, err
	}
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err == nil {
		return r, fmt.Errorf("data directory %s already contains a log; specify an empty or new directory", dir)
	}
	lock, err := lockDir(dir, defaultLockTimeout)
	if err != nil {
		return r, err
	}
	part := filepath.Join(dir, restorePart)
	defer func() {
		_ = os.RemoveAll(part) // nothing depends on it once the store has been moved out
		if err != nil {
			_ = os.Remove(filepath.Join(dir, pidName))
			_ = os.Remove(filepath.Join(dir, lockName))
		}
		err = errors.Join(err, lock.Close())
	}()
	if err := errors.Join(os.RemoveAll(part), durable.MkdirAll(part, 0o700)); err != nil {
		return r, fmt.Errorf("restore to %s: %w", dir, err)
	}
	if r, err = restoreIn(ctx, part, filepath.Join(dir, keyName), from, finish); err != nil {
		return r, err
	}
	if key := filepath.Join(part, keyName); r.HasKey { // of a backup of an earlier version, or the one that was there
		if err := durable.Rename(key, filepath.Join(dir, keyName)); err != nil {
			return r, fmt.Errorf("restore to %s: %w", dir, err)
		}
	}
	if err := durable.Rename(filepath.Join(part, fileName), path); err != nil {
		return r, fmt.Errorf("restore to %s: %w", dir, err)
	}
	return r, nil
}

// restoreIn turns a backup into a verified store in an empty folder, with a copy of the key if there is one.
func restoreIn(ctx context.Context, part, key string, from io.Reader, finish func(*DB) error) (r RestoreResult, err error) {
	if _, err := os.Stat(key); err == nil {
		text, err := durable.ReadSecret(key)
		if err == nil {
			err = durable.WriteSecret(filepath.Join(part, keyName), string(text))
		}
		if err != nil {
			return r, fmt.Errorf("read the signing key: %w", err)
		}
	}
	var n int64
	path := filepath.Join(part, fileName)
	err = durable.WriteFileVia(path+".part", path, 0o600, func(f *os.File) (err error) {
		if n, err = io.Copy(f, from); err == nil {
			r.Hashed, err = checkTrailer(f, n)
		}
		return err
	})
	if err != nil {
		return r, fmt.Errorf("copy the backup: %w", err)
	}
	if n == 0 {
		return r, errors.New("the backup is an empty file")
	}
	db, err := Open(part, Options{WithoutKey: true, restoring: true})
	if found := (interface{ what() string })(nil); errors.As(err, &found) { // damaged pages or names
		return r, fmt.Errorf("the backup is damaged: %s; use another one", found.what())
	}
	if format := (*formatError)(nil); errors.As(err, &format) {
		if format.isDamage() {
			return r, fmt.Errorf("%s; use another one", format.what("the backup"))
		}
		return r, errors.New(format.what("the backup"))
	}
	if err != nil {
		return r, fmt.Errorf("the backup is damaged: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if r.Logs, r.Entries, err = db.verifyAll(ctx); err != nil {
		return r, err
	}
	r.HasKey = db.key.Load().signer != nil
	return r, finish(db)
}

// checkTrailer compares a backup of n bytes with the hash at its end and truncates the trailer; false if there is none.
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
			return false, errors.New("the backup is damaged: its end is missing")
		}
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, end)); err != nil {
		return false, err
	}
	if !bytes.Equal(sum.Sum(nil), trailer[len(trailerMark):]) {
		return false, errors.New("the backup is damaged: its content does not match its hash")
	}
	return true, f.Truncate(end)
}

// verifyAll verifies the tree of every log, and counts logs and entries.
func (db *DB) verifyAll(ctx context.Context) (logs int, entries uint64, err error) {
	tenants, err := db.Tenants()
	if err != nil {
		return 0, 0, fmt.Errorf("the backup is damaged: %w", err)
	}
	for _, tenant := range tenants {
		v, err := db.Verify(ctx, tenant, nil, func(_, _ uint64) {})
		if err == nil && v.Bad > 0 {
			err = fmt.Errorf("entry %d differs from what was recorded", v.Findings[0].Seq)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("the backup is damaged: tenant %s: %w", tenant, err)
		}
		entries += v.Size
	}
	return len(tenants), entries, nil
}
