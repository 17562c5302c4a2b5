//go:build unix

package crashtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// withoutIDs is the number of senders whose entries have no ids.
const withoutIDs = 3

// nodes is a log on several nodes, each with a data directory of its own.
type nodes struct {
	*ledger
	members []*member

	failovers []time.Duration // from the end of a leader to the next acknowledged batch
}

// member is a node. Its server is replaced when it is started again.
type member struct {
	t       testing.TB
	data    string
	address string   // of the port between nodes
	under   []string // what runs the program, such as in a network of its own
	listen  []string // options of serve

	mu     sync.Mutex
	server *server // nil while it is down
}

func (m *member) start() {
	m.t.Helper()
	s := begin(m.t, m.under, append([]string{"--data", m.data}, m.listen...)...)
	if !s.answers() {
		<-s.ended
		m.t.Fatalf("the node in %s ended: %s", m.data, s.stderr)
	}
	m.set(s)
}

func (m *member) set(s *server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.server = s
}

// running returns the server, or nil.
func (m *member) running() *server {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.server
}

// end ends the node by a signal, if it is running.
func (m *member) end(signal syscall.Signal) {
	m.t.Helper()
	s := m.running()
	if s == nil {
		return
	}
	m.set(nil)
	if status := s.end(signal); signal == syscall.SIGTERM && status != 0 {
		m.t.Errorf("the node in %s stopped with status %d: %s", m.data, status, s.stderr)
	}
}

// url returns the URL of the node, or one that nobody listens at.
func (m *member) url() string {
	if s := m.running(); s != nil {
		return s.url
	}
	return "http://127.0.0.1:9"
}

// freeAddress returns an address on loopback that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// newNodes makes a log on so many nodes, which are running: the first has it from before.
func newNodes(t testing.TB, n int) *nodes {
	t.Helper()
	var dirs []string
	for range n {
		dirs = append(dirs, t.TempDir())
	}
	return newNodesIn(t, dirs...)
}

// newNodesIn is newNodes with data directories in these.
func newNodesIn(t testing.TB, dirs ...string) *nodes {
	t.Helper()
	var members []*member
	for _, dir := range dirs {
		members = append(members, &member{t: t, data: filepath.Join(dir, "data"), address: freeAddress(t)})
	}
	return newNodesOf(t, members)
}

// newNodesOf makes a log on nodes that do not exist yet.
func newNodesOf(t testing.TB, members []*member) *nodes {
	t.Helper()
	first := members[0]
	c := &nodes{ledger: newLedger(t, first.data), members: members[:1:1]}
	for i := range withoutIDs {
		c.senders = append(c.senders, sender{name: fmt.Sprint("u", i), sendsNo: true})
	}
	mustRun(t, "cluster", "init", "--address", first.address, "--data", first.data)
	first.start()
	for _, m := range members[1:] {
		c.add(m)
	}
	return c
}

// join adds a node.
func (c *nodes) join() {
	c.t.Helper()
	c.add(&member{t: c.t, data: filepath.Join(c.t.TempDir(), "data"), address: freeAddress(c.t)})
}

// add adds a node, and waits until it votes.
func (c *nodes) add(m *member) {
	c.t.Helper()
	token := strings.TrimSpace(mustRun(c.t, "cluster", "token", "--data", c.alive()[0].data))
	c.must(m, "cluster", "join", token, "--address", m.address, "--data", m.data)
	m.start()
	c.members, c.dirs = append(c.members, m), append(c.dirs, m.data)
	c.await("the new node votes", func(s clusterStatus) bool {
		return slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Address == m.address && n.Voter })
	})
}

// must runs a command where a node is, which must succeed.
func (c *nodes) must(m *member, args ...string) {
	c.t.Helper()
	if out, err := command(c.t, m.under, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("oplog %q: %v, %s", args, err, out)
	}
}

// alive returns the nodes that are running.
func (c *nodes) alive() (running []*member) {
	for _, m := range c.members {
		if m.running() != nil {
			running = append(running, m)
		}
	}
	return running
}

// any returns the URL of a random node, which may be down, as clients without a load balancer would take it.
func (c *nodes) any() string { return c.members[rand.IntN(len(c.members))].url() }

// clusterStatus is what `oplog cluster status --json` prints.
type clusterStatus struct {
	Leader string
	Nodes  []nodeStatus
}

type nodeStatus struct {
	ID, Address   string
	Voter, Leader bool
	Applied       uint64
}

// status returns what a node says of all; false if it does not answer.
func (m *member) status() (s clusterStatus, ok bool) {
	r := run(m.t, "cluster", "status", "--json", "--data", m.data)
	return s, r.status == 0 && json.Unmarshal([]byte(r.stdout), &s) == nil
}

