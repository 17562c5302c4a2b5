package storage

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// slowFile is on a disk that is so slow that others write to the log whenever a piece is written to it.
type slowFile struct {
	*os.File
	meanwhile func()
}

func (f *slowFile) WriteAt(p []byte, at int64) (int, error) {
	f.meanwhile()
	return f.File.WriteAt(p, at)
}

// newSlowFile returns a new slow file.
func newSlowFile(t testing.TB, meanwhile func()) *slowFile {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &slowFile{f, meanwhile}
}

// restored returns the store that a copy becomes.
func restored(t *testing.T, f *slowFile) (*DB, RestoreResult) {
	t.Helper()
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "restored")
	r, err := Restore(context.Background(), dir, f, func(*DB) error { return nil })
	if err != nil || !r.Hashed {
		t.Fatalf("%+v, %v", r, err)
	}
	db, err := Open(dir, Options{WithoutKey: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, db) })
	return db, r
}

// TestCopyWhileWriting: while a slow copy is made, writers do not wait for it, and the store grows no more than without it. In a read transaction as
// long as the copy, no page would be used again, and the first writer that had more of the file mapped would wait forever here.
func TestCopyWhileWriting(t *testing.T) {
	const already, batches, batch = 60_000, 40, 20
	grown := func(copied bool) int64 {
		db := openStore(t, t.TempDir())
		db.sync = func(*os.File) error { return nil }
		long := strings.Repeat("x", 100)
		for i := 0; i < already; i += 5000 {
			mustAppend(t, db, someEntries(i, 5000, long)...)
		}
		before, n := bytesOf(t, db), already
		write := func() {
			for range batches {
				mustAppend(t, db, someEntries(n, batch, long)...)
				n += batch
			}
		}
		pieces := int(before/copyPiece) + 1
		if !copied {
			for range pieces {
				write()
			}
			return bytesOf(t, db) - before
		}
		pieces--
		f := newSlowFile(t, func() {
			if pieces--; pieces >= 0 {
				write()
			}
		})
		if _, err := db.CopyTo(f); err != nil {
			t.Fatal(err)
		}
		if pieces > 0 {
			t.Fatalf("%d pieces fewer than expected were written", pieces)
		}
		db.sync = syncData
		if _, r := restored(t, f); r.Entries != uint64(n) {
			t.Errorf("the copy has %d entries of %d", r.Entries, n)
		}
		return bytesOf(t, db) - before
	}
	without, with := grown(false), grown(true)
	t.Logf("the store grows by %d KiB without, and %d KiB with a copy", without>>10, with>>10)
	if with > without+without/10 {
		t.Errorf("it grows by %d KiB with a copy, and %d KiB without", with>>10, without>>10)
	}
}

// slowReads is a file on a disk from which that many bytes are read in a second.
type slowReads struct {
	io.ReaderAt
	perSecond int64
}

func (r slowReads) ReadAt(p []byte, at int64) (int, error) {
	time.Sleep(time.Duration(int64(len(p)) * int64(time.Second) / r.perSecond))
	return r.ReaderAt.ReadAt(p, at)
}

// TestCopyFromASlowDisk: while a store is copied whose file is read slowly, 1,000 entries a second are recorded: it grows no more than without a copy, and no
// sender waits for it.
func TestCopyFromASlowDisk(t *testing.T) {
	const already, batch = 40_000, 10
	defer func(read func(*os.File) io.ReaderAt) { readForCopy = read }(readForCopy)
	readForCopy = func(f *os.File) io.ReaderAt { return slowReads{f, 4 << 20} }
	db := openStore(t, t.TempDir())
	n := 0
	write := func(count int) time.Duration {
		began := time.Now()
		mustAppend(t, db, someEntries(n, count, strings.Repeat("x", 100))...)
		n += count
		return time.Since(began)
	}
	for n < already {
		write(5000)
	}
	// during records until do returns.
	during := func(what string, do func()) (perEntry float64) {
		before, first, longest, ended := bytesOf(t, db), n, time.Duration(0), make(chan struct{})
		go func() { do(); close(ended) }()
		for running := true; running; {
			longest = max(longest, write(batch))
			select {
			case <-ended:
				running = false
			case <-time.After(batch * time.Millisecond):
			}
		}
		grown := bytesOf(t, db) - before
		perEntry = float64(grown) / float64(n-first)
		t.Logf("%s: %d entries; the store grew by %d KiB, %.0f bytes an entry; an append took %s at most", what, n-first, grown>>10, perEntry, longest.Round(time.Millisecond))
		return perEntry
	}
	pause := func() { time.Sleep(2 * time.Second) }
	during("at first", pause) // until pages are used again
	without := during("without a copy", pause)
	f := newSlowFile(t, func() {})
	with := during("with one", func() {
		if _, err := db.CopyTo(f); err != nil {
			t.Error(err)
		}
	})
	if _, r := restored(t, f); r.Entries < already {
		t.Errorf("the copy has %d entries", r.Entries)
	}
	if with > 1.5*without+100 {
		t.Errorf("an entry takes %.0f bytes with a copy, and %.0f without", with, without)
	}
}

// someEntries returns entries that were not appended yet, from a number on.
func someEntries(from, count int, content string) []oplog.Entry {
	entries := make([]oplog.Entry, count)
	for i := range entries {
		entries[i] = withID(fmt.Sprint("e", from+i), entry((from+i)%100_000, content))
	}
	return entries
}

func bytesOf(t testing.TB, db *DB) int64 {
	t.Helper()
	n, err := db.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCopiesAreConsistent: whatever is written, deleted and fails while pages are copied, a copy is a state that the store had: all its trees and
// records are those of one moment.
func TestCopiesAreConsistent(t *testing.T) {
	defer func(piece, last int64) { copyPiece, maxLastPages = piece, last }(copyPiece, maxLastPages)
	copyPiece, maxLastPages = 16<<10, 32<<10
	db := openStore(t, t.TempDir())
	n := 0
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		write := func() {
			count := []int{1, 7, 300}[random.IntN(3)]
			if random.IntN(200) == 0 {
				db.sync = func(*os.File) error { return os.ErrInvalid }
				_, _ = db.Append(context.Background(), "acme", someEntries(n, count, "lost"), 0)
				db.sync = syncData
				return
			}
			if db.Failure() != nil {
				return
			}
			mustAppend(t, db, someEntries(n, count, strings.Repeat("c", n%200))...)
			n += count
			put(t, db, oplog.RecordServer, "copied", fmt.Sprintf(`{"entries":%d,"filler":%q}`, n, strings.Repeat("f", n%5000)))
		}
		for db.Failure() != nil {
			time.Sleep(time.Millisecond)
		}
		write()
		writes := 100
		f := newSlowFile(t, func() {
			if writes--; writes >= 0 && random.IntN(3) > 0 {
				write()
			}
		})
		if _, err := db.CopyTo(f); oplog.CodeOf(err) == oplog.CodeUnavailable {
			t.Logf("seed %d: %v", seed, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		copied, result := restored(t, f)
		checkStore(t, copied, "acme")
		data, _, err := copied.Record(oplog.RecordServer, "copied")
		var entries uint64
		if _, bad := fmt.Sscanf(string(data), `{"entries":%d`, &entries); err != nil || bad != nil || entries > result.Entries || result.Entries > entries+300 {
			t.Errorf("seed %d: the copy has %d entries, and its record is %.30s, %v", seed, result.Entries, data, err)
		}
	}
}
