package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

// Times for tests on loopback: of those that wait for elections, and of those that must not have any, however slow the machine.
var (
	quick  = timing{heartbeat: 400 * time.Millisecond, lease: 200 * time.Millisecond, readLease: 150 * time.Millisecond, commit: 20 * time.Millisecond}
	steady = timing{heartbeat: steadyHeartbeat, lease: steadyLease, readLease: 150 * time.Millisecond, commit: 20 * time.Millisecond}
)

// trio is a cluster of nodes in this process.
type trio struct {
	t     testing.TB
	nodes []*testNode
}

// testNode is a node that can be closed and opened again.
type testNode struct {
	*Node
	t      testing.TB
	dir    string
	log    *slog.Logger
	timing timing
	disk   disk

	highest int    // level of messages that its program understands; 0 for that of this build
	version string // of its program

	mu        sync.Mutex // guards the following, and Node
	open      bool
	restarts  int
	restarted sync.WaitGroup
}

// newTrio returns a cluster of three nodes, the first of which leads. The first has its data in dir, if that is given.
func newTrio(t testing.TB, dir string) *trio {
	t.Helper()
	return newNodes(t, dir, 3, quick)
}

func newNodes(t testing.TB, dir string, count int, times timing) *trio {
	t.Helper()
	c := &trio{t: t}
	for i := range count {
		if dir == "" || i > 0 {
			dir = t.TempDir()
		}
		c.nodes = append(c.nodes, &testNode{t: t, dir: dir, log: testLogger(t), timing: times})
		c.nodes[i].disk.free.Store(roomy)
	}
	c.found()
	for _, n := range c.nodes {
		n.start()
		t.Cleanup(n.stop)
	}
	if count > 1 {
		time.Sleep(times.readLease) // for which the others do not vote yet
		c.nodes[0].elect()
	}
	c.await(c.nodes[0].Leads)
	return c
}

// disk is the space of a node's disk.
type disk struct{ free atomic.Uint64 }

// The free bytes of disks with and without room.
const (
	roomy = 1 << 40
	full  = 1000
)

func (d *disk) space(string) (free, total uint64, err error) { return d.free.Load(), 2 * roomy, nil }

// testLogger logs to the standard error if TEST_RAFT_LOG is set.
func testLogger(testing.TB) *slog.Logger {
	if os.Getenv("TEST_RAFT_LOG") == "" {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// found makes the directories of a new cluster.
func (c *trio) found() {
	c.t.Helper()
	var ids []*identity
	var members []member
	for _, n := range c.nodes {
		c.copyFirst(n.dir, len(ids))
		id := newIdentity(n.dir, "", freeAddress(c.t), time.Now)
		if len(ids) == 0 {
			id.Cluster = newID()
			var err error
			if id.ca, id.caKey, err = newAuthority(id.Cluster); err != nil {
				c.t.Fatal(err)
			}
		} else {
			id.Cluster, id.ca, id.caKey = ids[0].Cluster, ids[0].ca, ids[0].caKey
		}
		if err := errors.Join(id.makeKey(), id.writeKeys(), id.write()); err != nil {
			c.t.Fatal(err)
		}
		ids, members = append(ids, id), append(members, member{id.ID, id.Address, true})
	}
	chain := sha256.Sum256([]byte("oplog cluster\n" + ids[0].Cluster))
	for _, id := range ids {
		s := firstSnapshot(id, chain)
		s.Nodes = members
		if err := s.write(id.folder); err != nil {
			c.t.Fatal(err)
		}
	}
	for i, n := range c.nodes {
		db := openStore(c.t, n.dir)
		if err := db.EndReplication(); err != nil && i > 0 {
			c.t.Fatal(err)
		}
		begun := db.BeginReplication(storage.Position{Index: 1, Chain: chain})
		if err := errors.Join(begun, db.RaiseLevel(storage.HighestLevel, ""), db.Close()); err != nil { // so that no message comes by itself
			c.t.Fatal(err)
		}
	}
}

// copyFirst makes the store of the i-th node: that of the first, or a copy of that, as all have its key.
func (c *trio) copyFirst(dir string, i int) {
	c.t.Helper()
	if i == 0 {
		db := openStore(c.t, dir)
		if err := errors.Join(db.BeginReplication(storage.Position{Index: 1}), db.Close()); err != nil {
			c.t.Fatal(err)
		}
		return
	}
	db := openStore(c.t, c.nodes[0].dir)
	f, err := os.CreateTemp(c.t.TempDir(), "copy")
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = db.CopyTo(f)
	key, keyErr := os.ReadFile(filepath.Join(c.nodes[0].dir, "signing.key"))
	if err := errors.Join(err, keyErr, f.Close(), db.Close(), os.WriteFile(filepath.Join(dir, "signing.key"), key, 0o600)); err != nil {
		c.t.Fatal(err)
	}
	if err := storage.InstallCopy(context.Background(), dir, f.Name()); err != nil {
		c.t.Fatal(err)
	}
}

func openStore(t testing.TB, dir string) *storage.DB {
	t.Helper()
	db, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// lastPort is the last port that freeAddress has given out: below those that the system gives to connections.
var lastPort atomic.Int32

func init() { lastPort.Store(int32(20000 + os.Getpid()%8000)) }

func freeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(lastPort.Add(1)-20000)%12000)
		var config net.ListenConfig
		if ln, err := config.Listen(context.Background(), "tcp", address); err == nil {
			_ = ln.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// start opens the node as the program does. It is opened again when it asks for that.
func (n *testNode) start() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.begin(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *testNode) begin() error {
	if _, err := installReceived(context.Background(), n.dir); err != nil {
		return err
	}
	db, err := storage.Open(n.dir, storage.Options{LockTimeout: 5 * time.Second, Highest: n.highest})
	if err != nil {
		return err
	}
	restart := func() { n.restarted.Go(n.restartNow) }
	n.Node, err = Open(context.Background(), db, Options{Dir: n.dir, Logger: n.log, Restart: restart, Version: n.version, Space: n.disk.space, timing: n.timing})
	n.open = err == nil
	return err
}

func (n *testNode) restartNow() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.open {
		return
	}
	n.restarts++
	err := n.store.Close()
	if err == nil {
		err = n.begin()
	}
	if err != nil {
		n.t.Error(err)
	}
}

// stop closes the node.
func (n *testNode) stop() {
	n.t.Helper()
	n.mu.Lock()
	if n.open {
		n.open = false
		if err := n.store.Close(); err != nil {
			n.t.Error(err)
		}
	}
	n.mu.Unlock()
	n.restarted.Wait()
}

// node returns the node, which may have been opened again.
func (n *testNode) node() *Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Node
}

func (n *testNode) isOpen() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// await waits for a condition.
func (c *trio) await(holds func() bool) {
	c.t.Helper()
	awaitTrue(c.t, holds)
}

func awaitTrue(t testing.TB, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute { // however slow the machine is
			t.Fatal("what was waited for has not come about")
		}
	}
}

