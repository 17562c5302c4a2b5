package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
	"oplog/storage"
)

// initialized returns a data directory with the first node of a new cluster, and its open store.
func initialized(t *testing.T) (dir string, db *storage.DB) {
	t.Helper()
	dir = t.TempDir()
	db = openStore(t, dir)
	t.Cleanup(func() { _ = db.Close() })
	record(t, db, "before")
	if err := Init(db, dir, "127.0.0.1:1", testTime); err != nil {
		t.Fatal(err)
	}
	return dir, db
}

// record records an entry of tenant acme.
func record(t *testing.T, db oplog.Appender, id string) {
	t.Helper()
	e := oplog.Entry{
		ID: id, Tenant: "acme", Time: testTime, ReceivedAt: testTime, User: oplog.User{ID: "u"}, Module: "m", Operation: "o", Content: oplog.Ref{ID: "c"},
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	}
	if _, err := db.Append(t.Context(), "acme", []oplog.Entry{e}, 0); err != nil {
		t.Fatal(err)
	}
}

func TestInit(t *testing.T) {
	dir, db := initialized(t)
	id, err := readIdentity(dir, func() time.Time { return testTime })
	if err != nil {
		t.Fatal(err)
	}
	at, replicated := db.Replicated()
	s, found, err := readSnapshot(id.folder)
	if err != nil || !found || !replicated || at.Index != 1 || s.Index != 1 || s.Term != 1 || s.Chain != hexOf(at.Chain[:]) {
		t.Errorf("the store is at %v (%t), the snapshot %+v, %v", at, replicated, s, err)
	}
	if len(s.Nodes) != 1 || s.Nodes[0] != (member{id.ID, "127.0.0.1:1", true}) {
		t.Errorf("nodes %v", s.Nodes)
	}
	if who, err := Who(dir); err != nil || who != (Member{id.ID, id.Cluster, "127.0.0.1:1"}) {
		t.Errorf("Who: %v, %v", who, err)
	}
	if err := Init(db, dir, "127.0.0.1:1", testTime); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second Init: %v", err)
	}
	other, _ := initialized(t)
	if who, _ := Who(other); who.ID == id.ID || who.Cluster == id.Cluster {
		t.Error("two clusters have the same ids")
	}
}

func TestInitRefusesAddresses(t *testing.T) {
	dir := t.TempDir()
	db := openStore(t, dir)
	defer func() { _ = db.Close() }()
	if err := Init(db, dir, "log1", testTime); err == nil {
		t.Error("the address was accepted")
	}
	if isNode, _ := IsNode(dir); isNode {
		t.Error("it is a node nevertheless")
	}
}

// TestInterruptedInit: before node.json is there, the log is a single one, and another Init begins again.
func TestInterruptedInit(t *testing.T) {
	dir, db := initialized(t)
	first, err := Who(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, folderName, identityFile)); err != nil {
		t.Fatal(err)
	}
	if err := Init(db, dir, "127.0.0.1:2", testTime); err != nil {
		t.Fatal(err)
	}
	id, err := readIdentity(dir, func() time.Time { return testTime })
	if err != nil {
		t.Fatal(err)
	}
	at, _ := db.Replicated()
	if s, _, err := readSnapshot(id.folder); err != nil || id.Cluster == first.Cluster || s.Chain != hexOf(at.Chain[:]) {
		t.Errorf("the cluster was %s and is %s; snapshot %+v, store %v, %v", first.Cluster, id.Cluster, s, at, err)
	}
}

