package archive_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// nodes are three nodes of a log with an archive in memory of one shard with two servers.
type nodes struct {
	*nodetest.Nodes
	t      *testing.T
	engine *archivetest.Engine
	date   string
	of     func(attempt uint32) archive.Shipment
}

func newNodes(t *testing.T) *nodes {
	t.Helper()
	n := &nodes{Nodes: nodetest.NewNodes(t, 3), t: t, engine: archivetest.New("shard", 2)}
	n.Shards = []archive.Engine{n.engine}
	for _, m := range n.All {
		m.Stop()
		m.Start()
	}
	l := n.All[0]
	var entries []oplog.Entry
	for i := range dayEntries {
		entries = append(entries, nodetest.WithID(fmt.Sprintf("order-%d", i), nodetest.Entry("c", 40*24*60+i)))
	}
	n.date = oplog.DateOf(entries[0].Time)
	l.Record("plain", entries...)
	l.Must(l.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.ArchiveAfter = 30 }))
	n.of = func(attempt uint32) archive.Shipment {
		return archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: n.date, Attempt: attempt}}
	}
	return n
}

func (n *nodes) round(at int) error {
	var failed []error
	m := n.All[at]
	m.Archive.Retry()
	m.Archive.Round(n.t.Context(), m.TenantStates, func(err error) { failed = append(failed, err) })
	return errors.Join(failed...)
}

// check checks that on each node the day is removed, and in the archive under one attempt.
func (n *nodes) check(attempt uint32) {
	n.t.Helper()
	for i, m := range n.All {
		days := m.Archive.Days("plain")
		if len(days) != 1 || days[0].State != oplog.DayRemoved || days[0].Attempt != attempt {
			n.t.Errorf("node %d has the records %+v", i, days)
		}
		left := 0
		m.Must(nil, m.Store.DayLeaves(n.t.Context(), "plain", n.date, func(oplog.Key, []byte) error { left++; return nil }))
		if left > 0 {
			n.t.Errorf("node %d still has %d entries", i, left)
		}
	}
	holdings, err := n.engine.Holdings(n.t.Context(), "plain")
	if err != nil {
		n.t.Fatal(err)
	}
	for server, rows := range holdings {
		if len(rows) != 1 || rows[n.of(attempt).DayAttempt] != dayEntries {
			n.t.Errorf("server %d has %v", server, rows)
		}
	}
}

// TestLeadershipIsLost: whenever another node takes the lead, what the one before has begun counts nothing or wholly, and the next one goes on.
func TestLeadershipIsLost(t *testing.T) {
	for _, c := range []struct {
		step    string
		attempt uint32
	}{{"highest", 1}, {"put", 2}, {"row", 2}, {"inserted", 2}, {"verify", 2}} {
		t.Run(c.step, func(t *testing.T) {
			n := newNodes(t)
			lost := false
			n.engine.Fault = func(step string, _ archive.Shipment) error {
				if step == c.step && !lost {
					lost = true
					n.Lead(1)
				}
				return nil
			}
			err := n.All[0].Archive.ShipDay(t.Context(), "plain", n.date)
			if !lost || oplog.CodeOf(err) != oplog.CodeUnavailable {
				t.Fatalf("the first node has shipped: %v", err)
			}
			n.Clock.Advance(1)
			for range 2 { // ship, then remove
				if err := n.round(1); err != nil {
					t.Fatal(err)
				}
			}
			for _, at := range []int{0, 2} {
				if err := n.round(at); err != nil {
					t.Fatal(err)
				}
			}
			n.check(c.attempt)
		})
	}
}

// TestEveryNodeCounts: what the node that leads has counted, each node knows, also of a part of the day, while no server answers.
func TestEveryNodeCounts(t *testing.T) {
	n := newNodes(t)
	for range 2 { // ship, then remove
		if err := n.round(0); err != nil {
			t.Fatal(err)
		}
	}
	for at := range n.All {
		if err := n.round(at); err != nil {
			t.Fatal(err)
		}
	}
	n.check(1)
	for server := range n.engine.Servers() {
		n.engine.SetAway(server, true)
	}
	start, _ := oplog.Days{From: n.date, To: n.date}.Bounds()
	for at, m := range n.All {
		found := 0
		for hour := range time.Duration(25) {
			part := oplog.Match{From: start.Add(hour*time.Hour - 15*time.Minute), To: start.Add(hour*time.Hour + 45*time.Minute)}
			c, err := m.Archive.Index().Count(t.Context(), "plain", part, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range c.Users {
				found += u.Count
			}
		}
		if found != dayEntries {
			t.Errorf("node %d has counted %d entries", at, found)
		}
	}
}

// TestZombie: rows that a node sends which has long ceased to lead are in nobody's way, and go.
func TestZombie(t *testing.T) {
	n := newNodes(t)
	sending, release := make(chan struct{}), make(chan struct{})
	n.engine.Fault = func(step string, of archive.Shipment) error {
		if step == "inserted" && of.Attempt == 1 {
			close(sending)
			<-release
			for server := range n.engine.Servers() { // the janitor has been here
				late := n.engine.Rows(server, n.of(2))
				n.engine.Change(server, of, func([]archivetest.Row) []archivetest.Row { return late })
			}
		}
		return nil
	}
	zombie := make(chan error)
	go func() { zombie <- n.All[0].Archive.ShipDay(context.Background(), "plain", n.date) }()
	<-sending
	n.Lead(1)
	for range 2 {
		if err := n.round(1); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	if err := <-zombie; oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("the zombie has shipped: %v", err)
	}
	if d := n.All[1].Archive.Days("plain")[0]; d.Attempt != 2 || d.State != oplog.DayRemoved || !slices.Equal(d.Attempts, []uint32{1}) {
		t.Errorf("the record is %+v", d)
	}
	n.Clock.Advance(2 * time.Hour)
	for at := range n.All {
		if err := n.round(at); err != nil {
			t.Fatal(err)
		}
	}
	n.check(2)
}

// TestFollowersShipNothing: a node that does not lead neither ships nor tidies, and says so to whom asks.
func TestFollowersShipNothing(t *testing.T) {
	n := newNodes(t)
	if err := n.round(1); err != nil || len(n.engine.Steps()) > 0 {
		t.Errorf("it has asked for %v: %v", n.engine.Steps(), err)
	}
	if err := n.All[1].Archive.ShipDay(t.Context(), "plain", n.date); oplog.CodeOf(err) != oplog.CodeUnavailable || len(n.engine.Steps()) > 0 {
		t.Errorf("it has asked for %v: %v", n.engine.Steps(), err)
	}
	if err := n.All[1].Archive.DropDeleted(t.Context(), "plain", oplog.Days{From: n.date, To: n.date}); err != nil {
		t.Error(err)
	}
}
