package crashtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestNodesBatchKilled kills a node at each stage of a batch of 10,000 entries: the one that it was sent to, the leader, the third. The batch is there
// whole or not at all, and once after it was sent again.
func TestNodesBatchKilled(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	const size, stages = 10_000, 6
	c := newNodes(t, 3)
	w := c.load()
	took := time.Duration(0)
	for i := range 3 {
		began := time.Now()
		w.record(batchOf("whole", i+1, size, "双11返场 Encore"))
		took = time.Since(began)
	}
	acknowledged := 0
	for stage := range stages {
		for victim := range 3 {
			leader := c.leader()
			to := c.other(leader)
			third := c.members[slices.IndexFunc(c.members, func(m *member) bool { return m != leader && m != to })]
			s := batchOf("killed", stage*3+victim, size, "双11返场 Encore")
			first, last := s.ids[0], s.ids[size-1]
			sent := make(chan struct{})
			one := newLoad(c.ledger, to.url, 0)
			go func() { one.send(context.Background(), s); close(sent) }()
			time.Sleep(took * time.Duration(stage) / (stages - 2))
			m := []*member{to, leader, third}[victim]
			m.end(syscall.SIGKILL)
			<-sent
			one.http.CloseIdleConnections()
			if s.ids == nil {
				acknowledged++
			}
			m.start()
			c.leader()
			for _, m := range c.members {
				if c.has(m, first) && !c.has(m, last) {
					t.Errorf("batch %d is on a node in part", s.batches)
				}
			}
			w.record(s)
		}
	}
	w.http.CloseIdleConnections()
	c.check()
	t.Logf("a batch takes %v; of %d, %d were acknowledged although a node was killed, the others when they were sent again", took.Round(time.Millisecond), stages*3, acknowledged)
}

// TestNodesCopyKilled kills the node that receives a copy of the log, or the one that sends it, half-way and while 8 writers write: another attempt
// brings the copy.
func TestNodesCopyKilled(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	for _, m := range c.members { // so each knows all from its snapshot.json, also without a log
		m.end(syscall.SIGTERM)
		m.start()
	}
	w := c.load()
	w.backUpEvery = time.Minute // all are restored at the end
	for i := range 6 {
		w.record(batchOf("large", i+1, 10_000, "双11返场 Encore"))
	}
	w.during(func() {
		for i := range 6 {
			m := c.other(c.leader())
			hit := false
			for try := 0; !hit; try++ {
				if try == tries {
					t.Fatal("no copy was to be seen")
				}
				c.awaitProgress()
				c.awaitCaughtUp(m) // so its store is later than what it began with, which would need no copy
				m.end(syscall.SIGKILL)
				emptyLog(t, m)
				if i%2 == 0 {
					hit = c.killReceiving(m)
				} else {
					hit = c.killSending(m)
				}
				c.startAll()
				c.awaitProgress()
				c.awaitCaughtUp(m) // two without a log would be too few
			}
		}
	})
	c.check()
	for _, pattern := range []string{"sending-*", "received"} {
		for _, m := range c.members {
			if left, _ := filepath.Glob(filepath.Join(m.data, "cluster", pattern)); len(left) > 0 {
				t.Errorf("copies are left: %s", left)
			}
		}
	}
}

// emptyLog empties the replicated log of a node that is down, which then needs a copy of the store.
func emptyLog(t *testing.T, m *member) {
	t.Helper()
	path := filepath.Join(m.data, "cluster", "raft.db")
	err := os.Remove(path)
	if err == nil {
		var empty *bolt.DB
		if empty, err = bolt.Open(path, 0o600, nil); err == nil {
			err = empty.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// killReceiving starts a node and kills it while it receives a copy; false if it was faster.
func (c *nodes) killReceiving(m *member) bool {
	c.t.Helper()
	s := begin(c.t, nil, "--data", m.data)
	hit := c.awaitCopy(s, filepath.Join(m.data, "cluster", "received", "copy*"))
	s.end(syscall.SIGKILL)
	return hit
}

// killSending starts a node and kills the one that sends it a copy; false if that was faster.
func (c *nodes) killSending(m *member) bool {
	c.t.Helper()
	leader := c.leader()
	s := begin(c.t, nil, "--data", m.data)
	hit := c.awaitCopy(s, filepath.Join(leader.data, "cluster", "sending-*"))
	leader.end(syscall.SIGKILL)
	if !s.answers() {
		<-s.ended
		c.t.Fatalf("the node in %s ended: %s", m.data, s.stderr)
	}
	m.set(s)
	return hit
}

// awaitCopy waits until a file of a copy is there; false if the node has its copy before that was seen.
func (c *nodes) awaitCopy(s *server, pattern string) bool {
	c.t.Helper()
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		if files, _ := filepath.Glob(pattern); len(files) > 0 {
			return true
		}
		if strings.Contains(s.stderr.String(), "a copy of another node's store was put in place") {
			return false
		}
	}
	c.t.Fatalf("the node gets no copy: %s", last(s.stderr.String()))
	return false
}

// awaitCaughtUp waits until a node has what the leader has now.
func (c *nodes) awaitCaughtUp(m *member) {
	c.t.Helper()
	var goal uint64
	c.await(fmt.Sprintf("the node at %s has what the leader has", m.address), func(s clusterStatus) bool {
		for _, n := range s.Nodes {
			if n.Leader && goal == 0 {
				goal = n.Applied
			}
		}
		return goal > 0 && slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Address == m.address && n.Applied >= goal })
	})
}

// TestNodesExportStopped loses the index of a stopped node, which an export cannot rebuild, as it only reads: it says so and ends. It works once the
// node was started.
func TestNodesExportStopped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 1)
	w := c.load()
	for i := range 15 {
		w.record(batchOf("many", i+1, 10_000, "双11返场 Encore"))
	}
	w.http.CloseIdleConnections()
	m := c.members[0]
	m.end(syscall.SIGTERM)
	if err := os.RemoveAll(filepath.Join(m.data, "index")); err != nil {
		t.Fatal(err)
	}
	export := command(t, []string{"timeout", "60"}, "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", "-", "--data", m.data)
	if out, err := export.CombinedOutput(); err == nil || !strings.Contains(string(out), "start it with oplog serve, which rebuilds the index") {
		t.Errorf("an export without an index: %v, %s", err, last(string(out)))
	}
	m.start()
	c.awaitIndexes()
	m.end(syscall.SIGTERM)
	if err := c.compare(); err != nil {
		t.Error(err)
	}
}
