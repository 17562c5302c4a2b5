package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// replicatedLog is the messages that a leading store has proposed.
type replicatedLog struct {
	messages []Message
	refuse   error // of the next proposals
}

func (l *replicatedLog) propose(message []byte) (uint64, error) {
	if l.refuse != nil {
		return 0, l.refuse
	}
	index := uint64(2 + 3*len(l.messages)) // others' entries of the replicated log lie between
	l.messages = append(l.messages, Message{index, bytes.Clone(message)})
	return index, nil
}

// twoCopies opens a store that leads, and an empty one that follows.
func twoCopies(t *testing.T) (leader, follower *DB, log *replicatedLog) {
	t.Helper()
	leader, log = openStore(t, t.TempDir()), &replicatedLog{}
	if err := leader.BeginReplication(Position{Index: 1, Chain: [32]byte{7}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyOf(t, leader, filepath.Join(dir, "received"))
	if err := InstallCopy(t.Context(), dir, filepath.Join(dir, "received")); err != nil {
		t.Fatal(err)
	}
	copyKey(t, leader.dir, dir)
	leader.Replicate(log.propose)
	return leader, openStore(t, dir), log
}

func copyOf(t *testing.T, db *DB, path string) {
	t.Helper()
	f, err := os.Create(path) //nolint:gosec // in a directory of the test
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.CopyTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// contents describes everything that copies must have in common.
func contents(t *testing.T, db *DB) string {
	t.Helper()
	var b strings.Builder
	logs, err := db.Tenants()
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range logs {
		checkStore(t, db, log)
		entries, skipped, err := db.Counts(log)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint, err := db.Checkpoint(log)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %d and %d, %s\n", log, entries, skipped, checkpoint)
		err = db.Scan(t.Context(), log, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
			text, err := json.Marshal(e)
			fmt.Fprintln(&b, e.Seq, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range oplog.RecordKinds {
		found, err := db.Records(kind, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			if !oplog.IsLocal(kind, r.Name) {
				fmt.Fprintln(&b, kind, r.Name, string(r.Data))
			}
		}
	}
	p, _ := db.Replicated()
	fmt.Fprintln(&b, p)
	return b.String()
}

// TestCopiesAreEqual does some of everything on a store, and applies the messages to another, in groups of any size, with restarts of both.
func TestCopiesAreEqual(t *testing.T) {
	leader, follower, log := twoCopies(t)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
	applied, told := 0, 0
	follow := func(n int) {
		group := log.messages[applied:min(len(log.messages), applied+n)]
		if err := follower.Apply(append(slices.Clone(log.messages[max(0, applied-2):applied]), group...)); err != nil { // some again
			t.Fatal(err)
		}
		applied += len(group)
	}
	count := func(tenant string, entries []oplog.Entry) { told += len(entries) }
	follower.OnAppend(count)
	for step := range 400 {
		if step == 50 {
			if err := leader.RaiseLevel(HighestLevel, ""); err != nil {
				t.Fatal(err)
			}
		}
		act(t, leader, random, step)
		if random.IntN(4) == 0 {
			follow(random.IntN(12))
		}
		if step%100 == 99 {
			leader, follower = reopen(t, leader), reopen(t, follower)
			leader.Replicate(log.propose)
			follower.OnAppend(count)
		}
	}
	follow(len(log.messages))
	if got, want := contents(t, follower), contents(t, leader); got != want {
		t.Errorf("the copy has\n%s\nand the leader\n%s", got, want)
	}
	recorded := uint64(0)
	for _, name := range []string{"acme", "acme/access", "plain"} {
		n, _, err := follower.Counts(name)
		if err != nil {
			t.Fatal(err)
		}
		recorded += n
	}
	if uint64(told) != recorded { //nolint:gosec // positive
		t.Errorf("%d of %d entries were told of", told, recorded)
	}
	for _, m := range log.messages {
		for _, local := range []string{"clock", "index-manifest"} {
			if bytes.Contains(m.Data, []byte(local)) {
				t.Fatalf("message %d has the record %s of one copy", m.Index, local)
			}
		}
	}
}

// act does something to a store that can be refused, too.
func act(t *testing.T, db *DB, random *rand.Rand, step int) {
	t.Helper()
	log := []string{"acme", "acme", "acme/access", "plain"}[random.IntN(4)]
	switch random.IntN(7) {
	case 0, 1, 2:
		var entries []oplog.Entry
		for n := random.IntN(6); n >= 0; n-- {
			e := entry(random.IntN(4000), fmt.Sprint("content ", step))
			if e.Tenant, e.Content.ID = log, fmt.Sprint(step); random.IntN(3) > 0 {
				e.ID = fmt.Sprint("id ", random.IntN(200)) // a duplicate at times, or in conflict
			}
			entries = append(entries, e)
		}
		_, err := db.Append(t.Context(), log, entries, random.IntN(2))
		if code := oplog.CodeOf(err); err != nil && code != oplog.CodeConflict && code != oplog.CodeInvalid {
			t.Fatal(err)
		}
	case 3:
		name := fmt.Sprint("view ", random.IntN(9))
		_, replaces, err := db.Record(oplog.RecordView, name)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Fatal(err)
		}
		data := []byte(fmt.Sprint(`"step `, step, `"`))
		if random.IntN(3) == 0 {
			data = nil
		}
		audit := entry(0, "told")
		audit.Tenant = "acme/access"
		changes := []oplog.RecordChange{{Kind: oplog.RecordView, Name: name, Replaces: replaces, Data: data}}
		if random.IntN(2) == 0 {
			err = db.PutRecords(changes, audit)
		} else {
			err = db.PutRecords(changes)
		}
		if err != nil {
			t.Fatal(err)
		}
	case 4:
		put(t, db, oplog.RecordServer, "clock", fmt.Sprint(`"clock `, step, `"`))
		put(t, db, oplog.RecordIndex, log, fmt.Sprint(`"index-manifest `, step, `"`))
	case 5:
		if step%20 == 0 {
			deleteDay(t, db, step)
		}
	case 6:
		archiveSome(t, db, random)
	}
}

// deleteDay begins to delete a day, of which all copies remove the entries in their own time.
func deleteDay(t *testing.T, db *DB, step int) {
	t.Helper()
	day := oplog.DateOf(entry(4000-step*8, "").Time)
	report := entry(0, "deleted")
	report.Tenant = "acme/access"
	d := &oplog.Deletion{Tenant: "acme", Days: []oplog.Days{{From: day, To: day}}}
	if err := db.BeginDeletion(d, report); err != nil {
		t.Fatal(err)
	}
}

// TestProposalFails: what was not replicated is not in effect, is not tried again, and comes by Apply if others have it after all.
func TestProposalFails(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	before := contents(t, leader)
	lost := oplog.Errorf(oplog.CodeUnavailable, "The leader has changed.")
	var message []byte
	tries := 0
	leader.Replicate(func(m []byte) (uint64, error) {
		tries, message = tries+1, bytes.Clone(m)
		return 0, lost
	})
	if _, err := leader.Append(t.Context(), "acme", []oplog.Entry{entry(2, "second")}, 0); !errors.Is(err, lost) {
		t.Errorf("an entry that was not replicated: %v", err)
	}
	if err := leader.PutRecord(oplog.RecordView, "x", oplog.Revision{}, []byte("1")); !errors.Is(err, lost) {
		t.Errorf("a record that was not replicated: %v", err)
	}
	if got := contents(t, leader); got != before || tries != 2 {
		t.Errorf("after %d tries the store has\n%s", tries, got)
	}
	all := append(slices.Clone(log.messages), Message{log.messages[0].Index + 1, message})
	for _, db := range []*DB{leader, follower} {
		if err := db.Apply(all); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := contents(t, follower), contents(t, leader); got != want || !strings.Contains(got, "view") {
		t.Errorf("the copy has\n%s\nand the leader\n%s", got, want)
	}
}

// TestCommitFails: a transaction that others have, but that the disk did not take here, comes by Apply once the disk takes it.
func TestCommitFails(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	sync := leader.sync
	leader.sync = func(*os.File) error { return errors.New("no sync") }
	if _, err := leader.Append(t.Context(), "acme", []oplog.Entry{entry(2, "second")}, 0); err == nil {
		t.Fatal("an entry was recorded without a sync")
	}
	if err := leader.Apply(log.messages); err == nil {
		t.Fatal("a message was applied without a sync")
	}
	leader.sync = sync
	if err := leader.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*DB{leader, follower} {
		if err := db.Apply(log.messages); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := contents(t, leader), contents(t, follower); got != want || !strings.Contains(got, "second") {
		t.Errorf("the leader has\n%s\nand the copy\n%s", got, want)
	}
}

// TestCommitFailsForMany: requests whose message others have, but that the disk does not take here, are not proposed again, and no sender is told that
// nothing was stored.
func TestCommitFailsForMany(t *testing.T) {
	leader, _, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	var group []*appendRequest
	for i := range 2 {
		group = append(group, &appendRequest{tenant: "acme", entries: []oplog.Entry{entry(2+i, "")}, done: make(chan error, 1)})
	}
	leader.sync = func(*os.File) error { return errDiskFull }
	leader.commit(group)
	for _, r := range group {
		if err := <-r.done; oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.HasPrefix(err.Error(), "It is stored on other nodes") || r.receipts != nil {
			t.Errorf("error %v", err)
		}
	}
	if len(log.messages) != 2 {
		t.Errorf("%d messages were proposed", len(log.messages))
	}
}

// TestKeyIsReplacedOnAllCopies: a copy names the new key at once, signs with it once it has adopted it, and opens with either.
func TestKeyIsReplacedOnAllCopies(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	err := leader.Rotate(Rotation{Now: time.Now, Tell: func(string, string) ([]oplog.Entry, error) {
		e := entry(0, "told")
		e.Tenant = "acme/access"
		return []oplog.Entry{e}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := follower.Apply(log.messages); err != nil {
			t.Fatal(err)
		}
		if _, err := follower.Checkpoint("acme"); err == nil || follower.HasKey() || follower.VerifierKey() != leader.VerifierKey() {
			t.Errorf("without the new key, a copy signs for %s: %v", follower.VerifierKey(), err)
		}
		follower = reopen(t, follower)
	}
	old := openStore(t, t.TempDir())
	for _, of := range []*DB{old, leader} {
		key, err := os.ReadFile(filepath.Join(of.dir, keyName))
		if err != nil {
			t.Fatal(err)
		}
		if err := follower.AdoptKey(string(key)); (err == nil) != (of == leader) {
			t.Errorf("adopting the key of %s: %v", of.dir, err)
		}
	}
	if got, want := contents(t, follower), contents(t, leader); got != want {
		t.Errorf("the copy has\n%s\nand the leader\n%s", got, want)
	}
	if got := contents(t, reopen(t, follower)); got != contents(t, leader) {
		t.Errorf("opened again, the copy has\n%s", got)
	}
}

// TestApplyRefuses: a message that is missing, changed or of a later version leaves a copy as it is.
func TestApplyRefuses(t *testing.T) {
	leader, follower, log := twoCopies(t)
	for i := range 3 {
		mustAppend(t, leader, entry(i, "some"))
	}
	before := contents(t, follower)
	flipped := slices.Clone(log.messages)
	flipped[0].Data = bytes.Clone(flipped[0].Data)
	flipped[0].Data[len(flipped[0].Data)-3] ^= 1
	later := bytes.Clone(log.messages[0].Data)
	later[len(messageMark)] = HighestLevel + 1
	for name, c := range map[string]struct {
		messages []Message
		diverged bool
	}{
		"a missing message": {log.messages[1:], true},
		"a changed message": {flipped, true},
		"a later version":   {[]Message{{2, later}}, false},
		"something else":    {[]Message{{2, []byte("hello")}}, false},
	} {
		if err := follower.Apply(c.messages); err == nil || errors.Is(err, ErrDiverged) != c.diverged {
			t.Errorf("%s: %v", name, err)
		}
		if got := contents(t, follower); got != before {
			t.Errorf("%s: the copy has\n%s", name, got)
		}
	}
}

// TestPositionIsChecked: a flipped bit in how far a store was replicated is not taken for another position.
func TestPositionIsChecked(t *testing.T) {
	leader, _, _ := twoCopies(t)
	dir := leader.dir
	closeStore(t, leader)
	b, err := bolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		data := bytes.Clone(tx.Bucket(bucketMeta).Get(keyReplicated))
		data[5] ^= 1
		return tx.Bucket(bucketMeta).Put(keyReplicated, data)
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{AcceptLoss: true}); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("it was opened: %v", err)
	}
}
