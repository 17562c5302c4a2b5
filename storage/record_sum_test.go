package storage

import (
	"bytes"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// TestFlippedBitInARecord: whichever bit of a stored record is flipped, the record is neither read nor replaced, and verification names it.
// What can be done without, such as a session, counts as missing.
func TestFlippedBitInARecord(t *testing.T) {
	db := openStore(t, t.TempDir())
	const rule = `{"id":"acme","retention_days":365}`
	put(t, db, oplog.RecordTenant, "acme", rule)
	put(t, db, oplog.RecordTenant, "beta", `{"id":"beta"}`)
	put(t, db, oplog.RecordSession, "s", rule)
	for bit := range 8 * (recordSumSize + len(rule)) {
		flipBit(t, db, oplog.RecordTenant, "acme", bit)
		if data, _, err := db.Record(oplog.RecordTenant, "acme"); oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Fatalf("bit %d: it is read as %s, %v", bit, data, err)
		}
		if all, err := db.Records(oplog.RecordTenant, ""); oplog.CodeOf(err) != oplog.CodeDamaged || len(all) != 1 || all[0].Name != "beta" {
			t.Fatalf("bit %d: listed are %v, %v", bit, all, err)
		}
		if err := db.PutRecord(oplog.RecordTenant, "acme", oplog.RevisionOf([]byte(rule)), []byte("{}")); oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Fatalf("bit %d: it is replaced, %v", bit, err)
		}
		if found, err := db.DamagedRecords(); err != nil || len(found) != 1 || found[0].Error() != oplog.DamagedRecord(oplog.RecordTenant, "acme").Error() {
			t.Fatalf("bit %d: verification finds %v, %v", bit, found, err)
		}
		flipBit(t, db, oplog.RecordTenant, "acme", bit)
	}
	if data, _, err := db.Record(oplog.RecordTenant, "acme"); err != nil || string(data) != rule {
		t.Errorf("%s, %v", data, err)
	}
	flipBit(t, db, oplog.RecordTenant, "acme", 100)
	_, damaged, err := db.Record(oplog.RecordTenant, "acme")
	if oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Fatal(err)
	}
	if err := db.PutRecord(oplog.RecordTenant, "acme", damaged, []byte("{}")); err != nil {
		t.Errorf("by its revision it is not replaced: %v", err)
	}
	flipBit(t, db, oplog.RecordSession, "s", 100)
	if _, _, err := db.Record(oplog.RecordSession, "s"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("a damaged session is %v", err)
	}
	put(t, db, oplog.RecordSession, "s", "{}")
}

// TestMovedRecord: the bytes of another record are damage, too.
func TestMovedRecord(t *testing.T) {
	db := openStore(t, t.TempDir())
	put(t, db, oplog.RecordTenant, "acme", `{"id":"acme"}`)
	rewriteRecord(t, db, oplog.RecordTenant, "acme", func(b *bolt.Bucket, stored []byte) error { return b.Put([]byte("beta"), stored) })
	if _, _, err := db.Record(oplog.RecordTenant, "beta"); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Error(err)
	}
}

func flipBit(t *testing.T, db *DB, kind oplog.RecordKind, name string, bit int) {
	t.Helper()
	rewriteRecord(t, db, kind, name, func(b *bolt.Bucket, stored []byte) error {
		stored[bit/8] ^= 1 << (bit % 8)
		return b.Put([]byte(name), stored)
	})
}

func rewriteRecord(t *testing.T, db *DB, kind oplog.RecordKind, name string, change func(b *bolt.Bucket, stored []byte) error) {
	t.Helper()
	err := db.update(func(tx *bolt.Tx) error {
		b := recordBucket(tx, kind)
		return change(b, bytes.Clone(b.Get([]byte(name))))
	})
	if err != nil {
		t.Fatal(err)
	}
}
