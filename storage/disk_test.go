package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// TestOpenSyncs: what a killed process has not synced is on disk before anybody reads it, and before the head says so. The pages are written
// again: after a sync that failed, the system may take them for synced.
func TestOpenSyncs(t *testing.T) {
	of := crashedAndClosed(t)["crashed"]
	last, _ := slots(t, of[fileName])
	s, _, ok := decodeSeal(pageOf(of[fileName], last), metaOf(t, of[fileName], last))
	if !ok || len(s.pages) == 0 {
		t.Fatalf("the seal lists no pages: %+v", s)
	}
	disk := watchDisk(t)
	openStore(t, of.laid(t, -1))
	sync := slices.Index(disk.done, "sync "+fileName)
	head := slices.IndexFunc(disk.done, func(step string) bool { return step == "write "+headName+" 0" || step == "write "+headName+" 4096" })
	if sync < 0 || head < sync {
		t.Errorf("the head is written before the data is synced: %q", disk.done)
	}
	for _, run := range append(s.pages, pageRun{uint64(last), 1}) {
		step := fmt.Sprintf("write %s %d", fileName, int(run.first)*os.Getpagesize())
		if at := slices.Index(disk.done, step); at < 0 || at > sync {
			t.Errorf("%s is not written again: %q", step, disk.done)
		}
	}
}

// TestOpenSyncsTheFirstSeal: the seal with which seals begin is written again, too. Its transaction needs none, but without it the next one, of which
// a power cut left a part, would be taken for one that bbolt synced.
func TestOpenSyncsTheFirstSeal(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := db.startSealing(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(db.path())
	if err != nil {
		t.Fatal(err)
	}
	last, _ := slots(t, data)
	if s, _, ok := decodeSeal(pageOf(data, last), metaOf(t, data, last)); !ok || !s.sealNext {
		t.Fatalf("no seal begins the others: %+v", s)
	}
	left := asKilled(t, db)
	disk := watchDisk(t)
	openStore(t, left)
	written, sync := slices.Index(disk.done, fmt.Sprintf("write %s %d", fileName, last*os.Getpagesize())), slices.Index(disk.done, "sync "+fileName)
	if written < 0 || written > sync {
		t.Errorf("the seal is not written again before the sync: %q", disk.done)
	}
}

// TestFirstSealFails: if the seal with which seals begin cannot be synced, it does not stay, and the log is read-only before another transaction can
// begin. One without a seal of its own would be taken for one that was interrupted, and rolled back at the next start.
func TestFirstSealFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	sync := db.sync
	db.sync = func(*os.File) error { return syscall.EDQUOT }
	if err := db.sealNext(); err == nil || db.Failure() == nil {
		t.Fatalf("%v, %v", err, db.Failure())
	}
	p, err := db.metaPages()
	if err != nil || p.sealsNext(p.last) {
		t.Errorf("the seal stays, %v", err)
	}
	db.sync = sync
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(appendOne(db, 1, "a"), appendOne(db, 2, "b")); err != nil {
		t.Fatal(err)
	}
	if got := arrivals(t, openStore(t, asKilled(t, db)), 1); got != "a b" {
		t.Errorf("arrivals %s", got)
	}
}
