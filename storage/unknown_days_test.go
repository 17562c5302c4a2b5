package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// unknownNames returns the names of the unknown days.
func unknownNames(t *testing.T, db *DB) string {
	t.Helper()
	days, err := db.UnknownDays()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range days {
		if !oplog.IsDamagedRecord(d.Why) {
			t.Error(d.Why)
		}
		names = append(names, fmt.Sprint(d.Name(), " ", d.Deleted))
	}
	return strings.Join(names, ", ")
}

// TestDamagedRecordOfAnArchivedDay: the log opens; the day takes no entries, and nothing of it is removed, deleted or shipped, while others can be. It is known
// again once the record is.
func TestDamagedRecordOfAnArchivedDay(t *testing.T) {
	for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved} {
		t.Run(string(state), func(t *testing.T) {
			db := openStore(t, t.TempDir())
			mustAppend(t, db, withID("a", entry(11*minutesOfDay, "a")), withID("b", entry(10*minutesOfDay, "b")), withID("b2", entry(10*minutesOfDay, "b2")), withID("c", entry(9*minutesOfDay, "c")), entry(0, "d"))
			d := setArchived(t, db, 10, state)
			if state == oplog.DayRemoved { // it was interrupted after its ids
				err := db.update(func(tx *bolt.Tx) error {
					_, err := deleteSome(tx, "acme", oplog.Days{From: d.Date, To: d.Date})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			flipBit(t, db, oplog.RecordArchive, d.Name(), 77)
			db = reopen(t, db)
			checkUnknown(t, db, &d)
			flipBit(t, db, oplog.RecordArchive, d.Name(), 77)
			db = reopen(t, db)
			if got := unknownNames(t, db); got != "" {
				t.Error("still unknown:", got)
			}
			if got := db.archivedOf("acme").ofDate([]byte(d.Date)); got != state {
				t.Error("its state is", got)
			}
		})
	}
}

func checkUnknown(t *testing.T, db *DB, d *oplog.ArchivedDay) {
	t.Helper()
	if got := unknownNames(t, db); got != d.Name()+" false" {
		t.Error("unknown are:", got)
	}
	_, err := db.Append(t.Context(), "acme", []oplog.Entry{withID("late", entry(10*minutesOfDay, "late")), entry(9*minutesOfDay, "fine")}, 0)
	if got := refusedItems(err, "day_unknown"); got != "1" {
		t.Error("new entries:", got)
	}
	mustAppend(t, db, entry(9*minutesOfDay, "fine"))
	left, err := db.Undeleted("acme")
	if err != nil || len(left) > 0 {
		t.Errorf("to be removed are %v, %v", left, err)
	}
	day := oplog.Days{From: d.Date, To: d.Date}
	if err := db.DeleteDays(t.Context(), "acme", day); err == nil || !strings.Contains(err.Error(), "nor removed to the archive") {
		t.Errorf("it was removed: %v", err)
	}
	days, err := db.DaysBefore(t.Context(), "acme", dateOf(morning))
	if err != nil || len(days) != 2 || slices.ContainsFunc(days, func(c oplog.DayCount) bool { return c.Date == d.Date }) {
		t.Errorf("days to delete are %v, %v", days, err)
	}
	all := oplog.Deletion{Tenant: "acme", ID: "d", Days: []oplog.Days{{From: days[0].Date, To: days[1].Date}}}
	if err := db.BeginDeletion(&all); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), d.Name()) {
		t.Errorf("it was deleted: %v", err)
	}
	deletion(t, db, 5, oplog.Days{From: days[0].Date, To: days[0].Date})
	moved := *d
	moved.State = oplog.DayShipping
	if err := putDay(db, moved); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("its record was replaced: %v", err)
	}
	found, v := verified(t, db)
	if found != "" {
		t.Error("verification finds", found)
	}
	if entries := scanned(t, db, oplog.Key{}, oplog.Key{}); !strings.Contains(entries, "b b2") && v.Unknown != 2 {
		t.Errorf("%d entries are unknown, and here are %s", v.Unknown, entries)
	}
}

