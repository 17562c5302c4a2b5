package cluster

import (
	"bytes"
	"fmt"
	"testing"

	"oplog/oplog"
)

// TestTilesOfOtherNodes: a node gets whole tiles of arrivals from the others; what they do not have is said.
func TestTilesOfOtherNodes(t *testing.T) {
	c := newTrio(t, "")
	var entries []oplog.Entry
	for i := range 300 {
		entries = append(entries, testEntry(fmt.Sprint(i)))
	}
	if _, err := c.leader().node().Store().Append(t.Context(), "acme", entries, 0); err != nil {
		t.Fatal(err)
	}
	c.settle()
	want, err := c.leader().node().db.Tile("acme", 0)
	if err != nil {
		t.Fatal(err)
	}
	n := c.follower().node()
	if got, err := n.fetchTile(t.Context(), "acme", 0); err != nil || !bytes.Equal(got, want) || len(got) == 0 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for log, number := range map[string]uint64{"acme": 1, "none": 0} { // one is not whole yet
		if got, err := n.fetchTile(t.Context(), log, number); err == nil {
			t.Errorf("tile %d of %s: %d bytes", number, log, len(got))
		}
	}
}
