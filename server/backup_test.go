package server

import (
	"os"
	"path/filepath"
	"testing"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/server/wire"
)

// TestBackupsAreBounded: each caller makes one backup at a time, all together two, and HEAD makes none.
func TestBackupsAreBounded(t *testing.T) {
	f := newServer(t)
	const path = "/api/v1/backup"
	owner, another := wire.Holder{Caller: "user  owner"}, wire.Holder{Caller: "user  another"}
	f.get("owner", path, 200)
	if held := f.server.copies.Held(owner.Caller); held != 0 {
		t.Errorf("%d backups have not ended", held)
	}
	f.noError(f.server.copies.Take(owner, 1))
	f.asProblem(f.send("owner", "GET", path, ""), 429)
	if r := f.send("owner", "HEAD", path, ""); r.status != 200 || r.header.Get("Content-Disposition") == "" {
		t.Errorf("HEAD: %d %v", r.status, r.header)
	}
	f.get("backup", path, 200)
	f.noError(f.server.copies.Take(another, 1))
	f.asProblem(f.send("backup", "GET", path, ""), 429)
	f.server.copies.Give(another, 1)
	f.get("backup", path, 200)
	if left, err := filepath.Glob(filepath.Join(f.dir, "exports", "backup-*")); len(left) != 0 || err != nil {
		t.Errorf("%v, %v are left", left, err)
	}
}

// TestBackupToTempDir: while the log's disk refuses writes, a backup is copied to the temporary directory only if that has room.
func TestBackupToTempDir(t *testing.T) {
	f := newServer(t)
	file, away := filepath.Join(f.dir, "oplog.db"), filepath.Join(f.dir, "oplog.db.away")
	f.noError(os.Rename(file, away))
	defer func() { f.noError(os.Rename(away, file)) }()
	f.asProblem(f.send("write", "POST", entriesPath, entry()), 503)
	f.disk.Leave(1 << 20)
	f.noError(f.log.CheckTempSpace()) // not needed
	exports := filepath.Join(f.dir, "exports")
	f.noError(os.RemoveAll(exports))
	f.noError(os.WriteFile(exports, nil, 0o600)) // not a directory
	nodetest.WantCode(t, f.log.CheckTempSpace(), oplog.CodeDiskFull)
	f.asProblem(f.send("backup", "GET", "/api/v1/backup", ""), 507)
	f.disk.Leave(1 << 39)
	f.get("backup", "/api/v1/backup", 200)
}