// TestVerifyUnknownDay: entries that are not here are neither removed nor in the archive, as far as is known; what is here of other days is compared.
func TestVerifyUnknownDay(t *testing.T) {
	db := openStore(t, t.TempDir())
	var entries []oplog.Entry
	for i := range 3 * tileSize {
		entries = append(entries, withID(fmt.Sprint("id", i), entry(10*minutesOfDay, "old")))
	}
	mustAppend(t, db, entries...)
	mustAppend(t, db, entry(9*minutesOfDay, "b"), entry(0, "c"))
	d := setArchived(t, db, 10, oplog.DayRemoved)
	removed := setArchived(t, db, 9, oplog.DayRemoved)
	for _, date := range []string{d.Date, removed.Date} {
		if err := db.DeleteDays(t.Context(), "acme", oplog.Days{From: date, To: date}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.MoveArrivals(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	flipBit(t, db, oplog.RecordArchive, d.Name(), 99)
	db = reopen(t, db)
	if found, v := verified(t, db); found != "" || v.Unknown != 3*tileSize || v.Archived != 1 || v.Deleted != 0 {
		t.Errorf("found %s; %d unknown, %d archived, %d deleted", found, v.Unknown, v.Archived, v.Deleted)
	}
	if damaged, err := db.DamagedDays(); err != nil || !slices.Equal(damaged, []string{"archives/" + d.Name()}) {
		t.Errorf("%v, %v", damaged, err)
	}
	if err := db.MoveArrivals(t.Context(), "acme"); err != nil {
		t.Error(err)
	}
}

// TestDamagedRecordOfADeletion: the entry that reports it says which days are closed. Without that entry, too, nobody knows which days of before it are, by the rule of
// its time if that is known.
func TestDamagedRecordOfADeletion(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(20*minutesOfDay, "gone"), entry(10*minutesOfDay, "a"), entry(9*minutesOfDay, "b"), entry(0, "c"))
	gone := oplog.Days{From: dateOf(morning.AddDate(0, 0, -20)), To: dateOf(morning.AddDate(0, 0, -20))}
	d := deletion(t, db, 4, gone)
	flipBit(t, db, oplog.RecordDeletion, "acme/"+d.ID, 50)
	db = reopen(t, db)
	if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != "a b c" {
		t.Error("with the entry of the trail, the entries are", got)
	}
	if got := unknownNames(t, db); got != "" {
		t.Error("unknown are", got)
	}
	if err := db.DeleteDays(t.Context(), "acme", gone); err != nil {
		t.Error(err)
	}
	if found, v := verified(t, db); found != "" || v.Deleted != 1 {
		t.Errorf("%s, %d deleted", found, v.Deleted)
	}
	if damaged, err := db.DamagedDays(); err != nil || !slices.Equal(damaged, []string{"deletions/acme/" + d.ID}) {
		t.Errorf("%v, %v", damaged, err)
	}

	damageTrail(t, db, d.ID)
	db = reopen(t, db)
	names := func(daysAgo ...int) string {
		var all []string
		for _, n := range daysAgo {
			all = append(all, "acme/"+dateOf(morning.AddDate(0, 0, -n))+" false")
		}
		return strings.Join(all, ", ")
	}
	if got := unknownNames(t, db); got != names(10, 9) {
		t.Error("without the entry, unknown are", got)
	}
	for daysAgo, want := range map[int]string{0: "<nil>", 1: "1", 10: "1", 20: "1"} {
		_, err := db.Append(t.Context(), "acme", []oplog.Entry{entry(daysAgo*minutesOfDay, "late")}, 0)
		if got := refusedItems(err, "day_unknown"); got != want {
			t.Errorf("%d days ago: %s, want %s", daysAgo, got, want)
		}
	}
	put(t, db, oplog.RecordTenant, "acme", fmt.Sprintf(`{"id":"acme","retention_days":9,"retention_set_at":%q}`, morning.AddDate(0, 0, -30).UTC().Format(time.RFC3339)))
	db = reopen(t, db)
	if got := unknownNames(t, db); got != names(10) {
		t.Error("by the rule of 9 days, unknown are", got)
	}
	if found, _ := verified(t, db); found != "" {
		t.Error(found)
	}
}

// damageTrail damages an entry of acme's trail.
func damageTrail(t *testing.T, db *DB, id string) {
	t.Helper()
	key, _ := oplog.KeyOfID(id)
	err := db.update(func(tx *bolt.Tx) error {
		b := bucketOfDay(entriesBucket(tx, oplog.TrailName("acme")), key)
		return b.Put(key[:], append(slices.Clone(b.Get(key[:])), ' '))
	})
	if err != nil {
		t.Fatal(err)
	}
}
