package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// TestCrashInATransaction simulates crashes before a transaction's sync, which leave any subset of its pages on disk. The file must then be
// as before or as after the transaction, and remain usable.
func TestCrashInATransaction(t *testing.T) {
	db := openStore(t, t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	mustAppend(t, db, entry(1, "first"))
	rolledBack, complete, listed := 0, 0, 0
	for step := range 16 {
		before, was := fileOf(t, db), stateOf(t, db)
		transact(t, db, step)
		after, is := fileOf(t, db), stateOf(t, db)
		c := crash{random: random, before: before, after: after, pages: changedPages(before, after)}
		if c.listed = checkListed(t, after, c.pages); c.listed {
			listed++
		}
		for trial := range 5 {
			data, mayStay, mayGo := c.simulate(trial)
			got := openCrashed(t, db, data)
			if right := got == is && mayStay || got == was && mayGo; !right {
				t.Fatalf("step %d, trial %d: the state is\n%s\nbefore the transaction it was\n%s\nand after it\n%s", step, trial, got, was, is)
			}
			switch {
			case got == is:
				complete++
			case hasMeta(data, after, c.pages[0]):
				rolledBack++
			}
		}
	}
	if rolledBack < 10 || complete < 10 || listed < 10 || listed == 16 {
		t.Errorf("rolled back %d, complete %d, listed their pages %d: too few of a kind", rolledBack, complete, listed)
	}
}

// crash is a transaction interrupted by a crash.
type crash struct {
	random        *rand.Rand
	before, after []byte // the file
	pages         []int  // changed pages, the meta page first
	listed        bool   // in the seal; otherwise they were synced before the seal
}

// simulate returns a file with some of the pages, and whether the transaction may be present or absent after recovery.
func (c *crash) simulate(trial int) (data []byte, mayStay, mayGo bool) {
	data = slices.Concat(c.before, make([]byte, len(c.after)-len(c.before))) // the file grows first
	slot := c.pages[0]
	left := 0
	for _, page := range c.pages {
		if trial <= 1 || c.random.IntN(len(c.pages)+1) > 0 {
			copyPage(data, c.after, page)
			left++
		}
	}
	if trial == 0 {
		return data, true, false
	}
	seal := pageOf(data, slot)[sealOffset:]
	switch trial {
	case 1: // all but one page
		copyPage(data, c.before, c.pages[1+c.random.IntN(len(c.pages)-1)])
		left--
	case 2: // the meta page as bbolt writes it, before its seal
		copyPage(data, c.after, slot)
		clear(seal)
		return data, false, true
	case 3: // the seal without the rest of the meta page
		copy(pageOf(data, slot)[:sealOffset], pageOf(c.before, slot))
		return data, false, true
	}
	if !c.listed {
		clear(seal)
		return data, false, true
	}
	return data, left == len(c.pages), left < len(c.pages)
}

// hasMeta reports whether two files have the same meta page.
func hasMeta(data, other []byte, page int) bool {
	return bytes.Equal(pageOf(data, page)[:sealOffset], pageOf(other, page)[:sealOffset])
}

// checkListed checks that a seal lists all pages that its transaction changed; false if there were too many to list.
func checkListed(t *testing.T, data []byte, changed []int) bool {
	t.Helper()
	s, _, ok := decodeSeal(pageOf(data, changed[0]), metaOf(t, data, changed[0]))
	if !ok || !s.sealNext {
		t.Fatalf("the transaction is not sealed: %+v", s)
	}
	if len(s.pages) == 0 {
		return false
	}
	for _, page := range changed[1:] {
		if !slices.ContainsFunc(s.pages, func(run pageRun) bool { return uint64(page)-run.first < run.count }) {
			t.Errorf("page %d is not in %v", page, s.pages)
		}
	}
	return true
}

// transact commits a transaction; each step is of another kind.
func transact(t *testing.T, db *DB, step int) {
	t.Helper()
	switch step {
	default:
		mustAppend(t, db, entry(step, fmt.Sprint("single ", step)))
	case 1, 6:
		put(t, db, oplog.RecordTenant, "acme", fmt.Sprintf(`{"step":%d}`, step))
	case 2, 7, 9:
		var entries []oplog.Entry
		for i := range 40 * step {
			entries = append(entries, withID(fmt.Sprintf("own-%d-%d", step, i), entry(i*97, strings.Repeat("many ", 20))))
		}
		mustAppend(t, db, entries...)
	case 3, 8:
		if err := db.BeginDeletion(&oplog.Deletion{ID: fmt.Sprint("d", step), Tenant: "acme"}); err != nil {
			t.Fatal(err)
		}
	case 11, 12, 13, 14: // scattered pages, too many for a seal
		err := db.update(func(tx *bolt.Tx) error {
			b := recordBucket(tx, oplog.RecordExport)
			for i := range 1000 {
				if step == 11 || i%3 == step%3 {
					if err := b.Put(fmt.Appendf(nil, "%04d", i), bytes.Repeat([]byte{byte(step)}, 3000)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func fileOf(t *testing.T, db *DB) []byte {
	t.Helper()
	data, err := os.ReadFile(db.path())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// stateOf formats the contents of a store.
func stateOf(t *testing.T, db *DB) string {
	t.Helper()
	checkpoint, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := db.Record(oplog.RecordTenant, "acme")
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Fatal(err)
	}
	deletions, err := db.Records(oplog.RecordDeletion, "")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s%s %d deletions", checkpoint, record, len(deletions))
}

// openCrashed opens a file after a crash, checks it, and appends to it.
func openCrashed(t *testing.T, of *DB, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	copyKey(t, of.dir, dir)
	db, err := Open(dir, Options{AcceptLoss: true}) // the head of before the transaction is not there
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, db)
	state := stateOf(t, db)
	mustAppend(t, db, entry(0, "later"))
	checkStore(t, db, "acme")
	err = db.bolt.Load().View(func(tx *bolt.Tx) (err error) {
		for damage := range tx.Check() {
			err = errors.Join(err, damage)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return state
}

func pageOf(data []byte, page int) []byte {
	size := os.Getpagesize()
	return data[page*size:][:size]
}

func copyPage(to, from []byte, page int) {
	if (page+1)*os.Getpagesize() > len(from) {
		clear(pageOf(to, page))
		return
	}
	copy(pageOf(to, page), pageOf(from, page))
}

// changedPages returns the pages that a transaction changed, its meta page first.
func changedPages(before, after []byte) (pages []int) {
	for page := range len(after) / os.Getpagesize() {
		old := make([]byte, os.Getpagesize())
		if (page+1)*os.Getpagesize() <= len(before) {
			old = pageOf(before, page)
		}
		if !bytes.Equal(old, pageOf(after, page)) {
			pages = append(pages, page)
		}
	}
	return pages
}

func metaOf(t *testing.T, data []byte, page int) meta {
	t.Helper()
	m, ok := readMeta(pageOf(data, page))
	if !ok {
		t.Fatalf("page %d is not a meta page", page)
	}
	return m
}

// TestSealedFormat: builds without seals reject a file while it is open and after a crash, and read it once it is closed.
func TestSealedFormat(t *testing.T) {
	db := openStore(t, t.TempDir())
	format := func(path string) string {
		t.Helper()
		b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.Close() }()
		var version string
		_ = b.View(func(tx *bolt.Tx) error {
			version = string(tx.Bucket(bucketMeta).Get(keyFormat))
			return nil
		})
		return version
	}
	mustAppend(t, db, entry(1, "a"))
	crashed := t.TempDir()
	copyStore(t, db.path(), crashed)
	if got := format(filepath.Join(crashed, fileName)); got != strconv.Itoa(sealedFormat) {
		t.Errorf("while open it has format %s", got)
	}
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	copyKey(t, db.dir, restored) // as people who restore a backup do
	if _, err := Restore(context.Background(), restored, &backup, func(*DB) error { return nil }); err != nil {
		t.Fatal(err)
	}
	closeStore(t, db)
	closeStore(t, openStore(t, crashed))
	for _, dir := range []string{db.dir, crashed, restored} {
		if got := format(filepath.Join(dir, fileName)); got != strconv.Itoa(formatVersion) {
			t.Errorf("once closed it has format %s", got)
		}
	}

	// A write by such a build has no seal, and is kept.
	changeFile(t, db.dir, func(tx *bolt.Tx) error {
		return putRecord(tx, oplog.RecordTenant, "acme", []byte("{}"))
	})
	if _, _, err := openStore(t, db.dir).Record(oplog.RecordTenant, "acme"); err != nil {
		t.Error(err)
	}
}

// TestSyncFails: entries that could not be synced are never returned, and nothing is written afterwards, even if the disk was only full.
func TestSyncFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(2, "a"))
	before := stateOf(t, db)
	db.sync = func(*os.File) error { return syscall.ENOSPC }
	for range 2 {
		if _, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "b")}, 0); oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Errorf("Append returned %v", err)
		}
		db.sync = syncData
	}
	if got := stateOf(t, db); got != before {
		t.Errorf("the state is\n%s\nwant\n%s", got, before)
	}
	checkStore(t, db, "acme")
	db = reopen(t, db)
	if got := stateOf(t, db); got != before {
		t.Errorf("after reopening the state is\n%s\nwant\n%s", got, before)
	}
	mustAppend(t, db, entry(1, "b"))
	checkStore(t, db, "acme")
}
