package nodetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// Nodes are several nodes of one log in one process, each with a store, an index and services of its own, and one that leads. A write on any of them
// is made by the store of that one, and is in all stores when it returns; local records stay where they are written.
type Nodes struct {
	T     *testing.T
	Clock *Clock
	All   []*Member

	Shards []archive.Engine // of the archive, from the next start of a node on

	mu       sync.Mutex
	leader   int
	term     uint64 // in which it leads
	apart    bool   // no node leads
	told     bool   // and stores say so
	messages []storage.Message
	removed  map[string]bool
}

// Member is a node of Nodes.
type Member struct {
	*Log
	ID string

	// Answer is called, if it is set, with what the leader answered to an Append, and returns what the node gets to know of it.
	Answer func(error) error

	// BeforeDeletion is called, if it is set, before a deletion begins that was decided on this node.
	BeforeDeletion func()

	nodes   *Nodes
	at      int
	program *program
	held    bool
	index   oplog.Index
}

// program is what one run of a node's program can still do.
type program struct {
	dead    atomic.Bool // it has ended without closing
	noLocal atomic.Bool // it writes no local records any more
}

// NewNodes opens a log on so many nodes, of which the first leads, with the tenants of New.
func NewNodes(t *testing.T, n int) *Nodes {
	t.Helper()
	nodes := &Nodes{T: t, Clock: &Clock{At: Morning}, removed: make(map[string]bool), term: 1}
	first := t.TempDir()
	db, err := storage.Open(first, storage.Options{})
	if err == nil {
		err = errors.Join(db.BeginReplication(storage.Position{Index: 1, Chain: sha256.Sum256([]byte("a log"))}), db.RaiseLevel(storage.HighestLevel, ""))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		dir := first
		if i > 0 {
			dir = filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(dir, "signing.key"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		log := &Log{T: t, Dir: dir, Clock: nodes.Clock, Lines: &Lines{}}
		nodes.All = append(nodes.All, &Member{Log: log, ID: fmt.Sprintf("%08x%024x", 0xa0+i, i), nodes: nodes, at: i})
	}
	for _, m := range nodes.All {
		m.Start()
		t.Cleanup(m.Stop)
	}
	l := nodes.All[0]
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", DataPermission: true}))
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "plain", Name: "Plain", TimeZone: "Europe/Berlin"}))
	l.Must(l.Directory.SetOrganizations(t.Context(), "acme", oplog.Tree{
		{ID: "root", Name: "Acme Group"}, {ID: "east", ParentID: "root", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"},
	}))
	return nodes
}

// Lead lets another node lead.
func (n *Nodes) Lead(at int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leader, n.apart, n.term = at, false, n.term+1
}

// Part ends that any node leads, until Lead. Told is whether stores say so by their Failure, as they do after a while.
func (n *Nodes) Part(told bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.apart, n.told = true, told
}

// Remove removes a node from the members.
func (n *Nodes) Remove(at int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.removed[n.All[at].ID] = true
}

