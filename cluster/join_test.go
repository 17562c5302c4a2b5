package cluster

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/durable"
	"oplog/oplog"
	"oplog/storage"
)

// office is a cluster of one leader, which others can join, without Raft.
type office struct {
	*testing.T
	id   *identity
	db   *storage.DB
	desk *desk
	port *port

	mu    sync.Mutex
	nodes []member
	fails error // of admit
	now   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, now: testTime}
	var config net.ListenConfig
	free, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	o.id = founder(t, address)
	o.id.now = o.clock
	dir := filepath.Dir(o.id.folder)
	if o.db, err = storage.Open(t.TempDir(), storage.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.db.Close() })
	if err := durable.WriteSecret(filepath.Join(dir, signingKeyFile), "PRIVATE+KEY"); err != nil {
		t.Fatal(err)
	}
	o.nodes = []member{{ID: o.id.ID, Address: address, Voter: true}}
	if o.port, err = openPort(t.Context(), o.id, address, anyone); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.port.Close() })
	o.desk = &desk{id: o.id, dir: dir, records: o.db, leads: func() bool { return true }, members: o.members, admit: o.admit, understands: o.db.CheckLevel}
	go o.desk.serve(o.port.listener(protocolJoin))
	return o
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) members() []member {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]member(nil), o.nodes...)
}

func (o *office) admit(_ context.Context, id, address string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails != nil {
		return o.fails
	}
	for i := range o.nodes {
		if o.nodes[i].ID == id {
			o.nodes[i].Address = address
			return nil
		}
	}
	o.nodes = append(o.nodes, member{ID: id, Address: address})
	return nil
}

func (o *office) token() token {
	o.Helper()
	made, err := newToken(o.db, o.id)
	if err != nil {
		o.Fatal(err)
	}
	return made
}

// copied stands for the copy of the store.
func copied(context.Context, *identity, string, string) error { return nil }

func (o *office) join(t token, dir, address string) (Joined, error) {
	return join(o.Context(), t.String(), dir, address, o.clock, copied)
}

// refuses checks that a node cannot join, that its directory is no node, and that nobody was admitted.
func (o *office) refuses(t token, address, want string) {
	o.Helper()
	before := o.members()
	dir := filepath.Join(o.TempDir(), "data")
	if _, err := o.join(t, dir, address); err == nil || !strings.Contains(err.Error(), want) {
		o.Errorf("error %v does not say %q", err, want)
	}
	if isNode, err := IsNode(dir); isNode || err != nil {
		o.Errorf("it is a node now: %t, %v", isNode, err)
	}
	if after := o.members(); len(after) != len(before) {
		o.Errorf("members %v", after)
	}
}

const newAddress = "127.0.0.1:9"

func TestJoin(t *testing.T) {
	o := newOffice(t)
	dir := filepath.Join(t.TempDir(), "data")
	j, err := o.join(o.token(), dir, newAddress)
	if err != nil {
		t.Fatal(err)
	}
	if nodes := o.members(); len(nodes) != 2 || nodes[1] != (member{ID: j.ID, Address: newAddress}) {
		t.Errorf("members %v", nodes)
	}
	id, err := readIdentity(dir, o.clock)
	if err != nil {
		t.Fatal(err)
	}
	if id.ID != j.ID || id.Cluster != o.id.Cluster || j.Cluster != o.id.Cluster || id.Address != newAddress || id.caHash() != o.id.caHash() || !id.caKey.Equal(o.id.caKey) || id.Started {
		t.Errorf("the new node is %+v", id)
	}
	if key, err := readSigningKey(dir); err != nil || key != "PRIVATE+KEY" {
		t.Errorf("signing.key is %q, %v", key, err)
	}
	if joining, err := IsJoining(dir); joining || err != nil {
		t.Errorf("it is still joining: %t, %v", joining, err)
	}
	echo(o.port, protocolStore)
	second := opened(t, id, anyone)
	echo(second, protocolStore)
	connects(t, second, o.port, protocolStore)
	connects(t, o.port, second, protocolStore)
	entry := lastOf(t, o.db, oplog.TrailName(""))
	if entry.Operation != "join" || entry.Content.ID != j.ID || !strings.Contains(string(entry.Details), newAddress) {
		t.Errorf("the access log tells of %s %s %s", entry.Operation, entry.Content.ID, entry.Details)
	}
	if _, err := o.join(o.token(), dir, newAddress); err == nil || !strings.Contains(err.Error(), "oplog serve") {
		t.Errorf("joining again: %v", err)
	}
}

// lastOf returns the last entry of a log.
func lastOf(t *testing.T, db *storage.DB, name string) (last oplog.Entry) {
	t.Helper()
	if err := db.Arrivals(t.Context(), name, 1, 0, func(e oplog.Entry) error { last = e; return nil }); err != nil {
		t.Fatal(err)
	}
	return last
}

func TestJoinWithoutSigningKey(t *testing.T) {
	o := newOffice(t)
	if err := os.Remove(filepath.Join(o.desk.dir, signingKeyFile)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := o.join(o.token(), dir, newAddress); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, signingKeyFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("signing.key: %v", err)
	}
}

