package storage

import (
	"fmt"
	"slices"
	"strconv"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// migrate1 migrates a file from format 1 to format 2 in one transaction. In format 1
//
//	tenants/<tenant>/ids/<2006-01-02>/<id>  was the key of the entry with that sender's id
//	tenants/<tenant>/arrivals/<tile>        had the whole key of each entry: 16 bytes, leaf hash
func migrate1(tx *bolt.Tx) error {
	tenants := tx.Bucket(bucketTenants)
	names, err := bucketNames(tenants)
	if err != nil {
		return err
	}
	for _, name := range names {
		b := tenants.Bucket(name)
		if err := migrateArrivals(b.Bucket([]byte(nameArrivals))); err != nil {
			return fmt.Errorf("arrivals of tenant %s: %w", name, err)
		}
		if err := migrateIDs(b.Bucket([]byte(nameIDs))); err != nil {
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
		err := b.Bucket(date).ForEach(func(id, key []byte) error {
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
