package cluster

import (
	"slices"
	"time"
)

// Health is what a node knows of itself at once, without asking others.
type Health struct {
	Quorum     bool          // it knows a leader, which may be itself
	StaleSince time.Time     // without one: when what it has was last known to be the newest; zero with one, and if it never was
	LagEntries uint64        // messages that enough nodes have, as far as it knows, and its store has not
	Lag        time.Duration // for how long it has not had the oldest of them, to half a second
}

// Health returns how this node is.
func (n *Node) Health() Health {
	_, _, known := n.Leader()
	h := Health{Quorum: known}
	r := n.raft.Load()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !known && n.ledOnce {
		h.StaleSince = n.lost
		if h.StaleSince.IsZero() {
			h.StaleSince = time.Now() // it is noticed in a moment
		}
		if r != nil {
			if heard := r.LastContact(); !heard.IsZero() && heard.Before(h.StaleSince) {
				h.StaleSince = heard
			}
		}
	}
	if r == nil {
		return h
	}
	if commit := r.CommitIndex(); commit > n.index {
		h.LagEntries = commit - n.index
	}
	for _, seen := range n.behind {
		if seen.commit > n.index {
			h.Lag = time.Since(seen.at)
			break
		}
	}
	return h
}

// LeaderSince returns since when this node has known the leader; zero without one.
func (n *Node) LeaderSince() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leaderSince
}

// commitSeen is when a message was first known to be committed.
type commitSeen struct {
	at     time.Time
	commit uint64
}

// maxBehind limits what is noted of a node that falls behind: the oldest counts.
const maxBehind = 10_000

// watchLag notes what is committed and not applied here.
func (n *Node) watchLag() {
	r := n.raft.Load()
	if r == nil {
		return
	}
	commit := r.CommitIndex()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.behind = slices.DeleteFunc(n.behind, func(s commitSeen) bool { return s.commit <= n.index })
	if last := len(n.behind) - 1; commit > n.index && (last < 0 || n.behind[last].commit < commit) && last < maxBehind {
		n.behind = append(n.behind, commitSeen{time.Now(), commit})
	}
}

// noteLeader notes who leads, and since when none does. It is called with mu locked.
func (n *Node) noteLeader(id string, known bool) {
	now := time.Now()
	switch {
	case !known && n.lost.IsZero():
		n.lost = now
	case known:
		n.lost, n.ledOnce = time.Time{}, true
	}
	if id != n.leader {
		n.leader, n.leaderSince = id, now
	}
	if id == "" {
		n.leaderSince = time.Time{}
	}
}
