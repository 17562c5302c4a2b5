package cli

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/cluster"
	"oplog/oplog"
	"oplog/storage"
)

// trio is a cluster of nodes that run in this process.
type trio struct {
	*testing.T
	setting
	dirs      []string
	addresses []string
	servers   []served
}

// freeAddress returns an address on the loopback interface that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// newTrio makes a cluster of three nodes from a log with the tenant acme, and serves it.
func newTrio(t *testing.T) *trio {
	t.Helper()
	c := &trio{T: t, dirs: []string{filepath.Join(t.TempDir(), "data")}, addresses: []string{freeAddress(t)}}
	c.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", c.dirs[0])
	c.mustRun(t, "cluster", "init", "--address", c.addresses[0], "--data", c.dirs[0])
	c.servers = []served{serve(t, "serve", "--data", c.dirs[0])}
	for range 2 {
		c.join()
	}
	c.awaitVoters(3)
	return c
}

// join makes another node, with a token of the last one that joined, and serves it. It listens at another address than the others know.
func (c *trio) join() {
	c.Helper()
	token := strings.TrimSpace(c.mustRun(c.T, "cluster", "token", "--data", c.dirs[len(c.dirs)-1]))
	dir, listen := filepath.Join(c.TempDir(), "data"), freeAddress(c.T)
	address := strings.Replace(listen, "127.0.0.1", "localhost", 1)
	c.mustRun(c.T, "cluster", "join", token, "--address", address, "--data", dir)
	c.dirs, c.addresses = append(c.dirs, dir), append(c.addresses, address)
	c.servers = append(c.servers, c.serve(len(c.dirs)-1))
}

// serve serves a node.
func (c *trio) serve(node int) served {
	c.Helper()
	args := []string{"serve", "--data", c.dirs[node]}
	if listen, named := strings.CutPrefix(c.addresses[node], "localhost"); named {
		args = append(args, "--cluster-listen", "127.0.0.1"+listen)
	}
	return serve(c.T, args...)
}

// status returns what cluster status says beside a node.
func (c *trio) status(node int) (s cluster.Status) {
	c.Helper()
	if err := json.Unmarshal([]byte(c.mustRun(c.T, "cluster", "status", "--json", "--data", c.dirs[node])), &s); err != nil {
		c.Fatal(err)
	}
	return s
}

// await waits until a condition holds.
func (c *trio) await(what string, holds func() bool) {
	c.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.Fatalf("%s: it does not come to that; %+v", what, c.status(0))
		}
	}
}

// awaitVoters waits until that many nodes vote, as each of them sees it.
func (c *trio) awaitVoters(n int) {
	c.Helper()
	defer func() {
		for i, s := range c.servers {
			if c.Failed() {
				c.Logf("node at %s:\n%s%s", c.addresses[i], s.stdout, s.stderr)
			}
		}
	}()
	c.await("voters", func() bool {
		for node := range c.dirs {
			voters := 0
			s := c.status(node)
			for _, one := range s.Nodes {
				if one.Voter && one.Reachable {
					voters++
				}
			}
			if voters != n || !s.Quorum {
				return false
			}
		}
		return true
	})
}

// leader returns the index of the node that leads.
func (c *trio) leader() (leads int) {
	c.Helper()
	c.await("a leader", func() bool {
		s := c.status(0)
		for _, one := range s.Nodes {
			for i, address := range c.addresses {
				if one.Leader && one.Address == address {
					leads = i
					return true
				}
			}
		}
		return false
	})
	return leads
}

