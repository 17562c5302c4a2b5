package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
	"oplog/storage"
)

// TestLeaderClosedUnderLoad: writers send to all nodes, each entry until it is acknowledged, while nodes are closed and opened again. Everything
// acknowledged is stored, nothing twice, and all nodes have the same.
func TestLeaderClosedUnderLoad(t *testing.T) {
	c := newTrio(t, "")
	const writers = 6
	stop := make(chan struct{})
	var sending sync.WaitGroup
	acknowledged := make([]int, writers)
	for w := range writers {
		sending.Go(func() { acknowledged[w] = c.sendUntil(stop, w) })
	}
	for range 4 {
		time.Sleep(400 * time.Millisecond)
		leader := c.leader()
		leader.stop()
		time.Sleep(200 * time.Millisecond)
		leader.start()
	}
	time.Sleep(400 * time.Millisecond)
	close(stop)
	sending.Wait()
	c.settle()
	sum := 0
	for _, n := range acknowledged {
		sum += n
	}
	stored := map[string]int{}
	for _, n := range c.nodes {
		clear(stored)
		err := n.node().db.Arrivals(t.Context(), "acme", 1, 0, func(e oplog.Entry) error { stored[e.ID]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		for w, acked := range acknowledged {
			for i := range acked {
				if id := fmt.Sprintf("%d-%d", w, i); stored[id] != 1 {
					t.Errorf("%s was acknowledged, and is stored %d times", id, stored[id])
				}
			}
		}
		if len(stored) > sum+writers {
			t.Errorf("%d are stored, %d were acknowledged", len(stored), sum)
		}
	}
	if sum < 4*writers {
		t.Errorf("only %d were acknowledged", sum)
	}
	t.Logf("%d entries were acknowledged", sum)
}

// sendUntil sends entries one after the other, each to random nodes until it is acknowledged, and returns their number.
func (c *trio) sendUntil(stop chan struct{}, writer int) (acknowledged int) {
	for {
		select {
		case <-stop:
			return acknowledged
		default:
		}
		n := c.nodes[rand.IntN(len(c.nodes))]
		if !n.isOpen() {
			continue
		}
		switch err := send(n.node(), fmt.Sprintf("%d-%d", writer, acknowledged)); oplog.CodeOf(err) {
		case "":
			if err != nil {
				c.t.Error(err)
				return acknowledged
			}
			acknowledged++
		case oplog.CodeUnavailable:
		default:
			c.t.Error(err)
			return acknowledged
		}
	}
}

// follower returns a node that does not lead.
func (c *trio) follower() *testNode {
	c.t.Helper()
	leader := c.leader()
	for _, n := range c.nodes {
		if n != leader {
			return n
		}
	}
	return nil
}

func mustSend(t *testing.T, n *testNode, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := send(n.node(), id); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFollowerBehindGetsACopy: what a node lacks is not in the leader's log any more, so it gets a copy of the store, and goes on from that.
func TestFollowerBehindGetsACopy(t *testing.T) {
	c := newTrio(t, "")
	away, leader := c.follower(), c.leader()
	mustSend(t, leader, "a")
	c.settle()
	away.stop()
	for i := range 20 {
		mustSend(t, leader, fmt.Sprint("b", i))
	}
	c.compact(leader)
	away.start()
	c.await(func() bool { return away.restartCount() == 1 })
	c.settle()
	mustSend(t, away, "c")
	mustSend(t, leader, "d")
	c.settle()
	away.stop()
	away.start()
	c.settle()
	if got := away.restartCount(); got != 1 {
		t.Errorf("it was opened again %d times", got)
	}
}

// compact drops a node's log up to where its store is.
func (c *trio) compact(n *testNode) {
	c.t.Helper()
	r := n.node().raft.Load()
	config := r.ReloadableConfig()
	config.TrailingLogs = 0
	if err := errors.Join(r.ReloadConfig(config), r.Snapshot().Error()); err != nil {
		c.t.Fatal(err)
	}
}

func (n *testNode) restartCount() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.restarts
}

// saved are the files that make a node's store go back, while its log does not.
var saved = []string{"oplog.db", "oplog.head", "cluster/snapshot.json"}

// rewound returns a node that is closed, whose store has "a", and whose log has "a", "b" and what the others have since.
func (c *trio) rewound() *testNode {
	c.t.Helper()
	n, leader := c.follower(), c.leader()
	t, _ := c.t.(*testing.T)
	mustSend(t, leader, "a")
	c.settle()
	n.stop()
	before := map[string][]byte{}
	for _, name := range saved {
		before[name] = c.read(n, name)
	}
	n.start()
	mustSend(t, c.leader(), "b", "c")
	c.settle()
	n.stop()
	for _, name := range saved {
		if err := os.WriteFile(filepath.Join(n.dir, name), before[name], 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return n
}

func (c *trio) read(n *testNode, name string) []byte {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(n.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}

// rewrite changes the commands in a closed node's log, with right checksums.
func (c *trio) rewrite(n *testNode, change func(l *raft.Log)) {
	c.t.Helper()
	logs, err := openLogStore(filepath.Join(n.dir, folderName))
	if err != nil {
		c.t.Fatal(err)
	}
	first, _ := logs.FirstIndex()
	last, _ := logs.LastIndex()
	for i := first; i <= last && i > 0; i++ {
		var l raft.Log
		if err := logs.read(i, &l); err != nil || l.Type != raft.LogCommand {
			continue
		}
		change(&l)
		if err := logs.StoreLog(&l); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := logs.close(); err != nil {
		c.t.Fatal(err)
	}
}

// mistake replaces the text of entry b in a message.
func mistake(l *raft.Log) {
	l.Data = bytes.ReplaceAll(l.Data, []byte("content b"), []byte("content x"))
}

// TestDamagedLogOfFollower: a byte flips in a record that a follower has not applied. It takes a copy of the store in its place.
func TestDamagedLogOfFollower(t *testing.T) {
	c := newTrio(t, "")
	n := c.rewound()
	flip(t, filepath.Join(n.dir, folderName, logFile), "content b")
	n.start()
	c.await(func() bool { return n.restartCount() == 1 })
	c.settle()
	mustSend(t, n, "d")
	c.settle()
}

// TestDamagedLogOfLeader: a byte flips in the leader's log. A follower that needs the record gets a copy of the store.
func TestDamagedLogOfLeader(t *testing.T) {
	c := newTrio(t, "")
	away, leader := c.follower(), c.leader()
	away.stop()
	mustSend(t, leader, "a", "b", "c")
	c.settle()
	logs := leader.node().logs
	logs.recent.drop(0, 1<<60)
	if err := logs.moveIfWithin(0, 1<<60); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(leader.dir, folderName, logFile), "content b")
	away.start()
	c.await(func() bool { return away.restartCount() == 1 })
	c.settle()
	mustSend(t, away, "d")
	c.settle()
}

// TestDivergedFollower: a follower applies a message that is not the one that was replicated. It notices with the next one, stops, and takes
// a copy.
func TestDivergedFollower(t *testing.T) {
	c := newTrio(t, "")
	n := c.rewound()
	c.rewrite(n, mistake)
	n.start()
	c.await(func() bool { return n.restartCount() == 1 })
	c.settle()
	if e, err := n.node().db.Find("acme", "b", nil); err != nil || e.Content.Name != "content b" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestDivergedNodeDoesNotLead: the store of a node is not what its log says. When it is elected, it steps down and takes a copy.
func TestDivergedNodeDoesNotLead(t *testing.T) {
	c := newTrio(t, "")
	n := c.rewound()
	c.rewrite(n, func(l *raft.Log) { // all but the last, which is then wrong in the store alone
		if bytes.Contains(l.Data, []byte("content c")) {
			l.Data = bytes.ReplaceAll(l.Data, []byte("content c"), []byte("content x"))
		}
	})
	n.start()
	c.await(func() bool { at, _ := n.node().db.Replicated(); return at.Index == c.leader().node().Applied() })
	n.stop()
	c.rewrite(n, func(l *raft.Log) { l.Data = bytes.ReplaceAll(l.Data, []byte("content x"), []byte("content c")) })
	n.start()
	c.await(func() bool {
		if leader := c.leader(); n.restartCount() == 0 && leader != n {
			_ = leader.node().Transfer(t.Context(), n.node().ID()) // tried again
		}
		return n.restartCount() == 1
	})
	c.settle()
	if e, err := n.node().db.Find("acme", "c", nil); err != nil || e.Content.Name != "content c" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestChainIsWhatShowsAMistake is the control of the tests above: once all later messages are made to continue the wrong one, as if nobody checked
// the chain, the mistake goes through, and the nodes differ.
func TestChainIsWhatShowsAMistake(t *testing.T) {
	c := newTrio(t, "")
	n := c.rewound()
	var after [32]byte
	wrong := false
	c.rewrite(n, func(l *raft.Log) {
		if wrong {
			copy(l.Data[3:], after[:])
		}
		was := bytes.Clone(l.Data)
		mistake(l)
		wrong = wrong || !bytes.Equal(was, l.Data)
		_, after, _ = storage.ChainOf(l.Data)
	})
	n.start()
	c.await(func() bool { return n.node().Applied() == c.leader().node().Applied() })
	if fmt.Sprint(rootsOf(t, n.node().db)) == fmt.Sprint(rootsOf(t, c.leader().node().db)) {
		t.Error("the mistake is not to be seen")
	}
	if n.restartCount() > 0 {
		t.Error("the mistake was noticed")
	}
}

// TestFailingDiskOfLeader: a leader whose disk fails lets another lead; it follows again once the disk is back.
func TestFailingDiskOfLeader(t *testing.T) {
	c := newTrio(t, "")
	leader := c.leader()
	mustSend(t, leader, "a")
	away := leader.dir + ".away"
	if err := os.Rename(leader.dir, away); err != nil {
		t.Skip(err)
	}
	restore := sync.OnceFunc(func() {
		if err := os.Rename(away, leader.dir); err != nil {
			t.Error(err)
		}
	})
	defer restore()
	c.await(func() bool { return c.leader() != leader })
	mustSend(t, c.leader(), "b")
	if err := send(leader.node(), "c"); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	restore()
	c.settle()
	c.await(func() bool { return send(leader.node(), "d") == nil })
	c.settle()
}

// TestFailingDiskOfTheOnlyNode: a node that no other can take over from leads again once its disk is back.
func TestFailingDiskOfTheOnlyNode(t *testing.T) {
	c := newNodes(t, "", 1, quick)
	n := c.nodes[0]
	mustSend(t, n, "a")
	away := n.dir + ".away"
	if err := os.Rename(n.dir, away); err != nil {
		t.Skip(err)
	}
	if err := send(n.node(), "b"); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	n.node().setLeading(0) // as when it fails while a message is applied
	time.Sleep(2 * housekeeping)
	if err := os.Rename(away, n.dir); err != nil {
		t.Fatal(err)
	}
	c.await(func() bool { return send(n.node(), "b") == nil })
	n.stop()
	n.start()
	c.await(func() bool { return send(n.node(), "c") == nil })
}
