package cluster

import (
	"sync/atomic"
	"time"

	durations "oplog/timing"
)

// Meters is what a node has counted and timed since it was opened.
type Meters struct {
	Leads, Quorum, Diverged     bool
	Term, Last, Commit, Applied uint64
	LagEntries                  uint64
	Level                       int // of messages
	Lag                         time.Duration
	LastContact                 time.Time // with the leader; now on the leader itself
	Elections                   uint64    // that it won
	Proposals, Refused          uint64
	LogDamaged                  uint64
	SnapshotsSent               uint64
	SnapshotsReceived           uint64 // since the program started: a node is opened again with each
	CopiesFailed                uint64 // since the program started: copies that this node could not take
	CopyMissing                 uint64 // bytes that the disk lacks for a copy that this node needs
	Healed                      uint64 // entries that were damaged here and put back from another node's copy
	LogSyncs, ReadIndexes       *durations.Histogram
}

// counts are what a node counts.
type counts struct {
	elections, proposals, refused, damaged atomic.Uint64
	readIndexes                            *durations.Histogram
}

// receivedCopies counts the copies of other nodes' stores that this program has received.
var receivedCopies atomic.Uint64

// quickBounds are the bounds of histograms of what takes a round trip or a sync.
var quickBounds = []time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
}

// Meters returns what this node has counted.
func (n *Node) Meters() Meters {
	h := n.Health()
	m := Meters{
		Leads: n.Leads(), Quorum: h.Quorum, Diverged: n.diverged.Load(), Applied: n.Applied(), Level: n.db.Level(), LagEntries: h.LagEntries, Lag: h.Lag,
		Elections: n.counted.elections.Load(), Proposals: n.counted.proposals.Load(), Refused: n.counted.refused.Load(), LogDamaged: n.counted.damaged.Load(),
		SnapshotsSent: n.sent.Load(), SnapshotsReceived: receivedCopies.Load(), ReadIndexes: n.counted.readIndexes,
		CopiesFailed: failedCopies.Load(), Healed: n.db.Healed(),
	}
	if n.logs != nil {
		m.LogSyncs = n.logs.syncs
	}
	if r := n.raft.Load(); r != nil {
		m.Term, m.Last, m.Commit, m.LastContact = r.CurrentTerm(), r.LastIndex(), r.CommitIndex(), r.LastContact()
	}
	n.mu.Lock()
	m.CopyMissing = n.copyFailed.Missing
	n.mu.Unlock()
	if m.Leads {
		m.LastContact = time.Now()
	}
	return m
}
