package storage

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// testdata/format-N.db are data files written by versions of each format. Every later version must open them and read the same. -update
// creates the current version's file if it is missing, and never overwrites one.
var formatFiles = []string{"format-1", "format-2", "format-4", "format-6"}

// formatKinds are the kinds of records in the file.
var formatKinds = []oplog.RecordKind{"tenants", "organizations", "index", "accounts", "keys", "sessions", "exports"}

func TestFormats(t *testing.T) {
	for _, name := range formatFiles {
		t.Run(name, func(t *testing.T) { testFormat(t, name) })
	}
}

func testFormat(t *testing.T, name string) {
	path := filepath.Join("testdata", name+".db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && *update {
		makeFormatFile(t, path)
	}
	dir := t.TempDir()
	copyStore(t, path, dir)
	db := openStore(t, dir)
	golden(t, name+".golden", describeStore(t, db))
	checkStore(t, db, "acme")
	checkStore(t, db, "beta")

	// It is writable, too.
	mustAppend(t, db, entry(0, "later"))
	for _, kind := range oplog.RecordKinds { // also of kinds added later
		if _, _, err := db.Record(kind, "none"); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s: %v", kind, err)
		}
		if kind == oplog.RecordArchive { // the store reads them
			put(t, db, kind, "acme/1999-01-01", `{"tenant":"acme","date":"1999-01-01","state":"shipping"}`)
			continue
		}
		put(t, db, kind, "new", "{}")
	}
	db = reopen(t, db)
	if e, err := db.Find("acme", entryID(0, 301), nil); err != nil || e.Content.Name != "later" {
		t.Errorf("%+v, %v", e, err)
	}
	if got := mustAppend(t, db, withID("full", formatEntry())); got != "full 300 duplicate" {
		t.Errorf("sent again it is %s", got)
	}
	checkStore(t, db, "acme")
	if found, _ := verified(t, db); found != "" {
		t.Errorf("verify finds %s", found)
	}
	if got := mustAppend(t, db, withID("own-7", entry(7*317, "内容 7"))); got != "own-7 8 duplicate" {
		t.Errorf("sent again it is %s", got)
	}
}

// TestKeepsEarlierFormat: before a file is migrated, a copy is kept that is as good as the file was; other files are not copied.
func TestKeepsEarlierFormat(t *testing.T) {
	for _, name := range formatFiles {
		dir := t.TempDir()
		copyStore(t, filepath.Join("testdata", name+".db"), dir)
		closeStore(t, openStore(t, dir))
		closeStore(t, openStore(t, dir))
		kept, err := filepath.Glob(filepath.Join(dir, "oplog.db.*"))
		if err != nil {
			t.Fatal(err)
		}
		if name == "format-6" {
			if len(kept) > 0 {
				t.Errorf("%s leaves %v", name, kept)
			}
			continue
		}
		want := "oplog.db." + name
		if name == "format-4" {
			want = "oplog.db.format-5" // it is a copy of an open file
		}
		if len(kept) != 1 || filepath.Base(kept[0]) != want {
			t.Errorf("%s leaves %v", name, kept)
			continue
		}
		again := t.TempDir()
		copyStore(t, kept[0], again)
		golden(t, name+".golden", describeStore(t, openStore(t, again)))
	}
}

// TestMigratesWithoutCopy: on request no copy is kept, and the file is migrated all the same.
func TestMigratesWithoutCopy(t *testing.T) {
	for _, name := range formatFiles {
		dir := t.TempDir()
		copyStore(t, filepath.Join("testdata", name+".db"), dir)
		db, err := Open(dir, Options{NoCopy: true})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".golden", describeStore(t, db))
		closeStore(t, db)
		if kept, err := filepath.Glob(filepath.Join(dir, "oplog.db.*")); err != nil || len(kept) > 0 {
			t.Errorf("%s leaves %v, %v", name, kept, err)
		}
	}
}

