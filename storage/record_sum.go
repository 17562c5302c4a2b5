package storage

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A record is stored after the CRC-32C, 4 bytes, of its kind, its name and its bytes: a flipped bit could turn a retention of a year into one of
// half a year, and still be JSON. Files before format sumsFormat have the bytes alone.

const (
	sumsFormat    = 6
	recordSumSize = 4
)

// sumRecord returns the CRC of a record.
func sumRecord(kind oplog.RecordKind, name, data []byte) uint32 {
	sum := crc32.Update(0, castagnoli, append(append([]byte(kind), 0), name...))
	return crc32.Update(crc32.Update(sum, castagnoli, []byte{0}), castagnoli, data)
}

// sealRecord returns the stored form of a record.
func sealRecord(kind oplog.RecordKind, name, data []byte) []byte {
	sealed := binary.BigEndian.AppendUint32(make([]byte, 0, recordSumSize+len(data)), sumRecord(kind, name, data))
	return append(sealed, data...)
}

// openRecord returns the bytes of a stored record, which are valid until the transaction ends; nil if there is none.
func (db *DB) openRecord(kind oplog.RecordKind, name, stored []byte) ([]byte, error) {
	switch {
	case stored == nil || db.plainRecords:
		return stored, nil
	case len(stored) < recordSumSize || binary.BigEndian.Uint32(stored) != sumRecord(kind, name, stored[recordSumSize:]):
		return nil, oplog.DamagedRecord(kind, string(name))
	}
	return stored[recordSumSize:], nil
}

// usableRecord is openRecord, by which there is no record if a damaged one can be done without: the index is rebuilt, people sign in again, and
// exports are made again.
func (db *DB) usableRecord(kind oplog.RecordKind, name, stored []byte) ([]byte, error) {
	data, err := db.openRecord(kind, name, stored)
	if err == nil {
		return data, nil
	}
	switch kind {
	case oplog.RecordIndex, oplog.RecordSession, oplog.RecordLaunch, oplog.RecordExport:
		return nil, nil
	}
	return nil, err
}

// putRecord stores a record; nil data removes it.
func putRecord(tx *bolt.Tx, kind oplog.RecordKind, name string, data []byte) error {
	b := recordBucket(tx, kind)
	if data == nil {
		return b.Delete([]byte(name))
	}
	return b.Put([]byte(name), sealRecord(kind, []byte(name), data))
}

// forEachRecord calls visit for the records of a kind.
func (db *DB) forEachRecord(tx *bolt.Tx, kind oplog.RecordKind, visit func(name, data []byte, damage error) error) error {
	b := recordBucket(tx, kind)
	if b == nil { // of a kind that was added later
		return nil
	}
	return b.ForEach(func(name, stored []byte) error {
		data, err := db.openRecord(kind, name, stored)
		return visit(name, data, err)
	})
}

// migrateRecords gives the records of an earlier format their CRCs, and the file its new format.
func migrateRecords(tx *bolt.Tx, version int) error {
	for _, kind := range oplog.RecordKinds {
		b := topBucket(tx, bucketRecords).Bucket([]byte(kind))
		if b == nil { // it was added later
			continue
		}
		sealed := make(map[string][]byte)
		err := b.ForEach(func(name, data []byte) error {
			sealed[string(name)] = sealRecord(kind, name, data)
			return nil
		})
		for name, data := range sealed {
			err = errors.Join(err, b.Put([]byte(name), data))
		}
		if err != nil {
			return err
		}
	}
	return tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(version)))
}

// DamagedRecords returns an error for each record, and for what is kept of the requests of each message, whose CRC does not match.
func (db *DB) DamagedRecords() ([]error, error) {
	damaged, err := db.damagedRecords()
	if err != nil {
		return damaged, err
	}
	requests, _, err := db.damagedRequests(nil, math.MaxInt)
	return append(damaged, requests...), err
}

func (db *DB) damagedRecords() (damaged []error, err error) {
	err = db.eachDamaged(oplog.RecordKinds, func(kind oplog.RecordKind, name string) {
		damaged = append(damaged, oplog.DamagedRecord(kind, name))
	})
	return damaged, err
}

// DamagedDays returns the kind and name, joined by a slash, of each damaged record of an archived day or of a deletion.
func (db *DB) DamagedDays() (names []string, err error) {
	err = db.eachDamaged([]oplog.RecordKind{oplog.RecordArchive, oplog.RecordDeletion}, func(kind oplog.RecordKind, name string) {
		names = append(names, string(kind)+"/"+name)
	})
	return names, err
}

// eachDamaged calls visit for the records of some kinds whose CRC does not match.
func (db *DB) eachDamaged(kinds []oplog.RecordKind, visit func(kind oplog.RecordKind, name string)) error {
	return db.view(func(tx *bolt.Tx) error {
		for _, kind := range kinds {
			err := db.forEachRecord(tx, kind, func(name, _ []byte, damage error) error {
				if damage != nil {
					visit(kind, string(name))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
