package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// files are the files of a data directory that the store needs, as a crash or a copy leaves them.
type files map[string][]byte

func filesOf(t *testing.T, dir string) files {
	t.Helper()
	f := make(files)
	for _, name := range []string{fileName, headName, keyName} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		f[name] = data
	}
	return f
}

// laid writes the files to a new directory, the data file with one bit flipped if at is not negative.
func (f files) laid(t *testing.T, at int) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range f {
		if name == fileName && at >= 0 {
			data = bytes.Clone(data)
			data[at] ^= 1 << (at % 8)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// crashedAndClosed returns the files of a store with the arrivals a and b, while it is open and once it is closed.
func crashedAndClosed(t *testing.T) map[string]files {
	t.Helper()
	db := openStore(t, t.TempDir())
	if err := errors.Join(appendOne(db, 1, "a"), appendOne(db, 2, "b")); err != nil {
		t.Fatal(err)
	}
	of := map[string]files{"crashed": filesOf(t, db.dir)}
	closeStore(t, db)
	of["closed"] = filesOf(t, db.dir)
	return of
}

// slots returns the meta pages of a data file: which is the last, and which the one before.
func slots(t *testing.T, data []byte) (last, before int) {
	t.Helper()
	p, err := readMetaPages(bytes.NewReader(data), os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	return p.last, 1 - p.last
}

// TestDamagedMetaPage: no bit of the newest meta page may turn without words, as that hides the last transaction; one of the other page loses
// nothing, and is told.
func TestDamagedMetaPage(t *testing.T) {
	for state, of := range crashedAndClosed(t) {
		last, before := slots(t, of[fileName])
		for at := pageHead; at < pageHead+metaSize; at += 5 {
			t.Run(fmt.Sprint(state, " ", at), func(t *testing.T) {
				dir := of.laid(t, last*os.Getpagesize()+at)
				wantRejected(t, dir, "was acknowledged according to oplog.head", "restore a backup", "--accept-loss")
				wantRejected(t, dir, "was acknowledged according to oplog.head") // nor at the next attempt

				db := openStore(t, of.laid(t, before*os.Getpagesize()+at))
				if db.Damage() == nil || !strings.Contains(db.Damage().Error(), fmt.Sprint("meta page ", before)) {
					t.Errorf("the damage is told as %v", db.Damage())
				}
				if got := arrivals(t, db, 1); got != "a b" {
					t.Errorf("arrivals %s", got)
				}
				mustAppend(t, db, entry(3, "c"))
				if db = reopen(t, db); db.Damage() != nil {
					t.Errorf("after the next transaction: %v", db.Damage())
				}
			})
		}
	}
}

// TestDamagedLastTransaction: pages of the last transaction that do not match its seal are no reason to roll it back once it was acknowledged.
func TestDamagedLastTransaction(t *testing.T) {
	of := crashedAndClosed(t)["crashed"]
	last, _ := slots(t, of[fileName])
	s, _, ok := decodeSeal(pageOf(of[fileName], last), metaOf(t, of[fileName], last))
	if !ok || len(s.pages) == 0 {
		t.Fatalf("the seal lists no pages: %+v", s)
	}
	tried := 0
	for _, run := range s.pages {
		for page := run.first; page < run.first+run.count; page++ {
			dir := of.laid(t, int(page)*os.Getpagesize()+pageHead+7) //nolint:gosec // within the file
			was := fileIn(t, dir)
			if page == metaOf(t, was, last).freelist {
				wantRejected(t, dir, "only the list of free pages is damaged")
			} else {
				wantRejected(t, dir, "was acknowledged according to oplog.head")
			}
			if !bytes.Equal(fileIn(t, dir), was) {
				t.Errorf("page %d: a refused file was changed", page)
			}
			tried++
		}
	}
	if tried < 3 {
		t.Errorf("tried %d pages", tried)
	}
	dir := of.laid(t, last*os.Getpagesize()+sealOffset+1) // the seal itself
	wantRejected(t, dir, "was acknowledged according to oplog.head")

	unacknowledged := maps.Clone(of) // as a crash before the acknowledgement leaves it
	mark, err := readHeadFile(of.laid(t, -1))
	if err != nil || mark == nil {
		t.Fatal(mark, err)
	}
	mark.txid--
	mark.entries--
	mark.trees = nil
	unacknowledged[headName] = mark.encode()
	if got := arrivals(t, openStore(t, unacknowledged.laid(t, last*os.Getpagesize()+sealOffset+1)), 1); got != "a" {
		t.Errorf("arrivals %s; the interrupted transaction was to be rolled back", got)
	}
}

func fileIn(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOlderFile: an older copy of the data file is refused, unless the loss is accepted; that is remembered until it was told.
func TestOlderFile(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	db = reopen(t, db)
	older := fileOf(t, db)
	mustAppend(t, db, entry(2, "b"), entry(3, "c"))
	closeStore(t, db)
	if err := os.WriteFile(db.path(), older, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, db.dir, "oplog.db ends with transaction", "older copy")
	db, err := Open(db.dir, Options{AcceptLoss: true})
	if err != nil {
		t.Fatal(err)
	}
	lost := db.Loss()
	if lost.Entries != 2 || lost.Transactions == 0 {
		t.Errorf("lost %+v", lost)
	}
	mustAppend(t, db, entry(4, "d"))
	if db = reopen(t, db); db.Loss() != lost {
		t.Errorf("after a restart, lost %+v", db.Loss())
	}
	if err := db.LossRecorded(); err != nil {
		t.Fatal(err)
	}
	if db = reopen(t, db); db.Loss() != (Loss{}) {
		t.Errorf("after it was told, lost %+v", db.Loss())
	}
	if got := arrivals(t, db, 1); got != "a d" {
		t.Errorf("arrivals %s", got)
	}
}

// TestFewerEntries: arrivals that vanished from a tenant's end are missed, though later transactions followed.
func TestFewerEntries(t *testing.T) {
	dir := closedStore(t)
	for range 3 {
		changeFile(t, dir, func(tx *bolt.Tx) error {
			return tx.Bucket(bucketTenants).Bucket([]byte("acme")).Bucket([]byte(nameArrivals)).Delete(tileKey(0))
		})
	}
	wantRejected(t, dir, "has 0 entries, but 1 were acknowledged")
}

// TestHeadBehind: a head that lags behind or is damaged refuses nothing; where it cannot tell, that is said.
func TestHeadBehind(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	early := filesOf(t, db.dir)[headName]
	mustAppend(t, db, entry(2, "b"))
	closeStore(t, db)
	of := filesOf(t, db.dir)
	oneSlot := bytes.Clone(of[headName])
	oneSlot[10] ^= 1
	for name, c := range map[string]struct {
		head []byte
		told bool
	}{"behind": {early, false}, "one slot": {oneSlot, false}, "empty": {nil, true}, "no mark": {make([]byte, 9000), true}} {
		t.Run(name, func(t *testing.T) {
			with := maps.Clone(of)
			with[headName] = c.head
			db := openStore(t, with.laid(t, -1))
			if told := db.Damage() != nil; told != c.told {
				t.Errorf("told: %v", db.Damage())
			}
			if db = reopen(t, db); db.Damage() != nil {
				t.Errorf("it is not written again: %v", db.Damage())
			}
		})
	}
	without := maps.Clone(of)
	delete(without, headName)
	older := without.laid(t, -1) // from before there were head files
	changeFile(t, older, func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketNameList) })
	db = openStore(t, older)
	if db.Damage() != nil {
		t.Error(db.Damage())
	}
	if m, err := readHeadFile(db.dir); err != nil || m == nil || m.entries != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestNewerHead: a head whose form is not known is not taken for a damaged one, which is written again.
func TestNewerHead(t *testing.T) {
	dir := closedStore(t)
	path := filepath.Join(dir, headName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, slotSpacing} {
		head := append(bytes.Clone(whole), make([]byte, max(0, slotSpacing+slotSize-len(whole)))...)
		slot := head[at : at+slotSize]
		copy(slot, headMark)
		slot[len(headMark)-1]++
		sum := markSize - sumSize
		binary.BigEndian.PutUint32(slot[sum:], crc32.Checksum(slot[:sum], castagnoli))
		if err := os.WriteFile(path, head, 0o600); err != nil {
			t.Fatal(err)
		}
		wantRejected(t, dir, "oplog.head is of a newer version of oplog; use that version")
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, head) {
			t.Errorf("the head was changed, %v", err)
		}
	}
}

// markBefore decodes a slot as builds do that know no sum of the trees.
func markBefore(b []byte) (txid uint64, ok bool) {
	b = b[:52]
	return binary.BigEndian.Uint64(b[16:]), string(b[:8]) == "oplog\x00hd" && binary.BigEndian.Uint32(b[48:]) == crc32.Checksum(b[:48], castagnoli)
}

// TestHeadOfAnEarlierBuild: a build that knows no sum of the trees reads the head, and what it writes over a slot leaves no sum that is taken for its
// own; a loss is decoded as it was encoded.
func TestHeadOfAnEarlierBuild(t *testing.T) {
	for _, lost := range []Loss{{}, {Transactions: 3, Entries: 4}, {Unknown: true}, {Transactions: 1, Changed: true}, {Unknown: true, Changed: true}} {
		m := highWater{count: 7, txid: 21, entries: 5, lost: lost, trees: &treeSum{1, 2, 3}}
		slot := m.encode()
		if txid, ok := markBefore(slot); txid != 21 || !ok {
			t.Errorf("%+v: an earlier build reads transaction %d, %t", lost, txid, ok)
		}
		if got, ok := decodeHighWater(slot); !ok || got.trees == nil || *got.trees != *m.trees || got.lost != lost {
			t.Errorf("%+v is decoded as %+v, %t", m, got, ok)
		}
		m.count, m.txid, m.trees = 9, 23, nil
		copy(slot, m.encode())
		if got, ok := decodeHighWater(slot); !ok || got.trees != nil || got.txid != 23 || got.lost != lost {
			t.Errorf("what an earlier build wrote is decoded as %+v, %t", got, ok)
		}
	}
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	db = reopen(t, db)
	head := filesOf(t, db.dir)[headName]
	for _, at := range []int{0, slotSpacing} {
		if txid, ok := markBefore(head[at:]); txid == 0 || !ok {
			t.Errorf("the slot at %d is read as of transaction %d, %t", at, txid, ok)
		}
	}
}

// TestHeadFails: entries on disk are acknowledged even if the head cannot be written.
func TestHeadFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	file := db.head.file
	closed, err := os.CreateTemp(t.TempDir(), "")
	if err = errors.Join(err, closed.Close()); err != nil {
		t.Fatal(err)
	}
	db.head.file = closed
	mustAppend(t, db, entry(2, "b"))
	db.head.file = file
	if db = reopen(t, db); arrivals(t, db, 1) != "a b" {
		t.Errorf("arrivals %s", arrivals(t, db, 1))
	}
}
