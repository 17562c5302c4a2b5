package storage

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// treeOf returns the contents and times of all files in a directory.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		info, statErr := os.Stat(path)
		if err = errors.Join(err, statErr); err != nil {
			return err
		}
		tree[path] = info.ModTime().String()
		if !info.IsDir() {
			data, err := os.ReadFile(path)
			tree[path] += string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func openToRead(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(dir, Options{ReadOnly: true, WithoutKey: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, db) })
	return db
}

// TestReadOnly: a store is read without a change to any file of its directory, after a crash, too; writes are refused at once.
func TestReadOnly(t *testing.T) {
	for state, of := range crashedAndClosed(t) {
		t.Run(state, func(t *testing.T) {
			dir := of.laid(t, -1)
			before := treeOf(t, dir)
			db := openToRead(t, dir)
			if got := arrivals(t, db, 1); got != "a b" {
				t.Errorf("arrivals %s", got)
			}
			if found, _ := verified(t, db); found != "" || db.Missing() != nil || db.Damage() != nil {
				t.Errorf("found %s, missing %v, damage %v", found, db.Missing(), db.Damage())
			}
			var backup bytes.Buffer
			if _, err := db.WriteTo(&backup); err != nil {
				t.Error(err)
			}
			for _, err := range []error{appendOne(db, 3, "c"), db.PutRecord(oplog.RecordServer, "x", oplog.Revision{}, []byte("1")), db.Failure()} {
				if oplog.CodeOf(err) != oplog.CodeUnavailable {
					t.Errorf("a write is answered %v", err)
				}
			}
			closeStore(t, db)
			if after := treeOf(t, dir); !maps.Equal(before, after) {
				t.Errorf("the directory was changed: %d files before, %d after", len(before), len(after))
			}
			r, err := Restore(context.Background(), t.TempDir(), &backup, func(*DB) error { return nil })
			if err != nil || r.Entries != 2 {
				t.Errorf("restored %+v, %v", r, err)
			}
		})
	}
}

// TestReadOnlyMissing: a missing transaction is reported, and the rest is read; nothing is rolled back.
func TestReadOnlyMissing(t *testing.T) {
	of := crashedAndClosed(t)["crashed"]
	last, _ := slots(t, of[fileName])
	dir := of.laid(t, last*os.Getpagesize()+pageHead+40)
	before := treeOf(t, dir)
	db := openToRead(t, dir)
	if db.Missing() == nil {
		t.Error("it is not told that the last transaction is missing")
	}
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
	if closeStore(t, db); !maps.Equal(before, treeOf(t, dir)) {
		t.Error("the directory was changed")
	}
}

// TestReadOnlyMustWrite: a file that only writing could make readable is refused and not changed.
func TestReadOnlyMustWrite(t *testing.T) {
	old := t.TempDir()
	copyStore(t, filepath.Join("testdata", "format-2.db"), old)
	of := crashedAndClosed(t)["crashed"]
	last, _ := slots(t, of[fileName])
	of[headName] = (&highWater{count: 1}).encode() // nothing says that the last transaction was acknowledged
	interrupted := of.laid(t, last*os.Getpagesize()+sealOffset+1)
	for name, dir := range map[string]string{"an earlier format": old, "an interrupted transaction": interrupted} {
		before := treeOf(t, dir)
		if db, err := Open(dir, Options{ReadOnly: true, WithoutKey: true}); !errors.Is(err, ErrMustWrite) {
			t.Errorf("%s: %v, %v", name, db, err)
		}
		if !maps.Equal(before, treeOf(t, dir)) {
			t.Errorf("%s was changed", name)
		}
	}
	if _, err := Open(t.TempDir(), Options{ReadOnly: true}); err == nil {
		t.Error("an empty directory is opened")
	}
}

// TestReadOnlyInUse: a store that is being written is not read beside it.
func TestReadOnlyInUse(t *testing.T) {
	db := openStore(t, t.TempDir())
	if _, err := Open(db.dir, Options{ReadOnly: true, LockTimeout: 10 * time.Millisecond}); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
}

// TestReadOnlyWithoutLaterKinds: a store from before there were archived days is read as one that has none.
func TestReadOnlyWithoutLaterKinds(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(10*minutesOfDay, "a"), entry(0, "b"))
	err := db.update(func(tx *bolt.Tx) (err error) {
		for _, kind := range emptyKinds {
			err = errors.Join(err, tx.Bucket(bucketRecords).DeleteBucket([]byte(kind)), tx.Bucket(bucketNameList).Delete([]byte("records/"+string(kind))))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, db)
	before := treeOf(t, db.dir)
	db = openToRead(t, db.dir)
	for _, kind := range emptyKinds {
		if _, _, err := db.Record(kind, "acme/2026-11-10"); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s: %v", kind, err)
		}
		if found, err := db.Records(kind, ""); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", kind, found, err)
		}
	}
	if found, _ := verified(t, db); found != "" || scanned(t, db, oplog.Key{}, oplog.Key{}) != "a b" {
		t.Errorf("found %s", found)
	}
	if closeStore(t, db); !maps.Equal(before, treeOf(t, db.dir)) {
		t.Error("the directory was changed")
	}
	for _, kind := range []oplog.RecordKind{oplog.RecordDeletion, oplog.RecordTenant} { // others are not read without
		db = openStore(t, db.dir)
		err := db.update(func(tx *bolt.Tx) error {
			return errors.Join(tx.Bucket(bucketRecords).DeleteBucket([]byte(kind)), tx.Bucket(bucketNameList).Delete([]byte("records/"+string(kind))))
		})
		if err != nil {
			t.Fatal(err)
		}
		closeStore(t, db)
		if _, err := Open(db.dir, Options{ReadOnly: true, WithoutKey: true}); !errors.Is(err, ErrMustWrite) {
			t.Errorf("without %s: %v", kind, err)
		}
	}
}
