package storage

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Ids are found whatever the sizes of their transactions, in a few runs of bounded size.
func TestRunsOfIDs(t *testing.T) {
	db := openStore(t, t.TempDir())
	const total = 3 * maxRun
	days := []time.Time{entry(0, "").Time, entry(0, "").Time.AddDate(0, 0, -1)}
	id := func(seq int) string { return fmt.Sprintf("id-%d", seq) }
	addIDs(t, db, days, total, id)
	err := db.bolt.Load().View(func(tx *bolt.Tx) error {
		ids := tx.Bucket(bucketTenants).Bucket([]byte("acme")).Bucket([]byte(nameIDs))
		for i, day := range days {
			runs := runsOfDate(ids, dateOf(day))
			count := 0
			for j, run := range runs {
				count += run.len()
				if run.len() > maxRun || j > 0 && run.len() > maxRun/2 && runs[j-1].len() < maxRun/2 {
					t.Errorf("%s: run %d has %d ids", run.name, j, run.len())
				}
			}
			if want := []int{total / 100 * 99, total / 100}[i]; count < want || count > want+100 {
				t.Errorf("%s: %d ids, want about %d", dateOf(day), count, want)
			}
			if len(runs) > 16 {
				t.Errorf("%s: %d runs", dateOf(day), len(runs))
			}
			for seq := i * 99; seq < total; seq += 100 {
				var found []uint64
				for _, run := range runs {
					run.find(hashID(id(seq)), func(s uint64) bool {
						found = append(found, s)
						return false
					})
				}
				if len(found) != 1 || found[0] != uint64(seq) {
					t.Fatalf("%s leads to %d", id(seq), found)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// addIDs adds ids in writes of many sizes, one of a hundred on the second day.
func addIDs(t *testing.T, db *DB, days []time.Time, total int, id func(seq int) string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for seq := 0; seq < total; {
		err := db.bolt.Load().Update(func(tx *bolt.Tx) error {
			w, err := newTenantWriter(tx, "acme", treeHead{known: true})
			if err != nil {
				return err
			}
			size := 1 + random.IntN(60_000)
			if random.IntN(3) > 0 {
				size = 1 + random.IntN(64)
			}
			for range min(size, total-seq) {
				w.addID(&oplog.Entry{ID: id(seq), Seq: uint64(seq), Time: days[seq%100/99]})
				seq++
			}
			return w.saveIDs()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Ids with the same hash are told apart by their entries.
func TestCollidingIDHashes(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("a", entry(1, "one")), withID("b", entry(2, "two")))
	err := db.bolt.Load().Update(func(tx *bolt.Tx) error {
		ids := tx.Bucket(bucketTenants).Bucket([]byte("acme")).Bucket([]byte(nameIDs))
		run := runsOfDate(ids, dateOf(entry(1, "").Time))[0]
		return ids.Bucket(run.name).Put(runValue, makeRun([]idRecord{{hashID("a"), 1}, {hashID("a"), 2}, {hashID("b"), 1}, {hashID("b"), 2}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustAppend(t, db, withID("b", entry(2, "two")), withID("a", entry(1, "one"))); got != "b 2 duplicate, a 1 duplicate" {
		t.Error(got)
	}
	if e, err := db.Find("acme", "b", nil); err != nil || e.Content.Name != "two" {
		t.Errorf("%+v, %v", e, err)
	}
}