// Members returns the ids of all nodes.
func (n *Nodes) Members() (ids []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.All {
		if !n.removed[m.ID] {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func (n *Nodes) leads(at int) (term uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.apart || n.leader != at {
		return 0
	}
	return n.term
}

// leading returns the store of the node that leads.
func (n *Nodes) leading() (*storage.DB, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.apart || n.All[n.leader].Store == nil {
		return nil, errNoLeader()
	}
	return n.All[n.leader].Store, nil
}

func errNoLeader() error {
	return oplog.Errorf(oplog.CodeUnavailable, "No node leads at the moment; retry in some seconds.")
}

// propose gives a message of the node that leads to all others.
func (n *Nodes) propose(at int, message []byte) (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.apart || n.leader != at {
		return 0, errNoLeader()
	}
	next := storage.Message{Index: uint64(len(n.messages)) + 2, Data: slices.Clone(message)}
	n.messages = append(n.messages, next)
	for _, m := range n.All {
		if m.at == at || m.Store == nil || m.held {
			continue
		}
		store := m.Store
		n.mu.Unlock()
		err := store.Apply([]storage.Message{next})
		n.mu.Lock()
		if err != nil {
			return 0, err
		}
	}
	return next.Index, nil
}

// Hold keeps what others write from the store of the node, until Release.
func (m *Member) Hold() {
	m.nodes.mu.Lock()
	defer m.nodes.mu.Unlock()
	m.held = true
}

// Release gives the store what it missed.
func (m *Member) Release() {
	m.T.Helper()
	m.nodes.mu.Lock()
	missed := slices.Clone(m.nodes.messages)
	m.held = false
	m.nodes.mu.Unlock()
	if err := m.Store.Apply(missed); err != nil {
		m.T.Fatal(err)
	}
}

// End ends the program of the node, as far as it can write, as a crash does; see Crash.
func (m *Member) End() { m.program.dead.Store(true) }

// RefuseLocal refuses all local records that the program of the node writes from now on, until it is started again. What is replicated is still written.
func (m *Member) RefuseLocal() { m.program.noLocal.Store(true) }

// Start opens the node, after its store has what it missed.
func (m *Member) Start() {
	m.T.Helper()
	store, err := storage.Open(m.Dir, storage.Options{})
	if err != nil {
		m.T.Fatal(err)
	}
	store.Replicate(func(message []byte) (uint64, error) { return m.nodes.propose(m.at, message) })
	m.nodes.mu.Lock()
	m.Store = store
	missed := slices.Clone(m.nodes.messages)
	m.nodes.mu.Unlock()
	if err := store.Apply(missed); err != nil {
		m.T.Fatal(err)
	}
	m.open()
}

// open opens the services over the store.
func (m *Member) open() {
	m.T.Helper()
	m.program = &program{}
	view := &memberStore{m.Store, m.program, m}
	index, err := search.Open(filepath.Join(m.Dir, "index"), view)
	if err != nil {
		m.T.Fatal(err)
	}
	m.index = index
	m.Node, err = node.New(view, m.index, node.Options{
		Shards: m.nodes.Shards, Compile: index.Compile, Decode: storage.Decode, Encode: storage.Encode, Analysis: search.AnalysisVersion,
		Now: m.Clock.Now, ExportDir: filepath.Join(m.Dir, "exports"), Space: m.Disk.Space,
		Formats: []oplog.ExportFormat{{Name: "txt", ContentType: "text/plain", New: m.Lines.writer}},
		Node:    m.ID, Leading: func() uint64 { return m.nodes.leads(m.at) }, Members: m.nodes.Members,
	})
	if err != nil {
		m.T.Fatal(err)
	}
}

// Stop closes the node, if it runs.
func (m *Member) Stop() {
	m.T.Helper()
	if m.Store == nil {
		return
	}
	if err := m.Close(); err != nil {
		m.T.Error(err)
	}
	m.nodes.mu.Lock()
	m.Store = nil
	m.nodes.mu.Unlock()
}

// Crash ends the program of the node without anything that closing does, and starts it again. What it has on disk stays.
func (m *Member) Crash() {
	m.T.Helper()
	old := m.Node
	m.program.dead.Store(true)
	if err := m.index.Close(); err != nil {
		m.T.Error(err)
	}
	m.T.Cleanup(func() { old.Exports.Close() })
	m.open()
}

// memberStore is the store of a node as its services have it.
type memberStore struct {
	*storage.DB
	*program

	of *Member
}

// leading returns the store that writes, unless the program has ended.
func (s *memberStore) leading() (*storage.DB, error) {
	if s.dead.Load() {
		return nil, oplog.Errorf(oplog.CodeUnavailable, "The program of this node has ended.")
	}
	return s.of.nodes.leading()
}

func (s *memberStore) Failure() error {
	s.of.nodes.mu.Lock()
	defer s.of.nodes.mu.Unlock()
	if s.of.nodes.apart && s.of.nodes.told {
		return errNoLeader()
	}
	return s.DB.Failure()
}

func (s *memberStore) OnAppend(callback func(string, []oplog.Entry)) {
	s.DB.OnAppend(func(tenant string, entries []oplog.Entry) {
		if !s.dead.Load() {
			callback(tenant, entries)
		}
	})
}

func (s *memberStore) OnRecord(changed func(oplog.RecordKind, string)) {
	s.DB.OnRecord(func(kind oplog.RecordKind, name string) {
		if !s.dead.Load() {
			changed(kind, name)
		}
	})
}

func (s *memberStore) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	db, err := s.leading()
	if err != nil {
		return nil, err
	}
	receipts, err := db.Append(ctx, tenant, entries, skipped)
	if answer := s.of.Answer; answer != nil {
		err = answer(err)
	}
	return receipts, err
}

func (s *memberStore) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return s.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (s *memberStore) PutRecords(changes []oplog.RecordChange, audit ...oplog.Entry) error {
	if s.of.nodes.leads(s.of.at) != 0 && !s.dead.Load() && !s.noLocal.Load() {
		return s.DB.PutRecords(changes, audit...)
	}
	var local, shared []oplog.RecordChange
	for _, c := range changes {
		if oplog.IsLocal(c.Kind, c.Name) {
			local = append(local, c)
		} else {
			shared = append(shared, c)
		}
	}
	if len(shared)+len(audit) > 0 {
		db, err := s.leading()
		if err == nil {
			err = db.PutRecords(shared, audit...)
		}
		if err != nil {
			return err
		}
	}
	if len(local) == 0 {
		return nil
	}
	if s.dead.Load() || s.noLocal.Load() {
		return oplog.Errorf(oplog.CodeUnavailable, "The program of this node has ended.")
	}
	return s.DB.PutRecords(local)
}

func (s *memberStore) BeginDeletion(d *oplog.Deletion, report ...oplog.Entry) error {
	if before := s.of.BeforeDeletion; before != nil {
		before()
	}
	if s.dead.Load() {
		return errNoLeader()
	}
	return s.BeginDeletionIf(func() error {
		if term := s.of.nodes.leads(s.of.at); term == 0 || term != d.Term {
			return errNoLeader()
		}
		return nil
	}, d, report...)
}

// Eventually waits until something holds, which other goroutines bring about.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
