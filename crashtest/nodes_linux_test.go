package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests of this file run by make cluster: OPLOG_CLUSTER is the number of kills.

// TestNodesKilled kills nodes of three very often.
func TestNodesKilled(t *testing.T) {
	kills := cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	const round = 100
	for done := 0; done < kills; done += round {
		c.load().during(func() {
			for i := range min(round, kills-done) {
				switch {
				case i%3 == 0:
					c.killLeader()
				case i%10 == 1:
					c.killAll()
				default:
					c.kill(c.members[rand.IntN(len(c.members))])
				}
				c.awaitProgress()
			}
		})
		c.check()
		c.startAll()
	}
	slices.Sort(c.failovers)
	t.Logf("%d entries were acknowledged, and all are on each node after %d kills; the next one came %v after the end of a leader (median of %d; at most %v)", c.acknowledged(), kills,
		c.failovers[len(c.failovers)/2].Round(time.Millisecond), len(c.failovers), c.failovers[len(c.failovers)-1].Round(time.Millisecond))
}

// TestNodesPaused stops a node's process for ten seconds, as a machine that is moved or out of memory does: the leader, then another.
func TestNodesPaused(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	c.load().during(func() {
		for i := range 4 {
			c.awaitProgress()
			m := c.leader()
			if i%2 == 1 {
				m = c.other(m)
			}
			process := m.running().cmd.Process
			for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
				if err := process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if signal == syscall.SIGSTOP {
					time.Sleep(10 * time.Second)
				}
			}
		}
		c.awaitProgress()
	})
	c.check()
}

// other returns a running node that is not this one.
func (c *nodes) other(not *member) *member {
	c.t.Helper()
	running := slices.DeleteFunc(c.alive(), func(m *member) bool { return m == not })
	if len(running) == 0 {
		c.t.Fatal("no other node is running")
	}
	return running[rand.IntN(len(running))]
}

// TestNodesWiped takes the disk of a node away: it does not come back under its old id, and does as a new node.
func TestNodesWiped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	c.load().during(func() {
		c.awaitProgress()
		m := c.other(c.leader())
		m.end(syscall.SIGKILL)
		for _, lost := range []string{"oplog.db", "cluster/raft.db"} {
			path := filepath.Join(m.data, lost)
			if err := os.Rename(path, path+".lost"); err != nil {
				t.Fatal(err)
			}
			s := begin(t, nil, "--data", m.data)
			if s.answers() {
				t.Errorf("a node without %s serves", lost)
			}
			s.end(syscall.SIGKILL)
			if err := os.Rename(path+".lost", path); err != nil {
				t.Fatal(err)
			}
		}
		c.replace(m)
		c.awaitProgress()
	})
	c.check()
}

// replace removes a node whose disk is gone, and joins another in its place.
func (c *nodes) replace(m *member) {
	c.t.Helper()
	id := c.idOf(m)
	mustRun(c.t, "cluster", "remove", id, "--data", c.leader().data)
	if err := os.RemoveAll(m.data); err != nil {
		c.t.Fatal(err)
	}
	c.members = slices.DeleteFunc(c.members, func(one *member) bool { return one == m })
	c.join()
}

// idOf returns the id of a node.
func (c *nodes) idOf(m *member) (id string) {
	c.t.Helper()
	c.await("the node is known", func(s clusterStatus) bool {
		for _, n := range s.Nodes {
			if n.Address == m.address {
				id = n.ID
			}
		}
		return id != ""
	})
	return id
}

// TestNodesGrow grows a log from three nodes to five and shrinks it again, under load.
func TestNodesGrow(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	c.load().during(func() {
		c.join()
		c.join()
		c.killLeader()
		for range 2 {
			c.awaitProgress()
			m := c.other(c.leader())
			id := c.idOf(m)
			mustRun(t, "cluster", "remove", id, "--data", c.leader().data)
			m.end(syscall.SIGKILL)
			c.members = slices.DeleteFunc(c.members, func(one *member) bool { return one == m })
		}
		c.awaitProgress()
	})
	c.check()
}

