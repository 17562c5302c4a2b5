package cluster

import (
	"sync"

	"github.com/hashicorp/raft"
)

// recentLogs keeps the last records in memory, which Raft reads again once they are committed, and to send them.
type recentLogs struct {
	mu    sync.Mutex
	logs  map[uint64]*raft.Log
	first uint64 // of logs
	last  uint64
	bytes int
}

const maxRecentBytes = 4 << 20

func newRecentLogs() *recentLogs { return &recentLogs{logs: make(map[uint64]*raft.Log)} }

func (r *recentLogs) get(index uint64, l *raft.Log) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.logs[index]
	if found == nil {
		return false
	}
	*l = *found
	return true
}

func (r *recentLogs) add(logs []*raft.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range logs {
		if len(r.logs) > 0 && l.Index != r.last+1 {
			r.clear()
		}
		if len(r.logs) == 0 {
			r.first = l.Index
		}
		kept := *l
		r.logs[l.Index], r.last = &kept, l.Index
		r.bytes += len(l.Data)
	}
	for len(r.logs) > 1 && r.bytes > maxRecentBytes {
		r.bytes -= len(r.logs[r.first].Data)
		delete(r.logs, r.first)
		r.first++
	}
}

func (r *recentLogs) clear() {
	clear(r.logs)
	r.bytes = 0
}

// drop forgets records that are deleted: in practice the oldest or the newest.
func (r *recentLogs) drop(from, to uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.logs) > 0 && from <= r.last && to >= r.first {
		r.clear()
	}
}
