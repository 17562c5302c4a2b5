package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// interrupted is a context that ends when it has been asked some times.
type interrupted struct {
	context.Context //nolint:containedctx // of the test

	left int
}

// Err returns nil so many times.
func (c *interrupted) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func undeleted(t *testing.T, db *DB) string {
	t.Helper()
	left, err := db.Undeleted("acme")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(left)
}

// TestRemovalIsInterrupted: a day that is removed in part when the program is killed is still listed, and nothing of it is damage; then it is removed
// wholly. The file is that of a process without an orderly end.
func TestRemovalIsInterrupted(t *testing.T) {
	db := openStore(t, t.TempDir())
	entries := []oplog.Entry{entry(20*minutesOfDay, "before")}
	for i := range 2*deletesPerTx + 1000 {
		e := entry(10*minutesOfDay+i%60, "old")
		if i%2 == 0 {
			e.ID = fmt.Sprint("id", i)
		}
		entries = append(entries, e)
	}
	mustAppend(t, db, append(entries, entry(0, "after"))...)
	n := len(entries) - 1
	d := setArchived(t, db, 10, oplog.DayArchived)
	days := oplog.Days{From: d.Date, To: d.Date}
	if err := db.DeleteDays(t.Context(), "acme", days); err == nil || undeleted(t, db) != "[]" {
		t.Errorf("a day is removed that is read from here: %v", err)
	}
	d.State, d.RemovedAt = oplog.DayRemoved, morning.UTC()
	if err := putDay(db, d, removal(d)); err != nil {
		t.Fatal(err)
	}
	for turns, want := range map[int]int{0: n, 1: n, 2: n - deletesPerTx, 3: n - 2*deletesPerTx, 4: 0, 5: 0} {
		dir := filesOf(t, db.dir).laid(t, -1) // as after a crash
		killed := openStore(t, dir)
		if err := killed.DeleteDays(&interrupted{t.Context(), turns}, "acme", days); turns < 4 && !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d turns: %v", turns, err)
		}
		crashed := openStore(t, filesOf(t, dir).laid(t, -1))
		left := fmt.Sprint([]oplog.Days{days})
		if want == 0 {
			left = "[]"
		}
		checkRemoved(t, crashed, fmt.Sprint("after ", turns, " turns"), left, uint64(n-want), uint64(n)) //nolint:gosec // positive
		if err := crashed.DeleteDays(t.Context(), "acme", days); err != nil {
			t.Error(err)
		}
		checkRemoved(t, crashed, "at last", "[]", uint64(n), uint64(n)) //nolint:gosec // positive
		_ = crashed.bolt.Load().View(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
			if entries, ids := b.Bucket([]byte(nameEntries)).Bucket([]byte(d.Date)), runsOfDate(b.Bucket([]byte(nameIDs)), d.Date); entries != nil || len(ids) > 0 {
				t.Errorf("there is something left of the day, and %d runs of ids", len(ids))
			}
			return nil
		})
	}
}

// checkRemoved checks a store of which one day of n entries is removed, some of them from the disk.
func checkRemoved(t *testing.T, db *DB, what, left string, gone, n uint64) {
	t.Helper()
	if got := undeleted(t, db); got != left {
		t.Errorf("%s, there is left %s; want %s", what, got, left)
	}
	if found, v := verified(t, db); found != "" || v.Archived != gone || v.Deleted != 0 || v.Size != n+2 {
		t.Errorf("%s, found %s, %d archived of %d; want %d", what, found, v.Archived, v.Size, gone)
	}
	if damage := passDamage(t, db); damage != nil {
		t.Errorf("%s: %v", what, damage)
	}
	count := uint64(0)
	err := db.Arrivals(t.Context(), "acme", 1, 0, func(e oplog.Entry) error {
		if count++; e.Damaged {
			t.Errorf("%s, entry %d is damaged", what, e.Seq)
		}
		return nil
	})
	if err != nil || count != n+2-gone {
		t.Errorf("%s, there are %d entries, %v", what, count, err)
	}
}

// TestRemovesMixedDays: days that are deleted and days that the archive has alone are removed, and listed in order; others are not.
func TestRemovesMixedDays(t *testing.T) {
	db := openStore(t, t.TempDir())
	day := func(daysAgo int) string { return dateOf(morning.AddDate(0, 0, -daysAgo)) }
	for daysAgo := 12; daysAgo >= 0; daysAgo-- {
		mustAppend(t, db, withID("x", entry(daysAgo*minutesOfDay, fmt.Sprint(daysAgo))))
	}
	for _, daysAgo := range []int{11, 9, 6} {
		setArchived(t, db, daysAgo, oplog.DayRemoved)
	}
	setArchived(t, db, 5, oplog.DayArchived)
	deletion(t, db, 13, oplog.Days{From: day(10), To: day(10)}, oplog.Days{From: day(7), To: day(6)})
	one := func(daysAgo int) oplog.Days { return oplog.Days{From: day(daysAgo), To: day(daysAgo)} }
	for range 2 {
		if got, want := undeleted(t, db), fmt.Sprint([]oplog.Days{one(11), one(10), one(9), {From: day(7), To: day(6)}}); got != want {
			t.Errorf("there is left %s; want %s", got, want)
		}
		db = reopen(t, db)
	}
	for _, days := range []oplog.Days{{From: day(12), To: day(9)}, {From: day(9), To: day(6)}, one(5), one(8)} {
		if err := db.DeleteDays(t.Context(), "acme", days); err == nil {
			t.Errorf("%v are removed", days)
		}
	}
	if err := db.DeleteDays(t.Context(), "acme", oplog.Days{From: day(11), To: day(9)}); err != nil {
		t.Error(err)
	}
	if got := undeleted(t, db); got != fmt.Sprint([]oplog.Days{{From: day(7), To: day(6)}}) {
		t.Errorf("there is left %s", got)
	}
	if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != "12 8 5 4 3 2 1 0" {
		t.Errorf("there are %s", got)
	}
}

