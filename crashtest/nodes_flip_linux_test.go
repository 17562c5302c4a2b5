package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/cli/clitest"
)

// flipText flips a bit of a letter at the end of a text, in each of the files that a pattern matches and at most so often in each. It returns how
// often it did. The files may be written meanwhile.
func flipText(t *testing.T, pattern, text string, most int) (flipped int) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if os.IsNotExist(err) {
			continue
		}
		data, readErr := os.ReadFile(path)
		if err != nil || readErr != nil {
			t.Fatal(err, readErr)
		}
		for at, n := 0, 0; n < most; n++ {
			next := bytes.Index(data[at:], []byte(text))
			if next < 0 {
				break
			}
			at += next + len(text)
			if _, err := f.WriteAt([]byte{data[at-2] ^ 4}, int64(at-2)); err != nil {
				t.Fatal(err)
			}
			flipped++
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return flipped
}

// everyPlace is a number of flips that no file has room for.
const everyPlace = 1 << 40

// batchOf returns a sender with a batch of so many entries whose content has a text.
func batchOf(name string, number, size int, text string) *sender {
	s := &sender{name: name, batches: number}
	at := time.Now().UTC().Format(time.RFC3339Nano)
	var b bytes.Buffer
	for i := range size {
		id := fmt.Sprintf("%s.%d.%d.%d", name, number, i, size)
		s.ids = append(s.ids, id)
		fmt.Fprintf(&b, `,{"id":%q,"time":%q,"user":{"id":%q,"name":"Emma"},"module":"sms","operation":"send","content":{"id":%q,"name":%q}}`, id, at, name, id, text)
	}
	s.body = append([]byte(`{"entries":[`), b.Bytes()[1:]...)
	s.body = append(s.body, "]}"...)
	return s
}

// record sends a batch until it is acknowledged.
func (w *load) record(s *sender) {
	w.t.Helper()
	for end := time.Now().Add(startTime); s.ids != nil; time.Sleep(time.Millisecond) {
		if w.t.Failed() || time.Now().After(end) {
			w.t.Fatalf("batch %d of %s is not acknowledged", s.batches, s.name)
		}
		w.send(context.Background(), s)
	}
}

// newMember returns a node that has not joined yet.
func (c *nodes) newMember() *member {
	c.t.Helper()
	return &member{t: c.t, data: filepath.Join(c.t.TempDir(), "data"), address: freeAddress(c.t)}
}

// joining is the command that makes a node join, which is running.
type joining struct {
	cmd   *exec.Cmd
	said  *clitest.Output
	ended chan struct{}
}

func (c *nodes) beginJoin(m *member) *joining {
	c.t.Helper()
	token := strings.TrimSpace(mustRun(c.t, "cluster", "token", "--data", c.alive()[0].data))
	j := &joining{command(c.t, m.under, "cluster", "join", token, "--address", m.address, "--data", m.data), new(clitest.Output), make(chan struct{})}
	j.cmd.Stderr = j.said
	if err := j.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = j.cmd.Wait() // the status is in ProcessState
		close(j.ended)
	}()
	return j
}

// end waits until the command has ended, and reports whether the node has joined.
func (j *joining) end() bool {
	<-j.ended
	return j.cmd.ProcessState.ExitCode() == 0
}

// pausedOnce stops the command once something is there, does something, and lets it go on; false if the command had ended before.
func (j *joining) pausedOnce(t *testing.T, there func() bool, do func()) bool {
	t.Helper()
	for !there() {
		select {
		case <-j.ended:
			return false
		case <-time.After(50 * time.Microsecond):
		}
	}
	if j.cmd.Process.Signal(syscall.SIGSTOP) != nil {
		return false
	}
	for !isPaused(j.cmd.Process.Pid) {
		select {
		case <-j.ended:
			return false
		case <-time.After(50 * time.Microsecond):
		}
	}
	do()
	return j.cmd.Process.Signal(syscall.SIGCONT) == nil
}

// isPaused reports whether all threads of a process are stopped.
func isPaused(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return err == nil && len(threads) > 0 && !slices.ContainsFunc(threads, func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && !strings.HasPrefix(string(text[bytes.LastIndexByte(text, ')')+1:]), " T")
	})
}

// drop removes a node from the cluster and ends it.
func (c *nodes) drop(m *member) {
	c.t.Helper()
	mustRun(c.t, "cluster", "remove", c.idOf(m), "--data", c.leader().data)
	m.end(syscall.SIGKILL)
	c.members = slices.DeleteFunc(c.members, func(one *member) bool { return one == m })
}

// tries is how often what needs the right moment is tried.
const tries = 20

// TestNodesCopyFlipped flips bytes of the copy of the log that a joining node receives: it says so and does not serve, and joins with another copy.
func TestNodesCopyFlipped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	w := c.load()
	for i := range 4 {
		w.record(batchOf("large", i+1, 10_000, "双11返场 Encore"))
	}
	w.during(func() {
		c.awaitProgress()
		m := c.joinWithFlips(t)
		if s := begin(t, nil, "--data", m.data); s.answers() {
			t.Error("a node serves whose copy of the log was damaged")
		} else if <-s.ended; !strings.Contains(s.stderr.String(), "oplog cluster join again") {
			t.Errorf("it does not say what to do: %s", s.stderr)
		}
		c.add(m)
		c.awaitProgress()
	})
	c.check()
}

