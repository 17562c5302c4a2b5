package storage

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// spoil empties a field of bbolt's state in memory, so that it panics when it needs it, as it does over damaged pages.
func spoil(b *bolt.DB, field string) {
	f := reflect.ValueOf(b).Elem().FieldByName(field)
	reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem().SetZero()
}

// TestStuckWriter: if bbolt panics while a transaction is rolled back, or begins, nothing waits for its lock afterwards: what was recorded is
// read, writers are refused in words, and the log closes.
func TestStuckWriter(t *testing.T) {
	for name, strike := range map[string]func(db *DB) error{
		"rolled back": func(db *DB) error {
			return db.update(func(tx *bolt.Tx) error {
				if err := tx.Bucket(bucketMeta).Put([]byte("x"), []byte("y")); err != nil {
					return err
				}
				spoil(tx.DB(), "freelist")
				return errors.New("not stored")
			})
		},
		"begun": func(db *DB) error {
			spoil(db.bolt.Load(), "freelist")
			return db.update(func(*bolt.Tx) error { return nil })
		},
		"committed": func(db *DB) error {
			return db.update(func(tx *bolt.Tx) error {
				if err := tx.Bucket(bucketMeta).Put([]byte("x"), []byte("y")); err != nil {
					return err
				}
				spoil(tx.DB(), "freelist")
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := openStore(t, t.TempDir())
			mustAppend(t, db, entry(1, "a"))
			if err := strike(db); err == nil {
				t.Error("it is stored")
			}
			if got := arrivals(t, db, 1); got != "a" {
				t.Errorf("arrivals %s", got)
			}
			checkStuck(t, db)
			db = openElsewhere(t, db)
			mustAppend(t, db, entry(2, "b"))
			if got := arrivals(t, db, 1); got != "a b" {
				t.Errorf("arrivals %s after another start", got)
			}
			checkStore(t, db, "acme")
		})
	}
}

// checkStuck checks that a log refuses to write, and why, and cannot be made writable.
func checkStuck(t *testing.T, db *DB) {
	t.Helper()
	wantReadOnly(t, db, appendOne(db, 2, "b"))
	if err := db.recoverWrites(); !errors.Is(err, errStuck) {
		t.Errorf("it is opened again: %v", err)
	}
	if err := db.Failure(); !errors.Is(err, errStuck) {
		t.Errorf("the failure is %v", err)
	}
}

// openElsewhere closes a log, and opens a copy: this process keeps the lock on the file.
func openElsewhere(t *testing.T, db *DB) *DB {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return openStore(t, asKilled(t, db))
}

// asKilled copies a data directory, as a killed process leaves it.
func asKilled(t *testing.T, db *DB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := errors.Join(os.CopyFS(dir, os.DirFS(db.dir)), os.Chmod(filepath.Join(dir, keyName), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestStuckReader: if bbolt panics while a read begins, later reads are refused instead of waiting, and the log closes.
func TestStuckReader(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	err := db.view(func(*bolt.Tx) error {
		spoil(db.bolt.Load(), "meta0")
		_, err := db.Bytes()
		return err
	})
	if err == nil {
		t.Error("it is read")
	}
	if _, err := db.Bytes(); !errors.Is(err, errStuck) {
		t.Errorf("a read is answered %v", err)
	}
	checkStuck(t, db)
	db = openElsewhere(t, db)
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s after another start", got)
	}
}
