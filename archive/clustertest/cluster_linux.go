package clustertest

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The user of the archive on each server. A second one, default, has no password: version 18.16 passes ALTER on to the leading replica in its name.
const (
	User     = "oplog"
	Password = "secret"
)

// Cluster is two shards of two replicas, and their ZooKeeper.
type Cluster struct {
	Keeper *Keeper
	Nodes  [4]*Node // replicas of a shard follow each other
	CAFile string   // of the certificates of all servers
	CA     *x509.CertPool

	dir, root string
	t         testing.TB
}

// Keeper is the ZooKeeper.
type Keeper struct {
	*Process
	port int
}

// Node is a ClickHouse server.
type Node struct {
	*Process
	URL   string // with TLS
	Plain string // without
	Data  string // its directory

	cluster                *Cluster
	number                 int
	https, http, tcp, peer int
}

// startTime limits how long a server may take to start.
const startTime = 2 * time.Minute

// Start starts a cluster, which ends with the test. Without OPLOG_CLICKHOUSE_CLUSTER the test is skipped.
func Start(t testing.TB) *Cluster {
	t.Helper()
	folder := os.Getenv("OPLOG_CLICKHOUSE_CLUSTER")
	if folder == "" {
		t.Skip("OPLOG_CLICKHOUSE_CLUSTER is not set: run make archive")
	}
	c := &Cluster{t: t, dir: t.TempDir(), root: filepath.Join(folder, "root")}
	if _, err := os.Stat(c.serverProgram()); err != nil {
		t.Skipf("Debian's ClickHouse could not be had, the archive is not tested on it: %v", err)
	}
	if err := c.makeCertificates(); err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 1+4*len(c.Nodes))
	c.Keeper = c.keeper(ports[0])
	c.Keeper.Start()
	c.Keeper.Await()
	for i := range c.Nodes {
		p := ports[1+4*i:]
		c.Nodes[i] = c.node(i, p[0], p[1], p[2], p[3])
		c.Nodes[i].Start()
	}
	for _, n := range c.Nodes {
		n.Await()
	}
	return c
}

// Shard returns the URLs of a shard's servers.
func (c *Cluster) Shard(i int) []string { return []string{c.Nodes[2*i].URL, c.Nodes[2*i+1].URL} }

// freePorts returns ports that nothing listens at, and that the system gives to no connection: a server that was killed gets its own again.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for port := 20_000 + os.Getpid()%5_000; len(ports) < n; port++ {
		if port >= 32_000 {
			t.Fatal("no ports are free")
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			ports = append(ports, port)
		}
	}
	return ports
}

// Await waits until ZooKeeper takes connections.
func (k *Keeper) Await() {
	k.t.Helper()
	Eventually(k.t, "ZooKeeper starts: "+k.log(), func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", k.port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// Await waits until a server answers. One that ends instead, as version 18.16 does without ZooKeeper, is started again, as systemd does; one that only hangs, too.
func (n *Node) Await() {
	n.t.Helper()
	client := &http.Client{Timeout: time.Second}
	started := time.Now()
	for end := started.Add(startTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if answer, err := client.Get(n.Plain + "/ping"); err == nil {
			_ = answer.Body.Close()
			return
		}
		if hangs := time.Since(started) > startTime/4; hangs || !n.Running() {
			n.Kill()
			time.Sleep(200 * time.Millisecond)
			n.Start()
			started = time.Now()
		}
	}
	n.t.Fatalf("%s does not start: %s", n.name, n.log())
}

// Restart kills a server, and waits until it answers again.
func (n *Node) Restart() {
	n.t.Helper()
	n.Kill()
	n.Start()
	n.Await()
}

// Ask sends a statement to a server and returns its answer.
func (n *Node) Ask(statement string) (string, error) {
	client := &http.Client{Timeout: time.Minute}
	r, err := http.NewRequest(http.MethodPost, n.Plain+"/?wait_end_of_query=1", strings.NewReader(statement))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth(User, Password)
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text := new(strings.Builder)
	if _, err := io.Copy(text, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", n.name, strings.TrimSpace(text.String()))
	}
	return strings.TrimSpace(text.String()), nil
}

// MustAsk is Ask of a statement that must succeed.
func (n *Node) MustAsk(statement string) string {
	n.t.Helper()
	answer, err := n.Ask(statement)
	if err != nil {
		n.t.Fatalf("%v, of %s", err, statement)
	}
	return answer
}

// Eventually waits up to a minute until what holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
