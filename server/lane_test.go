package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"oplog/cluster"
)

// own is the entry of a sender, and what its answer must have.
func own(i int) string { return entry(fmt.Sprintf(`"id":"own%d","time":"2026-11-22T07:00:00Z"`, i)) }

// TestLane: small changes of many clients go to the leader on one connection, each gets its own answer, and is read at once.
func TestLane(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	var sent sync.WaitGroup
	for i := range 100 {
		sent.Go(func() {
			if i%10 == 0 { // beside others that take long
				if r := f.send("nobody", "POST", "/api/v1/session", signIn("auditor", "wrong password")); r.status != 401 && r.status != 429 {
					t.Errorf("%d %s", r.status, r.body)
				}
				return
			}
			r := f.send("write", "POST", entriesPath, own(i))
			if id := fmt.Sprintf(`"own%d"`, i); r.status != 201 || !strings.Contains(r.body, id) {
				t.Errorf("%d %s", r.status, r.body)
			}
			f.get("read", fmt.Sprintf("%s/own%d", entriesPath, i), 200)
		})
	}
	sent.Wait()
	leader.server.laneEnds.mu.Lock()
	defer leader.server.laneEnds.mu.Unlock()
	if lanes := len(leader.server.laneEnds.open); lanes != 1 {
		t.Errorf("there are %d lanes", lanes)
	}
}

// TestLaneLost: when a lane ends, what the leader may have is said to be uncertain, and the next request opens another.
func TestLaneLost(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	for range cap(leader.server.hashing) {
		leader.server.hashing <- struct{}{} // nobody can sign in
	}
	answered := make(chan reply)
	go func() {
		answered <- f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password))
	}()
	var l *lane
	for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
		if l = f.server.lanes.find(leader.cluster.ID()); l != nil {
			l.mu.Lock()
			waiting = len(l.waiting)
			l.mu.Unlock()
		}
	}
	for !l.out.Sent(1) {
		time.Sleep(time.Millisecond)
	}
	f.noError(l.conn.Close())
	if r := <-answered; r.status != 503 || !strings.Contains(r.body, "leader-lost") || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	for range cap(leader.server.hashing) {
		<-leader.server.hashing
	}
	if r := f.send("write", "POST", entriesPath, own(1)); r.status != 201 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if f.server.lanes.find(leader.cluster.ID()) == l {
		t.Error("there is no new lane")
	}
}

// TestLaneWhenLeaderStops: a leader that stops answers what it has begun with, and the rest goes to the next one: no client is told that its change
// is uncertain.
func TestLaneWhenLeaderStops(t *testing.T) {
	leader, others := newElectingNodes(t, 3).leader()
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	var mu sync.Mutex
	sent := 0
	for i := range 16 {
		sending.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				r := others[i%2].send("write", "POST", entriesPath, own(1000*i+n))
				if r.status != 201 && (r.status != 503 || strings.Contains(r.body, "leader-lost")) {
					t.Errorf("%d %s", r.status, r.body)
				}
				mu.Lock()
				sent++
				mu.Unlock()
			}
		})
	}
	more := func() {
		mu.Lock()
		before := sent
		mu.Unlock()
		for now := before; now < before+100; time.Sleep(time.Millisecond) {
			mu.Lock()
			now = sent
			mu.Unlock()
		}
	}
	more()
	leader.stop()
	more()
	stop()
	sending.Wait()
}

// TestLaneOfEarlierVersion: a node that knows no lanes is asked as it expects.
func TestLaneOfEarlierVersion(t *testing.T) {
	leader, others := newNodes(t, 2).leader()
	old := newFixture(t)
	must(cluster.Join(t.Context(), must(leader.cluster.Token(t.Context()))(t), old.dir, freeAddress(t), time.Now))(t)
	old.open(plain)
	ln := old.cluster.ListenAPI()
	before := fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.Error("The address of the client is missing.\n", 400) }, Logger: quiet{}}
	ended := make(chan error, 1)
	go func() { ended <- before.Serve(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(ln.Close(), <-ended, old.log.Close()); err != nil {
			t.Error(err)
		}
	})
	all := others[0].server.lanes
	for range 2 {
		if l, err := all.to(old.cluster.ID()); l != nil || err != nil {
			t.Errorf("%v, %v", l, err)
		}
	}
	all.mu.Lock()
	all.plain[leader.cluster.ID()] = time.Now()
	all.mu.Unlock()
	if r := others[0].send("write", "POST", entriesPath, own(1)); r.status != 201 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if l := all.find(leader.cluster.ID()); l != nil {
		t.Error("a node without lanes is asked for one")
	}
}
