package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// networks are the network namespaces of nodes, on one bridge, each with an address of its own.
type networks struct {
	t    testing.TB
	name string
	n    int
}

// newNetworks makes so many networks, or skips the test where that is not possible.
func newNetworks(t testing.TB, n int) *networks {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: networks are made")
	}
	w := &networks{t, fmt.Sprint("oplog", os.Getpid()%10000), n}
	if out, err := exec.Command("ip", "link", "add", w.name, "type", "bridge").CombinedOutput(); err != nil {
		t.Skipf("a bridge cannot be made here (ip of iproute2): %v, %s", err, out)
	}
	t.Cleanup(w.remove)
	w.ip("addr", "add", w.prefix()+".254/24", "dev", w.name)
	w.ip("link", "set", w.name, "up")
	for i := range n {
		space, link := w.space(i), fmt.Sprint(w.name, "v", i)
		w.ip("netns", "add", space)
		w.ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
		w.ip("link", "set", link, "master", w.name, "up")
		w.ip("-n", space, "addr", "add", w.address(i)+"/24", "dev", "eth0")
		w.ip("-n", space, "link", "set", "eth0", "up")
		w.ip("-n", space, "link", "set", "lo", "up")
	}
	return w
}

// prefix is of a network that is kept for documentation (RFC 5737).
func (w *networks) prefix() string { return "198.51.100" }

func (w *networks) address(i int) string { return fmt.Sprint(w.prefix(), ".", i+1) }

func (w *networks) space(i int) string { return fmt.Sprint(w.name, "n", i) }

func (w *networks) ip(args ...string) {
	w.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		w.t.Fatalf("ip %s: %v, %s", strings.Join(args, " "), err, out)
	}
}

func (w *networks) remove() {
	for i := range w.n {
		_ = exec.Command("ip", "netns", "del", w.space(i)).Run()
	}
	_ = exec.Command("ip", "link", "del", w.name).Run()
}

// cut keeps packets of one node from reaching another; the way back stays.
func (w *networks) cut(from, to int) {
	w.t.Helper()
	w.ip("-n", w.space(from), "route", "replace", "blackhole", w.address(to)+"/32")
}

// heal joins what was cut.
func (w *networks) heal() {
	for from := range w.n {
		for to := range w.n {
			_ = exec.Command("ip", "-n", w.space(from), "route", "del", "blackhole", w.address(to)+"/32").Run()
		}
	}
}

// isolate cuts a node from all others.
func (w *networks) isolate(i int) {
	w.t.Helper()
	for other := range w.n {
		if other != i {
			w.cut(i, other)
			w.cut(other, i)
		}
	}
}

// slow limits what each node can send to a rate, such as "2mbit"; "" ends that.
func (w *networks) slow(rate string) {
	w.t.Helper()
	for i := range w.n {
		_ = exec.Command("tc", "-n", w.space(i), "qdisc", "del", "dev", "eth0", "root").Run()
		if rate == "" {
			continue
		}
		if out, err := exec.Command("tc", "-n", w.space(i), "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "32kbit", "latency", "400ms").CombinedOutput(); err != nil {
			w.t.Logf("links are not slowed down: %v, %s", err, out)
		}
	}
}

// newNodesOn makes a log on nodes in these networks.
func newNodesOn(t testing.TB, w *networks) *nodes {
	t.Helper()
	var members []*member
	for i := range w.n {
		members = append(members, &member{
			t: t, data: filepath.Join(t.TempDir(), "data"), address: w.address(i) + ":8485", under: []string{"ip", "netns", "exec", w.space(i)},
			listen: []string{"--listen", w.address(i) + ":8484", "--insecure"},
		})
	}
	return newNodesOf(t, members)
}

// TestNodesCutOff cuts the network between nodes: the leader alone, all alone, one way only, and slow links.
func TestNodesCutOff(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	w := newNetworks(t, 3)
	c := newNodesOn(t, w)
	number := func(m *member) int {
		for i, one := range c.members {
			if one == m {
				return i
			}
		}
		return 0
	}
	c.load().during(func() {
		for range 2 {
			c.awaitProgress()
			w.isolate(number(c.leader()))
			c.awaitProgress()
			time.Sleep(15 * time.Second)
			w.heal()
			c.awaitProgress()
			for i := range w.n {
				w.isolate(i)
			}
			time.Sleep(10 * time.Second)
			w.heal()
			c.awaitProgress()
			leader := number(c.leader())
			w.cut(leader, (leader+1)%w.n) // one way
			time.Sleep(10 * time.Second)
			w.cut((leader+2)%w.n, leader)
			time.Sleep(10 * time.Second)
			w.heal()
			c.awaitProgress()
			w.slow("1mbit")
			time.Sleep(10 * time.Second)
			w.slow("")
			c.awaitProgress()
		}
	})
	c.check()
}
