package storage

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// TestDayLeavesFindsDamage: neither other bytes than the recorded ones are sent to the archive nor a sealed day that lacks an entry.
func TestDayLeavesFindsDamage(t *testing.T) {
	const late = 10 * minutesOfDay
	for _, c := range []struct {
		name   string
		state  oplog.ArchiveState
		tamper func(day *bolt.Bucket, keys []oplog.Key) error
		leaves int
		found  int // index of the entry in keys; -1 for none
	}{
		{"nothing", oplog.DayShipping, func(*bolt.Bucket, []oplog.Key) error { return nil }, 5, -1},
		{"changed", oplog.DayShipping, func(day *bolt.Bucket, keys []oplog.Key) error {
			data := slices.Clone(day.Get(keys[2][:]))
			data[len(data)-1] ^= 1
			return day.Put(keys[2][:], data)
		}, 2, 2},
		{"removed in the middle", oplog.DayShipping, func(day *bolt.Bucket, keys []oplog.Key) error { return day.Delete(keys[3][:]) }, 4, 3},
		{"the first removed", oplog.DayArchived, func(day *bolt.Bucket, keys []oplog.Key) error { return day.Delete(keys[0][:]) }, 4, 0},
		{"the last removed", oplog.DayArchived, func(day *bolt.Bucket, keys []oplog.Key) error { return day.Delete(keys[4][:]) }, 4, 4},
		{"removed to the archive", oplog.DayRemoved, func(day *bolt.Bucket, keys []oplog.Key) error { return day.Delete(keys[3][:]) }, 4, -1},
		{"not sealed", "", func(day *bolt.Bucket, keys []oplog.Key) error { return day.Delete(keys[3][:]) }, 4, -1},
	} {
		db := openStore(t, t.TempDir())
		var keys []oplog.Key
		for i := range 5 { // in order of their times, with entries of other days between them
			e := entry(late-i, fmt.Sprint(i))
			mustAppend(t, db, e, entry(late-3*minutesOfDay, "another day"))
			keys = append(keys, oplog.MakeKey(e.Time, uint64(2*i+1)))
		}
		if c.state != "" {
			setArchived(t, db, 10, c.state)
		}
		err := db.update(func(tx *bolt.Tx) error { return c.tamper(bucketOfDay(entriesBucket(tx, "acme"), keys[0]), keys) })
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = db.DayLeaves(t.Context(), "acme", dateOf(keys[0].Time()), func(oplog.Key, []byte) error {
			n++
			return nil
		})
		want := "<nil>"
		if c.found >= 0 {
			want = oplog.DamagedEntry("acme", keys[c.found]).Error()
		}
		if fmt.Sprint(err) != want || n != c.leaves {
			t.Errorf("%s: %v after %d leaves; want %s after %d", c.name, err, n, want, c.leaves)
		}
	}
}

// benchDay makes a store of which one sealed day has most entries, and returns the date with them.
func benchDay(b *testing.B, n int) (db *DB, date string, entries int) {
	b.Helper()
	db = benchStore(b, b.TempDir(), n)
	b.Cleanup(func() { _ = db.Close() })
	days, err := db.DaysBefore(context.Background(), "acme", "9999-12-31")
	if err != nil {
		b.Fatal(err)
	}
	most := slices.MaxFunc(days, func(a, b oplog.DayCount) int { return a.Entries - b.Entries })
	if err := putDay(db, oplog.ArchivedDay{Tenant: "acme", Date: most.Date, State: oplog.DayShipping, Attempt: 1}); err != nil {
		b.Fatal(err)
	}
	return db, most.Date, most.Entries
}

// BenchmarkDayLeaves reads a day as shipping does, which has to send 50,000 entries a second.
func BenchmarkDayLeaves(b *testing.B) {
	db, date, entries := benchDay(b, 300_000)
	for b.Loop() {
		n, bytes := 0, 0
		err := db.DayLeaves(context.Background(), "acme", date, func(_ oplog.Key, leaf []byte) error {
			n, bytes = n+1, bytes+len(leaf)
			return nil
		})
		if err != nil || n != entries {
			b.Fatal(n, err)
		}
		db.checked = checkedSums{} // as of a day that nobody has read
		b.ReportMetric(float64(bytes)/float64(n), "bytes/entry")
	}
	b.ReportMetric(float64(b.N)*float64(entries)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkLeafHashes reads the hashes of a day's entries, 1,000 at a time.
func BenchmarkLeafHashes(b *testing.B) {
	db, date, entries := benchDay(b, 300_000)
	var keys []oplog.Key
	err := db.DayLeaves(context.Background(), "acme", date, func(key oplog.Key, _ []byte) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for some := range slices.Chunk(keys, 1000) {
			hashes, err := db.LeafHashes(context.Background(), "acme", some)
			if err != nil || hashes[0] == ([sha256.Size]byte{}) {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*float64(entries)/b.Elapsed().Seconds(), "hashes/s")
}
