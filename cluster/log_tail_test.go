package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/hashicorp/raft"

	"oplog/durable"
)

// crash returns a copy of a log's files as they are on disk, opened again. The log itself stays open.
func crash(t *testing.T, folder string, change func(tail []byte)) (*logStore, string) {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{logFile, tailFile} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == tailFile && change != nil {
			change(data)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openTestLogs(t, to)
	t.Cleanup(func() { _ = s.close() })
	return s, to
}

// checkLogs checks that a log has exactly the records of testLogs from one index to another.
func checkLogs(t *testing.T, s *logStore, first, last uint64) {
	t.Helper()
	f, err := s.FirstIndex()
	l, lastErr := s.LastIndex()
	if f != first || l != last || err != nil || lastErr != nil {
		t.Errorf("from %d to %d, %v, %v, want from %d to %d", f, l, err, lastErr, first, last)
	}
	if bad := s.firstBad(first, last); bad != 0 {
		t.Errorf("record %d cannot be read", bad)
	}
	for i := first; i <= last; i++ {
		var got raft.Log
		if err := s.GetLog(i, &got); err != nil || sumOf(&got) != sumOf(testLogs(i, i)[0]) {
			t.Errorf("record %d: %+v, %v", i, got, err)
		}
	}
}

func store(t *testing.T, s *logStore, from, to uint64) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := s.StoreLog(testLogs(i, i)[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTailSurvivesCrash: what was stored is there after a crash, before and after it was moved, and after deletions; what comes later follows it.
func TestTailSurvivesCrash(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	t.Cleanup(func() { _ = s.close() })
	again := func(first, last uint64) {
		t.Helper()
		checkLogs(t, s, first, last)
		other, to := crash(t, folder, nil)
		checkLogs(t, other, first, last)
		store(t, other, last+1, last+3)
		checkLogs(t, other, first, last+3)
		third, _ := crash(t, to, nil)
		checkLogs(t, third, first, last+3)
		if err := other.close(); err != nil {
			t.Fatal(err)
		}
		moved, _ := crash(t, to, func(tail []byte) { clear(tail) }) // a closed log has all in raft.db
		checkLogs(t, moved, first, last+3)
	}
	store(t, s, 5, 20)
	again(5, 20)
	if err := s.DeleteRange(18, 20); err != nil {
		t.Fatal(err)
	}
	again(5, 17)
	store(t, s, 18, 25)
	again(5, 25)
	if err := s.DeleteRange(5, 9); err != nil {
		t.Fatal(err)
	}
	again(10, 25)
	if err := s.StoreLogs(testLogs(26, 1000)); err != nil { // longer than a frame
		t.Fatal(err)
	}
	again(10, 1000)
	for next := uint64(1001); next < 6000; next += 50 { // more than the file takes
		if err := s.StoreLogs(testLogs(next, next+49)); err != nil {
			t.Fatal(err)
		}
	}
	again(10, 6000)
}

// TestTailIsWrittenOnce: a record is stored by one sync of raft.tail, and raft.db is not written.
func TestTailIsWrittenOnce(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	t.Cleanup(func() { _ = s.close() })
	disk := &countingDisk{}
	defer durable.UseDisk(disk)()
	before := s.db.Stats()
	store(t, s, 1, 10)
	after := s.db.Stats()
	if written := after.TxStats.GetWrite() - before.TxStats.GetWrite(); disk.syncs != 10 || disk.writes != 10 || written != 0 {
		t.Errorf("10 records took %d writes and %d syncs, and %d writes of raft.db", disk.writes, disk.syncs, written)
	}
}

type countingDisk struct {
	durable.SystemDisk
	syncs, writes int
	refuse        error // to sync
}

func (d *countingDisk) WriteAt(f *os.File, b []byte, at int64) (int, error) {
	d.writes++
	return d.SystemDisk.WriteAt(f, b, at)
}

func (d *countingDisk) SyncData(f *os.File) error {
	d.syncs++
	if d.refuse != nil {
		return d.refuse
	}
	return d.SystemDisk.SyncData(f)
}

// TestTailIsNotSynced: what could not be synced is not stored, and the next record takes its place.
func TestTailIsNotSynced(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	t.Cleanup(func() { _ = s.close() })
	store(t, s, 1, 3)
	disk := &countingDisk{refuse: errors.New("no sync")}
	defer durable.UseDisk(disk)()
	if err := s.StoreLog(&raft.Log{Index: 4, Data: []byte("lost")}); !errors.Is(err, disk.refuse) || !errors.Is(s.Failure(), disk.refuse) {
		t.Errorf("stored with %v, failure %v", err, s.Failure())
	}
	checkLogs(t, s, 1, 3)
	disk.refuse = nil
	store(t, s, 4, 6)
	if s.Failure() != nil {
		t.Errorf("failure %v", s.Failure())
	}
	other, _ := crash(t, folder, nil)
	checkLogs(t, other, 1, 6)
}

// TestTailIsDamaged: the last frame was interrupted if it is not right; of others the records are missing. A file that is gone or short is noticed.
func TestTailIsDamaged(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	t.Cleanup(func() { _ = s.close() })
	store(t, s, 1, 9)
	for _, at := range []int{0, markSize, markSize + 5, frameHead + 20} {
		interrupted, _ := crash(t, folder, func(tail []byte) { tail[8*frameAlign+at] ^= 1 })
		checkLogs(t, interrupted, 1, 8)
		store(t, interrupted, 9, 9)
		checkLogs(t, interrupted, 1, 9)
		damaged, _ := crash(t, folder, func(tail []byte) { tail[4*frameAlign+at] ^= 1 })
		if last, err := damaged.LastIndex(); damaged.firstBad(1, 9) != 5 || damaged.firstBad(6, 9) != 0 || last != 9 || err != nil {
			t.Errorf("first bad %d, last %d, %v", damaged.firstBad(1, 9), last, err)
		}
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, tailFile)
	for _, spoil := range []func() error{func() error { return os.Truncate(path, 100) }, func() error { return os.Remove(path) }} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := openLogStore(folder); err == nil {
			t.Error("it was opened")
		}
	}
}

// TestOpenTailInLittleMemory: a node that starts has no use for memory as long as the file, which it would keep.
func TestOpenTailInLittleMemory(t *testing.T) {
	folder := t.TempDir()
	s := openTestLogs(t, folder)
	store(t, s, 1, 100)
	defer func() { _ = s.close() }()
	for _, open := range []func() error{
		func() error { return createTail(t.TempDir()) },
		func() error {
			tail, err := openTail(folder, s.tail.mark)
			if err != nil {
				return err
			}
			if first, last := tail.edges(); first != 1 || last != 100 || tail.at != s.tail.at {
				t.Errorf("from %d to %d, up to %d, want 1, 100, %d", first, last, tail.at, s.tail.at)
			}
			return tail.f.Close()
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := open(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > tailBytes/16 {
			t.Errorf("%d bytes are used for a file of %d", used, tailBytes)
		}
	}
}
