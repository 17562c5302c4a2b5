package cluster

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// TestUnreadAnswersHoldNobodyUp: a leader that steps down reads no more answers. What it still sends must not keep it from being closed.
func TestUnreadAnswersHoldNobodyUp(t *testing.T) {
	c := newTrio(t, t.TempDir())
	from := c.leader()
	to := c.nodes[0]
	if to == from {
		to = c.nodes[1]
	}
	pipeline, err := from.node().transport.AppendEntriesPipeline(raft.ServerID(to.node().ID()), raft.ServerAddress(to.node().id.Address))
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for range 8 { // of a term that is past, and answered as such
			_, err := pipeline.AppendEntries(&raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}}, new(raft.AppendEntriesResponse))
			if err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a request waits for somebody to read the answers to earlier ones")
	}
	if err := pipeline.Close(); err != nil {
		t.Error(err)
	}
}
