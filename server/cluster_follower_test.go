package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/cluster"
	"oplog/node/nodetest"
)

// TestLiveOnAFollower: what is recorded at the leader arrives in a live stream of another node.
func TestLiveOnAFollower(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	s := others[0].follow(others[0].listen(), "admin", "", "")
	leader.record(entry(`"content":{"name":"At the leader"}`))
	s.want(1, "At the leader")
	others[1].record(entry(`"content":{"name":"At the third"}`))
	s.want(2, "At the third")
}

// TestReadyWhileBehind: a node that is a second or more behind gets no requests, and says how far behind it is, until it has caught up.
func TestReadyWhileBehind(t *testing.T) {
	_, others := newNodes(t, 3).leader()
	f := others[0]
	nodetest.Eventually(t, "it has caught up", func() bool { return f.send("metrics", "GET", "/readyz", "").status == 200 })
	h := cluster.Health{Quorum: true, LagEntries: 7, Lag: 999 * time.Millisecond}
	f.server.health = func() cluster.Health { return h }
	f.get("metrics", "/readyz", 200)
	h.Lag = time.Second
	if text := f.get("metrics", "/readyz", 503); text != "behind the leader by 1s, 7 messages\n" {
		t.Errorf("%q", text)
	}
	h = cluster.Health{Quorum: true}
	f.get("metrics", "/readyz", 200)
}

// TestExportsWithoutQuorum: an export is recorded, so none starts without a quorum; those that are there are still read, and said to be old.
func TestExportsWithoutQuorum(t *testing.T) {
	leader, others := newElectingNodes(t, 3).leader()
	f := others[0]
	f.record(entry())
	const wanted = `{"range":"today","format":"ndjson"}`
	x := leader.export("admin", wanted)
	f.get("admin", exportsPath+"/"+x.ID, 200)
	others[1].stop()
	leader.stop()
	for f.cluster.Health().Quorum {
		time.Sleep(10 * time.Millisecond)
	}
	r := f.send("admin", "POST", exportsPath, wanted)
	if told := f.asProblem(r, 503); r.header.Get("Retry-After") == "" || !strings.Contains(told.Detail, "Start the nodes") {
		t.Errorf("%v %s", r.header, r.body)
	}
	r = f.send("admin", "GET", exportsPath, "")
	if r.status != 200 || r.header.Get("Oplog-Stale") != "true" || strings.Count(r.body, `"id"`) != 1 || !strings.Contains(r.body, x.ID) {
		t.Errorf("%d %v %s", r.status, r.header, r.body)
	}
}

// TestWaitsUntilItLeads: a change that waits for a leader on the node that becomes one is made there. Its client is not told of the election, nor of another
// one after it, unless no node leads for as long as changes wait: then it is stored once, too, by sending it again.
func TestWaitsUntilItLeads(t *testing.T) {
	leader, others := newElectingNodes(t, 3).leader()
	leader.stop()
	stopped := time.Now()
	mayRefuse := func(r reply) bool {
		took := time.Since(stopped)
		return r.status == 503 && r.header.Get("Retry-After") != "" && took > leaderTime && took < time.Minute
	}
	var sent sync.WaitGroup
	for i, f := range others {
		sent.Go(func() {
			body := entry(fmt.Sprintf(`"id":"w%d","time":"2026-11-22T07:00:00Z"`, i))
			r := f.send("write", "POST", entriesPath, body)
			for mayRefuse(r) {
				r = f.send("write", "POST", entriesPath, body)
			}
			if r.status != 201 || r.header.Get("Oplog-Position") == "" {
				t.Errorf("%d after %s: %s", r.status, time.Since(stopped), r.body)
			}
			if held := f.server.bodies.Held(); held != 0 {
				t.Errorf("%d bytes are held", held)
			}
		})
	}
	sent.Wait()
	for _, f := range others {
		nodetest.Eventually(t, "each is stored once", func() bool {
			n, _, err := f.cluster.Store().Counts("acme")
			return n == 2 && err == nil
		})
	}
}

// TestNodesPathIsOfNodes: what nodes tell each other is not told to clients, whatever path they send.
func TestNodesPathIsOfNodes(t *testing.T) {
	_, others := newNodes(t, 2).leader()
	for _, path := range []string{"/node", "/api/../node", "/api/v1/../../node", "/api/%2e%2e/node"} {
		for _, method := range []string{"GET", "POST"} {
			if r := others[0].send("nobody", method, path, ""); r.status == 200 && strings.Contains(r.body, "disk") {
				t.Errorf("%s %s: %d %s", method, path, r.status, r.body)
			}
		}
	}
}
