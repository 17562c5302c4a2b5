package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/hashicorp/raft"
)

// Raft's names of what it keeps in the stable store, and ours: the nodes of the last configuration that was committed.
var (
	keyTerm          = []byte("CurrentTerm")
	keyConfiguration = []byte("configuration")
)

// configuration is what is kept under keyConfiguration.
type configuration struct {
	Index uint64   `json:"index"`
	Nodes []member `json:"nodes"`
}

func fileExists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// prepare checks that the store and Raft's log belong together, and moves the snapshot to where the store is. It returns why this node needs
// a copy of another node's store before it can take part, or "".
func (n *Node) prepare() (reason string, err error) {
	own, found, err := readSnapshot(n.id.folder)
	if err != nil {
		return "", err
	}
	at, replicated := n.db.Replicated()
	switch {
	case !found && !replicated:
		return "", nil // it has joined, and is sent everything
	case found != replicated:
		return "", n.id.damaged(snapshotFile, errors.New("it and the store do not belong together"))
	}
	if err := n.readConfiguration(&own); err != nil {
		return "", err
	}
	last, err := n.logs.LastIndex()
	if err != nil {
		return "", err
	}
	if last, err = n.dropDamagedTail(last, own.Index); err != nil {
		return "", err
	}
	if at.Index > max(last, own.Index) {
		return fmt.Sprintf("the store is at message %d, but the replicated log ends at %d", at.Index, max(last, own.Index)), nil
	}
	if bad := n.logs.firstBad(own.Index+1, last); bad > 0 {
		if n.isAlone() && bad > at.Index {
			n.log.Warn("the end of the replicated log is damaged; as no other node has it and nothing of it was acknowledged, it is dropped", "from", bad)
			return "", n.logs.DeleteRange(bad, last)
		}
		return fmt.Sprintf("record %d of the replicated log is damaged", bad), nil
	}
	return "", nil
}

// readConfiguration reads which nodes there are, and moves the snapshot up to what the store has, so that Raft need not hand it over again.
func (n *Node) readConfiguration(own *snapshot) error {
	nodes, at := configuration{own.Configuration, own.Nodes}, max(own.Index, n.Applied())
	switch text, err := n.logs.Get(keyConfiguration); {
	case err == nil:
		var kept configuration
		if err := json.Unmarshal(text, &kept); err != nil {
			return n.id.damaged(logFile, err)
		}
		if kept.Index > nodes.Index {
			nodes, at = kept, max(at, kept.Index)
		}
	case !errors.Is(err, errNotFound):
		return err
	}
	var l raft.Log
	if at > own.Index && n.logs.read(at, &l) == nil {
		own.Index, own.Term, own.Configuration, own.Nodes, own.Chain = at, l.Term, nodes.Index, nodes.Nodes, ""
		if err := own.write(n.id.folder); err != nil {
			return err
		}
	}
	n.began = *own
	n.mu.Lock()
	n.nodes, n.nodesIndex, n.index, n.term = nodes.Nodes, nodes.Index, own.Index, own.Term
	n.mu.Unlock()
	term, err := n.logs.GetUint64(keyTerm)
	if err != nil && !errors.Is(err, errNotFound) || term >= own.Term {
		return err
	}
	return n.logs.SetUint64(keyTerm, own.Term)
}

// dropDamagedTail drops damaged records at the end of the log that the snapshot includes: Raft reads the last one.
func (n *Node) dropDamagedTail(last, included uint64) (uint64, error) {
	var l raft.Log
	for last > 0 && last <= included && n.logs.read(last, &l) != nil {
		if err := n.logs.DeleteRange(last, last); err != nil {
			return last, err
		}
		var err error
		if last, err = n.logs.LastIndex(); err != nil {
			return last, err
		}
	}
	return last, nil
}

// dropDelay is how long a node that was removed may still read its answers.
const dropDelay = time.Second

// noteConfiguration keeps the nodes of a configuration that is committed.
func (n *Node) noteConfiguration(l *raft.Log) {
	nodes := membersOf(raft.DecodeConfiguration(l.Data))
	text, _ := json.Marshal(configuration{l.Index, nodes}) // of plain values
	_ = n.logs.Set(keyConfiguration, text)                 // it returns once that is stored
	n.mu.Lock()
	before := n.nodes
	n.nodes, n.nodesIndex = nodes, l.Index
	tell := n.onMembers
	n.mu.Unlock()
	n.running.Go(func() { // what they write comes after this
		for _, changed := range tell {
			changed()
		}
	})
	time.AfterFunc(dropDelay, func() {
		for _, m := range before {
			if !n.isMember(m.ID) {
				n.port.drop(m.ID)
			}
		}
	})
	n.moved()
}

// reached notes the last record that was handed over, and is on disk as far as it concerns the store.
func (n *Node) reached(l *raft.Log) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.index, n.term = l.Index, l.Term
}

// snapshotNow returns the position of this node's store, or one before it.
func (n *Node) snapshotNow() (snapshot, error) {
	if n.frozen.Load() {
		return snapshot{}, errFrozen
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.index == 0 {
		return snapshot{}, errors.New("this node has no copy of the log yet")
	}
	return snapshot{Index: n.index, Term: n.term, Configuration: n.nodesIndex, Nodes: n.nodes}, nil
}
