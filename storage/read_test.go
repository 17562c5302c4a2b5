package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// Reading in chunks loses nothing between chunks, nor through concurrent appends.
func TestReadsOfManyChunks(t *testing.T) {
	db := openStore(t, t.TempDir())
	const n = 2*chunkSize + 1
	entries := make([]oplog.Entry, n)
	want := make([]string, n)
	for i := range entries {
		entries[i] = entry((n-i)/100, fmt.Sprint(i)) // a hundred at a time
		want[i] = fmt.Sprint(i)
	}
	mustAppend(t, db, entries...)
	if got := arrivals(t, db, 1); got != strings.Join(want, " ") {
		t.Error("arrivals differ")
	}
	if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != strings.Join(want, " ") {
		t.Error("scanned differ")
	}
	var got []string
	err := db.Scan(context.Background(), "acme", oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		if e.Seq%1000 == 0 {
			mustAppend(t, db, entry(n, "old"), entry(-60, "new")) // within a read transaction this would deadlock
		}
		if e.Content.Name != "old" && e.Content.Name != "new" {
			got = append(got, e.Content.Name)
		}
		return nil
	})
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d of %d, %v", len(got), n, err)
	}
	checkStore(t, db, "acme")
}

// A slow reader holds no transaction between chunks: pages visible to it could not be reused, and the file would grow.
func TestLongReadsHoldNoTransaction(t *testing.T) {
	db := openStore(t, t.TempDir())
	var entries []oplog.Entry
	for i := range 2*chunkSize + 1 {
		entries = append(entries, entry(i, fmt.Sprint(i)))
	}
	mustAppend(t, db, entries...)
	visited := 0
	visit := func(oplog.Entry) error {
		visited++
		if open := db.bolt.Load().Stats().OpenTxN; open != 0 {
			t.Fatalf("at entry %d %d transactions are open", visited, open)
		}
		return nil
	}
	if err := db.Arrivals(t.Context(), "acme", 1, 0, visit); err != nil {
		t.Error(err)
	}
	if err := db.Scan(t.Context(), "acme", oplog.Key{}, oplog.Key{}, visit); err != nil {
		t.Error(err)
	}
	if visited != 2*len(entries) {
		t.Errorf("%d entries are visited", visited)
	}
	some, err := db.Older("acme", oplog.MakeKey(morning.AddDate(1, 0, 0), 0), oplog.Key{}, chunkSize, nil)
	if err != nil || len(some) != chunkSize || db.bolt.Load().Stats().OpenTxN != 0 {
		t.Errorf("%d, %v, %+v", len(some), err, db.bolt.Load().Stats())
	}
}
