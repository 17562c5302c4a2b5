package storage

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

func TestOlder(t *testing.T) {
	db := openStore(t, t.TempDir())
	far := oplog.MakeKey(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 0)
	if none, err := db.Older("acme", far, oplog.Key{}, 10, nil); err != nil || len(none) > 0 {
		t.Errorf("%v, %v", none, err)
	}
	var keys []oplog.Key // in ascending order
	db.OnAppend(func(_ string, entries []oplog.Entry) {
		for i := range entries {
			keys = append(keys, entries[i].Key())
		}
	})
	for i := range 40 { // of four days, one of them left out, several at the same time
		mustAppend(t, db, entry(i*7%40/2*2*60*3, fmt.Sprint(i)), entry(90*24*60, "old"))
	}
	slices.SortFunc(keys, oplog.Key.Compare)
	var batch oplog.Batch // of all that is asked for
	f := func(before, from oplog.Key, n int) {
		t.Helper()
		var want, got []string
		for _, k := range slices.Backward(keys) {
			if k.Compare(before) < 0 && k.Compare(from) >= 0 && len(want) < n {
				want = append(want, k.ID())
			}
		}
		entries, err := db.Older("acme", before, from, n, nil)
		again, errAgain := db.Older("acme", before, from, n, &batch)
		if !errors.Is(errAgain, err) || !slices.EqualFunc(entries, again, func(a, b oplog.Entry) bool { return reflect.DeepEqual(a, b) }) {
			t.Errorf("before %s from %s: into a batch %v, %v", before.ID(), from.ID(), again, errAgain)
		}
		for _, e := range entries {
			got = append(got, e.Key().ID())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("before %s from %s: %v\n%s\nwant\n%s", before.ID(), from.ID(), err, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	for _, n := range []int{1, 7, 1000} {
		f(far, oplog.Key{}, n)
		f(oplog.Key{}, oplog.Key{}, n)
		for i, k := range keys {
			f(k, oplog.Key{}, n)
			f(far, k, n)
			f(k, keys[i/2], n)
			f(oplog.MakeKey(k.Time(), 0), oplog.MakeKey(keys[i/2].Time(), 0), n)
			f(oplog.MakeKey(k.Time().Truncate(24*time.Hour), 0), oplog.Key{}, n)
		}
	}
}

// Whoever reads much and takes time with it holds no transaction meanwhile, for
// which the file would grow: pages that it could see could not be used again.
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
		if open := db.bolt.Stats().OpenTxN; open != 0 {
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
	if err != nil || len(some) != chunkSize || db.bolt.Stats().OpenTxN != 0 {
		t.Errorf("%d, %v, %+v", len(some), err, db.bolt.Stats())
	}
}
