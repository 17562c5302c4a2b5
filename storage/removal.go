package storage

import (
	"encoding/json"
	"errors"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/signing"
)

// OpenRemoval parses the statement of a removed tenant, which this store signed, with the last checkpoints of its two trees, or explains why it is
// rejected.
func (db *DB) OpenRemoval(text string) (s oplog.RemovalStatement, of [2]Checkpoint, err error) {
	k := db.key.Load()
	changes, err := k.changesOf("")
	if err != nil {
		return s, of, err
	}
	keys, err := signing.Follow(k.verifier, changes)
	if err != nil {
		return s, of, err
	}
	opened, err := keys.Open(text)
	if err != nil {
		return s, of, err
	}
	if s, err = oplog.ParseRemoval(opened.Text); err != nil {
		return s, of, err
	}
	for i, checkpoint := range []string{s.Checkpoint, s.AccessCheckpoint} {
		if of[i], err = db.OpenCheckpoint(checkpoint); err != nil {
			return s, of, err
		}
	}
	if of[0].Tenant != s.Tenant || of[0].Size != s.Entries || of[1].Tenant != oplog.TrailName(s.Tenant) || of[1].Size != s.Access {
		err = errors.New("its checkpoints are not those of the tenant")
	}
	return s, of, err
}

// provenRemoval returns the deletion of everything that the signed statement of a removed tenant proves of one of its logs; nil if there is none.
func (db *DB) provenRemoval(tx *bolt.Tx, log string) *oplog.Deletion {
	name := []byte(oplog.OwnerOf(log))
	stored := recordBucket(tx, oplog.RecordTenant).Get(name)
	if stored == nil {
		return nil
	}
	data, err := db.openRecord(oplog.RecordTenant, name, stored)
	var t struct {
		ID      string         `json:"id"`
		Removal *oplog.Removal `json:"removal"`
	}
	if err != nil || json.Unmarshal(data, &t) != nil || t.Removal == nil || t.Removal.Statement == "" {
		return nil
	}
	s, of, err := db.OpenRemoval(t.Removal.Statement)
	if err != nil || s.Tenant != t.ID {
		return nil
	}
	through := of[0].Size
	if oplog.IsTrail(log) {
		through = of[1].Size
	}
	return &oplog.Deletion{Tenant: log, At: s.At, Through: through, Days: []oplog.Days{{From: "0001-01-01", To: oplog.LastDate}}}
}
