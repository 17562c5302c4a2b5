package trail_test

import (
	"strings"
	"testing"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/trail"
)

// stored formats the reads in acme's trail as a node has it, without what is pending anywhere.
func stored(t *testing.T, m *nodetest.Member) string {
	t.Helper()
	var lines []string
	err := m.Store.Arrivals(t.Context(), oplog.TrailName("acme"), 1, 0, func(e oplog.Entry) error {
		lines = append(lines, e.Module+" "+e.Operation+string(e.Details))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// records returns the records of unfinished entries that the store of a node has.
func records(t *testing.T, m *nodetest.Member) (data []string) {
	t.Helper()
	found, err := m.Store.Records(oplog.RecordServer, "acts")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found {
		data = append(data, string(r.Data))
	}
	return data
}

// saved returns their number.
func saved(t *testing.T, m *nodetest.Member) int {
	t.Helper()
	return len(records(t, m))
}

// TestNodesRecordTheirReads: what a read waits for is a record of the node that answers it alone, and what the trail records of it is in all copies.
func TestNodesRecordTheirReads(t *testing.T) {
	n := nodetest.NewNodes(t, 3)
	n.All[1].Trail.Add(reading("A", "search q=one"))
	n.All[1].Trail.Sync()
	n.All[2].Trail.Add(reading("A", "open e1")) // of the same page, by another node
	n.All[2].Trail.Sync()
	if a, b, c := saved(t, n.All[0]), saved(t, n.All[1]), saved(t, n.All[2]); a != 0 || b != 1 || c != 1 {
		t.Errorf("the nodes have %d, %d and %d records", a, b, c)
	}
	n.All[1].Trail.Flush()
	n.All[2].Trail.Flush()
	const want = "log search{\"filters\":{\"q\":[\"one\"]}}\nlog open{\"seq\":2}"
	for i, m := range n.All {
		if got := stored(t, m); got != want || saved(t, m) != 0 {
			t.Errorf("node %d has %s", i, got)
		}
	}
}

// TestCrashBetweenTrailAndRecord: a node that does not lead writes entries to the trail, by the leader, and crashes before it removes its records of
// them, and before its own store has the entries. Then each is recorded once, although the record has less of the action.
func TestCrashBetweenTrailAndRecord(t *testing.T) {
	for _, lags := range []bool{false, true} {
		n := nodetest.NewNodes(t, 2)
		m := n.All[1]
		m.Trail.Add(reading("A", "search q=one"))
		m.Trail.Sync()
		m.Trail.Add(event("acme", "bob"))
		m.Trail.Sync()  // the other event is in the trail
		m.RefuseLocal() // before the next search, which the background would save, too
		if lags {
			m.Hold()
		}
		m.Trail.Add(reading("A", "search q=two"))
		m.Trail.Flush()
		if r := records(t, m); len(r) != 1 || !strings.Contains(r[0], "one") || strings.Contains(r[0], "two") {
			t.Fatalf("lagging %v: the node has the records %s", lags, r)
		}
		if ours := strings.Contains(stored(t, m), "two"); ours == lags || !strings.Contains(stored(t, n.All[0]), "two") {
			t.Fatalf("lagging %v: the trail has\n%s", lags, stored(t, n.All[0]))
		}
		m.Crash()
		m.Trail.Add(event("acme", "eve")) // in the same write
		m.Trail.Flush()
		if lags {
			m.Release()
		}
		for i, m := range n.All {
			got := stored(t, m)
			if strings.Count(got, "one") != 1 || strings.Count(got, "two") != 1 || strings.Count(got, "\n") != 2 || strings.Contains(got, "lose") {
				t.Errorf("lagging %v: node %d has\n%s", lags, i, got)
			}
		}
		nodetest.Eventually(t, "the record is removed", func() bool { return saved(t, m) == 0 })
	}
}

// TestEventsWithoutLeader: while no node leads, events wait, in records too, and reads are answered; then all are recorded once.
func TestEventsWithoutLeader(t *testing.T) {
	t.Run("at first", func(t *testing.T) { waitsForLeader(t, false) })
	t.Run("after a while", func(t *testing.T) { waitsForLeader(t, true) })
}

func waitsForLeader(t *testing.T, told bool) {
	n := nodetest.NewNodes(t, 3)
	m := n.All[1]
	n.Part(told)
	m.Trail.Add(event("acme", "bob"))
	m.Trail.Add(event("plain", "bob"))
	m.Trail.Add(reading("A", "search q=one"))
	m.Trail.Sync()
	if saved(t, m) == 0 {
		t.Error("a crash would lose them")
	}
	m.Crash() // and starts without a leader
	m.Trail.Sync()
	n.Lead(2)
	m.Trail.Add(reading("A", "open e1"))
	nodetest.Eventually(t, "the events are recorded", func() bool {
		m.Trail.Flush()
		return strings.Count(stored(t, n.All[0]), "\n") == 2
	})
	if got := stored(t, n.All[0]); strings.Contains(got, "lose") {
		t.Error(got)
	}
}

// TestUncertainEvents: the leader stored events and could not say so, so they are sent again, and recorded once.
func TestUncertainEvents(t *testing.T) {
	n := nodetest.NewNodes(t, 2)
	m := n.All[1]
	m.Answer = func(error) error {
		m.Answer = nil
		return oplog.Errorf(oplog.CodeUnavailable, "It may or may not be stored.")
	}
	m.Trail.Add(trail.Event{Tenant: "acme", User: oplog.User{ID: "bob", Name: "Bob"}, Module: "export", Operation: "download"})
	m.Trail.Flush()
	m.Trail.Add(event("acme", "eve"))
	nodetest.Eventually(t, "both are recorded", func() bool {
		m.Trail.Flush()
		return strings.Contains(stored(t, n.All[0]), "\n")
	})
	if got := stored(t, n.All[0]); strings.Count(got, "download") != 1 || strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}
