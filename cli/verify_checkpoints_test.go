package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/demo"
)

// TestVerifyAnchors: the folder of checkpoints covers every tree, so that neither the access logs nor the last entries can be rewritten with
// all their proof.
func TestVerifyAnchors(t *testing.T) {
	dir := t.TempDir()
	data, stick := filepath.Join(dir, "data"), filepath.Join(dir, "stick")
	file, intact := filepath.Join(data, "oplog.db"), filepath.Join(dir, "intact.db")
	if err := os.Mkdir(stick, 0o700); err != nil {
		t.Fatal(err)
	}
	serve(t, "demo", "--entries", "300", "--data", data, "--anchor", stick).stop()
	copyFile(t, file, intact)
	serve(t, "serve", "--data", data, "--anchor", stick).stop()
	f := func(name string, status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"verify", "--data", data, "--anchors", stick}, args...)...)
		for part := range strings.SplitSeq(want, " & ") {
			if r.status != status || !strings.Contains(r.stdout+r.stderr, part) {
				t.Errorf("%s: %+v; want %d, %s", name, r, status, part)
			}
		}
	}
	// The server started and stopped twice; each end is in the access logs, and none of these events lacks a checkpoint.
	f("intact", exitDone, "tenant demo: its first 300 entries are those of 1 checkpoints & tenant demo/access: its first 4 entries are those of & the installation's access log (/access): its first")
	f("of one tenant", exitDone, "tenant demo/access: its first 4 entries are", "--tenant", demo.TenantID)

	// The log and its access log are put back by one run of the server, with all their proof.
	now := content(t, file)
	copyFile(t, intact, file)
	f("an older file", exitFailed, "NOT INTACT: "+file+" ends with transaction")
	withoutHead(t, data)
	f("the access logs of before", exitFailed, "tenant demo/access: NOT INTACT: the log ends at entry 2 & installation's access log (/access): NOT INTACT")
	serve(t, "serve", "--data", data).stop()
	f("the access logs written again", exitFailed, "tenant demo/access: NOT INTACT: its first & the log was rewritten with its proof")

	write(t, file, now)
	tamper(t, data, func(tx *bolt.Tx) error { return tx.Bucket([]byte("tenants")).DeleteBucket([]byte("/access")) })
	f("no access log", exitFailed, "the installation's access log (/access) is not in the store, but checkpoint")
	write(t, file, now)
	write(t, filepath.Join(stick, demo.TenantID, "2026-01-01.checkpoint"), "forged\n")
	f("a forged checkpoint", exitFailed, "2026-01-01.checkpoint is not valid & tenant demo: its first 300 entries are those of 1 checkpoints")
	write(t, filepath.Join(stick, demo.TenantID, "2026-01-01.checkpoint"), "")
	withoutHead(t, data) // of a run of the server that may have written more transactions
	f("an unfinished checkpoint", exitDone, "2026-01-01.checkpoint is empty, as after a crash")
	if r := (setting{}).run(t, "verify", "--data", data, "--anchors", filepath.Join(dir, "data", "index")); r.status != exitFailed || !strings.Contains(r.stderr, "there are no checkpoints in") {
		t.Errorf("%+v", r)
	}
}