// TestRestoresEarlierFormats: the files of earlier formats are restored as backups, which they were without a hash.
func TestRestoresEarlierFormats(t *testing.T) {
	for _, name := range formatFiles {
		backup, err := os.ReadFile(filepath.Join("testdata", name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		r, err := Restore(t.Context(), dir, bytes.NewReader(backup), func(*DB) error { return nil })
		if err != nil || r.Hashed || r.Entries != 301 {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		golden(t, name+".golden", describeStore(t, openStore(t, dir)))
		if kept, err := filepath.Glob(filepath.Join(dir, "oplog.db.*")); err != nil || len(kept) > 0 {
			t.Errorf("%s leaves %v, %v", name, kept, err)
		}
	}
}

// TestRestoreRejectsFormats: a backup of a newer format is not called damaged, and one of an impossible format is.
func TestRestoreRejectsFormats(t *testing.T) {
	for version, want := range map[int]string{
		movedFormat + 1: fmt.Sprintf("the backup has format %d, but this version of oplog supports formats up to %d; use a newer version", movedFormat+1, movedFormat),
		0:               "the backup has format 0, which no version of oplog writes; it is damaged; use another one",
		-1:              "the backup has format -1, which no version of oplog writes; it is damaged; use another one",
	} {
		from := closedStore(t)
		changeFile(t, from, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(version))) })
		backup, err := os.ReadFile(filepath.Join(from, fileName))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := Restore(t.Context(), dir, bytes.NewReader(backup), func(*DB) error { return nil }); err == nil || err.Error() != want {
			t.Errorf("format %d: %v", version, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("format %d leaves %v, %v", version, left, err)
		}
	}
}

func formatEntry() oplog.Entry {
	e := fullEntry()
	e.Seq = 0
	return e
}

func makeFormatFile(t *testing.T, path string) {
	t.Helper()
	db := openStore(t, t.TempDir())
	var entries []oplog.Entry
	for i := range 299 { // a full tile and a partial one
		e := entry(i*317, fmt.Sprintf("内容 %d", i))
		if i%7 == 0 {
			e.ID = fmt.Sprintf("own-%d", i)
		}
		entries = append(entries, e)
	}
	mustAppend(t, db, append(entries, withID("full", formatEntry()))...)
	beta := entry(0, "beta")
	beta.Tenant = "beta"
	if _, err := db.Append(context.Background(), "beta", []oplog.Entry{beta}, 3); err != nil {
		t.Fatal(err)
	}
	for _, kind := range formatKinds {
		put(t, db, kind, "acme", fmt.Sprintf(`{"kind":%q}`, kind))
	}
	compact, err := bolt.Open(path, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(db.dir, keyName))
	if err != nil {
		t.Fatal(err)
	}
	withKey := func(tx *bolt.Tx) error { // inside, as in fixtures of earlier formats
		return tx.Bucket(bucketMeta).Put(keySigner, bytes.TrimSpace(key))
	}
	if err := errors.Join(bolt.Compact(compact, db.bolt.Load(), 0), compact.Update(withKey), compact.Close()); err != nil {
		t.Fatal(err)
	}
}

// describeStore formats everything that a store returns: special entries as JSON, others as a line; records; heads.
func describeStore(t *testing.T, db *DB) string {
	t.Helper()
	var s strings.Builder
	fmt.Fprintln(&s, "key", db.VerifierKey())
	for _, tenant := range []string{"acme", "beta"} {
		entries, skipped, err := db.Counts(tenant)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint, err := db.Checkpoint(tenant)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&s, "\n%s: %d entries, %d skipped\n%s\n", tenant, entries, skipped, checkpoint)
		err = db.Arrivals(context.Background(), tenant, 1, 0, func(e oplog.Entry) error {
			if e.Seq%50 != 0 && e.Seq > 2 {
				return nil
			}
			data, err := json.Marshal(e)
			if err != nil {
				return err
			}
			proof, err := db.Prove(tenant, e.Key(), 0)
			fmt.Fprintf(&s, "%s\n\tleaf %s\n", data, hex.EncodeToString(proof.Leaf))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(&s)
	for _, kind := range formatKinds {
		data, _, err := db.Record(kind, "acme")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&s, "%s/acme %s\n", kind, data)
	}
	return s.String()
}
