package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oplog/durable"
	"oplog/oplog"
)

// archivingCopies is twoCopies of which all programs know archived days.
func archivingCopies(t *testing.T) (leader, follower *DB, log *replicatedLog) {
	t.Helper()
	leader, follower, log = twoCopies(t)
	if err := leader.RaiseLevel(archiveLevel, ""); err != nil {
		t.Fatal(err)
	}
	return leader, follower, log
}

// TestArchivedOnAllCopies: a day is sealed where the message of its record is applied, too, and a deletion marks its record with the same bytes on all
// copies, which tell of that.
func TestArchivedOnAllCopies(t *testing.T) {
	leader, follower, log := archivingCopies(t)
	mustAppend(t, leader, entry(10*minutesOfDay, "a"), entry(9*minutesOfDay, "b"), entry(8*minutesOfDay, "c"), entry(0, "d"))
	for _, daysAgo := range []int{10, 9, 8} {
		setArchived(t, leader, daysAgo, oplog.DayArchived)
	}
	told := make(map[*DB][]string)
	for _, db := range []*DB{leader, follower} {
		db.OnRecord(func(kind oplog.RecordKind, name string) {
			if kind == oplog.RecordArchive {
				told[db] = append(told[db], name[len("acme/"):])
			}
		})
	}
	days := oplog.Days{From: dateOf(morning.AddDate(0, 0, -10)), To: dateOf(morning.AddDate(0, 0, -9))}
	deletion(t, leader, 4, days)
	if err := follower.Apply(log.messages[:len(log.messages)-1]); err != nil {
		t.Fatal(err)
	}
	told[follower] = nil
	follower.Replicate(log.propose) // as if it led now
	if got := refusedItems(appendOne(follower, 8*minutesOfDay, "late"), "day_archived"); got != "1" {
		t.Error("a day that another node has sealed:", got)
	}
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	if a, b := contents(t, leader), contents(t, follower); a != b || strings.Count(a, `"state":"deleted"`) != 2 {
		t.Errorf("the copies differ, or their records are not marked:\n%s\n%s", a, b)
	}
	for _, db := range []*DB{leader, follower} {
		if got := slices.Sorted(slices.Values(told[db])); fmt.Sprint(got) != fmt.Sprint([]string{days.From, days.To}) {
			t.Errorf("told of %v", got)
		}
	}
	for _, db := range []*DB{reopen(t, leader), reopen(t, follower)} {
		db.Replicate(log.propose)
		if got := refusedItems(appendOne(db, 10*minutesOfDay, "late"), "day_deleted"); got != "1" {
			t.Error("a deleted day:", got)
		}
		if got := refusedItems(appendOne(db, 8*minutesOfDay, "late"), "day_archived"); got != "1" {
			t.Error("an archived day:", got)
		}
	}
}

// TestArchiveNeedsItsLevel: as long as programs may lead that know no archived days, there are none.
func TestArchiveNeedsItsLevel(t *testing.T) {
	leader, _, log := twoCopies(t)
	mustAppend(t, leader, entry(10*minutesOfDay, "a"))
	before := len(log.messages)
	for number := firstLevel; number < archiveLevel; number++ {
		if err := leader.RaiseLevel(number, ""); err != nil {
			t.Fatal(err)
		}
		for kind, data := range map[oplog.RecordKind]string{
			oplog.RecordArchive: `{"tenant":"acme","date":"2026-11-10","state":"shipping"}`, oplog.RecordArchiveCounts: "{}",
		} {
			err := leader.PutRecord(kind, "acme/2026-11-10", oplog.Revision{}, []byte(data))
			if oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), "all nodes") {
				t.Errorf("at level %d: %v", number, err)
			}
		}
		if err := leader.PutRecord(oplog.RecordView, fmt.Sprint(number), oplog.Revision{}, []byte("{}")); err != nil {
			t.Error(err)
		}
	}
	for _, m := range log.messages[before:] {
		if strings.Contains(string(m.Data), string(oplog.RecordArchive)) {
			t.Errorf("message %d is of the archive", m.Index)
		}
	}
	if err := leader.RaiseLevel(archiveLevel, ""); err != nil {
		t.Fatal(err)
	}
	setArchived(t, leader, 10, oplog.DayShipping)
}