func TestBeforeOpen(t *testing.T) {
	check := func(dir string, wantNode bool, want string) {
		t.Helper()
		isNode, err := BeforeOpen(t.Context(), dir)
		if isNode != wantNode || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("BeforeOpen: %t, %v", isNode, err)
		}
	}
	check(t.TempDir(), false, "")
	check(filepath.Join(t.TempDir(), "none"), false, "")
	dir, db := initialized(t)
	check(dir, true, "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, storeFile), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	who, _ := Who(dir)
	check(dir, true, "oplog cluster remove "+who.ID)
	joining, err := beginJoining(filepath.Join(t.TempDir(), "data"), newAddress, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	check(filepath.Dir(joining.folder), false, "oplog cluster join again")
}

// logged writes records to raft.db as a node would have that was stopped: messages that the store does not have yet.
func logged(t *testing.T, folder string, logs ...*raft.Log) {
	t.Helper()
	s, err := openLogStore(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.StoreLogs(logs), s.close()); err != nil {
		t.Fatal(err)
	}
}

// messages returns what two appends to the store are replicated as, and leaves the store without them.
func messages(t *testing.T, dir string, db *storage.DB) (messages [][]byte, again *storage.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir() // a copy that leads
	for _, name := range []string{storeFile, "oplog.head", signingKeyFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err := errors.Join(err, os.WriteFile(filepath.Join(other, name), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	leader := openStore(t, other)
	leader.Replicate(func(message []byte) (uint64, error) {
		messages = append(messages, append([]byte(nil), message...))
		return uint64(len(messages)) + 2, nil
	})
	record(t, leader, "first")
	record(t, leader, "second")
	if err := leader.Close(); err != nil {
		t.Fatal(err)
	}
	again = openStore(t, dir)
	t.Cleanup(func() { _ = again.Close() })
	return messages, again
}

// TestRecover: a node goes on alone, with what its replicated log has beyond its store, but for what is void.
func TestRecover(t *testing.T) {
	dir, db := initialized(t)
	before, err := Who(dir)
	if err != nil {
		t.Fatal(err)
	}
	sent, db := messages(t, dir, db)
	logged(t, filepath.Join(dir, folderName),
		&raft.Log{Index: 2, Term: 2, Type: raft.LogNoop},
		&raft.Log{Index: 3, Term: 2, Type: raft.LogCommand, Data: sent[1], Extensions: keyOf(1)}, // void: made in another term
		&raft.Log{Index: 4, Term: 2, Type: raft.LogCommand, Data: sent[0], Extensions: keyOf(2)},
		&raft.Log{Index: 5, Term: 2, Type: raft.LogCommand, Data: sent[1], Extensions: keyOf(2)})

	told := 0
	interrupted := errors.New("interrupted")
	if _, err := Recover(db, dir, testTime, func(Recovered) error { return interrupted }); !errors.Is(err, interrupted) {
		t.Fatalf("error %v", err)
	}
	r, err := Recover(db, dir, testTime, func(r Recovered) error { told++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if r.Before != before || r.Now.ID == before.ID || r.Now.Cluster == before.Cluster || r.Now.Address != before.Address || told != 1 {
		t.Errorf("recovered %+v, told %d times", r, told)
	}
	if n, _, err := db.Counts("acme"); err != nil || n != 3 || r.Applied != 5 {
		t.Errorf("%d entries are there at position %d, %v", n, r.Applied, err)
	}
	if at, _ := db.Replicated(); at.Index != 1 {
		t.Errorf("the store is at %d", at.Index)
	}
	id, err := readIdentity(dir, func() time.Time { return testTime })
	if err != nil || id.Started || id.ID != r.Now.ID {
		t.Errorf("the node is %+v, %v", id, err)
	}
	if _, err := os.Stat(filepath.Join(id.folder, logFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old replicated log is still there: %v", err)
	}
}

// TestRecoverStopsAtDamage: what follows a message that is missing or another one is not taken over.
func TestRecoverStopsAtDamage(t *testing.T) {
	dir, db := initialized(t)
	sent, db := messages(t, dir, db)
	logged(t, filepath.Join(dir, folderName), &raft.Log{Index: 3, Term: 2, Type: raft.LogCommand, Data: sent[1], Extensions: keyOf(2)})
	r, err := Recover(db, dir, testTime, func(Recovered) error { return nil })
	if err != nil || r.Replayed != 0 || r.Applied != 1 {
		t.Errorf("recovered %+v, %v", r, err)
	}
	if last, err := LastLogged(dir); err != nil || last != 0 {
		t.Errorf("the replicated log ends at %d, %v", last, err)
	}
}