// TestThreeNodes: a log becomes the first node, two others join, what is changed beside one is there beside all, one is removed, another leads.
func TestThreeNodes(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newTrio(t)
	c.checkSetup()
	c.checkFollower()
	for _, i := range []int{1, 0, 2} { // which leads last
		id, dir := []string{"a", "b", "c"}[i], c.dirs[i]
		c.mustRun(t, "cluster", "transfer", c.addresses[i], "--data", dir)
		c.addTenant(id, "Tenant "+id, dir)
		for _, other := range c.dirs {
			c.await("tenant "+id, func() bool { return strings.Contains(c.mustRun(t, "tenant", "list", "--data", other), "Tenant "+id) })
			c.mustPrint(t, `acme +Acme`, "tenant", "list", "--data", other)
		}
	}
	c.awaitKey(c.mustRun(t, "key", "verifier", "--data", c.dirs[0]))
	c.mustPrint(t, `NODE +ADDRESS +ROLE(.*\n)+.*votes +ok(.*\n)*.*leads +ok(.*\n)*This is node`, "cluster", "status", "--data", c.dirs[1])
	c.await("the level of messages", func() bool { return c.status(1).Level == storage.HighestLevel })

	export := c.exportOf(2)
	before := c.leader()
	c.mustRun(t, "cluster", "transfer", "--data", c.dirs[2])
	if c.leader() == before {
		t.Error("the same node leads after a transfer")
	}
	c.mustRun(t, "cluster", "transfer", c.addresses[0], "--data", c.dirs[1])
	if now := c.leader(); now != 0 {
		t.Errorf("node %d leads, not the one that was named", now)
	}
	c.awaitKey(c.mustRun(t, "key", "rotate", "--data", c.dirs[0]))
	c.mustFail(t, "there is no node 127", "cluster", "remove", "127.0.0.1:1", "--data", c.dirs[1])

	removed := c.status(0).Nodes[2]
	c.mustRun(t, "cluster", "remove", removed.ID[:8], "--data", c.dirs[0])
	c.await("the end of its export", func() bool { return strings.Contains(export(0), `"status":"failed"`) })
	c.await("two nodes", func() bool { return len(c.status(0).Nodes) == 2 && len(c.status(1).Nodes) == 2 })
	c.addTenant("d", "After that", c.dirs[0])
	for _, server := range c.servers {
		if status := server.stop(); status != exitDone {
			t.Errorf("a node ended with status %d: %s", status, server.stderr)
		}
	}
	checkTrail(t, c, "init_cluster", "add_join_token", "join", "transfer", "remove_node")
}

// awaitKey waits until all nodes have a verifier key.
func (c *trio) awaitKey(key string) {
	c.Helper()
	for _, dir := range c.dirs {
		c.await("the key "+key, func() bool { return c.mustRun(c.T, "key", "verifier", "--data", dir) == key })
	}
}

// checkTrail checks that the installation's access log has operations of the server.
func checkTrail(t *testing.T, c *trio, operations ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup")
	c.mustRun(t, "backup", file, "--data", c.dirs[0])
	dir := filepath.Join(t.TempDir(), "restored")
	c.mustRun(t, "restore", file, "--data", dir)
	copyKey(t, c.dirs[0], dir)
	if isNode, err := cluster.IsNode(dir); isNode || err != nil {
		t.Errorf("a restored log is a node: %t, %v", isNode, err)
	}
	m, _, _ := c.main()
	l, err := m.openExistingLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	found := map[string]bool{}
	page, err := l.Trail.Page(t.Context(), "", oplog.Query{}, oplog.MaxPageSize, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range page.Entries {
		found[page.Entries[i].Operation] = true
	}
	for _, operation := range operations {
		if !found[operation] {
			t.Errorf("the access log has no %s: %v", operation, found)
		}
	}
}

// copyKey copies the signing key from one data directory to another.
func copyKey(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "signing.key"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(to, "signing.key"), string(key))
}

