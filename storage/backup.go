package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// WriteTo writes all that the store holds as of now: a data file that is whole,
// with the signing key. What it reads stays as it is until it is done, and the
// file grows meanwhile by what others write; the writer should be fast.
func (db *DB) WriteTo(w io.Writer) (int64, error) {
	var n int64
	err := db.view(func(tx *bolt.Tx) (err error) {
		n, err = tx.WriteTo(w)
		return err
	})
	return n, err
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

// Restore makes a data directory of a file that WriteTo has written. The
// directory must be new or empty, and is left so where the file is not whole.
func Restore(dir string, from io.Reader) (err error) {
	if err := prepareDir(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("data directory %s has a log already; name an empty or new directory", dir)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
			_ = os.Remove(filepath.Join(dir, pidName))
		}
	}()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("data directory %s cannot be written: %w", dir, cause(err))
	}
	n, err := io.Copy(f, from)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("restore to %s: %w", dir, err)
	}
	if n == 0 {
		return errors.New("the backup is an empty file")
	}
	db, err := Open(dir, Options{})
	if err != nil {
		return fmt.Errorf("the backup is not whole: %w", err)
	}
	return db.Close()
}
