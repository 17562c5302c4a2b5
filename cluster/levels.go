package cluster

import (
	"context"
	"errors"
	"sync"

	"oplog/oplog"
	"oplog/storage"
)

// levelTurns is how often the node that leads looks whether the level of messages can be raised, in turns of keepHouse.
const levelTurns = 4

// raiseLevel raises the level of messages to the highest one that all nodes understand, if this node leads. A node that does not answer may have any
// program, so nothing is raised without it.
func (n *Node) raiseLevel() {
	if n.db.Level() >= n.db.Highest() || !n.Leads() || n.localFailure() != nil || !n.desk.mu.TryLock() {
		return
	}
	defer n.desk.mu.Unlock() // nobody is admitted meanwhile
	ctx, cancel := context.WithTimeout(context.Background(), housekeeping)
	defer cancel()
	level := n.db.Highest()
	for _, s := range n.statusOfAll(ctx, n.ownStatus()) {
		level = min(level, s.HighestLevel)
	}
	if level <= n.db.Level() {
		return
	}
	if err := n.db.RaiseLevel(level, installable(n.o.Version)); err != nil {
		n.log.Debug("the level of messages was not raised", "level", level, "err", err)
		return
	}
	n.log.Info("all nodes understand a higher level of messages, which is in force now", "level", level)
}

// installable returns a version that somebody could be told to install; "" for that of builds that have none.
func installable(version string) string {
	if version == "devel" {
		return ""
	}
	return version
}

// statusOfAll asks all nodes how they are. Those that do not answer are not reachable, and have no highest level.
func (n *Node) statusOfAll(ctx context.Context, own NodeStatus) []NodeStatus {
	members := n.members()
	all := make([]NodeStatus, len(members))
	var asked sync.WaitGroup
	for i, m := range members {
		asked.Go(func() { all[i] = n.statusOf(ctx, m, own) })
	}
	asked.Wait()
	return all
}

// Delaying returns the nodes that keep the level of messages from being raised to the highest that any node understands, and that level; none if it
// is in force.
func (s *Status) Delaying() (nodes []NodeStatus, level int) {
	level = s.Level
	for _, n := range s.Nodes {
		level = max(level, n.HighestLevel)
	}
	for _, n := range s.Nodes {
		if level > s.Level && n.HighestLevel < level {
			nodes = append(nodes, n)
		}
	}
	return nodes, level
}

// checkLevel returns an error if the program of a node that wants to join does not understand the level of messages. highest is 0 for one that knows no
// levels.
func (d *desk) checkLevel(highest int) error {
	if err := d.understands("the cluster", max(highest, 1)); err != nil {
		return oplog.Errorf(oplog.CodeInvalid, "%w; install that on this machine, and join again with the same token", err)
	}
	return nil
}

// isOutdated reports whether an error means that this node's program is too old.
func isOutdated(err error) bool {
	var level *storage.LevelError
	return errors.As(err, &level)
}
