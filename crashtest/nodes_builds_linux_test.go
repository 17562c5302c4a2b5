package crashtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build builds the program with other flags than clitest.Program, and returns what runs it in place of that.
func build(t *testing.T, flags ...string) (under []string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "oplog")
	c := exec.Command("go", append(append([]string{"build", "-trimpath", "-o", program}, flags...), "oplog")...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v, %s", err, out)
	}
	return []string{"sh", "-c", `shift; exec "$0" "$@"`, program}
}

// TestNodesUpgraded replaces the program of the nodes under load, as the manual says: the followers, one by one, then the leader after it has handed over.
func TestNodesUpgraded(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	old, next := build(t, "-ldflags", "-X main.version=1.0.0"), build(t, "-ldflags", "-X main.version=1.1.0")
	var members []*member
	for range 3 {
		members = append(members, &member{t: t, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t), under: old})
	}
	c := newNodesOf(t, members)
	upgrade := func(m *member) {
		m.end(syscall.SIGTERM)
		m.under = next
		m.start()
		c.awaitProgress()
	}
	var pause time.Duration
	c.load().during(func() {
		c.awaitProgress()
		leader := c.leader()
		for _, m := range c.members {
			if m != leader {
				upgrade(m)
				if got := c.versions(); strings.Count(got, "1.1.0") == 0 || strings.Count(got, "1.0.0") == 0 {
					t.Errorf("the nodes have versions %s", got)
				}
			}
		}
		mustRun(t, "cluster", "transfer", "--data", leader.data)
		pause = c.awaitProgress()
		upgrade(leader)
	})
	if got := c.versions(); strings.Count(got, "1.1.0") != 3 {
		t.Errorf("the nodes have versions %s", got)
	}
	c.check()
	t.Logf("%d entries were acknowledged while three nodes were upgraded; the next one came %v after the transfer", c.acknowledged(), pause.Round(time.Millisecond))
}

// versions returns the versions of the nodes' programs, as the leader sees them.
func (c *nodes) versions() string {
	c.t.Helper()
	var s struct{ Nodes []struct{ Version string } }
	if err := json.Unmarshal([]byte(mustRun(c.t, "cluster", "status", "--json", "--data", c.leader().data)), &s); err != nil {
		c.t.Fatal(err)
	}
	var versions []string
	for _, n := range s.Nodes {
		versions = append(versions, n.Version)
	}
	return strings.Join(versions, ", ")
}

// clockMain is the program with a clock that is wrong by CLOCK_OFFSET.
const clockMain = `package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"oplog/cli"
)

func main() {
	offset, err := time.ParseDuration(os.Getenv("CLOCK_OFFSET"))
	if err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	p := &cli.Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Console: console(),
		Now: func() time.Time { return time.Now().Add(offset) },
	}
	os.Exit(p.Run(ctx, os.Args[1:]))
}
`

// buildClocks builds the program with wrong clocks, and returns what runs it with each.
func buildClocks(t *testing.T, offsets ...string) (all [][]string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "main.go"): filepath.Join(dir, "main.go")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": clockMain, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	under := build(t, "-overlay", filepath.Join(dir, "overlay.json"))
	for _, offset := range offsets {
		all = append(all, append([]string{"env", "CLOCK_OFFSET=" + offset}, under...))
	}
	return all
}

// TestNodesClocks runs nodes whose clocks are an hour apart in both directions: joining, writing and leading work on each.
func TestNodesClocks(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	clocks := buildClocks(t, "0s", "1h", "-1h")
	var members []*member
	for i := range 3 {
		members = append(members, &member{t: t, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t), under: clocks[i]})
	}
	c := newNodesOf(t, members)
	c.load().during(func() {
		for i := range 6 {
			c.awaitProgress()
			if i%2 == 0 {
				c.killLeader()
			} else {
				c.must(c.leader(), "cluster", "transfer", c.idOf(c.members[i/2]), "--data", c.members[0].data)
			}
		}
		c.awaitProgress()
	})
	c.check()
	t.Logf("%d entries were acknowledged by nodes whose clocks are two hours apart", c.acknowledged())
}
