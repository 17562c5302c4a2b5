package journal_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
)

// newRetainedNodes returns a log on nodes in which acme keeps 30 days, with the content that is to go.
func newRetainedNodes(t *testing.T, n int) *nodetest.Nodes {
	t.Helper()
	nodes := nodetest.NewNodes(t, n)
	l := &testLog{nodes.All[0].Log}
	l.Record("acme", dated("a", 200), dated("b", 100), dated("e", 1))
	l.retention("acme", 30)
	return nodes
}

// runRetention lets nodes delete what has expired, until the test ends.
func runRetention(t *testing.T, nodes ...*nodetest.Member) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, m := range nodes {
		running.Go(func() {
			m.Journal.RetainDaily(ctx, 5*time.Millisecond, func(err error) { t.Error(err) })
		})
	}
	t.Cleanup(func() { end(); running.Wait() })
}

// isClear reports whether the deleted days of acme are off the disk of a node.
func isClear(t *testing.T, m *nodetest.Member) bool {
	t.Helper()
	left, err := m.Store.Undeleted("acme")
	if err != nil {
		t.Fatal(err)
	}
	closed, err := m.Directory.Retention("acme")
	if err != nil {
		t.Fatal(err)
	}
	return len(closed.Deletions) > 0 && len(left) == 0
}

// TestNodesDeleteTheirCopies: the node that leads decides what is deleted, once; each removes it from its own disk and index, also one that did not
// run meanwhile.
func TestNodesDeleteTheirCopies(t *testing.T) {
	n := newRetainedNodes(t, 3)
	n.All[2].Stop()
	runRetention(t, n.All[1])
	time.Sleep(50 * time.Millisecond) // a node that does not lead deletes nothing
	if r, err := n.All[1].Directory.Retention("acme"); err != nil || len(r.Deletions) != 0 {
		t.Fatalf("%v, %v", r.Deletions, err)
	}
	runRetention(t, n.All[0])
	nodetest.Eventually(t, "both copies are clear", func() bool { return isClear(t, n.All[0]) && isClear(t, n.All[1]) })
	n.All[2].Start()
	if left, err := n.All[2].Store.Undeleted("acme"); err != nil || fmt.Sprint(left) != "[{2026-05-04 2026-08-12}]" {
		t.Fatalf("the node that comes back has %v, %v", left, err)
	}
	runRetention(t, n.All[2])
	nodetest.Eventually(t, "the third copy is clear", func() bool { return isClear(t, n.All[2]) })
	nodetest.Eventually(t, "the deletion is finished", func() bool {
		r, err := n.All[2].Directory.Retention("acme")
		return err == nil && len(r.Deletions) == 1 && !r.Deletions[0].FinishedAt.IsZero()
	})
	for _, m := range n.All {
		(&testLog{m.Log}).acmeIs("e", 2)
	}
}

// TestDeletionAcrossLeaders: a node that led when a deletion began does not finish it; the next one does, and the first begins none any more.
func TestDeletionAcrossLeaders(t *testing.T) {
	n := newRetainedNodes(t, 2)
	d := oplog.Deletion{Tenant: "acme", At: n.Clock.Now(), Days: []oplog.Days{{From: "2026-05-04", To: "2026-08-12"}}, Dates: 2, Entries: 2, Through: 3, Term: n.All[0].Place.Term()}
	if err := n.All[1].Journal.Retain(t.Context()); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("a node that does not lead deletes: %v", err)
	}
	if err := n.All[0].Store.BeginDeletion(&d, n.All[0].Trail.Following(oplog.Entry{
		Tenant: oplog.TrailName("acme"), Time: d.At, User: oplog.User{ID: "server", Name: "oplog"}, Module: "retention", Operation: "delete",
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	})); err != nil {
		t.Fatal(err)
	}
	n.Lead(1)
	runRetention(t, n.All...)
	nodetest.Eventually(t, "the next leader finishes it, and both copies are clear", func() bool {
		r, err := n.All[0].Directory.Retention("acme")
		return err == nil && len(r.Deletions) == 1 && !r.Deletions[0].FinishedAt.IsZero() && isClear(t, n.All[0]) && isClear(t, n.All[1])
	})
	if err := n.All[0].Journal.Retain(t.Context()); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("the old leader deletes: %v", err)
	}
}

// TestHoldOfAnotherLeader: a deletion that was decided before another node led, which set a hold, does not begin, though the first leads again by then.
func TestHoldOfAnotherLeader(t *testing.T) {
	n := newRetainedNodes(t, 2)
	n.All[0].BeforeDeletion = func() {
		n.Lead(1)
		if _, err := n.All[1].Directory.AddHold("acme", oplog.Hold{From: "2026-05-01", Reason: "case 7", SetBy: "admin"}); err != nil {
			t.Error(err)
		}
		n.Lead(0)
	}
	if err := n.All[0].Journal.Retain(t.Context()); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("it deletes what is on hold: %v", err)
	}
	n.All[0].BeforeDeletion = nil
	if err := n.All[0].Journal.Retain(t.Context()); err != nil {
		t.Error(err)
	}
	if r, err := n.All[1].Directory.Retention("acme"); err != nil || len(r.Deletions) > 0 || len(r.Holds) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestWaitingDeletionsOfNodes: all nodes show the deletions that wait for an owner, and an agreement at the leader ends that.
func TestWaitingDeletionsOfNodes(t *testing.T) {
	n := newRetainedNodes(t, 2)
	l := &testLog{n.All[0].Log}
	l.retain()
	l.retention("acme", 100)
	for i := range 50 {
		l.Record("acme", dated(fmt.Sprint("m", i), 30+i))
	}
	l.retention("acme", 5)
	runRetention(t, n.All...)
	nodetest.Eventually(t, "a deletion waits on both", func() bool {
		return len(n.All[0].Journal.Waiting("acme")) == 1 && len(n.All[1].Journal.WaitingFor("acme", true)) == 1
	})
	reason := n.All[1].Journal.Waiting("")[0].Reason
	tell := func(string, []oplog.Waiting) oplog.Audit { return n.All[0].Trail.Audit() }
	if _, err := n.All[0].Journal.AgreeToDeletion("acme", reason, "owner", tell); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "nothing waits on the other", func() bool { return len(n.All[1].Journal.Waiting("")) == 0 })
	nodetest.Eventually(t, "the entries are gone", func() bool { return isClear(t, n.All[1]) && l.all("acme") == "e" })
}

// TestFollowersOfNodes: an entry is found on every node, and a live stream of each gets it.
func TestFollowersOfNodes(t *testing.T) {
	n := nodetest.NewNodes(t, 3)
	(&testLog{n.All[1].Log}).Record("acme", dated("a", 0)) // by the leader
	for i, m := range n.All {
		if got := (&testLog{m.Log}).all("acme"); got != "a" {
			t.Errorf("node %d has %q", i, got)
		}
		if err := m.Store.Failure(); err != nil {
			t.Error(err)
		}
	}
}