// model is what a store should have: entries by seq, and the states of days.
type model struct {
	entries map[uint64]oplog.Entry
	states  map[int]oplog.ArchiveState // by days ago
	gone    map[int]bool               // whose entries were removed, perhaps not all
}

// TestArchivedDaysAgainstAModel: whatever days are archived, removed and deleted in between, and wherever a removal ends, the store has all other
// entries, takes those of days that are not archived alone, and finds no damage.
func TestArchivedDaysAgainstAModel(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // repeatable
		db := openStore(t, t.TempDir())
		m := model{make(map[uint64]oplog.Entry), make(map[int]oplog.ArchiveState), make(map[int]bool)}
		for step := range 60 {
			m.act(t, db, random, step)
			if random.IntN(8) == 0 {
				db = reopen(t, db)
			}
		}
		m.check(t, db)
	}
}

const modelDays = 6

func (m *model) act(t *testing.T, db *DB, random *rand.Rand, step int) {
	t.Helper()
	daysAgo := 1 + random.IntN(modelDays)
	date := dateOf(morning.AddDate(0, 0, -daysAgo))
	switch random.IntN(6) {
	case 0, 1, 2:
		m.send(t, db, random, step)
	case 3, 4:
		next := map[oplog.ArchiveState]oplog.ArchiveState{"": oplog.DayShipping, oplog.DayShipping: oplog.DayArchived, oplog.DayArchived: oplog.DayRemoved}[m.states[daysAgo]]
		if next == "" {
			return
		}
		d := archivedDay(t, db, daysAgo)
		var audit []oplog.Entry
		if d.State = next; next == oplog.DayRemoved {
			d.RemovedAt = morning.UTC()
			audit = append(audit, removal(d))
		}
		if err := putDay(db, d, audit...); err != nil {
			t.Fatal(err)
		}
		m.states[daysAgo] = next
	case 5:
		days := oplog.Days{From: date, To: date}
		if random.IntN(4) == 0 && m.states[daysAgo] != oplog.DayDeleted {
			deletion(t, db, uint64(len(m.entries)), days)
			m.states[daysAgo] = oplog.DayDeleted
		}
		err := db.DeleteDays(&interrupted{t.Context(), random.IntN(4)}, "acme", days)
		if may := isRemoved(m.states[daysAgo]); may {
			m.gone[daysAgo] = true
		} else if err == nil {
			t.Fatalf("a day is removed that is %q", m.states[daysAgo])
		}
	}
}

func (m *model) send(t *testing.T, db *DB, random *rand.Rand, step int) {
	t.Helper()
	var entries []oplog.Entry
	sealed := false
	for range 1 + random.IntN(30) {
		daysAgo := random.IntN(modelDays + 1)
		if random.IntN(3) > 0 {
			daysAgo = step % (modelDays + 1)
		}
		e := entry(daysAgo*minutesOfDay+random.IntN(8*60), fmt.Sprint(step))
		if random.IntN(2) == 0 {
			e.ID = fmt.Sprint("id ", step, " ", len(entries))
		}
		sealed = sealed || m.states[daysAgo] != ""
		entries = append(entries, e)
	}
	receipts, err := db.Append(t.Context(), "acme", entries, 0)
	if sealed != (oplog.CodeOf(err) == oplog.CodeInvalid) || err != nil && !sealed {
		t.Fatalf("entries of days that are sealed %v: %v", sealed, err)
	}
	for i, r := range receipts {
		if err == nil {
			m.entries[r.Seq] = entries[i]
		}
	}
}

func (m *model) check(t *testing.T, db *DB) {
	t.Helper()
	daysAgo := func(e oplog.Entry) int {
		return int(morning.Truncate(24*time.Hour).Sub(e.Time.Truncate(24*time.Hour)) / (24 * time.Hour))
	}
	var got, want []string
	err := db.Scan(t.Context(), "acme", oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		if !m.gone[daysAgo(e)] {
			got = append(got, fmt.Sprint(e.Seq))
		}
		if e.Damaged || m.states[daysAgo(e)] == oplog.DayDeleted {
			t.Errorf("entry %d is damaged, or deleted", e.Seq)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for seq, e := range m.entries {
		if !m.gone[daysAgo(e)] && m.states[daysAgo(e)] != oplog.DayDeleted {
			want = append(want, fmt.Sprint(seq))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("there are %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
	if found, v := verified(t, db); found != "" || v.Size != uint64(len(m.entries)) {
		t.Errorf("found %s, %d entries of %d", found, v.Size, len(m.entries))
	}
	if damage := passDamage(t, db); damage != nil {
		t.Error(damage)
	}
}
