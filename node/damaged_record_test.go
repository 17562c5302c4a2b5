package node_test

import (
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/exports"
	"oplog/identity"
	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/trail"
)

// TestDamagedRecordsAreDispensable: a flipped bit in a record of the server or of an export keeps nobody from recording or from signing in.
func TestDamagedRecordsAreDispensable(t *testing.T) {
	l := nodetest.New(t)
	l.Record("acme", nodetest.Entry("first", 1))
	l.Must(nil, l.Identity.SetSecondFactorRule(identity.SecondFactorRule{Roles: []identity.Role{identity.RoleAuditor}}, func() error { return nil }))
	l.Must(l.Identity.DeviceToken(identity.Account{Username: "a"}))
	l.Must(nil, node.RecordBackup(l.Store, nodetest.Morning))
	l.Must(l.Exports.Start(t.Context(), exports.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeToday}))
	l.Trail.Add(trail.Event{User: trail.ServerUser, Module: "server", Operation: "start"})
	for _, name := range []string{"clock", "acts", "acts/1f", "scrub"} { // as they are after a crash
		l.Must(nil, l.Store.PutRecord(oplog.RecordServer, name, oplog.Revision{}, []byte(`"2026-11-20T08:42:00Z"`)))
	}
	l.Stop()
	damaged := flipRecords(t, filepath.Join(l.Dir, "oplog.db"))
	l.Start()
	for _, name := range []string{"second_factor", "device_secret", "last_backup", "clock", "acts", "acts/1f", "scrub"} {
		if !damaged[name] {
			t.Errorf("no record %s was damaged, only %v", name, damaged)
		}
	}
	l.Record("acme", nodetest.Entry("second", 0))
	l.Must(l.Identity.DeviceToken(identity.Account{Username: "a"}))
	l.Must(l.Status())
	rule, err := l.Identity.SecondFactorRule()
	if l.Must(nil, err); len(rule.Roles) != len(identity.Roles) {
		t.Errorf("a damaged rule lets in %v", rule.Roles)
	}
	l.Must(nil, l.Identity.SetSecondFactorRule(identity.SecondFactorRule{}, func() error { return nil }))
	l.Must(nil, node.RecordBackup(l.Store, nodetest.Morning.Add(time.Hour)))
	l.Restart()
	if left, err := l.Store.Records(oplog.RecordServer, ""); err != nil {
		t.Errorf("damage is left beside %d records: %v", len(left), err)
	}
	if rule, err := l.Identity.SecondFactorRule(); err != nil || len(rule.Roles) > 0 {
		t.Errorf("the rule is %v, %v", rule, err)
	}
}

// flipRecords flips a bit of each record of the server and of exports, and returns the names of the former.
func flipRecords(t *testing.T, path string) map[string]bool {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	flipped := map[string]bool{}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, kind := range []oplog.RecordKind{oplog.RecordServer, oplog.RecordExport} {
			b := tx.Bucket([]byte("records")).Bucket([]byte(kind))
			values := map[string][]byte{}
			_ = b.ForEach(func(name, stored []byte) error {
				values[string(name)] = append([]byte(nil), stored...)
				return nil
			})
			for name, stored := range values {
				stored[len(stored)-2] ^= 4
				if err := b.Put([]byte(name), stored); err != nil {
					return err
				}
				if kind == oplog.RecordServer {
					flipped[name] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return flipped
}
