package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	readsElsewhere = 100_000
	readers        = 64 // which share syncs
)

// TestNodesReadElsewhere reads each entry right after it was acknowledged, on another node than the one that it was sent to, and each tenth with a
// search: it is there. Meanwhile the lead changes hands.
func TestNodesReadElsewhere(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	r := &elsewhere{nodes: c}
	r.left.Store(readsElsewhere)
	began := time.Now()
	var running sync.WaitGroup
	for i := range readers {
		running.Go(func() { r.run(i) })
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	transfers := 0
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		case <-time.After(5 * time.Second):
			if run(t, "cluster", "transfer", "--data", c.members[transfers%3].data).status == 0 {
				transfers++
			}
		}
	}
	took := time.Since(began)
	c.check()
	if got := r.found.Load(); got < readsElsewhere && !t.Failed() {
		t.Errorf("%d entries were read", got)
	}
	t.Logf("%d entries were read on another node right after they were acknowledged, in %v; %d answers said that they may be old, %d that there is no leader; the lead changed %d times",
		r.found.Load(), took.Round(time.Second), r.stale.Load(), r.refused.Load(), transfers)
}

// elsewhere are clients that read on other nodes.
type elsewhere struct {
	*nodes
	left, found, stale, refused atomic.Int64
}

// run is a client.
func (r *elsewhere) run(client int) {
	var at *member
	w := newLoad(r.ledger, func() string { return at.url() }, 0)
	defer w.http.CloseIdleConnections()
	for n := 0; r.left.Add(-1) >= 0 && !r.t.Failed(); n++ {
		sent := (client + n) % len(r.members)
		at = r.members[sent]
		s := batchOf(fmt.Sprint("r", client), n+1, 1, fmt.Sprintf("Encore word%dx%d", client, n))
		id := s.ids[0]
		w.record(s)
		at = r.members[(sent+1+n/3%2)%len(r.members)]
		path := "entries/" + id
		if n%10 == 0 {
			path = fmt.Sprintf("entries?limit=1&q=word%dx%d", client, n)
		}
		r.read(w, path, id)
	}
}

// read reads an entry until an answer is neither refused nor old.
func (r *elsewhere) read(w *load, path, id string) {
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(time.Millisecond) {
		status, answer, stale := w.ask(context.Background(), "read", r.readKey, http.MethodGet, "tenants/acme/"+path, nil)
		switch {
		case stale:
			r.stale.Add(1)
		case status == http.StatusOK && bytes.Contains(answer, []byte(`"`+id+`"`)):
			r.found.Add(1)
			return
		case status == 0, status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
			r.refused.Add(1)
		default:
			r.t.Errorf("entry %s was acknowledged, and another node answers %s with %d: %s", id, path, status, answer)
			return
		}
	}
	r.t.Errorf("entry %s was acknowledged, and another node does not say whether it is there", id)
}