// TestStoppedNode: a stopped node is read, and not changed.
func TestStoppedNode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := setting{env: map[string]string{"OPLOG_DATA": dir}}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme")
	s.mustRun(t, "cluster", "init", "--address", freeAddress(t))
	server := serve(t, "serve", "--data", dir)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "owner", "--password-stdin")
	server.stop()

	for _, args := range [][]string{
		{"tenant", "list"}, {"account", "list"}, {"key", "list"}, {"key", "verifier"}, {"catalog", "list", "--tenant", "acme"}, {"tenant", "hold", "list", "acme"},
		{"verify"}, {"export", "--tenant", "acme", "--last", "7d"}, {"backup", filepath.Join(t.TempDir(), "backup")}, {"doctor"}, {"cluster", "status"},
	} {
		s.mustRun(t, args...)
	}
	before := listing(t, dir)
	for _, args := range [][]string{
		{"tenant", "add", "b", "--name", "B"}, {"tenant", "set", "acme", "--name", "B"}, {"key", "add", "--tenant", "acme", "--scope", "read", "--name", "k"},
		{"reindex"}, {"key", "rotate"}, {"tenant", "hold", "add", "acme", "--reason", "r"}, {"account", "disable", "ann"}, {"demo", "--data", dir, "--listen", "127.0.0.1:0"},
	} {
		s.mustFail(t, "is a node of a cluster, which must not be changed alone", args...)
	}
	s.mustFail(t, "is a node of a cluster already", "cluster", "init", "--address", "log1:8485")
	s.mustFail(t, "start the node with oplog serve", "cluster", "token")
	s.mustFail(t, "start the node with oplog serve", "cluster", "transfer")
	s.mustFail(t, "start the node with oplog serve", "cluster", "remove", "x")
	if after := listing(t, dir); after != before {
		t.Errorf("a refused command has changed the directory: %s, before %s", after, before)
	}
}

// TestBrokenNodes: what is missing in a directory is told at the start.
func TestBrokenNodes(t *testing.T) {
	c := &trio{T: t}
	made := func() string {
		dir := filepath.Join(t.TempDir(), "data")
		c.mustRun(t, "cluster", "init", "--address", freeAddress(t), "--data", dir)
		serve(t, "serve", "--data", dir).stop()
		return dir
	}
	for name, want := range map[string]string{
		"oplog.db": "has lost its oplog.db", "cluster/raft.db": "raft.db is damaged: there is no such file", "cluster/snapshot.json": "snapshot.json is damaged",
		"cluster/raft.tail": "raft.tail is damaged: there is no such file",
		"cluster/node.key":  "node.key is damaged", "cluster": "says which one, is missing", "cluster/node.json": "says which one, is missing",
	} {
		dir := made()
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
		c.mustFail(t, want, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	}
	dir := made() // interrupted while joining
	if err := os.Rename(filepath.Join(dir, "cluster", "node.json"), filepath.Join(dir, "cluster", "joining.json")); err != nil {
		t.Fatal(err)
	}
	c.mustFail(t, "run oplog cluster join again", "serve", "--data", dir, "--listen", "127.0.0.1:0")
	c.mustFail(t, "run oplog cluster join again", "tenant", "add", "acme", "--name", "Acme", "--data", dir)
	c.mustFail(t, "joining a", "cluster", "init", "--address", "log1:8485", "--data", dir)
}

func TestClusterUsage(t *testing.T) {
	data, s := newAcme(t)
	usage := func(want string, args ...string) {
		t.Helper()
		if r := s.run(t, args...); r.status != exitUsage || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: status %d, %s", args, r.status, r.stderr)
		}
	}
	usage("--address", "cluster", "init")
	usage("HOST:PORT", "cluster", "init", "--address", "log1")
	usage("names no host", "cluster", "join", "x", "--address", "0.0.0.0:8485")
	usage("<token>", "cluster", "join", "--address", "log1:8485")
	usage("HOST:PORT", "serve", "--cluster-listen", "8485")
	s.mustFail(t, "not a node of a cluster; oplog cluster init", "cluster", "status")
	s.mustFail(t, "not a node of a cluster", "cluster", "recover")
	s.mustFail(t, "start the node", "cluster", "token")
	s.mustFail(t, "this is not a token", "cluster", "join", "x", "--address", "log1:8485", "--data", t.TempDir())
	server := serve(t, "serve", "--data", data)
	s.mustFail(t, "to make it the first one, stop the server", "cluster", "token")
	s.mustFail(t, "to make it the first one, stop the server", "cluster", "status")
	s.mustFail(t, "stop it first", "cluster", "init", "--address", "log1:8485")
	server.stop()
}

