package backup

import (
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
)

// TestBackupsOfNodes: the node that leads makes the scheduled backups, and one that takes over makes its first at once. Each deletes those that it
// made itself, in a directory that they share too.
func TestBackupsOfNodes(t *testing.T) {
	n, dir := nodetest.NewNodes(t, 2), t.TempDir()
	n.All[0].Record("acme", nodetest.Entry("a", 1))
	var all []*fixture
	for _, m := range n.All {
		f := &fixture{Log: m.Log, o: Options{Dir: dir, Every: day, Keep: 1, ProofDir: m.ProofDir(), Prove: restore, Now: n.Clock.Now, Space: m.Disk.Space}}
		f.begin()
		all = append(all, f)
	}
	turn := func(later time.Duration) {
		t.Helper()
		n.Clock.Advance(later)
		for _, f := range all {
			f.turn(0)
		}
	}
	turn(0)
	const first, second = "oplog-20261120T084200Z-000000a0.backup", "oplog-20261121T084200Z-000000a0.backup"
	all[0].wantFiles(first)
	for i, want := range []time.Time{n.Clock.Now().Add(day), {}} {
		if s := all[i].State(); !s.NextAt.Equal(want) || s.Overdue {
			t.Errorf("node %d: next at %s, overdue %v", i, s.NextAt, s.Overdue)
		}
	}
	turn(day)
	all[0].wantFiles(second)
	n.Lead(1)
	turn(time.Hour)
	taken := "oplog-20261121T094200Z-000000a1.backup"
	all[0].wantFiles(second, taken)
	if s := all[1].State(); !s.Proved.MadeAt.Equal(n.Clock.Now()) || s.Overdue || len(s.Files) != 1 {
		t.Errorf("%+v", s)
	}
	n.All[1].Stop()
	n.Lead(0)
	n.Clock.Advance(3 * day)
	all = all[:1]
	turn(0)
	if left := strings.Join(all[0].files(), " "); !strings.Contains(left, taken) || strings.Contains(left, second) {
		t.Errorf("there are %s", left)
	}
}
