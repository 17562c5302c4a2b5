package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
)

// TestReadsAreExactOnAnyNode: what any node has acknowledged is read on every other after a barrier.
func TestReadsAreExactOnAnyNode(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	for i := range 60 {
		writer, reader := c.nodes[i%3], c.nodes[(i+1+i%2)%3]
		id := fmt.Sprint("e", i)
		mustSend(t, writer, id)
		if err := reader.node().Barrier(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.node().db.Find("acme", id, nil); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if i%20 == 10 {
			ctx, cancel := context.WithTimeout(t.Context(), changeWait)
			if err := c.nodes[i%3].node().Transfer(ctx, ""); err != nil {
				t.Error(err)
			}
			cancel()
		}
	}
}

// TestWithoutQuorum: one of three nodes reads on, says that it may be old, and takes nothing.
func TestWithoutQuorum(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.nodes[0], "a")
	c.settle()
	c.nodes[1].stop()
	c.nodes[2].stop()
	n := c.nodes[0].node()
	awaitTrue(t, func() bool { return !n.Leads() })
	if err := n.Barrier(t.Context()); !errors.Is(err, ErrNoQuorum) {
		t.Errorf("Barrier: %v", err)
	}
	if err := send(n, "b"); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("Append: %v", err)
	}
	if err := n.Store().Failure(); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("Failure: %v", err)
	}
	began := time.Now()
	if err := n.Barrier(t.Context()); !errors.Is(err, ErrNoQuorum) || time.Since(began) > maxReadWait/2 {
		t.Errorf("Barrier: %v after %s", err, time.Since(began))
	}
	if _, err := n.Store().Find("acme", "a", nil); err != nil {
		t.Error(err)
	}
	if s := n.Status(t.Context()); s.Quorum || s.StaleSince.IsZero() || len(s.Nodes) != 3 || s.Nodes[1].Reachable || !s.Nodes[0].Reachable {
		t.Errorf("%+v", s)
	}
	c.nodes[1].start()
	awaitTrue(t, func() bool { return send(n, "b") == nil })
	c.settle()
}