// TestReplicatesArchivedDays: a single log with archived days that becomes one of several nodes takes no program that does not know them.
func TestReplicatesArchivedDays(t *testing.T) {
	for _, archived := range []bool{false, true} {
		db := openStore(t, t.TempDir())
		mustAppend(t, db, entry(10*minutesOfDay, "a"))
		want := firstLevel
		if archived {
			setArchived(t, db, 10, oplog.DayRemoved)
			want = archiveLevel
		}
		if err := db.BeginReplication(Position{Index: 1}); err != nil || db.Level() != want {
			t.Errorf("archived %v: level %d, %v", archived, db.Level(), err)
		}
		if db = reopen(t, db); db.Level() != want {
			t.Errorf("archived %v: level %d after a restart", archived, db.Level())
		}
		closeStore(t, db)
		older, err := Open(db.dir, Options{Highest: archiveLevel - 1})
		if isLevel(err) != archived {
			t.Errorf("archived %v: an older build opens it: %v", archived, err)
		}
		if err == nil {
			closeStore(t, older)
		}
	}
}

// TestFailedSeal: a day whose record was not stored still takes entries, at once if the transaction failed alone, and otherwise after the recovery.
func TestFailedSeal(t *testing.T) {
	leader, _, log := archivingCopies(t)
	mustAppend(t, leader, entry(10*minutesOfDay, "a"))
	lost := errors.New("the leader has changed")
	leader.Replicate(func([]byte) (uint64, error) { return 0, lost })
	d := archivedDay(t, leader, 10)
	if err := putDay(leader, d); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	leader.Replicate(log.propose)
	mustAppend(t, leader, entry(10*minutesOfDay, "b"))

	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(10*minutesOfDay, "a"))
	accept := durable.UseDisk(refusing{})
	t.Cleanup(accept)
	wantReadOnly(t, db, putDay(db, d))
	var changed []string
	db.OnRecord(func(_ oplog.RecordKind, name string) { changed = append(changed, name) })
	accept()
	if err := db.recoverWrites(); err != nil || fmt.Sprint(changed) != fmt.Sprint([]string{d.Name()}) {
		t.Fatal(err, changed)
	}
	mustAppend(t, db, entry(10*minutesOfDay, "b"))
	setArchived(t, db, 10, oplog.DayArchived)
	accept = durable.UseDisk(refusing{})
	t.Cleanup(accept)
	wantReadOnly(t, db, appendOne(db, 0, "c"))
	accept()
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	if got := refusedItems(appendOne(db, 10*minutesOfDay, "late"), "day_archived"); got != "1" {
		t.Error("after the recovery:", got)
	}
}

// TestArchivedInBackups: what a backup or a copy of another node has of archived days is kept, and missing entries are no damage of it.
func TestArchivedInBackups(t *testing.T) {
	db := removedStore(t, true, 2, 3)
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	if r, err := Restore(t.Context(), restored, &backup, func(*DB) error { return nil }); err != nil || r.Entries != 8 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := db.BeginReplication(Position{Index: 1}); err != nil {
		t.Fatal(err)
	}
	installed := t.TempDir()
	received := filepath.Join(installed, "received")
	copyOf(t, db, received)
	if err := InstallCopy(t.Context(), installed, received); err != nil {
		t.Fatal(err)
	}
	want, _, err := db.Record(oplog.RecordArchive, "acme/"+dateOf(morning.AddDate(0, 0, -10)))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{restored, installed} {
		copyKey(t, db.dir, dir)
		other := openStore(t, dir)
		if got, _, err := other.Record(oplog.RecordArchive, "acme/"+dateOf(morning.AddDate(0, 0, -10))); err != nil || string(got) != string(want) {
			t.Errorf("its record is %s, %v", got, err)
		}
		if got := scanned(t, other, oplog.Key{}, oplog.Key{}); got != "before c d e after" {
			t.Errorf("it has %s", got)
		}
		if found, v := verified(t, other); found != "" || v.Archived != 2 {
			t.Errorf("found %s, %d archived", found, v.Archived)
		}
	}
}

// archiveSome archives a day of acme further, or begins to. Its entries stay.
func archiveSome(t *testing.T, db *DB, random *rand.Rand) {
	t.Helper()
	d := archivedDay(t, db, random.IntN(3))
	if data, _, err := db.Record(oplog.RecordArchive, d.Name()); err == nil {
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
	}
	next := map[oplog.ArchiveState]oplog.ArchiveState{oplog.DayShipping: oplog.DayArchived, oplog.DayArchived: oplog.DayRemoved, oplog.DayRemoved: oplog.DayRemoved}
	var audit []oplog.Entry
	if random.IntN(2) == 0 {
		d.State = next[d.State]
	}
	if d.State == oplog.DayRemoved {
		d.RemovedAt = morning.UTC()
		audit = append(audit, removal(d))
	}
	if err := putDay(db, d, audit...); err != nil && oplog.CodeOf(err) != oplog.CodeInvalid && oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Fatal(err)
	}
}
