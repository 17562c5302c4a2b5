package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"oplog/durable"
	"oplog/oplog"
)

// installPart is the folder in which a copy of another node's store is checked, before it is put in place.
const installPart = "install.part"

// InstallCopy puts a copy of another node's store, as CopyTo wrote it, in place of the one of a data directory, which nobody has open: after its
// pages and the tree of every log have been checked, and without the records that are that node's alone. The index is removed, to be built again.
// After a crash it can be called again with the same file, which it moves.
func InstallCopy(ctx context.Context, dir, file string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("put a copy of the log in place in %s: %w", dir, err)
		}
	}()
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := lockDir(dir, defaultLockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	part := filepath.Join(dir, installPart)
	copied := filepath.Join(part, fileName)
	switch _, err := os.Stat(file); {
	case err == nil:
		if err := errors.Join(os.RemoveAll(part), durable.MkdirAll(part, 0o700)); err != nil {
			return err
		}
		if err := durable.Rename(file, copied); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Stat(copied); err == nil {
		if err := checkCopy(ctx, part); isLevel(err) {
			return err // the program that is needed continues here
		} else if err != nil {
			return errors.Join(err, os.RemoveAll(part)) // another copy is needed
		}
		err := errors.Join(
			os.RemoveAll(filepath.Join(dir, "index")),
			durable.Rename(filepath.Join(part, headName), filepath.Join(dir, headName)),
			durable.Rename(copied, filepath.Join(dir, fileName)))
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(part)
}

// PositionOfCopy returns the position of a copy of a replicated store, as CopyTo wrote it: it may be later than the store's before CopyTo.
func PositionOfCopy(file string) (p Position, err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil { // of damaged pages
			err = fmt.Errorf("read the position of a copy: %v", p)
		}
	}()
	copied, err := bolt.Open(file, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return p, fmt.Errorf("read the position of a copy: %w", err)
	}
	err = copied.View(func(tx *bolt.Tx) error {
		var found bool
		if tx.Bucket(bucketMeta) == nil {
			return errors.New("the copy is not of a log")
		}
		if p, found, err = readPosition(tx); err == nil && !found {
			err = errors.New("the copy is not of a replicated log")
		}
		return err
	})
	return p, errors.Join(err, copied.Close())
}

// checkCopy checks the copy in a folder, and removes from it what belongs to the node that it was copied from.
func checkCopy(ctx context.Context, part string) error {
	_ = os.Remove(filepath.Join(part, headName)) // of an interrupted check: it is made again
	db, err := Open(part, Options{WithoutKey: true, restoring: true})
	if isLevel(err) {
		return err
	}
	if err != nil {
		return fmt.Errorf("the copy is damaged: %w", err)
	}
	if _, _, err = db.verifyAll(ctx); err == nil {
		err = db.update(dropLocal)
	}
	if _, found := db.Replicated(); err == nil && !found {
		err = errors.New("the copy is not of a replicated log")
	}
	return errors.Join(err, db.Close())
}

func isLevel(err error) bool {
	var level *LevelError
	return errors.As(err, &level)
}

// dropLocal removes the records that belong to one copy.
func dropLocal(tx *bolt.Tx) error {
	for _, kind := range oplog.RecordKinds {
		c := recordBucket(tx, kind).Cursor()
		for name, _ := c.First(); name != nil; {
			if !oplog.IsLocal(kind, string(name)) {
				name, _ = c.Next()
				continue
			}
			after := append([]byte(nil), name...)
			if err := c.Delete(); err != nil {
				return err
			}
			name, _ = c.Seek(after)
		}
	}
	return nil
}
