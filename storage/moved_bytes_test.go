package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// fillDays appends n entries of consecutive days, short ones in order of time, half of them with a sender's id, and returns the dates.
func fillDays(tb testing.TB, db *DB, n, days int) (dates []string) {
	tb.Helper()
	entries := make([]oplog.Entry, 0, 5000)
	for i := range n {
		e := entry(0, "x")
		e.Time = morning.AddDate(0, 0, i*days/n-days).Add(time.Duration(i%(n/days)) * time.Millisecond)
		if i%2 == 0 {
			e.ID = fmt.Sprint("own-", i)
		}
		if entries = append(entries, e); len(entries) == cap(entries) || i == n-1 {
			if _, err := db.Append(tb.Context(), "acme", entries, 0); err != nil {
				tb.Fatal(err)
			}
			entries = entries[:0]
		}
		dates = append(dates, dateOf(e.Time))
		dates = slices.Compact(dates)
	}
	return dates
}

// sizes are the bytes of pages of a log, and of free pages in the file.
func sizes(tb testing.TB, db *DB) (used, free int) {
	tb.Helper()
	err := db.view(func(tx *bolt.Tx) error {
		s := tx.Bucket(bucketTenants).Bucket([]byte("acme")).Stats()
		used = s.LeafAlloc + s.BranchAlloc
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	s := db.bolt.Load().Stats()
	return used, (s.FreePageN + s.PendingPageN) * db.bolt.Load().Info().PageSize
}

// removeAll removes days of acme to an archive, and moves their arrivals.
func removeAll(tb testing.TB, db *DB, dates []string) (rows uint64) {
	tb.Helper()
	for _, date := range dates {
		d := oplog.ArchivedDay{Tenant: "acme", Date: date, State: oplog.DayArchived, Attempt: 1, BegunAt: morning.UTC(), ArchivedAt: morning.UTC()}
		err := db.DayLeaves(tb.Context(), "acme", date, func(key oplog.Key, leaf []byte) error {
			hash := LeafHash(leaf)
			if d.Rows++; d.Rows == 1 || key.Seq() < d.MinSeq {
				d.MinSeq = key.Seq()
			}
			d.MaxSeq = max(d.MaxSeq, key.Seq())
			for i := range d.Sum {
				d.Sum[i] += binary.LittleEndian.Uint64(hash[8*i:])
			}
			return nil
		})
		rows += d.Rows
		var revision oplog.Revision
		for _, state := range []oplog.ArchiveState{oplog.DayArchived, oplog.DayRemoved} {
			d.State = state
			data, e := json.Marshal(d)
			if err == nil && e == nil {
				err = db.PutRecord(oplog.RecordArchive, d.Name(), revision, data)
			}
			revision = oplog.RevisionOf(data)
		}
		if err == nil {
			err = db.DeleteDays(tb.Context(), "acme", oplog.Days{From: date, To: date})
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := db.MoveArrivals(tb.Context(), "acme"); err != nil {
		tb.Fatal(err)
	}
	return rows
}

// TestBytesOfArchivedEntries: an archived entry takes at most 4 bytes here.
func TestBytesOfArchivedEntries(t *testing.T) {
	db := openStore(t, t.TempDir())
	const perDay = 20_000
	dates := fillDays(t, db, 3*perDay, 3)
	before, _ := sizes(t, db)
	rows := removeAll(t, db, dates[:2])
	fillOnly := openStore(t, t.TempDir())
	fillDays(t, fillOnly, perDay, 1)
	one, _ := sizes(t, fillOnly) // what the day that stays takes
	after, free := sizes(t, db)
	left := float64(after-one) / float64(rows)
	t.Logf("%d archived entries: %d bytes before, %d after, %d of the day that stays, %d free; %.2f bytes an archived entry", rows, before, after, one, free, left)
	if left > 4 {
		t.Errorf("an archived entry takes %.1f bytes", left)
	}
}

// BenchmarkBytesOfArchivedEntries fills a million entries of ten days, and removes nine.
func BenchmarkBytesOfArchivedEntries(b *testing.B) {
	for b.Loop() {
		db, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		dates := fillDays(b, db, 1_000_000, 10)
		before, _ := sizes(b, db)
		began := time.Now()
		rows := removeAll(b, db, dates[:9])
		took := time.Since(began)
		after, free := sizes(b, db)
		last, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		fillDays(b, last, 100_000, 1)
		one, _ := sizes(b, last)
		b.ReportMetric(float64(before)/1e6, "bytes/entry-before")
		b.ReportMetric(float64(after-one)/float64(rows), "bytes/archived-entry")
		b.ReportMetric(float64(free)/1e6, "MB-free-pages")
		b.ReportMetric(took.Seconds(), "s-removing")
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		if err := last.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
