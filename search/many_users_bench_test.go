package search

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
)

// BenchmarkManyUsers counts and searches a log in which each of 200,000 entries is of another user; and numbers the users of entries, new and
// known ones.
func BenchmarkManyUsers(b *testing.B) {
	l := openManyUsers(b, 200_000)
	count := func(b *testing.B, q oplog.Query) {
		b.Helper()
		if _, err := l.Journal.Summary(b.Context(), tenant, q, oplog.LocaleEN); err != nil {
			b.Fatal(err)
		}
	}
	count(b, oplog.Query{})
	b.Run("summary", func(b *testing.B) {
		for b.Loop() {
			count(b, oplog.Query{})
		}
	})
	for _, word := range []string{"wang", "u1", "zhao"} {
		b.Run("search/"+word, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				forgetWords(b, l)
				b.StartTimer()
				if _, err := l.Journal.Total(b.Context(), tenant, oplog.Query{Filters: oplog.Filters{Search: "user:" + word}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// forgetWords empties the caches of words of all segments.
func forgetWords(b *testing.B, l testLog) {
	v, err := l.index.view(b.Context(), tenant)
	if err != nil {
		b.Fatal(err)
	}
	defer v.release()
	for _, s := range v.segments {
		s.mu.Lock()
		clear(s.words)
		s.mu.Unlock()
	}
}

// openManyUsers opens a log of so many entries, each of another user, in segments.
func openManyUsers(b *testing.B, users int) testLog {
	dir := b.TempDir()
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	index, err := Open(filepath.Join(dir, "index"), store)
	if err != nil {
		b.Fatal(err)
	}
	opened, err := node.New(store, index, node.Options{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	l := testLog{opened, store, index}
	b.Cleanup(func() { closeLog(b, l) })
	if _, err := l.Directory.AddTenant(oplog.Tenant{ID: tenant, Name: "Acme", TimeZone: "Europe/Berlin"}); err != nil {
		b.Fatal(err)
	}
	const batch = 10_000
	for from := 0; from < users; from += batch {
		entries := make([]oplog.Entry, batch)
		for i := range entries {
			entries[i] = plainEntry(from+i, users-from-i)
			entries[i].User = oplog.User{ID: fmt.Sprint("u", from+i), Name: []string{"Wang Fang", "李娜", "Müller, Jörg", "Anna Schmidt"}[i%4]}
		}
		if _, err := l.Journal.Append(b.Context(), tenant, entries); err != nil {
			b.Fatal(err)
		}
	}
	for {
		v, err := index.view(b.Context(), tenant)
		if err != nil {
			b.Fatal(err)
		}
		tail := len(v.tail)
		v.release()
		if tail < defaultSizes.restFlush {
			return l
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// BenchmarkNumbering converts entries of new and of known users.
func BenchmarkNumbering(b *testing.B) {
	entries := make([]oplog.Entry, 1<<16)
	for i := range entries {
		entries[i] = plainEntry(i, i)
		entries[i].User = oplog.User{ID: fmt.Sprint("u", i), Name: "Wang Fang", Role: "clerk"}
	}
	latest := make(map[uint32]int64)
	convert := func(n *numbering) {
		for i := range entries {
			n.document(&entries[i], latest)
			clear(latest)
		}
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			convert(emptyNumbering())
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(entries)), "ns/entry")
	})
	b.Run("known", func(b *testing.B) {
		n := emptyNumbering()
		convert(n)
		for b.Loop() {
			convert(n)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(entries)), "ns/entry")
	})
}

func emptyNumbering() *numbering { return newNumbering(defaultSizes.keptTexts) }
