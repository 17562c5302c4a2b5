package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
)

// memberChange is a change of the nodes that one asks the leader for.
type memberChange struct {
	Do      string `json:"do"`
	Node    string `json:"node,omitempty"`
	Address string `json:"address,omitempty"`
}

const (
	doRemove   = "remove"
	doTransfer = "transfer"
)

// changeWait is how long a change of the nodes may take.
const changeWait = 10 * time.Second

// Members returns the ids of all nodes.
func (n *Node) Members() (ids []string) {
	for _, m := range n.members() {
		ids = append(ids, m.ID)
	}
	return ids
}

// OnMembers registers a callback for when the nodes have changed. It may write to the store.
func (n *Node) OnMembers(changed func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onMembers = append(n.onMembers, changed)
}

// admit adds a node that does not vote yet; see promote. It is called on the node that leads.
func (n *Node) admit(_ context.Context, id, address string) error {
	return n.changeMembers(func(r *raft.Raft) raft.Future {
		return r.AddNonvoter(raft.ServerID(id), raft.ServerAddress(address), 0, changeWait)
	})
}

func (n *Node) changeMembers(change func(*raft.Raft) raft.Future) error {
	r := n.raft.Load()
	if r == nil || !n.Leads() {
		return errNotLeading
	}
	if err := n.await(change(r)); err != nil {
		return oplog.Errorf(oplog.CodeUnavailable, "The nodes of the cluster could not be changed: %w", err)
	}
	return nil
}

// Remove removes a node from the cluster, from any node.
func (n *Node) Remove(ctx context.Context, node string) error {
	return n.change(ctx, memberChange{Do: doRemove, Node: node})
}

// Transfer makes another node lead, from any node; "" for the one that has come furthest.
func (n *Node) Transfer(ctx context.Context, node string) error {
	return n.change(ctx, memberChange{Do: doTransfer, Node: node})
}

func (n *Node) change(ctx context.Context, c memberChange) error {
	if c.Node != "" {
		if _, ok := n.addressOf(c.Node); !ok {
			return oplog.Errorf(oplog.CodeNotFound, "There is no node %s in the cluster.", c.Node)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, changeWait)
	defer cancel()
	for {
		if _, _, err := n.AwaitLeader(ctx); err != nil {
			return errNoLeader
		}
		var err error
		if n.Leads() {
			err = n.changeHere(ctx, c)
		} else {
			err = n.askLeader(ctx, http.MethodPost, pathMembers, c, nil)
		}
		if !errors.Is(err, errNotLeading) {
			return err
		}
		select { // a leader is about to be known
		case <-time.After(leaderPoll):
		case <-ctx.Done():
			return errNoLeader
		}
	}
}

// changeHere makes a change on the node that leads.
func (n *Node) changeHere(ctx context.Context, c memberChange) error {
	switch c.Do {
	case doRemove:
		if c.Node == n.id.ID {
			return n.removeSelf(ctx)
		}
		return n.changeMembers(func(r *raft.Raft) raft.Future { return r.RemoveServer(raft.ServerID(c.Node), 0, changeWait) })
	case doTransfer:
		return n.transferTo(c.Node)
	}
	return fmt.Errorf("there is no change %s", c.Do)
}

// removeSelf lets another node lead, which then removes this one.
func (n *Node) removeSelf(ctx context.Context) error {
	if n.voters() < 2 {
		return oplog.Errorf(oplog.CodeInvalid, "Node %s is the only one that votes; it cannot be removed.", n.id.ID)
	}
	if err := n.transferTo(""); err != nil {
		return err
	}
	return n.change(ctx, memberChange{Do: doRemove, Node: n.id.ID})
}

func (n *Node) serveMembers(w http.ResponseWriter, r *http.Request) {
	var c memberChange
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBytes)).Decode(&c)
	if err == nil {
		err = n.changeHere(r.Context(), c)
	}
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		writeJSON(w, joinRefusal{err.Error(), oplog.CodeOf(err), errors.Is(err, errNotLeading)})
	}
}

// promote lets nodes vote that have caught up with this one, which leads: they have what it had a while ago.
func (n *Node) promote(before uint64) {
	if !n.Leads() {
		return
	}
	for _, m := range n.members() {
		if m.Voter {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), housekeeping)
		var s NodeStatus
		err := n.askNode(ctx, m.ID, http.MethodGet, pathStatus, nil, &s)
		cancel()
		if err != nil || s.Applied < before || s.Failure != "" {
			continue
		}
		err = n.changeMembers(func(r *raft.Raft) raft.Future {
			return r.AddVoter(raft.ServerID(m.ID), raft.ServerAddress(m.Address), 0, changeWait)
		})
		if err != nil {
			n.log.Warn("a node that has caught up could not be made to vote", "node", m.ID, "err", err)
			continue
		}
		n.log.Info("a node has caught up and votes now", "node", m.ID, "address", m.Address)
	}
}
