package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// archivedDay returns the record of acme's day of some days ago, with what the store has of it.
func archivedDay(t *testing.T, db *DB, daysAgo int) oplog.ArchivedDay {
	t.Helper()
	d := oplog.ArchivedDay{Tenant: "acme", Date: dateOf(morning.AddDate(0, 0, -daysAgo)), State: oplog.DayShipping, Attempt: 1, BegunAt: morning.UTC()}
	err := db.DayLeaves(t.Context(), "acme", d.Date, func(key oplog.Key, leaf []byte) error {
		hash := sha256.Sum256(append([]byte{0}, leaf...))
		if d.Rows++; d.Rows == 1 || key.Seq() < d.MinSeq {
			d.MinSeq = key.Seq()
		}
		d.MaxSeq = max(d.MaxSeq, key.Seq())
		for i := range d.Sum {
			d.Sum[i] += binary.LittleEndian.Uint64(hash[8*i:])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// putDay replaces the record of a day, with entries of its trail.
func putDay(db *DB, d oplog.ArchivedDay, audit ...oplog.Entry) error {
	_, revision, err := db.Record(oplog.RecordArchive, d.Name())
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return db.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordArchive, Name: d.Name(), Replaces: revision, Data: data}}, audit...)
}

// removal is the entry of the trail that confirms a record.
func removal(d oplog.ArchivedDay) oplog.Entry {
	details, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return oplog.Entry{
		Tenant: oplog.TrailName(d.Tenant), Time: d.RemovedAt, ReceivedAt: d.RemovedAt, User: oplog.User{ID: "server", Name: "oplog"},
		Module: "archive", Operation: "remove", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}
}

// setArchived archives a day of acme, up to a state.
func setArchived(t *testing.T, db *DB, daysAgo int, to oplog.ArchiveState) oplog.ArchivedDay {
	t.Helper()
	d := archivedDay(t, db, daysAgo)
	begun := d
	begun.Rows, begun.MinSeq, begun.MaxSeq, begun.Sum = 0, 0, 0, [4]uint64{}
	err := putDay(db, begun)
	if to != oplog.DayShipping {
		d.State, d.ArchivedAt = oplog.DayArchived, morning.UTC()
		err = errors.Join(err, putDay(db, d))
	}
	if to == oplog.DayRemoved {
		d.State, d.RemovedAt = to, morning.UTC()
		err = errors.Join(err, putDay(db, d, removal(d)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// refusedItems returns the numbers of the entries that an error refuses with a rule's code, or the error.
func refusedItems(err error, rule string) string {
	var refused *oplog.Error
	if !errors.As(err, &refused) || refused.Code != oplog.CodeInvalid {
		return fmt.Sprint(err)
	}
	var items []string
	for _, f := range refused.Fields {
		if f.Code != rule || f.Field != "time" {
			return fmt.Sprint(err)
		}
		items = append(items, fmt.Sprint(f.Item))
	}
	return strings.Join(items, " ")
}

// TestArchivedDaysAreSealed: from its first record on, a day takes no new entry; what it has is acknowledged as a duplicate as long as it is here.
func TestArchivedDaysAreSealed(t *testing.T) {
	for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved} {
		t.Run(string(state), func(t *testing.T) {
			db := openStore(t, t.TempDir())
			old := withID("order-7", entry(10*minutesOfDay, "a"))
			mustAppend(t, db, old, entry(10*minutesOfDay, "b"), entry(0, "c"))
			generated, err := db.KeyOfSeq("acme", 2)
			if err != nil {
				t.Fatal(err)
			}
			setArchived(t, db, 10, state)
			for range 2 {
				checkSealed(t, db, state, old, withID(generated.ID(), entry(10*minutesOfDay, "b")))
				db = reopen(t, db)
			}
			checkStore(t, db, "acme")
			if found, _ := verified(t, db); found != "" {
				t.Error(found)
			}
		})
	}
}

func checkSealed(t *testing.T, db *DB, state oplog.ArchiveState, known ...oplog.Entry) {
	t.Helper()
	try := func(entries ...oplog.Entry) error {
		t.Helper()
		before := slices.Clone(entries)
		_, err := db.Append(t.Context(), "acme", entries, 0)
		if one := db.Conflicts("acme", before); fmt.Sprint(one) != fmt.Sprint(err) {
			t.Errorf("Conflicts says %v, Append %v", one, err)
		}
		return err
	}
	fresh := func() []oplog.Entry {
		return []oplog.Entry{
			withID("now", entry(0, "fine")), entry(10*minutesOfDay, "late"), withID("new", entry(10*minutesOfDay, "late")), withID("new", entry(10*minutesOfDay, "late")),
			withID("order-8", entry(9*minutesOfDay, "another day")),
		}
	}
	if got := refusedItems(try(fresh()...), "day_archived"); got != "2 3 4" {
		t.Error("new entries:", got)
	}
	want := "order-7 1 duplicate, " + known[1].ID + " 2 duplicate"
	other := known[0]
	other.Content.Name = "another"
	if state == oplog.DayRemoved { // its ids may be gone
		if got := refusedItems(try(known[0], known[1], other), "day_archived"); got != "1 2 3" {
			t.Error("known entries:", got)
		}
		return
	}
	if got := mustAppend(t, db, known...); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if err := try(other, entry(0, "fine")); oplog.CodeOf(err) != oplog.CodeConflict {
		t.Error("another entry with a known id:", err)
	}
	if got := refusedItems(try(other, entry(10*minutesOfDay, "late")), "day_archived"); got != "2" {
		t.Error("a conflict and a new entry:", got)
	}
}

// TestArchivedDaysOfOneTenant: a day is sealed for its tenant alone, and neither for the trail nor after its record was removed in time.
func TestArchivedDaysOfOneTenant(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(10*minutesOfDay, "a"))
	d := setArchived(t, db, 10, oplog.DayArchived)
	for _, log := range []string{"other", oplog.TrailName("acme")} {
		e := entry(10*minutesOfDay, "b")
		e.Tenant = log
		if _, err := db.Append(t.Context(), log, []oplog.Entry{e}, 0); err != nil {
			t.Errorf("%s: %v", log, err)
		}
	}
	_, revision, err := db.Record(oplog.RecordArchive, d.Name())
	if err := errors.Join(err, db.PutRecord(oplog.RecordArchive, d.Name(), revision, nil)); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, db, entry(10*minutesOfDay, "c"))
	db = reopen(t, db)
	mustAppend(t, db, entry(10*minutesOfDay, "d"))
}

// TestArchiveRecordsAreChecked: records that say nothing of a day are refused, and none brings back what has left.
func TestArchiveRecordsAreChecked(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(10*minutesOfDay, "a"), entry(9*minutesOfDay, "b"), entry(0, "c"))
	for name, data := range map[string]string{
		"acme/2026-01-01":        `{"tenant":"acme","date":"2026-01-02","state":"shipping"}`,
		"acme/2026-01-02":        `{"tenant":"acme","date":"2026-01-02","state":"lost"}`,
		"acme/2026-01-03":        `{"tenant":"acme","date":"2026-01-03"`,
		"acme/2026-02-30":        `{"tenant":"acme","date":"2026-02-30","state":"shipping"}`,
		"acme/access/2026-01-04": `{"tenant":"acme/access","date":"2026-01-04","state":"shipping"}`,
		"acme":                   "",
		"acme/2026-01-05":        `{"tenant":"acme","date":"2026-01-05","state":"deleted"}`,
	} {
		change := []byte(data)
		if data == "" {
			change = nil
		}
		if err := db.PutRecord(oplog.RecordArchive, name, oplog.Revision{}, change); oplog.CodeOf(err) != oplog.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := setArchived(t, db, 10, oplog.DayRemoved)
	stored, revision, err := db.Record(oplog.RecordArchive, d.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayDeleted} {
		back := d
		back.State = state
		if err := putDay(db, back); oplog.CodeOf(err) != oplog.CodeInvalid {
			t.Errorf("removed, then %s: %v", state, err)
		}
	}
	if err := db.PutRecord(oplog.RecordArchive, d.Name(), revision, nil); oplog.CodeOf(err) != oplog.CodeInvalid {
		t.Errorf("its record was removed: %v", err)
	}
	if now, _, err := db.Record(oplog.RecordArchive, d.Name()); string(now) != string(stored) {
		t.Errorf("%s, %v", now, err)
	}
	d.Attempt, d.Attempts = 2, []uint32{1} // it was sent again, from the archive
	if err := putDay(db, d); err != nil {
		t.Error(err)
	}
	if got := refusedItems(appendOne(db, 10*minutesOfDay, "late"), "day_archived"); got != "1" {
		t.Error(got)
	}
}

// removedStore is a store of which one day is removed to the archive: its entries a to e, of which those of the given seqs are gone, and its ids if ids is set.
func removedStore(t *testing.T, ids bool, gone ...uint64) *DB {
	t.Helper()
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("x", entry(20*minutesOfDay, "before")), withID("x", entry(10*minutesOfDay, "a")), entry(10*minutesOfDay, "b"), entry(10*minutesOfDay, "c"))
	mustAppend(t, db, withID("y", entry(10*minutesOfDay, "d")), entry(10*minutesOfDay, "e"), entry(0, "after"))
	setArchived(t, db, 10, oplog.DayRemoved)
	date := dateOf(morning.AddDate(0, 0, -10))
	err := db.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
		for _, seq := range gone {
			key, _, err := tree{arrivals: b.Bucket([]byte(nameArrivals))}.arrival(seq)
			if err := errors.Join(err, b.Bucket([]byte(nameEntries)).Bucket([]byte(date)).Delete(key[:])); err != nil {
				return err
			}
		}
		for _, run := range runsOfDate(b.Bucket([]byte(nameIDs)), date) {
			if ids {
				if err := b.Bucket([]byte(nameIDs)).DeleteBucket(run.name); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestRemovedDays: what is left of a removed day is served, and what is missing is no damage, however far the removal has come.
func TestRemovedDays(t *testing.T) {
	for _, c := range []struct {
		ids   bool
		gone  []uint64
		names string // of those that are left, but before and after
		x     string // the newest entry with that id
	}{
		{false, nil, "a b c d e", "a"},
		{true, nil, "a b c d e", "before"},
		{false, []uint64{2}, "b c d e", "before"},
		{true, []uint64{2, 3, 4}, "d e", "before"},
		{true, []uint64{3, 5}, "a c e", "before"},
		{true, []uint64{2, 3, 4, 5, 6}, "", "before"},
	} {
		db := removedStore(t, c.ids, c.gone...)
		want := strings.Join(strings.Fields("before "+c.names+" after"), " ")
		for range 2 {
			if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != want {
				t.Errorf("%v: scanned %s, want %s", c, got, want)
			}
			var names []string
			err := db.Arrivals(t.Context(), "acme", 1, 0, func(e oplog.Entry) error {
				names = append(names, e.Content.Name)
				return nil
			})
			if got := strings.Join(names, " "); got != want || err != nil {
				t.Errorf("%v: arrivals %s, %v; want %s", c, got, err, want)
			}
			if got := allOf(t, db, 7); got != want {
				t.Errorf("%v: got %s, want %s", c, got, want)
			}
			for _, keep := range []func(*oplog.Entry) bool{nil, func(*oplog.Entry) bool { return true }} {
				if e, err := db.Find("acme", "x", keep); err != nil || e.Content.Name != c.x {
					t.Errorf("%v: found %s, %v", c, e.Content.Name, err)
				}
			}
			for seq := uint64(2); seq <= 6; seq++ {
				key, err := db.KeyOfSeq("acme", seq)
				e, findErr := db.Find("acme", key.ID(), nil)
				want := !slices.Contains(c.gone, seq) && seq != 2 && seq != 5 // those have ids of their sender
				if err != nil || want != (findErr == nil && e.Seq == seq) || !want && oplog.CodeOf(findErr) != oplog.CodeNotFound {
					t.Errorf("%v: entry %d by its generated id: %+v, %v", c, seq, e, findErr)
				}
			}
			if found, v := verified(t, db); found != "" || v.Archived != uint64(len(c.gone)) || v.Size != 7 {
				t.Errorf("%v: found %s, %d archived of %d", c, found, v.Archived, v.Size)
			}
			if damage := passDamage(t, db); damage != nil {
				t.Errorf("%v: %v", c, damage)
			}
			db = reopen(t, db)
		}
	}
}

// allOf reads all n entries of acme by their keys, and by Older.
func allOf(t *testing.T, db *DB, n uint64) string {
	t.Helper()
	var keys []oplog.Key
	for seq := range n {
		key, err := db.KeyOfSeq("acme", seq+1)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	var got, older []string
	entries, err := db.Get("acme", keys, nil)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		got = append(got, e.Content.Name)
	}
	if entries, err = db.Older("acme", oplog.MakeKey(morning.AddDate(1, 0, 0), 0), oplog.Key{}, 100, nil); err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		older = append(older, e.Content.Name)
	}
	if slices.Reverse(older); !slices.Equal(got, older) {
		t.Errorf("Get returns %v, Older %v", got, older)
	}
	return strings.Join(got, " ")
}

// TestDeletionAfterAnotherRequestFails: a deletion whose transaction fails by another request is done again alone, with the records of its days.
func TestDeletionAfterAnotherRequestFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(10*minutesOfDay, "a"), entry(0, "b"))
	d := setArchived(t, db, 10, oplog.DayArchived)
	report := removal(d)
	report.Time, report.ReceivedAt = morning, morning
	group := []*appendRequest{
		{
			tenant: report.Tenant, entries: []oplog.Entry{report}, done: make(chan error, 1),
			deletion: &oplog.Deletion{Tenant: "acme", Through: 2, Days: []oplog.Days{{From: d.Date, To: d.Date}}},
		},
		{tenant: "", entries: []oplog.Entry{entry(0, "no bucket has that name")}, done: make(chan error, 1)},
	}
	db.commit(group)
	if first, second := <-group[0].done, <-group[1].done; first != nil || second == nil {
		t.Fatal(first, second)
	}
	stored, _, err := db.Record(oplog.RecordArchive, d.Name())
	if err != nil || !strings.Contains(string(stored), `"state":"deleted"`) {
		t.Errorf("%s, %v", stored, err)
	}
	if got := refusedItems(appendOne(db, 10*minutesOfDay, "late"), "day_deleted"); got != "1" {
		t.Error(got)
	}
}

// TestRemovedDaysAreNotHealed: what the archive has alone is not fetched from other nodes.
func TestRemovedDaysAreNotHealed(t *testing.T) {
	for _, gone := range [][]uint64{nil, {2}} {
		db := removedStore(t, false, gone...)
		key, err := db.KeyOfSeq("acme", 2)
		if err == nil && gone == nil {
			err = db.update(func(tx *bolt.Tx) error {
				return bucketOfDay(entriesBucket(tx, "acme"), key).Put(key[:], []byte("flipped"))
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := db.heal(&healer{ctx: t.Context()}, damagedEntry{"acme", key}); err != nil { // it would panic without a Fetch
			t.Error(err)
		}
	}
}