// TestRecordsOfOneCopyStayThere: a change of local and of replicated records together, with an entry, on a node that leads and on one that does not.
func TestRecordsOfOneCopyStayThere(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	for i, n := range []*testNode{c.leader(), c.follower()} {
		name := fmt.Sprint("r", i)
		changes := []oplog.RecordChange{
			{Kind: oplog.RecordServer, Name: "acts/" + name, Data: []byte("local")}, {Kind: oplog.RecordView, Name: "acme/" + name, Data: []byte("all")},
		}
		e := testEntry(name)
		if err := n.node().Store().PutRecords(changes, e); err != nil {
			t.Fatal(err)
		}
		if err := n.node().Store().PutRecords(changes, testEntry(name+"again")); !errors.Is(err, oplog.ErrRevision) {
			t.Errorf("again: %v", err)
		}
		c.settle()
		for _, other := range c.nodes {
			_, _, err := other.node().Store().Record(oplog.RecordServer, "acts/"+name)
			if (err == nil) != (other == n) {
				t.Errorf("the local record: %v", err)
			}
			if data, _, err := other.node().Store().Record(oplog.RecordView, "acme/"+name); err != nil || string(data) != "all" {
				t.Errorf("%s, %v", data, err)
			}
			if _, err := other.node().Store().Find("acme", name, nil); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCommandOfAnotherTermIsVoid: a message that was made in another term than it was taken in is skipped.
func TestCommandOfAnotherTermIsVoid(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	mustSend(t, c.nodes[0], "a")
	n := c.leader().node()
	before, _ := n.db.Replicated()
	message := append([]byte("OL\x01"), make([]byte, 32)...)
	future := n.raft.Load().ApplyLog(raft.Log{Data: append(message, 0x80), Extensions: keyOf(n.leading.Load() - 1)}, 0)
	err := future.Error()
	if response, _ := future.Response().(error); err != nil || !errors.Is(response, errVoid) {
		t.Fatalf("%v, %v", err, future.Response())
	}
	mustSend(t, c.nodes[1], "b")
	c.settle()
	if after, _ := n.db.Replicated(); after.Index <= before.Index || after.Chain == before.Chain {
		t.Errorf("at %+v, before %+v", after, before)
	}
}

// TestRemovedNodeIsRefused: a node that was removed is neither asked nor heard.
func TestRemovedNodeIsRefused(t *testing.T) {
	c := newTrio(t, "")
	told := make(chan struct{}, 30)
	for _, n := range c.nodes {
		n.node().OnMembers(func() { told <- struct{}{} })
	}
	if code := c.nodes[0].node().SetupCode(); code != c.nodes[1].node().SetupCode() || len(code) != 32 {
		t.Errorf("the nodes have different setup codes, such as %s", code)
	}
	gone := c.leader() // which lets another lead first
	if err := c.follower().node().Remove(t.Context(), gone.node().ID()); err != nil {
		t.Fatal(err)
	}
	c.await(func() bool { return c.leader() != gone })
	select {
	case <-told:
	case <-time.After(changeWait):
		t.Error("no node is told that the members have changed")
	}
	leader := c.leader().node()
	mustSend(t, c.leader(), "a")
	if len(leader.members()) != 2 || leader.isMember(gone.node().ID()) {
		t.Errorf("members %+v", leader.members())
	}
	if _, err := gone.node().port.dial(t.Context(), leader.id.Address, leader.ID(), protocolStore); err == nil {
		t.Error("the removed node is let in")
	}
	refuses := func(n NodeStatus) bool { return n.ID == leader.ID() && n.Refuses && !n.Reachable }
	c.await(func() bool { return slices.ContainsFunc(gone.node().Status(t.Context()).Nodes, refuses) })
	if err := leader.Remove(t.Context(), gone.node().ID()); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("again: %v", err)
	}
}

// TestMovedSnapshot: a node that is opened again starts where its store is, not at an old snapshot.
func TestMovedSnapshot(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.nodes[0], "a", "b", "c")
	c.settle()
	n := c.follower()
	n.stop()
	n.start()
	own, found, err := readSnapshot(n.node().id.folder)
	if err != nil || !found || own.Index != n.node().Applied() {
		t.Errorf("%+v, %t, %v; the store is at %d", own, found, err, n.node().Applied())
	}
	mustSend(t, n, "d")
	c.settle()
}

// TestFollowersNeedNotWaitForRaft: a write on a follower returns, and is read on the other one, long before Raft tells followers by itself what is
// committed.
func TestFollowersNeedNotWaitForRaft(t *testing.T) {
	slow := steady
	slow.commit = time.Minute
	c := newNodes(t, "", 3, slow)
	mustSend(t, c.nodes[1], "a")
	began := time.Now()
	for i := range 5 {
		mustSend(t, c.nodes[1], fmt.Sprint("b", i))
		if err := c.nodes[2].node().Barrier(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.nodes[1].node().WaitApplied(t.Context(), c.nodes[2].node().Applied()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > maxArrivalWait/2 {
		t.Errorf("five writes and reads took %s", took)
	}
}

// TestDeletionsBeginWhereTheNodeLeads: another node refuses one, as its rules are guarded by locks of the leader's process.
func TestDeletionsBeginWhereTheNodeLeads(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	mustSend(t, c.leader(), "a")
	for _, n := range []*testNode{c.follower(), c.leader()} {
		d := oplog.Deletion{Tenant: "acme", At: morning, Days: []oplog.Days{{From: "2026-11-01", To: "2026-11-02"}}, Term: n.node().Term()}
		report := testEntry("d")
		report.Tenant, report.ID = oplog.TrailName("acme"), ""
		err := n.node().Store().BeginDeletion(&d, report)
		if leads := n == c.leader(); (err == nil) != leads || !leads && oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Errorf("where the node leads %t: %v", leads, err)
		}
	}
	c.settle()
}

// TestDeletionsOfAnotherTerm: a node that leads again refuses a deletion of the term before, as another leader may have set a hold meanwhile. Its message
// would continue the chain.
func TestDeletionsOfAnotherTerm(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	mustSend(t, c.leader(), "a")
	c.settle()
	first := c.leader()
	d := oplog.Deletion{Tenant: "acme", At: morning, Days: []oplog.Days{{From: "2026-11-01", To: "2026-11-02"}}, Term: first.node().Term()}
	lead := func(from, to *testNode) {
		if err := from.node().Transfer(t.Context(), to.node().ID()); err != nil {
			t.Fatal(err)
		}
		c.await(to.node().Leads)
	}
	other := c.others(first)[0]
	lead(first, other)
	mustSend(t, other, "b")
	lead(other, first)
	for _, term := range []uint64{d.Term, 0, first.node().Term()} {
		d.Term = term
		report := testEntry("")
		report.Tenant = oplog.TrailName("acme")
		err := first.node().Store().BeginDeletion(&d, report)
		if now := term == first.node().Term(); (err == nil) != now || !now && oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Errorf("in term %d, one of term %d: %v", first.node().Term(), term, err)
		}
	}
	c.settle()
}

// TestRefusedChangeIsReadAfterwards: who is told that a record is another one than it knows reads that one then, and does not try in vain.
func TestRefusedChangeIsReadAfterwards(t *testing.T) {
	slow := steady
	slow.commit = time.Minute // so that Raft alone would not tell for long
	c := newNodes(t, "", 3, slow)
	follower := c.nodes[1].node().Store()
	for i := range 5 {
		name := fmt.Sprint("acme/", i)
		if err := c.nodes[0].node().Store().PutRecord(oplog.RecordView, name, oplog.Revision{}, []byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := follower.PutRecord(oplog.RecordView, name, oplog.Revision{}, []byte("second")); !errors.Is(err, oplog.ErrRevision) {
			t.Fatalf("a record that is there is made: %v", err)
		}
		data, revision, err := follower.Record(oplog.RecordView, name)
		if err != nil || string(data) != "first" {
			t.Fatalf("%q, %v", data, err)
		}
		if err := follower.PutRecord(oplog.RecordView, name, revision, []byte("second")); err != nil {
			t.Error(err)
		}
	}
}

// TestNoSnapshotOfAClosedNode: what Raft takes for applied while a node is closed may have been left out.
func TestNoSnapshotOfAClosedNode(t *testing.T) {
	c := newNodes(t, "", 1, steady)
	n := c.nodes[0].node()
	if _, err := (machine{n}).Snapshot(); err != nil {
		t.Error(err)
	}
	c.nodes[0].stop()
	if _, err := (machine{n}).Snapshot(); err == nil {
		t.Error("a closed node makes a snapshot")
	}
}