// joinWithFlips returns a node whose join has failed, as bytes of the copy were flipped on its way.
func (c *nodes) joinWithFlips(t *testing.T) *member {
	t.Helper()
	for range tries {
		m := c.newMember()
		received := filepath.Join(m.data, "cluster", "received", "copy*")
		flipped := 0
		j := c.beginJoin(m)
		j.pausedOnce(t, func() bool {
			files, _ := filepath.Glob(received)
			return len(files) > 0 && sizeOf(files[0]) > 1<<20
		}, func() { flipped = flipText(t, received, "Encore", everyPlace) })
		joined := j.end()
		switch {
		case flipped == 0: // it was too fast
			if joined {
				c.members = append(c.members, m)
				c.drop(m)
			}
		case joined:
			t.Fatalf("a node has joined with a copy in which %d bytes were flipped", flipped)
		case !strings.Contains(j.said.String(), "the copy was damaged on its way; make another token, and join again"):
			t.Fatalf("the join failed, but: %s", j.said)
		default:
			t.Logf("%d bytes were flipped: %s", flipped, j.said)
			return m
		}
	}
	t.Fatal("the copy was never to be seen")
	return nil
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestNodesJoinedFlipped flips bytes in the store of a node that has just joined. Verify names the entries, also when that node leads nobody else
// gets them, and another node takes its place.
func TestNodesJoinedFlipped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	w := c.load()
	w.backUpEvery = time.Hour // a backup of the damaged store is refused by restore
	w.record(batchOf("early", 1, 1000, "双11返场 Encore"))
	w.during(func() {
		c.awaitProgress()
		m := c.newMember()
		if j := c.beginJoin(m); !j.end() {
			t.Fatalf("a node does not join: %s", j.said)
		}
		if flipText(t, filepath.Join(m.data, "oplog.db"), "Encore", everyPlace) == 0 {
			t.Fatal("the store has no entry")
		}
		s := begin(t, nil, "--data", m.data)
		if !s.answers() {
			<-s.ended
			t.Fatalf("it does not start: %s", s.stderr)
		}
		m.set(s)
		c.members, c.dirs = append(c.members, m), append(c.dirs, m.data)
		c.awaitVoter(m)
		if r := run(t, "verify", "--data", m.data); r.status == 0 || !strings.Contains(r.stdout+r.stderr, "was modified") {
			t.Errorf("verify: status %d, %s%s", r.status, last(r.stdout), r.stderr)
		}
		c.lead(m)
		late := c.newMember()
		if j := c.beginJoin(late); j.end() || !strings.Contains(j.said.String(), "the copy was damaged on its way") {
			t.Errorf("a node joins with a damaged copy of the store of the one that leads: %s", j.said)
		}
		c.awaitProgress()
		c.lead(c.members[0])
		c.drop(m)
		c.add(late)
		c.awaitProgress()
	})
	c.check()
}

// lead makes a node lead.
func (c *nodes) lead(m *member) {
	c.t.Helper()
	for range tries {
		leader := c.leader()
		if leader == m {
			return
		}
		run(c.t, "cluster", "transfer", c.idOf(m), "--data", leader.data) // which fails while another transfer is on its way
	}
	c.t.Fatalf("the node in %s does not lead", m.data)
}

// awaitVoter waits until a node votes.
func (c *nodes) awaitVoter(m *member) {
	c.t.Helper()
	c.await("the node votes", func(s clusterStatus) bool {
		return slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Address == m.address && n.Voter })
	})
}

// TestNodesJoinerLogFlipped flips bytes in the replicated log of a node that has joined and does not vote yet: it says so and takes a copy of the
// others, or never used them.
func TestNodesJoinerLogFlipped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	c.load().during(func() {
		hit := false
		for try := 0; !hit; try++ {
			if try == tries {
				t.Fatal("the node always voted before its log was seen")
			}
			c.awaitProgress()
			m := c.newMember()
			if j := c.beginJoin(m); !j.end() {
				t.Fatalf("a node does not join: %s", j.said)
			}
			hit = c.flipNewLog(t, m)
			s := begin(t, nil, "--data", m.data)
			if !s.answers() {
				<-s.ended
				t.Fatalf("it does not start: %s", s.stderr)
			}
			m.set(s)
			c.members, c.dirs = append(c.members, m), append(c.dirs, m.data)
			c.awaitVoter(m)
			c.awaitProgress()
			if !hit {
				c.drop(m)
			}
		}
		c.killLeader()
		c.awaitProgress()
	})
	c.check()
}

// flipNewLog starts a node that has joined, kills it once its log has entries, and flips bytes of them. It reports whether the node did not vote yet.
func (c *nodes) flipNewLog(t *testing.T, m *member) bool {
	t.Helper()
	s := begin(t, nil, "--data", m.data)
	pattern := filepath.Join(m.data, "cluster", "raft.*")
	for end := time.Now().Add(startTime); !hasText(pattern, "Encore"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the node gets no log: %s", s.stderr)
		}
	}
	s.end(syscall.SIGKILL)
	if flipText(t, pattern, "Encore", everyPlace) == 0 {
		t.Fatal("the log of the node has no entry")
	}
	voted := false
	c.await("the nodes are known", func(s clusterStatus) bool {
		voted = slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Address == m.address && n.Voter })
		return s.Leader != ""
	})
	return !voted
}

// hasText reports whether one of the files that a pattern matches has a text.
func hasText(pattern, text string) bool {
	files, _ := filepath.Glob(pattern)
	return slices.ContainsFunc(files, func(path string) bool {
		data, err := os.ReadFile(path)
		return err == nil && bytes.Contains(data, []byte(text))
	})
}