// leader waits for a node that leads, and returns it.
func (c *trio) leader() *testNode {
	c.t.Helper()
	var found *testNode
	c.await(func() bool {
		for _, n := range c.nodes {
			if n.isOpen() && n.node().Leads() {
				found = n
				return true
			}
		}
		return false
	})
	return found
}

// handOver makes a node lead. On a slow machine the first attempt may fail, or meet an election.
func (c *trio) handOver(to *testNode) {
	c.t.Helper()
	c.await(func() bool {
		if !to.node().Leads() {
			_ = c.leader().node().Transfer(context.Background(), to.node().ID())
		}
		return to.node().Leads()
	})
}

// settle waits until all open nodes have the same, and compares it.
func (c *trio) settle() {
	c.t.Helper()
	c.await(func() bool {
		positions := map[storage.Position]bool{}
		for _, n := range c.nodes {
			if n.isOpen() {
				at, _ := n.node().db.Replicated()
				positions[at] = true
			}
		}
		return len(positions) == 1
	})
	var first map[string]string
	for _, n := range c.nodes {
		if !n.isOpen() {
			continue
		}
		roots := rootsOf(c.t, n.node().db)
		if first == nil {
			first = roots
		}
		if fmt.Sprint(roots) != fmt.Sprint(first) {
			c.t.Errorf("the nodes have different trees:\n%v\n%v", first, roots)
		}
	}
}

// rootsOf returns sizes and roots of all trees.
func rootsOf(t testing.TB, db *storage.DB) map[string]string {
	t.Helper()
	tenants, err := db.Tenants()
	if err != nil {
		t.Fatal(err)
	}
	roots := make(map[string]string)
	for _, tenant := range tenants {
		checkpoint, err := db.Checkpoint(tenant)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(checkpoint, "\n")
		roots[tenant] = lines[1] + " " + lines[2]
	}
	return roots
}

var morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func testEntry(id string) oplog.Entry {
	return oplog.Entry{
		ID: id, Tenant: "acme", Time: morning, ReceivedAt: morning, User: oplog.User{ID: "u1", Name: "Wang Fang"}, Module: "sms", Operation: "send",
		Content: oplog.Ref{ID: "c", Name: "content " + id}, Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	}
}

// send appends an entry through a node.
func send(n *Node, id string) error {
	_, err := n.Store().Append(context.Background(), "acme", []oplog.Entry{testEntry(id)}, 0)
	return err
}
