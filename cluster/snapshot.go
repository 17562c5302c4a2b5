package cluster

import (
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
	"oplog/storage"
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
// of the store as it is now; what it receives goes to received/, from where InstallReceived takes it at the next start.
type snapshots struct{ node *Node }

const (
	ownSnapshot      = "own"
	receivedSnapshot = "received"
)

// Create begins a snapshot: this node's own one, if Persist is called with it, or one that is received.
func (s snapshots) Create(_ raft.SnapshotVersion, index, term uint64, c raft.Configuration, configuration uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	return &sink{node: s.node, snapshot: snapshot{Index: index, Term: term, Configuration: configuration, Nodes: membersOf(c)}}, nil
}

// List returns this node's snapshot.
func (s snapshots) List() ([]*raft.SnapshotMeta, error) {
	own, found, err := readSnapshot(s.node.id.folder)
	if err != nil || !found {
		return nil, err
	}
	return []*raft.SnapshotMeta{own.meta(ownSnapshot, 0)}, nil
}

// Open returns a copy of the store, of which Raft must know the size beforehand: so it is made first.
func (s snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if id == receivedSnapshot {
		return &raft.SnapshotMeta{ID: id}, io.NopCloser(io.MultiReader()), nil
	}
	at, err := s.node.snapshotNow()
	if err != nil {
		return nil, nil, err
	}
	f, size, err := s.node.copyStore(&at)
	if err != nil {
		return nil, nil, err
	}
	return at.meta(id, size), f, nil
}

// sendingPrefix begins the names of temporary copies.
const sendingPrefix = "sending-"

// sending is a temporary copy of the store, which Close removes.
type sending struct{ *os.File }

func (f sending) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

// copyStore copies the store to a temporary file, and moves a position up to where the copy is: what was written meanwhile is in it.
func (n *Node) copyStore(at *snapshot) (f sending, size int64, err error) {
	file, err := os.CreateTemp(n.id.folder, sendingPrefix+"*")
	if err != nil {
		return f, 0, err
	}
	f = sending{file}
	if size, err = n.db.CopyTo(file); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = n.moveUp(at, file.Name())
	}
	if err != nil {
		return f, 0, errors.Join(err, f.Close())
	}
	n.sent.Add(1)
	return f, size, nil
}

func (n *Node) moveUp(at *snapshot, file string) error {
	p, err := storage.PositionOfCopy(file)
	if err != nil || p.Index <= at.Index {
		return err
	}
	var l raft.Log
	if err := n.logs.GetLog(p.Index, &l); err != nil {
		return err
	}
	at.Index, at.Term = p.Index, l.Term
	return nil
}

// sink takes a snapshot.
type sink struct {
	node     *Node
	snapshot snapshot
	own      bool // it is this node's, and has no content
	file     *os.File
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
func (s *sink) Write(p []byte) (int, error) {
	if s.file == nil {
		f, err := beginReceiving(s.node.id.folder)
		if err != nil {
			return 0, err
		}
		s.file = f
	}
	return s.file.Write(p)
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
	what := received{Snapshot: s.snapshot, Log: logFollows}
	if s.node.logs.conflicts(s.snapshot.Index, s.snapshot.Term) {
		what.Log = logDropped
		s.node.dropsLog.Store(true)
	}
	return keepReceived(s.file, what)
}

// Cancel gives the snapshot up.
func (s *sink) Cancel() error {
	if s.file == nil || s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.file.Close(), removeReceived(s.node.id.folder))
}
