package cluster

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Status is how the cluster is, as a node sees it.
type Status struct {
	ID         string       `json:"id" doc:"The node that answers."`
	Cluster    string       `json:"cluster" doc:"Id of the cluster."`
	Leader     string       `json:"leader,omitempty" doc:"The node that leads; omitted if none is known."`
	Term       uint64       `json:"term" doc:"How often a leader was elected, or was to be."`
	Commit     uint64       `json:"commit" doc:"Position of the last message that a majority has."`
	Applied    uint64       `json:"applied" doc:"Position of the last message in this node's store."`
	Level      int          `json:"level" doc:"Level of messages that is in force on this node."`
	Quorum     bool         `json:"quorum" doc:"Whether a leader is known, so that writes are possible."`
	StaleSince time.Time    `json:"stale_since,omitzero" doc:"Since when no leader has been known; answers may be old."`
	Nodes      []NodeStatus `json:"nodes" doc:"All nodes, in the order in which they joined."`
	Diverged   bool         `json:"diverged" doc:"Whether this node has stopped because its store is not what was replicated; it fetches a copy."`
	Failure    string       `json:"failure,omitempty" doc:"Why this node cannot write; omitted if it can."`
	Sent       uint64       `json:"copies_sent" doc:"Copies of the store that were made for other nodes since the start."`
}

// NodeStatus is how a node is.
type NodeStatus struct {
	ID           string    `json:"id" doc:"Its id."`
	Address      string    `json:"address" doc:"Where the other nodes reach it."`
	Voter        bool      `json:"voter" doc:"Whether it votes; one that joins does once it has caught up."`
	Leader       bool      `json:"leader" doc:"Whether it leads."`
	Applied      uint64    `json:"applied" doc:"Position of the last message in its store."`
	LagEntries   uint64    `json:"lag_entries" doc:"Messages that it has not stored yet."`
	LastContact  time.Time `json:"last_contact,omitzero" doc:"When it last heard of the node that leads, by its own clock."`
	Version      string    `json:"version,omitempty" doc:"Version of its program."`
	HighestLevel int       `json:"highest_level,omitempty" doc:"Highest level of messages that its program understands; omitted if it does not answer."`
	Reachable    bool      `json:"reachable" doc:"Whether it answers."`
	Refuses      bool      `json:"refuses,omitempty" doc:"Whether it refuses the node that answers, which is not of the cluster any more."`
	Diverged     bool      `json:"diverged,omitempty" doc:"Whether it has stopped because its store is not what was replicated."`
	Failure      string    `json:"failure,omitempty" doc:"Why it cannot write; omitted if it can."`
	Clock        time.Time `json:"clock,omitzero" doc:"Its time when it answered."`

	ClockAhead time.Duration `json:"-"` // of the clock of the node that asked
}

// ownStatus returns how this node is.
func (n *Node) ownStatus() NodeStatus {
	s := NodeStatus{
		ID: n.id.ID, Address: n.id.Address, Leader: n.Leads(), Applied: n.Applied(), Version: n.o.Version, Reachable: true, Diverged: n.diverged.Load(),
		HighestLevel: n.db.Highest(), Clock: n.o.Now().UTC(),
	}
	for _, m := range n.members() {
		if m.ID == s.ID {
			s.Voter = m.Voter
		}
	}
	if err := n.localFailure(); err != nil {
		s.Failure = err.Error()
	}
	if r := n.raft.Load(); r != nil && !s.Leader {
		s.LastContact = r.LastContact()
	}
	return s
}

// Status returns how the cluster is. Nodes that do not answer within a second are not reachable.
func (n *Node) Status(ctx context.Context) Status {
	own := n.ownStatus()
	s := Status{ID: own.ID, Cluster: n.id.Cluster, Applied: own.Applied, Level: n.db.Level(), Diverged: own.Diverged, Failure: own.Failure, Sent: n.sent.Load()}
	leader, _, known := n.Leader()
	s.Leader, s.Quorum = leader, known
	if r := n.raft.Load(); r != nil {
		s.Term, s.Commit = r.CurrentTerm(), r.CommitIndex()
	}
	n.mu.Lock()
	s.StaleSince = n.lost
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s.Nodes = n.statusOfAll(ctx, own)
	first := uint64(0)
	for _, node := range s.Nodes {
		first = max(first, node.Applied)
	}
	for i := range s.Nodes {
		if node := &s.Nodes[i]; node.Reachable {
			node.LagEntries = first - node.Applied
		}
		s.Nodes[i].Leader = known && s.Nodes[i].ID == leader
	}
	return s
}

func (n *Node) statusOf(ctx context.Context, m member, own NodeStatus) NodeStatus {
	s := own
	if m.ID != own.ID {
		s = NodeStatus{}
		asked := n.o.Now()
		if err := n.askNode(ctx, m.ID, http.MethodGet, pathStatus, nil, &s); err != nil {
			s = NodeStatus{Refuses: errors.Is(err, errRefused)}
		} else if s.HighestLevel = max(s.HighestLevel, 1); !s.Clock.IsZero() { // it tells of no level if its program knows only the first
			s.ClockAhead = s.Clock.Sub(asked) - n.o.Now().Sub(asked)/2
		}
	}
	s.ID, s.Address, s.Voter = m.ID, m.Address, m.Voter
	return s
}

// CertificateExpires returns when the certificate with which this node meets the others expires. It is renewed long before.
func (n *Node) CertificateExpires() time.Time { return n.id.cert.Load().Leaf.NotAfter }

// withoutLeader returns for how long there has been no leader.
func (n *Node) withoutLeader() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost.IsZero() {
		return 0
	}
	return time.Since(n.lost)
}
