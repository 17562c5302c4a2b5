package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/storage"
)

// TestVerifyArchived: verify tells how many entries are in the archive alone, also of a backup, and does not believe a record that the trail does not
// confirm, or that is of other entries.
func TestVerifyArchived(t *testing.T) {
	data, s := newAcme(t)
	file, day := importDays(t, s)
	d := removeToArchive(t, data, oplog.DateOf(day))
	s.mustPrint(t, `tenant acme: intact, 5 entries, .*\ntenant acme: 3 of these are in the archive alone, as recorded in its trail`, "verify")
	backup, restored := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	s.mustRun(t, "backup", backup)
	setting{}.mustRun(t, "restore", backup, "--data", restored)
	setting{}.mustPrint(t, "3 of these are in the archive alone", "verify", "--data", restored)
	if r := s.run(t, "import", "--tenant", "acme", file); !strings.Contains(r.stdout+r.stderr, "is on a day that is in the archive") {
		t.Errorf("imported again: %+v", r)
	}

	fails := func(want string) {
		t.Helper()
		changeArchived(t, data, d)
		if r := s.run(t, "verify"); r.status != exitFailed || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%+v; want %s", r, want)
		}
	}
	d.Attempt++
	fails("is missing: a record says that its day is in the archive, but the trail does not confirm that record; 2 more findings")
	d.Attempt--
	d.Sum[0]++
	fails(fmt.Sprintf("the record that %s is in the archive, from entry 2 to 4, does not match the entries that were recorded on that day", d.Date))
}

// importDays imports five entries of three days, three of them on a day that it returns, with the file.
func importDays(t *testing.T, s setting) (file string, day time.Time) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "old.ndjson")
	var lines strings.Builder
	day = testNow().Truncate(24*time.Hour).AddDate(0, 0, -100)
	for i, daysAgo := range []int{0, 1, 1, 1, 2} {
		at := day.AddDate(0, 0, 1-daysAgo).Add(time.Hour)
		fmt.Fprintf(&lines, `{"id":"e%d","time":%q,"user":{"id":"u","name":"Ada"},"module":"email","operation":"send"}`+"\n", i, at.Format(time.RFC3339))
	}
	write(t, file, lines.String())
	s.mustRun(t, "import", "--tenant", "acme", file)
	return file, day
}

// TestDamagedRecordOfADay: with a damaged record of an archived day, verify, doctor and archive status name it, and the server starts and says so.
func TestDamagedRecordOfADay(t *testing.T) {
	data, s := newAcme(t)
	file, day := importDays(t, s)
	d := removeToArchive(t, data, oplog.DateOf(day))
	tamper(t, data, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("records")).Bucket([]byte(oplog.RecordArchive))
		stored := bytes.Clone(b.Get([]byte(d.Name())))
		stored[30] ^= 1
		return b.Put([]byte(d.Name()), stored)
	})
	r := s.run(t, "verify")
	if r.status != exitFailed || !strings.Contains(r.stderr, "NOT INTACT: The record archives/"+d.Name()+" is damaged") || !strings.Contains(r.stdout, "tenant acme: 3 of these are not here, and a damaged record") {
		t.Errorf("verify: %+v", r)
	}
	if r := s.run(t, "doctor", "--json"); !strings.Contains(r.stdout, `"store-record-damaged"`) || !strings.Contains(r.stdout, `"store-days-unknown"`) || !strings.Contains(r.stdout, d.Name()) {
		t.Errorf("doctor: %+v", r)
	}
	s.mustPrint(t, "the records of these days are damaged, .*: "+d.Date, "archive", "status")
	if r := s.run(t, "import", "--tenant", "acme", file); !strings.Contains(r.stdout+r.stderr, "is on a day") {
		t.Errorf("import: %+v", r)
	}
	p := s.serve(t, "serve", "--data", data)
	if log := p.stderr.String(); !strings.Contains(log, "a record is damaged") || !strings.Contains(log, d.Name()) {
		t.Errorf("the server says %s", log)
	}
}

// removeToArchive removes acme's day as if it had been shipped, and returns its record.
func removeToArchive(t *testing.T, data, date string) oplog.ArchivedDay {
	t.Helper()
	db, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	d := oplog.ArchivedDay{Tenant: "acme", Date: date, State: oplog.DayRemoved, Attempt: 1, BegunAt: now, ArchivedAt: now, RemovedAt: now}
	err = db.DayLeaves(t.Context(), "acme", date, func(key oplog.Key, leaf []byte) error {
		hash := sha256.Sum256(append([]byte{0}, leaf...))
		if d.Rows++; d.Rows == 1 {
			d.MinSeq = key.Seq()
		}
		d.MinSeq, d.MaxSeq = min(d.MinSeq, key.Seq()), max(d.MaxSeq, key.Seq())
		for i := range d.Sum {
			d.Sum[i] += binary.LittleEndian.Uint64(hash[8*i:])
		}
		return nil
	})
	details, jsonErr := json.Marshal(d)
	told := oplog.Entry{
		Tenant: oplog.TrailName("acme"), Time: now, ReceivedAt: now, User: oplog.User{ID: "server", Name: "oplog"},
		Module: "archive", Operation: "remove", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}
	err = errors.Join(err, jsonErr,
		db.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordArchive, Name: d.Name(), Data: details}}, told),
		db.DeleteDays(t.Context(), "acme", oplog.Days{From: date, To: date}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// changeArchived replaces the record of a day.
func changeArchived(t *testing.T, data string, d oplog.ArchivedDay) {
	t.Helper()
	db, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, revision, err := db.Record(oplog.RecordArchive, d.Name())
	text, jsonErr := json.Marshal(d)
	if err := errors.Join(err, jsonErr, db.PutRecord(oplog.RecordArchive, d.Name(), revision, text), db.Close()); err != nil {
		t.Fatal(err)
	}
}