// await waits until some node's status is as it should be.
func (c *nodes) await(what string, is func(clusterStatus) bool) {
	c.t.Helper()
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, m := range c.alive() {
			if s, ok := m.status(); ok && is(s) {
				return
			}
		}
	}
	for _, m := range c.alive() {
		c.t.Logf("%s: %s", m.address, run(c.t, "cluster", "status", "--data", m.data).stdout)
	}
	for _, m := range c.alive() {
		c.t.Logf("%s said: %s", m.address, last(m.running().stderr.String()))
	}
	c.t.Fatalf("it does not come to pass that %s", what)
}

// leader returns the node that leads.
func (c *nodes) leader() *member {
	c.t.Helper()
	var leads *member
	c.await("a node leads", func(s clusterStatus) bool {
		for _, n := range s.Nodes {
			for _, m := range c.alive() {
				if n.Leader && n.Address == m.address {
					leads = m
				}
			}
		}
		return leads != nil
	})
	return leads
}

// load returns a load on random nodes, which reads what it wrote from other ones.
func (c *nodes) load() *load {
	w := newLoad(c.ledger, c.any, 2*time.Millisecond)
	w.backUpEvery = time.Second
	w.readsBack = true
	return w
}

// awaitProgress waits until more is acknowledged, and returns how long that took.
func (c *nodes) awaitProgress() time.Duration {
	c.t.Helper()
	began, before := time.Now(), c.acknowledged()
	for c.acknowledged() == before {
		if time.Since(began) > startTime {
			c.t.Fatal("nothing is acknowledged any more")
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

// kill kills a node for a while.
func (c *nodes) kill(m *member) {
	c.t.Helper()
	m.end(syscall.SIGKILL)
	time.Sleep(rand.N(300 * time.Millisecond))
	m.start()
}

// killLeader kills the leader, and notes how long until the next acknowledgement.
func (c *nodes) killLeader() {
	c.t.Helper()
	m := c.leader()
	m.end(syscall.SIGKILL)
	c.failovers = append(c.failovers, c.awaitProgress())
	m.start()
}

// killAll kills all nodes, one right after the other, and starts them again.
func (c *nodes) killAll() {
	c.t.Helper()
	for _, m := range c.members {
		m.end(syscall.SIGKILL)
	}
	for _, m := range c.members {
		m.start()
	}
}

func (c *nodes) startAll() {
	c.t.Helper()
	for _, m := range c.members {
		if m.running() == nil {
			m.start()
		}
	}
}

// settle waits until all nodes have the same, and keep it.
func (c *nodes) settle() {
	c.t.Helper()
	var since time.Time
	var at uint64
	c.await("all nodes have the same", func(s clusterStatus) bool {
		same := len(s.Nodes) == len(c.members) && s.Leader != "" &&
			!slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Applied == 0 || n.Applied != s.Nodes[0].Applied })
		if !same || s.Nodes[0].Applied != at {
			since, at = time.Now(), 0
			if same {
				at = s.Nodes[0].Applied
			}
		}
		return same && time.Since(since) > 500*time.Millisecond
	})
}

// TestNodes kills nodes of three 35 times under load: the leader, another, and all at once.
func TestNodes(t *testing.T) {
	t.Parallel()
	c := newNodes(t, 3)
	c.load().during(func() {
		c.awaitProgress()
		for i := range 33 {
			switch {
			case i%3 == 0:
				c.killLeader()
			case i%11 == 10:
				c.killAll()
			default:
				c.kill(c.members[rand.IntN(len(c.members))])
			}
			c.awaitProgress()
		}
	})
	c.check()
	if c.read.Load() == 0 {
		t.Error("nothing was read back from another node")
	}
	slices.Sort(c.failovers)
	t.Logf("%d entries were acknowledged, and all are on each node; %d were read back, and %d answers may have been old; of %d batches without ids %d were answered with an error; "+
		"after the end of a leader the next one was after %v (median of %d)",
		c.acknowledged(), c.read.Load(), c.stale.Load(), c.sentWithoutIDs(), c.refused.Load(), c.failovers[len(c.failovers)/2].Round(time.Millisecond), len(c.failovers))
}

// sentWithoutIDs returns the number of batches that were sent without ids.
func (c *nodes) sentWithoutIDs() (batches int) {
	for _, s := range c.senders {
		if s.sendsNo {
			batches += s.batches
		}
	}
	return batches
}

// readBack reads an acknowledged entry from some node: it is there, unless that node says that its answers may be old.
func (w *load) readBack(ctx context.Context, id string) {
	status, answer, stale := w.ask(ctx, "read back", w.readKey, http.MethodGet, "tenants/acme/entries/"+id, nil)
	switch {
	case stale:
		w.stale.Add(1)
	case status == http.StatusOK:
		w.read.Add(1)
	case status >= 400 && status < 429:
		w.t.Errorf("entry %s was acknowledged, and another node answers with %d: %s", id, status, answer)
	}
}
