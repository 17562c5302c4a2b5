package node_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"oplog/durable"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
)

// refusing is a disk that refuses every write.
type refusing struct{ durable.SystemDisk }

func (refusing) WriteAt(f *os.File, _ []byte, _ int64) (int, error) {
	return 0, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.EIO}
}

func (refusing) Sync(f *os.File) error {
	return &os.PathError{Op: "sync", Path: f.Name(), Err: syscall.EIO}
}

func (d refusing) SyncData(f *os.File) error { return d.Sync(f) }

// TestBackupWhileTheDiskRefuses: a backup of a log whose disk refuses all writes is copied elsewhere, is complete, and leaves nothing behind.
func TestBackupWhileTheDiskRefuses(t *testing.T) {
	l := nodetest.New(t)
	l.Record("acme", nodetest.Entry("a", 2), nodetest.Entry("b", 1))
	elsewhere := t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	accept := durable.UseDisk(refusing{})
	t.Cleanup(accept)
	if _, err := l.Journal.Append(t.Context(), "acme", []oplog.Entry{nodetest.Entry("c", 0)}); oplog.CodeOf(err) != oplog.CodeUnavailable || l.Failure() == nil {
		t.Fatalf("the disk accepts it: %v, %v", err, l.Failure())
	}
	exports := filepath.Join(l.Dir, "exports") // where no file can be made any more
	l.Must(nil, os.RemoveAll(exports))
	l.Must(nil, os.WriteFile(exports, nil, 0o600))
	b, err := l.Backup(t.Context())
	l.Must(nil, err)
	made, err := os.ReadDir(elsewhere)
	if err != nil || len(made) != 1 {
		t.Errorf("elsewhere is %v, %v", made, err)
	}
	copied, err := os.ReadFile(b.Name())
	l.Must(nil, err)
	l.Must(nil, b.Close())
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	_ = l.Close() // the disk refuses that too
	accept()
	file := filepath.Join(t.TempDir(), "backup")
	l.Must(nil, os.WriteFile(file, copied, 0o600))
	from, err := os.Open(file)
	l.Must(nil, err)
	defer func() { _ = from.Close() }()
	dir := t.TempDir()
	_, err = storage.Restore(t.Context(), dir, from, func(*storage.DB) error { return nil })
	l.Must(nil, err)
	restored, err := storage.Open(dir, storage.Options{WithoutKey: true})
	l.Must(nil, err)
	defer func() { _ = restored.Close() }()
	if n, _, err := restored.Counts("acme"); err != nil || n != 2 {
		t.Errorf("%d entries were restored, %v", n, err)
	}
}
