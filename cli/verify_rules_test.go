package cli

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestVerifyComparesRules: verify names a record of which a bit was flipped, and a rule that was rewritten with its checksum.
func TestVerifyComparesRules(t *testing.T) {
	l := &log500{t: t, data: filepath.Join(t.TempDir(), "data"), intact: filepath.Join(t.TempDir(), "intact.db")}
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", l.data)
	l.checkOutput("no rule", exitDone, "tenant acme: intact", "verify", "--data", l.data)
	setting{}.mustRun(t, "tenant", "set", "acme", "--retention-days", "365", "--data", l.data)
	l.checkOutput("a rule", exitDone, "tenant acme: intact", "verify", "--data", l.data)
	copyFile(t, filepath.Join(l.data, "oplog.db"), l.intact)

	rewrite := func(sum bool) {
		copyFile(t, l.intact, filepath.Join(l.data, "oplog.db"))
		tamper(t, l.data, func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte("records")).Bucket([]byte("tenants"))
			stored := bytes.Replace(b.Get([]byte("acme")), []byte("365"), []byte("165"), 1)
			if sum {
				binary.BigEndian.PutUint32(stored, crc32.Checksum(append([]byte("tenants\x00acme\x00"), stored[4:]...), crc32.MakeTable(crc32.Castagnoli)))
			}
			return b.Put([]byte("acme"), stored)
		})
	}
	rewrite(false)
	l.checkOutput("a flipped bit", exitFailed, "NOT INTACT: The record tenants/acme is damaged & Restore", "verify", "--data", l.data)
	l.checkOutput("a flipped bit", exitFailed, "The record tenants/acme is damaged", "tenant", "set", "acme", "--name", "A", "--data", l.data)
	copyFile(t, l.intact, filepath.Join(l.data, "oplog.db"))
	tamper(t, l.data, func(tx *bolt.Tx) error {
		_, err := tx.Bucket([]byte("tenants")).CreateBucket([]byte("acle"))
		return err
	})
	l.checkOutput("a flipped bit in a name", exitFailed, `NOT INTACT: the store has a log "acle", but no such tenant`, "verify", "--data", l.data)
	rewrite(true)
	l.checkOutput("another rule", exitFailed, "tenant acme: NOT INTACT: its retention rule is not what & 165 days for entries & was set to 365 days", "verify", "--data", l.data)
}
