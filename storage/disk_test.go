package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"oplog/durable"
)

// watchedDisk notes what is written and synced, by the base name of the file. A write fails halfway if fail returns true.
type watchedDisk struct {
	durable.Disk
	fail func() bool
	done []string
}

func watchDisk(t *testing.T) *watchedDisk {
	d := &watchedDisk{fail: func() bool { return false }}
	restore := durable.UseDisk(d)
	d.Disk = durable.SystemDisk{}
	t.Cleanup(restore)
	return d
}

func (d *watchedDisk) WriteAt(f *os.File, b []byte, at int64) (int, error) {
	d.done = append(d.done, fmt.Sprintf("write %s %d", filepath.Base(f.Name()), at))
	if !d.fail() {
		return d.Disk.WriteAt(f, b, at)
	}
	n, err := d.Disk.WriteAt(f, b[:len(b)/2], at)
	return n, errors.Join(err, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.EIO})
}

func (d *watchedDisk) SyncData(f *os.File) error {
	d.done = append(d.done, "sync "+filepath.Base(f.Name()))
	return d.Disk.SyncData(f)
}

// TestCloseFails: a write that fails halfway while the log is closed damages nothing that was acknowledged.
func TestCloseFails(t *testing.T) {
	for failing := range 4 {
		disk := watchDisk(t)
		db := openStore(t, t.TempDir())
		if err := errors.Join(appendOne(db, 1, "a"), appendOne(db, 2, "b")); err != nil {
			t.Fatal(err)
		}
		writes := 0
		disk.fail = func() bool { writes++; return writes == failing+1 }
		_ = db.Close()
		disk.fail = func() bool { return false }
		if got := arrivals(t, openStore(t, db.dir), 1); got != "a b" {
			t.Errorf("write %d fails: arrivals %s", failing, got)
		}
	}
}
