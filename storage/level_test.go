package storage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// nextLevel is one that only a later build understands.
const nextLevel = HighestLevel + 1

// laterCopies is twoCopies, of which the one that leads is of a build that understands nextLevel.
func laterCopies(t *testing.T) (leader, follower *DB, log *replicatedLog) {
	t.Helper()
	leader, follower, log = twoCopies(t)
	closeStore(t, leader)
	leader = openAs(t, leader.dir, nextLevel)
	leader.Replicate(log.propose)
	return leader, follower, log
}

// openAs opens a store as a build that understands messages up to a level.
func openAs(t *testing.T, dir string, highest int) *DB {
	t.Helper()
	db, err := Open(dir, Options{Highest: highest})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, db) })
	return db
}

// TestLevelIsRaised: the level begins with 1, is raised by a message, is that of all messages from then on, and stays.
func TestLevelIsRaised(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "before"))
	if leader.Level() != 1 || log.messages[0].Data[len(messageMark)] != 1 {
		t.Errorf("the first message has level %d, and the store %d", log.messages[0].Data[len(messageMark)], leader.Level())
	}
	for range 2 {
		if err := leader.RaiseLevel(HighestLevel, "1.4.0"); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, leader, entry(2, "after"))
	if err := leader.RaiseLevel(1, "1.4.0"); err != nil {
		t.Error(err)
	}
	if len(log.messages) != 3 {
		t.Errorf("%d messages were proposed", len(log.messages))
	}
	for _, m := range log.messages[1:] {
		if got := m.Data[len(messageMark)]; got != HighestLevel {
			t.Errorf("message %d has level %d", m.Index, got)
		}
	}
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	if a, b := contents(t, leader), contents(t, follower); a != b {
		t.Errorf("the copies differ:\n%s\n%s", a, b)
	}
	for _, db := range []*DB{leader, follower} {
		before := db.Level()
		closeStore(t, db)
		if after := openStore(t, db.dir).Level(); before != HighestLevel || after != HighestLevel {
			t.Errorf("the level is %d, and %d after a restart", before, after)
		}
	}
}

// TestLevelIsRefused: a message of a level that a build does not understand changes nothing, and another build applies it.
func TestLevelIsRefused(t *testing.T) {
	leader, follower, log := laterCopies(t)
	mustAppend(t, leader, entry(1, "before"))
	if err := leader.RaiseLevel(nextLevel, "1.5.0"); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, leader, entry(2, "after"))
	if err := follower.Apply(log.messages[:1]); err != nil {
		t.Fatal(err)
	}
	before := contents(t, follower)
	err := follower.Apply(log.messages)
	var refused *LevelError
	if !errors.As(err, &refused) || refused.Level != nextLevel || refused.Highest != HighestLevel || refused.Program != "1.5.0" {
		t.Fatalf("a message of a later level: %v", err)
	}
	if !strings.HasPrefix(err.Error(), "message 5 has level ") || !strings.HasSuffix(err.Error(), "; use version 1.5.0 of oplog, with which the cluster was upgraded, or a newer one") {
		t.Errorf("it says: %v", err)
	}
	if err := follower.Apply(log.messages[2:]); !errors.Is(err, ErrDiverged) {
		t.Errorf("a message of a later level that does not follow: %v", err)
	}
	if got := contents(t, follower); got != before || follower.Level() != 1 {
		t.Errorf("the copy has level %d and\n%s", follower.Level(), got)
	}
	closeStore(t, follower)
	follower = openAs(t, follower.dir, nextLevel)
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	if a, b := contents(t, leader), contents(t, follower); a != b {
		t.Errorf("the copies differ:\n%s\n%s", a, b)
	}
}

// TestOlderBuildDoesNotOpen: a store whose messages have a higher level is refused by an older build, which changes nothing.
func TestOlderBuildDoesNotOpen(t *testing.T) {
	leader, _, _ := laterCopies(t)
	if err := leader.RaiseLevel(nextLevel, ""); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "received")
	copyOf(t, leader, copied)
	closeStore(t, leader)
	before, err := os.ReadFile(leader.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {ReadOnly: true}, {AcceptLoss: true}, {restoring: true}} {
		_, err := Open(leader.dir, o)
		if !isLevel(err) || !strings.Contains(err.Error(), leader.path()+" has level ") || !strings.HasSuffix(err.Error(), "; use the version of oplog that the other nodes have") {
			t.Errorf("opened with %+v: %v", o, err)
		}
	}
	if after, err := os.ReadFile(leader.path()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the store was changed (%v)", err)
	}
	dir := t.TempDir()
	for range 2 {
		if err := InstallCopy(t.Context(), dir, copied); !isLevel(err) {
			t.Errorf("a copy was put in place: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, installPart, fileName)); err != nil {
		t.Errorf("the copy was not kept for the program that is needed: %v", err)
	}
	closeStore(t, openAs(t, leader.dir, nextLevel))
}

// TestSingleStoreHasNoLevel: it matters for replicated stores only, of which one that is replicated again keeps it.
func TestSingleStoreHasNoLevel(t *testing.T) {
	single := openStore(t, t.TempDir())
	if err := single.RaiseLevel(HighestLevel, ""); err == nil || single.Level() != 1 {
		t.Errorf("the level is %d: %v", single.Level(), err)
	}
	err := single.view(func(tx *bolt.Tx) error { return errIf(tx.Bucket(bucketMeta).Get(keyLevel) != nil, "it has a level") })
	if err != nil {
		t.Error(err)
	}
	leader, _, _ := laterCopies(t)
	if err := errors.Join(leader.RaiseLevel(nextLevel, "1.5.0"), leader.EndReplication()); err != nil {
		t.Fatal(err)
	}
	closeStore(t, leader)
	older := openStore(t, leader.dir)
	mustAppend(t, older, entry(1, "alone"))
	if err := older.BeginReplication(Position{Index: 1}); !isLevel(err) || older.Level() != 1 {
		t.Errorf("an older build begins to replicate a store of level %d: %v", older.Level(), err)
	}
	closeStore(t, older)
	later := openAs(t, leader.dir, nextLevel)
	if err := later.BeginReplication(Position{Index: 1}); err != nil || later.Level() != nextLevel {
		t.Errorf("replicated again, its level is %d: %v", later.Level(), err)
	}
}

// TestLevelIsChecked: a flipped bit in the level is not taken for another one.
func TestLevelIsChecked(t *testing.T) {
	leader, _, _ := twoCopies(t)
	if err := leader.RaiseLevel(HighestLevel, ""); err != nil {
		t.Fatal(err)
	}
	closeStore(t, leader)
	b, err := bolt.Open(leader.path(), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		data := bytes.Clone(tx.Bucket(bucketMeta).Get(keyLevel))
		data[len(data)-2] ^= 1
		return tx.Bucket(bucketMeta).Put(keyLevel, data)
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(leader.dir, Options{}); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("it was opened: %v", err)
	}
}
