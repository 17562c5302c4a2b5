package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// stream carries Raft's messages over the port between nodes.
type stream struct {
	net.Listener
	node *Node
}

// Addr is the address at which the other nodes reach this one, which Raft tells them.
func (s stream) Addr() net.Addr { return nodeAddress(s.node.id.Address) }

// nodeAddress is the address of a node, HOST:PORT.
type nodeAddress string

// Network is that of the addresses.
func (nodeAddress) Network() string { return "tcp" }

func (a nodeAddress) String() string { return string(a) }

// Dial connects to a node, whose address has its id before it; see addresses.
func (s stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	node, at, ok := strings.Cut(string(address), "@")
	if !ok {
		return nil, fmt.Errorf("the address %s names no node", address)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := s.node.port.dial(ctx, at, node, protocolRaft)
	if err != nil {
		return nil, err
	}
	return &steadyConn{Conn: conn, stall: s.node.o.timing.stall}, nil
}

// addresses gives Raft's transport the addresses of nodes with their ids, as ID@HOST:PORT: a connection is only good if it is to that node.
type addresses struct{ node *Node }

// ServerAddr returns the address of a node.
func (a addresses) ServerAddr(id raft.ServerID) (raft.ServerAddress, error) {
	address, ok := a.node.addressOf(string(id))
	if string(id) == a.node.id.ID && !ok {
		address, ok = a.node.id.Address, true
	}
	if !ok {
		return "", fmt.Errorf("node %s is not in the cluster", id)
	}
	return raft.ServerAddress(string(id) + "@" + address), nil
}

// members returns the nodes of the cluster as this one knows them: the latest, which may not be committed yet.
func (n *Node) members() []member {
	if r := n.raft.Load(); r != nil {
		return membersOf(r.GetConfiguration().Configuration())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.nodes
}

// isMember reports whether a node may connect. A node that joins does not know the others yet, but they have its cluster's certificates.
func (n *Node) isMember(node string) bool {
	nodes := n.members()
	for _, m := range nodes {
		if m.ID == node {
			return true
		}
	}
	return len(nodes) == 0
}

func (n *Node) addressOf(node string) (string, bool) {
	for _, m := range n.members() {
		if m.ID == node {
			return m.Address, true
		}
	}
	return "", false
}

// voters returns the number of nodes that vote.
func (n *Node) voters() (voters int) {
	for _, m := range n.members() {
		if m.Voter {
			voters++
		}
	}
	return voters
}

// isAlone reports whether this node is the only one that votes.
func (n *Node) isAlone() bool {
	nodes := n.members()
	return len(nodes) == 1 && nodes[0].Voter && nodes[0].ID == n.id.ID
}

// transport is Raft's transport. Raft takes a record before the last that it has, and misses, for one that contradicts the leader's. After a copy was
// installed there are none before it; but all that the copy has is committed, so a leader cannot contradict it. So what a leader sends
// of that is left out of its requests before Raft sees them.
type transport struct {
	*raft.NetworkTransport
	requests chan raft.RPC
	from     snapshot  // what this node began with
	votes    time.Time // when this node may vote; see keepPromise
}

// requestsInFlight is how many requests may wait for their answers. A leader that steps down reads no more answers, but may still send once or twice:
// with Raft's default of 2, it and who reads from the connection would wait for each other, and the node could not be closed.
const requestsInFlight = 64

func (n *Node) openTransport(logger hclog.Logger) *transport {
	t := &transport{requests: make(chan raft.RPC), from: n.began, votes: time.Now().Add(n.o.timing.readLease)}
	t.NetworkTransport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		ServerAddressProvider: addresses{n}, Logger: logger, Stream: stream{n.port.listener(protocolRaft), n}, MaxPool: 3, Timeout: 10 * time.Second,
		MaxRPCsInFlight: requestsInFlight,
	})
	n.running.Go(func() {
		for {
			select {
			case rpc := <-t.NetworkTransport.Consumer():
				switch r := rpc.Command.(type) {
				case *raft.AppendEntriesRequest:
					t.leaveOut(r)
				case *raft.InstallSnapshotRequest:
					n.announced.Store(r.Size)
					rpc.Reader = newSteadyReader(rpc.Reader, n.o.timing.stall, func() { n.port.drop(string(r.ID)) })
				}
				if t.keepPromise(rpc) {
					continue
				}
				select {
				case t.requests <- rpc:
				case <-n.closing:
					return
				}
			case <-n.closing:
				return
			}
		}
	})
	return t
}

// InstallSnapshot sends a copy of the store, which is made now.
func (t *transport) InstallSnapshot(id raft.ServerID, at raft.ServerAddress, request *raft.InstallSnapshotRequest, answer *raft.InstallSnapshotResponse, data io.Reader) error {
	p, ok := data.(*promised)
	if !ok {
		return t.NetworkTransport.InstallSnapshot(id, at, request, answer, data)
	}
	return p.send(string(id), request, func(made io.Reader) error {
		return t.NetworkTransport.InstallSnapshot(id, at, request, answer, made)
	})
}

// Consumer returns the requests of other nodes.
func (t *transport) Consumer() <-chan raft.RPC { return t.requests }

// leaveOut leaves the records out of a request that the snapshot includes.
func (t *transport) leaveOut(a *raft.AppendEntriesRequest) {
	if a.PrevLogEntry == 0 || a.PrevLogEntry >= t.from.Index {
		return
	}
	for len(a.Entries) > 0 && a.Entries[0].Index <= t.from.Index {
		a.Entries = a.Entries[1:]
	}
	a.PrevLogEntry, a.PrevLogTerm = t.from.Index, t.from.Term
}

// keepPromise refuses to vote for as long as a leader may rely on what this node has answered before it was opened again: Raft remembers who led only in
// memory.
func (t *transport) keepPromise(rpc raft.RPC) (refused bool) {
	if !time.Now().Before(t.votes) {
		return false
	}
	switch r := rpc.Command.(type) {
	case *raft.RequestVoteRequest:
		if r.LeadershipTransfer { // the leader itself asked for it
			return false
		}
		rpc.Respond(&raft.RequestVoteResponse{RPCHeader: r.RPCHeader}, nil)
	case *raft.RequestPreVoteRequest:
		rpc.Respond(&raft.RequestPreVoteResponse{RPCHeader: r.RPCHeader}, nil)
	default:
		return false
	}
	return true
}
