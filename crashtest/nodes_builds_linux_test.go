package crashtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/storage"
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

// overlay returns the flags with which a file of the program is built as another text.
func overlay(t *testing.T, file, text string) []string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, file): filepath.Join(dir, "replaced.go")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"replaced.go": text, "overlay.json": string(replaced)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-overlay", filepath.Join(dir, "overlay.json")}
}

// older returns the flags for a program that does not understand the highest level of messages.
func older(t *testing.T) []string {
	t.Helper()
	const file = "storage/level.go"
	text, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	now := fmt.Sprintf("const HighestLevel = %d\n", storage.HighestLevel)
	before := fmt.Sprintf("const HighestLevel = %d\n", storage.HighestLevel-1)
	if !strings.Contains(string(text), now) {
		t.Fatalf("%s has no line %s", file, now)
	}
	return overlay(t, file, strings.Replace(string(text), now, before, 1))
}

// TestNodesUpgraded replaces the program of the nodes under load, as the manual says: the followers, one by one, then the leader after it has handed over.
// Then the level of messages is raised, and the old program is refused.
func TestNodesUpgraded(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	old := build(t, append(older(t), "-ldflags", "-X main.version=1.0.0")...)
	next := build(t, "-ldflags", "-X main.version=1.1.0")
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
		c.hasLevel(storage.HighestLevel-1, "waits for node "+c.idOf(leader)+" at "+leader.address+": its version of oplog, 1.0.0, understands")
		upgrade(leader)
		c.awaitLevel(storage.HighestLevel)
		c.awaitProgress()
		c.refuses(old, leader)
		c.awaitProgress()
	})
	if got := c.versions(); strings.Count(got, "1.1.0") != 3 {
		t.Errorf("the nodes have versions %s", got)
	}
	c.hasLevel(storage.HighestLevel, "Its messages have level")
	c.check()
	t.Logf("%d entries were acknowledged while three nodes were upgraded; the next one came %v after the transfer", c.acknowledged(), pause.Round(time.Millisecond))
}

// hasLevel checks the level of messages, as the leader has it, and that cluster status says something.
func (c *nodes) hasLevel(level int, want string) {
	c.t.Helper()
	said := mustRun(c.t, "cluster", "status", "--data", c.leader().data)
	if !strings.Contains(said, fmt.Sprintf(" Its messages have level %d.\n", level)) || !strings.Contains(said, want) {
		c.t.Errorf("cluster status does not say level %d, or %q:\n%s", level, want, said)
	}
}

// awaitLevel waits until all nodes have a level of messages.
func (c *nodes) awaitLevel(level int) {
	c.t.Helper()
	have := func(m *member) bool {
		var s struct{ Level int }
		r := run(c.t, "cluster", "status", "--json", "--data", m.data)
		return r.status == 0 && json.Unmarshal([]byte(r.stdout), &s) == nil && s.Level == level
	}
	for began := time.Now(); !have(c.members[0]) || !have(c.members[1]) || !have(c.members[2]); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > startTime {
			c.t.Fatalf("level %d does not come into force", level)
		}
	}
}

// refuses checks that an old program neither starts a node nor joins, and changes nothing in either case.
func (c *nodes) refuses(old []string, m *member) {
	c.t.Helper()
	c.await("it does not lead", func(s clusterStatus) bool {
		return slices.ContainsFunc(s.Nodes, func(n nodeStatus) bool { return n.Leader && n.Address != m.address })
	})
	now := m.under
	m.end(syscall.SIGTERM)
	before := fileSum(c.t, filepath.Join(m.data, "oplog.db"))
	s := begin(c.t, old, "--data", m.data)
	const why = "of the messages between nodes, but this version of oplog understands levels up to "
	const use = "; use version 1.1.0 of oplog, with which the cluster was upgraded, or a newer one"
	if s.answers() {
		c.t.Fatal("an old program serves a log of a higher level")
	}
	<-s.ended
	if said := s.stderr.String(); s.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(said, why) || !strings.Contains(said, use) {
		c.t.Errorf("the old program says: %s", last(said))
	}
	if after := fileSum(c.t, filepath.Join(m.data, "oplog.db")); after != before {
		c.t.Error("the old program has changed the store")
	}
	m.under = now
	m.start()
	token := strings.TrimSpace(mustRun(c.t, "cluster", "token", "--data", m.data))
	out, err := command(c.t, old, "cluster", "join", token, "--address", freeAddress(c.t), "--data", filepath.Join(c.t.TempDir(), "data")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the cluster has level ") || !strings.Contains(string(out), use+"; install that on this machine") {
		c.t.Errorf("an old program joins: %v, %s", err, out)
	}
}

// fileSum returns the SHA-256 of a file.
func fileSum(t testing.TB, path string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
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
	under := build(t, overlay(t, "main.go", clockMain)...)
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