func TestAddressesOfNodesDiffer(t *testing.T) {
	o := newOffice(t)
	o.refuses(o.token(), o.id.Address, "has the address "+o.id.Address)
	unused := o.token()
	o.refuses(unused, o.id.Address, "oplog cluster remove "+o.id.ID)
	stranger := unused
	stranger.Secret = "guessed"
	o.refuses(stranger, o.id.Address, "not one of this cluster") // which tells no address
	if _, err := o.join(unused, t.TempDir(), newAddress); err != nil {
		t.Errorf("a refused address uses up the token: %v", err)
	}
	for _, bad := range []string{"log2", "0.0.0.0:8485", "https://log2:8485"} {
		o.refuses(o.token(), bad, bad)
	}
}

func TestJoinNeedsAnEmptyDirectory(t *testing.T) {
	o := newOffice(t)
	for _, name := range []string{"oplog.db", "notes.txt"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := o.join(o.token(), dir, newAddress); err == nil || !strings.Contains(err.Error(), "contains "+name) {
			t.Errorf("error %v", err)
		}
		if found, _ := os.ReadDir(dir); len(found) != 1 {
			t.Errorf("the directory has %v now", found)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "oplog.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.join(o.token(), dir, newAddress); err != nil {
		t.Errorf("beside a configuration file: %v", err)
	}
}

// TestInterruptedJoinIsContinued: a join that ends at any step is continued in the same directory, by the same node.
func TestInterruptedJoinIsContinued(t *testing.T) {
	o := newOffice(t)
	dir := filepath.Join(t.TempDir(), "data")
	joiningID := func() string {
		t.Helper()
		if joining, err := IsJoining(dir); !joining || err != nil {
			t.Fatalf("IsJoining: %t, %v", joining, err)
		}
		var id identity
		text, err := os.ReadFile(filepath.Join(dir, folderName, joiningFile))
		if err := errors.Join(err, json.Unmarshal(text, &id)); err != nil {
			t.Fatal(err)
		}
		return id.ID
	}
	unused := o.token()
	dead := unused
	dead.Address = newAddress // nobody listens there
	if _, err := o.join(dead, dir, newAddress); err == nil {
		t.Fatal("joined nobody")
	}
	first := joiningID()
	failed := errors.New("cut off")
	if _, err := join(t.Context(), unused.String(), dir, newAddress, o.clock, func(context.Context, *identity, string, string) error { return failed }); !errors.Is(err, failed) || !strings.Contains(err.Error(), "another token") {
		t.Fatalf("error %v", err)
	}
	if _, err := o.join(unused, dir, newAddress); err == nil || !strings.Contains(err.Error(), "used before") {
		t.Errorf("with the same token: %v", err)
	}
	if again := joiningID(); again != first {
		t.Errorf("the node was %s and is %s", first, again)
	}
	if err := os.WriteFile(filepath.Join(dir, "oplog.db"), nil, 0o600); err != nil { // of the copy
		t.Fatal(err)
	}
	j, err := o.join(o.token(), dir, "127.0.0.1:10")
	if err != nil {
		t.Fatal(err)
	}
	if nodes := o.members(); j.ID != first || len(nodes) != 2 || nodes[1] != (member{ID: first, Address: "127.0.0.1:10"}) {
		t.Errorf("joined as %s: %v", j.ID, nodes)
	}
}

func TestVoterDoesNotJoinAgain(t *testing.T) {
	o := newOffice(t)
	_, err := o.desk.join(t.Context(), joinRequest{Secret: o.token().Secret, ID: o.id.ID, Key: o.id.key.Public().(ed25519.PublicKey), Address: newAddress})
	if oplog.CodeOf(err) != oplog.CodeInvalid {
		t.Errorf("error %v", err)
	}
}

func TestAdmissionThatFails(t *testing.T) {
	o := newOffice(t)
	o.fails = errors.New("no quorum")
	o.refuses(o.token(), newAddress, "no quorum")
}

// TestFollowerPassesJoinsOn: once, to the leader; a node that was taken for the leader does not pass them on.
func TestFollowerPassesJoinsOn(t *testing.T) {
	o := newOffice(t)
	leader := newOffice(t)
	var passed []joinRequest
	o.desk.leads = func() bool { return false }
	o.desk.relay = func(ctx context.Context, r joinRequest) (joinAnswer, error) {
		passed = append(passed, r)
		return leader.desk.join(ctx, r)
	}
	leader.desk.id.ca, leader.desk.id.caKey, leader.desk.id.Cluster = o.id.ca, o.id.caKey, o.id.Cluster
	made := leader.token()
	made.Address = o.id.Address
	j, err := o.join(made, t.TempDir(), newAddress)
	if err != nil {
		t.Fatal(err)
	}
	if len(passed) != 1 || len(leader.members()) != 2 || leader.members()[1].ID != j.ID || len(o.members()) != 1 {
		t.Errorf("passed %v, members %v and %v", passed, leader.members(), o.members())
	}
	o.refuses(made, "127.0.0.1:10", "used before")
}