// TestNodesJoinKilled kills joining nodes at any time, under load: a next attempt brings them in.
func TestNodesJoinKilled(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	c.load().during(func() {
		m := &member{t: t, data: filepath.Join(t.TempDir(), "late"), address: freeAddress(t)}
		for range 10 {
			token := strings.TrimSpace(mustRun(t, "cluster", "token", "--data", c.alive()[0].data))
			join := command(t, nil, "cluster", "join", token, "--address", m.address, "--data", m.data)
			if err := join.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(20*time.Millisecond+rand.N(200*time.Millisecond), func() { _ = join.Process.Kill() })
			_ = join.Wait()
		}
		if r := run(t, "cluster", "status", "--json", "--data", m.data); r.status != 0 {
			token := strings.TrimSpace(mustRun(t, "cluster", "token", "--data", c.alive()[0].data))
			mustRun(t, "cluster", "join", token, "--address", m.address, "--data", m.data)
		}
		m.start()
		c.members, c.dirs = append(c.members, m), append(c.dirs, m.data)
		c.await("the late node votes", func(s clusterStatus) bool {
			return slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Address == m.address && n.Voter })
		})
		c.awaitProgress()
	})
	c.check()
}

// TestNodesFlipped flips bytes in the files of a stopped node: it says so and takes a copy of the others, or never used them. What the others have stays.
func TestNodesFlipped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	for _, of := range []string{"a follower", "the leader"} {
		for _, file := range []string{"cluster/raft.*", "oplog.db"} {
			t.Run(of+" "+file, func(t *testing.T) {
				c := newNodes(t, 3)
				c.load().during(func() {
					for range 5 {
						c.awaitProgress()
					}
					m := c.leader()
					if of == "a follower" {
						m = c.other(m)
					}
					m.end(syscall.SIGKILL)
					flipBytes(t, filepath.Join(m.data, file))
					s := begin(t, nil, "--data", m.data)
					if !s.answers() { // it refuses in words
						<-s.ended
						t.Logf("refused: %s", s.stderr)
						c.replace(m)
						return
					}
					m.set(s)
					c.awaitProgress()
					c.killLeader() // which may have been the only one with what the flipped node lacks
					c.awaitProgress()
				})
				if file == "oplog.db" {
					c.checkUnless(t, "was modified")
				} else {
					c.check()
				}
			})
		}
	}
}

// flipBytes flips a bit of each of some bytes of entries or messages in the files that a pattern matches.
func flipBytes(t *testing.T, pattern string) {
	t.Helper()
	if flipText(t, pattern, "Encore", 2) == 0 {
		t.Fatalf("%s has no entry", pattern)
	}
}

// checkUnless is check, for a log of which one node may have damage that verify names.
func (c *nodes) checkUnless(t *testing.T, damage string) {
	t.Helper()
	whole := 0
	c.settle()
	for _, m := range c.members {
		m.end(syscall.SIGTERM)
	}
	for _, m := range c.members {
		switch err := c.checkEntries(m.data); {
		case err == nil:
			whole++
		case !strings.Contains(err.Error(), damage):
			t.Errorf("%s: %v", m.data, err)
		default:
			t.Logf("%s: %v", m.data, err)
		}
	}
	if whole < 2 {
		t.Errorf("what was acknowledged is whole on %d nodes", whole)
	}
}

// TestNodesSoak loads three nodes for as long as OPLOG_CLUSTER_SOAK says, and kills one now and then.
func TestNodesSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("OPLOG_CLUSTER_SOAK"))
	if err != nil {
		t.Skip("set OPLOG_CLUSTER_SOAK to a duration")
	}
	c := newNodes(t, 3)
	var memory []string
	c.load().during(func() {
		for end := time.Now().Add(length); time.Now().Before(end); {
			time.Sleep(length / 30)
			c.awaitProgress()
			line := fmt.Sprint(c.acknowledged(), " entries:")
			for _, m := range c.members {
				line += fmt.Sprintf(" %d MiB", anonymousMiB(t, m.running().cmd.Process.Pid))
			}
			memory = append(memory, line)
			c.kill(c.other(c.leader()))
		}
	})
	c.check()
	t.Log(strings.Join(memory, "\n"))
}

// anonymousMiB returns the memory of a process that is not of files: of those, the system keeps what others do not need.
func anonymousMiB(t *testing.T, pid int) int {
	t.Helper()
	resident, ofFiles := memoryOf(t, pid)
	return (resident - ofFiles) >> 20
}

// memoryOf returns the memory of a process, and how much of it is of files, in bytes.
func memoryOf(t *testing.T, pid int) (resident, ofFiles int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size int // all three are pages
	if _, err := fmt.Sscan(string(text), &size, &resident, &ofFiles); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize(), ofFiles * os.Getpagesize()
}
