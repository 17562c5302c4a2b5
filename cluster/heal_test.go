package cluster

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/scrub"
)

// rot flips a bit in a text of a node's open store, wherever it is there.
func rot(t *testing.T, n *testNode, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(n.dir, "oplog.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte(text))
	if at < 0 {
		t.Fatalf("%s does not contain %s", f.Name(), text)
	}
	for ; at >= 0; at = indexAfter(data, at, text) {
		if _, err := f.WriteAt([]byte{text[0] ^ 1}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

// scrubbed lets the store of a node be checked once, and returns what was found.
func scrubbed(t *testing.T, n *Node) scrub.State {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := scrub.New(n.Store(), time.Now)
	before := s.State().WholeAt
	running := make(chan struct{})
	go func() {
		defer close(running)
		s.Run(ctx, time.Nanosecond, scrub.Pace{})
	}()
	awaitTrue(t, func() bool { return s.State().WholeAt.After(before) })
	state := s.State()
	stop()
	<-running
	return state
}

func nameOf(t *testing.T, n *Node, id string) string {
	t.Helper()
	e, err := n.Store().Find("acme", id, nil)
	if err != nil {
		return err.Error()
	}
	return e.Content.Name
}

// TestDamagedEntryIsHealed: a bit turns in an entry on one node. The check of its store, or a read, takes the bytes from another one; nothing is
// replicated, and all nodes stay equal.
func TestDamagedEntryIsHealed(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.leader(), "a", "b", "c")
	c.settle()
	for _, n := range []*testNode{c.leader(), c.follower()} {
		at := n.node().Applied()
		rot(t, n, "content b")
		if state := scrubbed(t, n.node()); state.Found != 0 || state.Damage != "" {
			t.Errorf("the check found %+v", state)
		}
		if got := nameOf(t, n.node(), "b"); got != "content b" {
			t.Errorf("it is %s", got)
		}
		rot(t, n, "content c")
		if got := nameOf(t, n.node(), "c"); !strings.Contains(got, "is damaged") {
			t.Errorf("it is %s", got)
		}
		c.await(func() bool { return nameOf(t, n.node(), "c") == "content c" })
		c.await(func() bool { return n.node().Meters().Healed == 2 })
		if now := n.node().Applied(); now != at {
			t.Errorf("the position was %d and is %d", at, now)
		}
	}
	c.settle()
	mustSend(t, c.follower(), "d")
	c.settle()
}

// TestDamageOnAllNodesIsTold: no node has the entry, so the damage is told as on one node; what is damaged is sent to nobody.
func TestDamageOnAllNodesIsTold(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.leader(), "a", "b")
	c.settle()
	for _, n := range c.nodes {
		rot(t, n, "content b")
	}
	n := c.nodes[1].node()
	if state := scrubbed(t, n); state.Found != 1 || !strings.Contains(state.Damage, "entry 2 of tenant acme is damaged") {
		t.Errorf("the check found %+v", state)
	}
	if _, err := n.leafOf(t.Context(), c.nodes[0].node().ID(), "acme", 2); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("it was sent: %v", err)
	}
	if _, err := n.leafOf(t.Context(), c.nodes[0].node().ID(), "acme", 77); err == nil {
		t.Error("an entry that there is not was sent")
	}
	if got := n.Meters().Healed; got != 0 {
		t.Errorf("%d entries were healed", got)
	}
}

// TestNobodyHealsTheOnlyNode: of a log on one node, damage is told and stays.
func TestNobodyHealsTheOnlyNode(t *testing.T) {
	c := newNodes(t, "", 1, quick)
	n := c.nodes[0]
	mustSend(t, n, "a", "b")
	rot(t, n, "content b")
	if state := scrubbed(t, n.node()); state.Found != 1 {
		t.Errorf("the check found %+v", state)
	}
	if _, err := n.node().Store().Find("acme", "b", nil); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("error %v", err)
	}
	if got := n.node().Meters().Healed; got != 0 {
		t.Errorf("%d entries were healed", got)
	}
}
