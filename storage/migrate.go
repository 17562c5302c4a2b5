package storage

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/durable"
	"oplog/oplog"
)

// keepOld copies the file beside itself before it is migrated: the earlier version of oplog cannot read the file that
// this one leaves. Without space for the copy, nothing is changed.
func (db *DB) keepOld(version int) error {
	kept := fmt.Sprintf("%s.format-%d", db.path(), version)
	size, err := db.Bytes()
	if err != nil {
		return err
	}
	needed := uint64(size) + growth
	if free, _, err := durable.Space(db.dir); err == nil && free < needed {
		return db.errNoCopy(version, needed, fmt.Sprintf("of which %d MiB are free", free>>20))
	}
	err = durable.WriteFileVia(kept+".part", kept, 0o600, func(f *os.File) error {
		return db.view(func(tx *bolt.Tx) error {
			_, err := tx.WriteTo(f)
			return err
		})
	})
	switch {
	case oplog.IsDiskFull(err):
		return db.errNoCopy(version, needed, "which is full or whose quota is used up")
	case err != nil:
		return fmt.Errorf("%s has to be migrated from format %d, but keeping a copy of it failed: %w", db.path(), version, err)
	}
	slog.Info("the store is migrated; a copy in its earlier format is kept until you remove it", "copy", kept, "format", version)
	return nil
}

// errNoCopy says how many bytes the copy of a file needs that is to be migrated, and what to do without them. state is that of the disk.
func (db *DB) errNoCopy(version int, needed uint64, state string) error {
	const mebibyte = 1 << 20
	return fmt.Errorf("%s has to be migrated from format %d to %d, and a copy of it is kept before: that needs %d MiB on its disk, %s; "+
		"free some space, or keep a copy or a backup elsewhere and start once with --no-copy", db.path(), version, formatVersion, (needed+mebibyte-1)/mebibyte, state)
}

// migrate1 migrates a file from format 1 to format 2 in one transaction. In format 1
//
//	tenants/<tenant>/ids/<2006-01-02>/<id>  was the key of the entry with that sender's id
//	tenants/<tenant>/arrivals/<tile>        had the whole key of each entry: 16 bytes, leaf hash
func migrate1(tx *bolt.Tx) error {
	tenants := topBucket(tx, bucketTenants)
	names, err := bucketNames(tenants)
	if err != nil {
		return err
	}
	for _, name := range names {
		b := tenants.Bucket(name)
		if err := migrateArrivals(bucketIn(b, []byte(nameArrivals))); err != nil {
			return fmt.Errorf("arrivals of tenant %s: %w", name, err)
		}
		if err := migrateIDs(bucketIn(b, []byte(nameIDs))); err != nil {
			return fmt.Errorf("ids of tenant %s: %w", name, err)
		}
	}
	return tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(2)))
}

func bucketNames(b *bolt.Bucket) ([][]byte, error) {
	var names [][]byte
	err := b.ForEachBucket(func(name []byte) error {
		names = append(names, slices.Clone(name))
		return nil
	})
	return names, err
}

func migrateArrivals(b *bolt.Bucket) error {
	const size1 = keySize + tlog.HashSize
	var tiles [][]byte
	err := b.ForEach(func(_, old []byte) error {
		tile := make([]byte, 0, len(old)/size1*arrivalSize)
		for arrival := range slices.Chunk(old, size1) {
			if len(arrival) < size1 {
				return fmt.Errorf("tile %d is truncated", len(tiles))
			}
			tile = appendArrival(tile, oplog.Key(arrival[:keySize]), tlog.Hash(arrival[keySize:]))
		}
		tiles = append(tiles, tile)
		return nil
	})
	if err != nil {
		return err
	}
	for number, tile := range tiles {
		if err := b.Put(tileKey(uint64(number)), tile); err != nil {
			return err
		}
	}
	return nil
}

func migrateIDs(b *bolt.Bucket) error {
	dates, err := bucketNames(b)
	if err != nil {
		return err
	}
	for _, date := range dates {
		var records []idRecord
		err := bucketIn(b, date).ForEach(func(id, key []byte) error {
			if len(key) != keySize {
				return fmt.Errorf("id %q has no valid key", id)
			}
			records = append(records, idRecord{hashID(string(id)), oplog.Key(key).Seq()})
			return nil
		})
		if err != nil {
			return err
		}
		if err := b.DeleteBucket(date); err != nil {
			return err
		}
		number := uint32(0)
		for chunk := range slices.Chunk(records, maxRun) {
			if err := putRun(b, string(date), number, makeRun(chunk)); err != nil {
				return err
			}
			number++
		}
	}
	return nil
}
