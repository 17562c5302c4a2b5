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
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// namedStore returns the files of a closed store with two logs, a trail and a record.
func namedStore(t *testing.T) files {
	t.Helper()
	db := openStore(t, t.TempDir())
	for _, tenant := range []string{"acme", "acme/access", "beta"} {
		e := entry(1, "a")
		e.Tenant = tenant
		if _, err := db.Append(t.Context(), tenant, []oplog.Entry{e}, 0); err != nil {
			t.Fatal(err)
		}
	}
	put(t, db, oplog.RecordHold, "acme", `{"days":3650}`)
	closeStore(t, db)
	return filesOf(t, db.dir)
}

// placeOf returns where bytes of a transaction are in the data file.
func placeOf(tx *bolt.Tx, b []byte) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) - tx.DB().Info().Data) //nolint:gosec // in the mapped file
}

// placesOf returns where the keys of a bucket are in a data file.
func placesOf(t *testing.T, data []byte, bucket []byte) map[string]int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	places := make(map[string]int)
	err = b.View(func(tx *bolt.Tx) error {
		c := tx.Cursor()
		if bucket != nil {
			c = tx.Bucket(bucket).Cursor()
		}
		for key, _ := c.First(); key != nil; key, _ = c.Next() {
			places[string(key)] = placeOf(tx, key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return places
}

// TestDamagedNames: no bit of the name of a log, or of a kind of records, may turn without words when the store is opened, for writing, for reading
// or as a backup.
func TestDamagedNames(t *testing.T) {
	of := namedStore(t)
	tried := 0
	for _, bucket := range [][]byte{bucketTenants, bucketRecords} {
		for name, at := range placesOf(t, of[fileName], bucket) {
			for bit := range 8 * len(name) {
				if bit%11 != 0 && len(name) > 5 {
					continue
				}
				tried++
				of.checkDamagedName(t, string(bucket)+" "+name, at+bit/8, byte(1)<<(bit%8))
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d bits were tried", tried)
	}
}

func (f files) checkDamagedName(t *testing.T, what string, at int, bit byte) {
	t.Helper()
	with := maps.Clone(f)
	with[fileName] = bytes.Clone(f[fileName])
	with[fileName][at] ^= bit
	dir := with.laid(t, -1)
	if db, err := Open(dir, Options{}); !errors.Is(err, ErrDamaged) {
		if err == nil {
			_ = db.Close()
		}
		t.Errorf("%s, bit %#x: opened with %v", what, bit, err)
		return
	}
	if !bytes.Equal(fileIn(t, dir), with[fileName]) {
		t.Errorf("%s: a refused file was changed", what)
	}
	if db, err := Open(dir, Options{ReadOnly: true, WithoutKey: true}); err == nil {
		if db.Missing() == nil {
			t.Errorf("%s, bit %#x: nothing is told to a reader", what, bit)
		}
		closeStore(t, db)
	}
	_, err := Restore(t.Context(), t.TempDir(), bytes.NewReader(with[fileName]), func(*DB) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "the backup is damaged") {
		t.Errorf("%s, bit %#x: restored with %v", what, bit, err)
	}
}

// TestDamagedListOfNames: a bit of the list itself costs nothing: a copy with a new list is made.
func TestDamagedListOfNames(t *testing.T) {
	changed := namedStore(t).laid(t, -1)
	changeFile(t, changed, func(tx *bolt.Tx) error { return nil }) // so that no seal covers the list
	of := filesOf(t, changed)
	listed := listedIn(t, openStore(t, of.laid(t, -1)))
	if !slices.Contains(listed, "tenants/acme/access") || !slices.Contains(listed, headName) {
		t.Fatalf("the list has %v", listed)
	}
	for _, name := range append(listed, string(bucketNameList)) {
		with := maps.Clone(of)
		with[fileName] = bytes.Clone(of[fileName])
		if name == string(bucketNameList) {
			with[fileName][placesOf(t, of[fileName], nil)[name]+2] ^= 4
		} else { // wherever it is, in pages that are not in use as well
			line := binary.BigEndian.AppendUint32([]byte(name), crc32.Checksum([]byte(name), castagnoli))
			changed := bytes.Clone(line)
			changed[len(name)-1] ^= 1
			with[fileName] = bytes.ReplaceAll(with[fileName], line, changed)
		}
		wantRejected(t, with.laid(t, -1), "only the list of names is damaged, no entry", "oplog restore")
		restored := t.TempDir()
		copyKeyTo(t, of, restored)
		r, err := Restore(t.Context(), restored, bytes.NewReader(with[fileName]), func(*DB) error { return nil })
		if err != nil || r.Entries != 3 {
			t.Errorf("%s: restored %+v, %v", name, r, err)
			continue
		}
		db := reopen(t, openStore(t, restored))
		if got := listedIn(t, db); !slices.Equal(got, listed) {
			t.Errorf("%s: the new list has %s", name, got)
		}
	}
}

func listedIn(t *testing.T, db *DB) []string {
	t.Helper()
	var n names
	err := db.view(func(tx *bolt.Tx) (err error) {
		n, err = readNames(tx)
		return err
	})
	if err != nil || len(n.damaged)+len(n.lost)+len(n.unlisted) > 0 {
		t.Errorf("%+v, %v", n, err)
	}
	return n.listed
}

// TestUnlistedNames: what a build created that knows no list is no damage, and is listed from then on; a file without a list gets one.
func TestUnlistedNames(t *testing.T) {
	of := namedStore(t)
	dir := of.laid(t, -1)
	changeFile(t, dir, func(tx *bolt.Tx) error {
		_, err := tx.Bucket(bucketTenants).CreateBucket([]byte("gamma"))
		return err
	})
	if got := listedIn(t, openStore(t, dir)); !slices.Contains(got, "tenants/gamma") {
		t.Errorf("listed: %s", got)
	}
	want := listedIn(t, openStore(t, of.laid(t, -1)))
	dir = of.laid(t, -1)
	changeFile(t, dir, func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketNameList) })
	if got := listedIn(t, openStore(t, dir)); !slices.Equal(got, want) {
		t.Errorf("listed: %s, want %s", got, want)
	}
}

// TestMissingHead: once a store had a head file, it is refused without it, until that is accepted, and for writing is not changed; copies that
// were made by backup and restore, and files from before there were head files, need nothing.
func TestMissingHead(t *testing.T) {
	for state, of := range crashedAndClosed(t) {
		without := maps.Clone(of)
		delete(without, headName)
		dir := without.laid(t, -1)
		wantRejected(t, dir, "had an oplog.head beside it, which is missing", "Put oplog.head back",
			"oplog restore "+filepath.Join(dir, fileName)+" --data NEW", "--accept-loss")
		if !bytes.Equal(fileIn(t, dir), of[fileName]) {
			t.Errorf("%s: a refused file was changed", state)
		}
		reading := openToRead(t, dir)
		if got := arrivals(t, reading, 1); reading.Missing() == nil || !reading.OnlyHeadMissing() || got != "a b" {
			t.Errorf("%s: for reading it is told as %v, arrivals %s", state, reading.Missing(), got)
		}
		closeStore(t, reading)
		db, err := Open(dir, Options{AcceptLoss: true})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Loss{Unknown: true}); db.Loss() != want {
			t.Errorf("%s: the loss is %+v", state, db.Loss())
		}
		if db = reopen(t, db); db.Loss() != (Loss{Unknown: true}) { // it has a head again
			t.Errorf("%s: after a restart the loss is %+v", state, db.Loss())
		}
		if err := db.LossRecorded(); err != nil {
			t.Fatal(err)
		}
		if db = reopen(t, db); db.Loss() != (Loss{}) {
			t.Errorf("%s: after it was told, the loss is %+v", state, db.Loss())
		}
	}
}

// TestHeadMadeMeanwhile: a head that was made since it was looked for, by a server that has ended, is not missing.
func TestHeadMadeMeanwhile(t *testing.T) {
	of := crashedAndClosed(t)["closed"]
	for _, readOnly := range []bool{true, false} {
		o := opening{path: filepath.Join(of.laid(t, -1), fileName), timeout: time.Second, withoutHead: true, readOnly: readOnly}
		if err := o.check(); err != nil || o.noHead != nil || !o.headListed {
			t.Errorf("read-only %t: %v, %v, listed %t", readOnly, err, o.noHead, o.headListed)
		}
	}
}

// openFailing opens a store in a directory whose writes fail from the start.
func openFailing(t *testing.T, dir string, failure *oplog.Error) (*DB, error) {
	t.Helper()
	lock, err := lockDir(dir, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	db := newDB(dir)
	db.lock = lock
	db.failed.Store(failure)
	if err := db.open(Options{}); err != nil {
		return db, errors.Join(err, lock.Close())
	}
	db.stopped.Go(db.commitAll)
	t.Cleanup(func() { closeStore(t, db) })
	return db, nil
}

// TestListWithoutSpace: a store that gets its list of names opens on a full disk, too, and lists them once there is space.
func TestListWithoutSpace(t *testing.T) {
	dir := namedStore(t).laid(t, -1)
	want := listedIn(t, openStore(t, dir))
	dir = namedStore(t).laid(t, -1)
	changeFile(t, dir, func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketNameList) })
	db, err := openFailing(t, dir, errDiskFull)
	if err != nil {
		t.Fatal(err)
	}
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
	db.failed.Store(nil)
	e := entry(1, "b")
	e.Tenant = "gamma"
	if _, err := db.Append(t.Context(), "gamma", []oplog.Entry{e}, 0); err != nil {
		t.Fatal(err)
	}
	want = append(want, nameOfLog("gamma"))
	slices.Sort(want)
	if got := listedIn(t, reopen(t, db)); !slices.Equal(got, want) {
		t.Errorf("listed: %s, want %s", got, want)
	}
}

// TestOpenFailsAfterItsHead: no file stays open if the head cannot be listed.
func TestOpenFailsAfterItsHead(t *testing.T) {
	dir := namedStore(t).laid(t, -1)
	changeFile(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(bucketNameList).Delete([]byte(headName)) })
	db, err := openFailing(t, dir, errReading)
	if !errors.Is(err, errReading) || db.head == nil {
		t.Fatalf("opened with %v", err)
	}
	if err := db.head.file.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the head was left open: %v", err)
	}
}

// TestRestoredWithoutHead: a restored store has no head file, and needs none until it was opened; of a plain copy that is also the way back.
func TestRestoredWithoutHead(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	closeStore(t, db)
	of := filesOf(t, db.dir)
	for name, from := range map[string][]byte{"a backup": backup.Bytes(), "a copy": of[fileName]} {
		dir := t.TempDir()
		copyKeyTo(t, of, dir)
		if _, err := Restore(t.Context(), dir, bytes.NewReader(from), func(*DB) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, headName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		reading := openToRead(t, dir)
		if reading.Missing() != nil {
			t.Errorf("%s: for reading, missing is %v", name, reading.Missing())
		}
		closeStore(t, reading)
		restored := openStore(t, dir)
		if got := arrivals(t, restored, 1); got != "a" || restored.Loss() != (Loss{}) {
			t.Errorf("%s: arrivals %s, loss %+v", name, got, restored.Loss())
		}
		closeStore(t, restored)
		if err := os.Remove(filepath.Join(dir, headName)); err != nil {
			t.Fatal(err)
		}
		wantRejected(t, dir, fmt.Sprint("had an ", headName))
	}
}