// TestRecover: after two of three nodes are gone, the third goes on alone, and others can join it.
func TestRecover(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newTrio(t)
	c.addTenant("a", "Before", c.dirs[c.leader()])
	c.await("tenant a", func() bool { return strings.Contains(c.mustRun(t, "tenant", "list", "--data", c.dirs[1]), "Before") })
	for _, server := range c.servers {
		server.stop()
	}
	old, err := cluster.Who(c.dirs[1])
	if err != nil {
		t.Fatal(err)
	}
	var stopped stoppedNode
	if err := json.Unmarshal([]byte(c.mustRun(t, "cluster", "status", "--json", "--data", c.dirs[1])), &stopped); err != nil || stopped.ID != old.ID || stopped.Applied == 0 || stopped.Logged < stopped.Applied {
		t.Errorf("status of a stopped node: %+v, %v", stopped, err)
	}
	c.mustPrint(t, "is stopped. Its store is at position", "cluster", "status", "--data", c.dirs[1])
	c.mustFail(t, "--i-accept-loss", "cluster", "recover", "--data", c.dirs[1])
	c.mustRun(t, "cluster", "recover", "--i-accept-loss", "--data", c.dirs[1])
	now, err := cluster.Who(c.dirs[1])
	if err != nil || now.ID == old.ID || now.Cluster == old.Cluster || now.Address != old.Address {
		t.Errorf("the node was %v and is %v, %v", old, now, err)
	}
	rest := &trio{T: t, dirs: []string{c.dirs[1]}, addresses: []string{c.addresses[1]}}
	rest.servers = []served{rest.serve(0)}
	c.mustPrint(t, "Before", "tenant", "list", "--data", c.dirs[1])
	rest.join()
	rest.awaitVoters(2)
	rest.addTenant("b", "After", rest.dirs[rest.leader()])
	for _, dir := range rest.dirs {
		rest.await("tenant b", func() bool { return strings.Contains(c.mustRun(t, "tenant", "list", "--data", dir), "After") })
	}

	stale := c.serve(2) // a node of the old cluster
	if s := c.status(2); s.Quorum || s.Cluster != old.Cluster {
		t.Errorf("a node of the old cluster has a leader: %+v", s)
	}
	c.mustPrint(t, "No node leads", "cluster", "status", "--data", c.dirs[2])
	stale.stop()
	for _, server := range rest.servers {
		server.stop()
	}
	checkTrail(t, rest, "recover", "join")
}

// TestNodeFetchesACopy: a node whose replicated log is lost fetches a copy of the store, and goes on at the same addresses without being started again.
func TestNodeFetchesACopy(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newTrio(t)
	lost := 1
	if c.leader() == lost {
		lost = 2
	}
	c.servers[lost].stop()
	path := filepath.Join(c.dirs[lost], "cluster", "raft.db")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	empty, err := bolt.Open(path, 0o600, nil)
	if err := errors.Join(err, empty.Close()); err != nil {
		t.Fatal(err)
	}
	c.addTenant("a", "Meanwhile", c.dirs[c.leader()])
	c.servers[lost] = c.serve(lost)
	c.await("a restart", func() bool { return strings.Count(c.servers[lost].stdout.String(), "listening on ") > 1 })
	for line := range strings.Lines(c.servers[lost].stdout.String()) {
		if line != "listening on "+c.servers[lost].url+"\n" {
			t.Errorf("it says %q, and listened on %s", line, c.servers[lost].url)
		}
	}
	c.awaitVoters(3)
	c.mustPrint(t, "Meanwhile", "tenant", "list", "--data", c.dirs[lost])
}
