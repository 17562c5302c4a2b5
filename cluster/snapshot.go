package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"

	"oplog/durable"
)

const snapshotFile = "snapshot.json"

// snapshot says up to where the store holds what the replicated log says, and who its nodes were. It is Raft's snapshot: its content is
// the store itself, which may have come further, and skips what it has.
type snapshot struct {
	Index         uint64   `json:"index"`
	Term          uint64   `json:"term"`
	Configuration uint64   `json:"configuration"` // index of the nodes
	Nodes         []member `json:"nodes"`
	Chain         string   `json:"chain,omitempty"` // of the store, in hex
	Sum           string   `json:"sum"`             // SHA-256 of this with an empty sum, in hex
}

// member is a node of the cluster.
type member struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Voter   bool   `json:"voter"`
}

// firstSnapshot is that of a new cluster, whose first node has everything.
func firstSnapshot(id *identity, chain [sha256.Size]byte) snapshot {
	return snapshot{Index: 1, Term: 1, Configuration: 1, Nodes: []member{{id.ID, id.Address, true}}, Chain: hexOf(chain[:])}
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func (s snapshot) sum() string {
	s.Sum = ""
	text, _ := json.Marshal(s) // of plain values
	return hashOf(text)
}

// write writes snapshot.json to the directory cluster/.
func (s snapshot) write(folder string) error {
	s.Sum = s.sum()
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(folder, snapshotFile), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// readSnapshot reads snapshot.json; false if there is none, as on a node that joins.
func readSnapshot(folder string) (s snapshot, found bool, err error) {
	path := filepath.Join(folder, snapshotFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(text, &s); err != nil || s.Sum != s.sum() {
		return s, false, fmt.Errorf("%s is damaged; remove this node from the cluster (oplog cluster remove, on another node) and let it join again in an empty directory", path)
	}
	return s, true, nil
}

// raftConfiguration returns the nodes as Raft has them.
func raftConfiguration(nodes []member) (c raft.Configuration) {
	for _, n := range nodes {
		suffrage := raft.Nonvoter
		if n.Voter {
			suffrage = raft.Voter
		}
		c.Servers = append(c.Servers, raft.Server{Suffrage: suffrage, ID: raft.ServerID(n.ID), Address: raft.ServerAddress(n.Address)})
	}
	return c
}

func membersOf(c raft.Configuration) (nodes []member) {
	for _, s := range c.Servers {
		nodes = append(nodes, member{string(s.ID), string(s.Address), s.Suffrage == raft.Voter})
	}
	return nodes
}

func (s snapshot) meta(id string, size int64) *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version: raft.SnapshotVersionMax, ID: id, Index: s.Index, Term: s.Term, Configuration: raftConfiguration(s.Nodes), ConfigurationIndex: s.Configuration, Size: size,
	}
}

// snapshots is Raft's SnapshotStore. Its own snapshot is only snapshot.json. To a node that has fallen too far behind, it sends a copy
// of the store as it is now; what it receives goes to received/, from where installReceived takes it at the next start.
type snapshots struct{ node *Node }

const (
	ownSnapshot      = "own"
	receivedSnapshot = "received"
)

// Create begins a snapshot: this node's own one, if Persist is called with it, or one that is received.
func (s snapshots) Create(_ raft.SnapshotVersion, index, term uint64, c raft.Configuration, configuration uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	to := &sink{node: s.node, snapshot: snapshot{Index: index, Term: term, Configuration: configuration, Nodes: membersOf(c)}}
	if r := s.node.raft.Load(); r != nil {
		_, leader := r.LeaderWithID()
		to.from = string(leader)
	}
	return to, nil
}

// List returns this node's snapshot.
func (s snapshots) List() ([]*raft.SnapshotMeta, error) {
	own, found, err := readSnapshot(s.node.id.folder)
	if err != nil || !found {
		return nil, err
	}
	return []*raft.SnapshotMeta{own.meta(ownSnapshot, 0)}, nil
}

// Open returns a copy of the store, which is made when it is sent.
func (s snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if id == receivedSnapshot {
		return &raft.SnapshotMeta{ID: id}, io.NopCloser(io.MultiReader()), nil
	}
	at, err := s.node.snapshotNow()
	if err != nil {
		return nil, nil, err
	}
	meta := at.meta(id, 0)
	return meta, &promised{s.node, meta, at}, nil
}

// sink takes a snapshot.
type sink struct {
	node     *Node
	snapshot snapshot
	own      bool   // it is this node's, and has no content
	from     string // the node that leads
	file     *copyFile
	closed   bool
}

// ID returns the id by which Raft opens the snapshot.
func (s *sink) ID() string {
	if s.own {
		return ownSnapshot
	}
	return receivedSnapshot
}

// Write receives a piece of another node's copy.
func (s *sink) Write(p []byte) (n int, err error) {
	if s.file == nil {
		err = s.begin()
	}
	if err == nil {
		n, err = s.file.Write(p)
	}
	if errors.As(err, new(noRoom)) {
		s.node.refused(s.from, err)
	}
	if err != nil && s.from != "" {
		s.node.port.drop(s.from) // Raft would read the rest for nothing
	}
	return n, err
}

func (s *sink) begin() error {
	folder, space := s.node.id.folder, s.node.o.Space
	if err := space.check(folder, s.node.announced.Load()); err != nil {
		return err
	}
	f, err := beginReceiving(folder)
	if err != nil {
		return err
	}
	s.file = &copyFile{File: f, ctx: context.Background(), dir: folder, space: space}
	return nil
}

// Close makes the snapshot durable.
func (s *sink) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.own {
		return s.snapshot.write(s.node.id.folder)
	}
	if s.file == nil {
		return errors.New("the copy of the store is empty")
	}
	what := received{Snapshot: s.snapshot, Log: logFollows, From: s.from}
	if s.node.logs.conflicts(s.snapshot.Index, s.snapshot.Term) {
		what.Log = logDropped
		s.node.dropsLog.Store(true)
	}
	return keepReceived(s.file.File, what)
}

// Cancel gives the snapshot up.
func (s *sink) Cancel() error {
	if s.file == nil || s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.file.Close(), removeReceived(s.node.id.folder))
}
