package storage

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"oplog/oplog"
)

// pass checks the whole store in slices, calls between after each, and returns what was checked and the damage found.
func pass(t *testing.T, db *DB, between func(slice int)) (pages, entries uint64, found []string) {
	t.Helper()
	var at []byte
	for slice := 0; ; slice++ {
		c, err := db.CheckNext(at)
		if err != nil {
			t.Fatal(err)
		}
		pages, entries = pages+c.Pages, entries+c.Entries
		if c.Damage != nil {
			found = append(found, c.Damage.Error())
		}
		if at = c.Next; at == nil {
			return pages, entries, found
		}
		if slice > 10_000 {
			t.Fatal("the pass does not end")
		}
		between(slice)
	}
}

// TestCheckCoversTheStore: a pass in slices checks each page in use once, and each entry of all logs.
func TestCheckCoversTheStore(t *testing.T) {
	db, _ := verifiable(t)
	mustAppend(t, db, entry(1, strings.Repeat("long ", 3000)))
	other := entry(1, "x")
	other.Tenant = "other"
	if _, err := db.Append(t.Context(), "other", []oplog.Entry{other}, 0); err != nil {
		t.Fatal(err)
	}
	p, err := db.metaPages()
	if err != nil {
		t.Fatal(err)
	}
	c := newPageCheck(db.file, p.pageSize, p.metas[p.last], allLeaves)
	if all := c.bucket(c.meta.root, 0, nil); !all || c.first != nil {
		t.Fatal(all, c.first)
	}
	pages, entries, found := pass(t, db, func(int) {})
	if pages != uint64(c.checked) || entries != manyEntries+2 || len(found) > 0 { //nolint:gosec // a number of things
		t.Errorf("checked %d of %d pages, %d entries, found %q", pages, c.checked, entries, found)
	}
	if pages <= sliceLeaves || entries <= sliceEntries {
		t.Errorf("%d pages and %d entries are too few for slices", pages, entries)
	}
}

// TestCheckWhileEntriesChange: entries that are recorded and deleted between slices are not taken for damage, and no slice keeps pages from being
// used again.
func TestCheckWhileEntriesChange(t *testing.T) {
	db, _ := verifiable(t)
	open := 0
	_, _, found := pass(t, db, func(slice int) {
		mustAppend(t, db, entry(slice%7000, fmt.Sprint("between ", slice)))
		if slice == 3 {
			through, _, err := db.Counts("acme")
			if err != nil {
				t.Fatal(err)
			}
			d := deletion(t, db, through, oplog.Days{From: "2026-11-17", To: "2026-11-18"})
			if err := db.DeleteDays(t.Context(), "acme", d.Days[0]); err != nil {
				t.Fatal(err)
			}
		}
		open = max(open, db.bolt.Load().Stats().OpenTxN)
	})
	if len(found) > 0 || open > 0 {
		t.Errorf("found %q; %d transactions are open between slices", found, open)
	}
}

// TestCheckFindsDamage: a page or an entry that is damaged under a running store is found, and the rest is checked.
func TestCheckFindsDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, db *DB)
		want   string
	}{
		"page": {func(t *testing.T, db *DB) {
			t.Helper()
			write(t, db, leafOf(t, db)*os.Getpagesize()+8, []byte{0, 0})
		}, "neither a branch nor a leaf"},
		"entry": {func(t *testing.T, db *DB) {
			t.Helper()
			at := leafOf(t, db) * os.Getpagesize()
			write(t, db, at+bytes.Index(fileOf(t, db)[at:], []byte("Wang Fang")), []byte("Weng"))
		}, "of tenant acme is damaged"},
		"record": {func(t *testing.T, db *DB) {
			t.Helper()
			put(t, db, oplog.RecordTenant, "beta", `{"id":"beta"}`)
			flipBit(t, db, oplog.RecordTenant, "beta", 70)
		}, "The record tenants/beta is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := verifiable(t)
			c.damage(t, db)
			_, entries, found := pass(t, db, func(int) {})
			if !strings.Contains(strings.Join(found, "\n"), c.want) || entries != manyEntries {
				t.Errorf("%d entries were checked, found %q", entries, found)
			}
		})
	}
}

// leafOf returns a leaf page with entries, in use.
func leafOf(t *testing.T, db *DB) int {
	t.Helper()
	p, err := db.metaPages()
	if err != nil {
		t.Fatal(err)
	}
	c := newPageCheck(db.file, p.pageSize, p.metas[p.last], allLeaves)
	c.bucket(c.meta.root, 0, nil)
	data := fileOf(t, db)
	for id := range p.metas[p.last].end {
		page := pageOf(data, int(id)) //nolint:gosec // within the file
		if c.used.has(id) && page[8] == leafFlag && bytes.Contains(page, []byte("Wang Fang")) {
			return int(id) //nolint:gosec // within the file
		}
	}
	t.Fatal("there is no leaf")
	return 0
}

// write writes to the data file as a failing disk would.
func write(t *testing.T, db *DB, at int, data []byte) {
	t.Helper()
	if at < 0 {
		t.Fatal("there is no such place")
	}
	f, err := os.OpenFile(db.path(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, int64(at)); err != nil {
		t.Fatal(err)
	}
}
