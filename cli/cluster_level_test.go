package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"oplog/cluster"
	"oplog/storage"
)

// TestOutdatedProgramIsRefused: where a later version of oplog has raised the level of messages, nothing is started, read or changed, and it is said which
// version to use.
func TestOutdatedProgramIsRefused(t *testing.T) {
	var s setting
	data, next := filepath.Join(t.TempDir(), "data"), storage.HighestLevel+1
	s.mustRun(t, "cluster", "init", "--address", "127.0.0.1:9", "--data", data)
	db, err := storage.Open(data, storage.Options{Highest: next})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.RaiseLevel(next, "99.0.0"), db.Close()); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("oplog.db has level %d of the messages between nodes, but this version of oplog understands levels up to %d; "+
		"use version 99.0.0 of oplog, with which the cluster was upgraded, or a newer one\n", next, storage.HighestLevel)
	for _, args := range [][]string{{"serve"}, {"verify"}, {"cluster", "status"}, {"cluster", "recover", "--i-accept-loss"}} {
		s.mustFail(t, want, append(args, "--data", data)...)
	}
}

// TestStatusTellsDelays: cluster status says which nodes delay a higher level of messages, and what to do with each.
func TestStatusTellsDelays(t *testing.T) {
	status := func(s cluster.Status) string {
		var out bytes.Buffer
		if err := (&clusterStatus{}).print(&Program{Stdout: &out}, s); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	s := cluster.Status{ID: "a", Cluster: "x", Quorum: true, Level: 1, Nodes: []cluster.NodeStatus{
		{ID: "a", Address: "a:1", Leader: true, Reachable: true, Version: "1.1.0", HighestLevel: 2},
		{ID: "b", Address: "b:1", Voter: true, Reachable: true, Version: "1.0.0", HighestLevel: 1},
		{ID: "c", Address: "c:1"},
	}}
	const want = `NODE  ADDRESS  ROLE   STATE          POSITION  BEHIND  LAST CONTACT  VERSION  LEVEL
a     a:1      leads  ok             0         0       -             1.1.0    2
b     b:1      votes  ok             0         0       -             1.0.0    1
c     c:1      joins  not reachable  -         -       -             -        -
This is node a of cluster x. Its messages have level 1.
Level 2 waits for node b at b:1: its version of oplog, 1.0.0, understands levels up to 1. Upgrade it.
Level 2 waits for node c at c:1, which is not reachable. Start it or, if it is gone, remove it.
`
	if got := status(s); got != want {
		t.Errorf("it prints\n%s", got)
	}
	s.Level = 2
	if got := status(s); bytes.Contains([]byte(got), []byte("waits")) {
		t.Errorf("nothing waits, and it prints\n%s", got)
	}
}
