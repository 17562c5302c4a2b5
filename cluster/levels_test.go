package cluster

import (
	"errors"
	"strings"
	"testing"

	"oplog/storage"
)

// nextLevel is a level of messages that only a later program understands.
const nextLevel = storage.HighestLevel + 1

// upgrade replaces the program of a node by a later one.
func (n *testNode) upgrade() {
	n.t.Helper()
	n.stop()
	n.highest, n.version = nextLevel, "1.5.0"
	n.start()
}

// hasLevel reports whether a level of messages is in force on all nodes.
func (c *trio) hasLevel(level int) bool {
	for _, n := range c.nodes {
		if !n.isOpen() || n.node().db.Level() != level {
			return false
		}
	}
	return true
}

// delaying returns the addresses of the nodes that delay a raise, as the leader sees it.
func (c *trio) delaying(level int) (addresses string) {
	c.t.Helper()
	s := c.leader().node().Status(c.t.Context())
	nodes, to := s.Delaying()
	if s.Level != storage.HighestLevel || to != level {
		c.t.Errorf("level %d is to be raised to %d", s.Level, to)
	}
	for _, n := range nodes {
		addresses += " " + n.Address
	}
	return addresses
}

// TestLevelIsRaisedByAll: while nodes are upgraded one by one, the level stays until the last one understands the next.
func TestLevelIsRaisedByAll(t *testing.T) {
	c := newTrio(t, "")
	c.await(func() bool { return c.hasLevel(storage.HighestLevel) })
	old, first, second := c.nodes[0], c.nodes[1], c.nodes[2]
	stays := func(who string) {
		t.Helper()
		leader := c.leader().node()
		c.await(func() bool { return len(leader.Status(t.Context()).Nodes) == 3 })
		for range 3 {
			leader.raiseLevel()
		}
		if level := leader.db.Level(); level != storage.HighestLevel {
			t.Errorf("%s: level %d is in force", who, level)
		}
		if err := send(leader, who); err != nil {
			t.Error(err)
		}
	}
	first.upgrade()
	stays("an old node leads")
	second.upgrade()
	c.await(func() bool { return c.delaying(nextLevel) == " "+old.id.Address })
	c.handOver(first)
	stays("an old node follows")
	old.stop()
	stays("an old node is away")
	if got := c.delaying(nextLevel); got != " "+old.id.Address {
		t.Errorf("the nodes that delay the raise are%s", got)
	}
	leader := c.leader().node()
	leader.desk.mu.Lock()
	old.upgrade()
	c.await(func() bool { return c.delaying(nextLevel) == "" })
	stays("another node is being admitted")
	leader.desk.mu.Unlock()
	c.await(func() bool { return c.hasLevel(nextLevel) })
	if err := send(old.node(), "after"); err != nil {
		t.Error(err)
	}
	c.settle()
	old.stop()
	old.highest = 0
	var refused *storage.LevelError
	if err := old.begin(); !errors.As(err, &refused) || refused.Program != "1.5.0" {
		t.Errorf("a former program opens the store: %v", err)
	}
	if m := c.leader().node().Meters(); m.Level != nextLevel {
		t.Errorf("the meters say level %d", m.Level)
	}
}

// TestOutdatedNodeStops: a node that meets a message of a level that its program does not understand takes no part any more, says what it needs, and
// goes on with another program where it was. The others go on without it.
func TestOutdatedNodeStops(t *testing.T) {
	c := newTrio(t, "")
	c.await(func() bool { return c.hasLevel(storage.HighestLevel) })
	old := c.nodes[1]
	c.nodes[2].upgrade()
	c.nodes[0].upgrade()
	leader := c.leader()
	if leader == old {
		c.handOver(c.nodes[2])
		leader = c.nodes[2]
	}
	c.settle()
	before := old.node().Applied()
	if err := leader.node().db.RaiseLevel(nextLevel, "1.5.0"); err != nil { // as if it had been upgraded when that was decided
		t.Fatal(err)
	}
	c.await(func() bool { return old.node().localFailure() != nil })
	text := old.node().Store().Failure().Error()
	for _, want := range []string{
		"This node has stopped and keeps what it has: message ", "has level 3", "understands levels up to 2; use version 1.5.0 of oplog, with which the cluster was upgraded, or a newer one. Install that",
	} {
		want = strings.NewReplacer("level 3", "level "+string(rune('0'+nextLevel)), "up to 2", "up to "+string(rune('0'+storage.HighestLevel))).Replace(want)
		if !strings.Contains(text, want) {
			t.Errorf("it says %q, not %q", text, want)
		}
	}
	if err := send(leader.node(), "without it"); err != nil {
		t.Error(err)
	}
	s := old.node().Status(t.Context())
	if s.Quorum || s.Diverged || s.Failure != text || old.node().Applied() != before || old.restarts > 0 {
		t.Errorf("the node that has stopped: %+v, opened again %d times, at %d instead of %d", s, old.restarts, old.node().Applied(), before)
	}
	if err := send(old.node(), "refused"); err == nil || err.Error() != text {
		t.Errorf("it is written to: %v", err)
	}
	old.stop()
	old.upgrade()
	c.await(func() bool { return c.hasLevel(nextLevel) })
	c.settle()
}

// TestInstallableVersion: nobody is told to install a build without a version.
func TestInstallableVersion(t *testing.T) {
	for version, want := range map[string]string{"1.5.0": "1.5.0", "devel": "", "": ""} {
		if got := installable(version); got != want {
			t.Errorf("%q: %q", version, got)
		}
	}
}

// TestOutdatedProgramDoesNotJoin: a program that does not understand the level of messages is told so, and its token stays good.
func TestOutdatedProgramDoesNotJoin(t *testing.T) {
	o := newOffice(t)
	db, err := storage.Open(t.TempDir(), storage.Options{Highest: nextLevel})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := errors.Join(db.BeginReplication(storage.Position{Index: 1}), db.RaiseLevel(nextLevel, "1.5.0")); err != nil {
		t.Fatal(err)
	}
	o.desk.understands = db.CheckLevel
	token := o.token()
	const tail = "or a newer one; install that on this machine, and join again with the same token"
	for range 2 {
		_, err := o.join(token, t.TempDir(), newAddress)
		if err == nil || !strings.Contains(err.Error(), ": the cluster has level ") || !strings.HasSuffix(err.Error(), tail) {
			t.Errorf("an old program joins: %v", err)
		}
	}
	if err := o.desk.checkLevel(0); err == nil || !strings.Contains(err.Error(), "levels up to 1;") {
		t.Errorf("a program that knows no levels joins: %v", err)
	}
	if len(o.members()) != 1 {
		t.Errorf("the nodes are %v", o.members())
	}
	o.desk.understands = o.db.CheckLevel
	if _, err := o.join(token, t.TempDir(), newAddress); err != nil {
		t.Errorf("with the same token: %v", err)
	}
}
