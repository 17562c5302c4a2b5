//go:build unix

package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/cluster"
)

const joiningEnv = "OPLOG_TEST_JOINING"

// TestJoining is the command that TestJoinKilledHalfWay kills.
func TestJoining(t *testing.T) {
	args := os.Getenv(joiningEnv)
	if args == "" {
		t.Skip("started by another test")
	}
	m, _, _ := setting{}.main()
	m.Stdout, m.Stderr = os.Stdout, os.Stderr
	os.Exit(m.Run(context.Background(), strings.Split(args, "\n")))
}

// TestJoinKilledHalfWay: a join that is killed at any step is continued with another token, in the same directory and by the same node. Until then
// the directory is not served.
func TestJoinKilledHalfWay(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := filepath.Join(t.TempDir(), "data")
	c := &trio{T: t, dirs: []string{filepath.Join(t.TempDir(), "data")}, addresses: []string{freeAddress(t)}}
	c.mustRun(t, "cluster", "init", "--address", c.addresses[0], "--data", c.dirs[0])
	c.servers = []served{serve(t, "serve", "--data", c.dirs[0])}
	c.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", c.dirs[0])
	address := freeAddress(t)
	killed := 0
	for _, step := range []string{"cluster/joining.json", "cluster/ca.crt", "cluster/received", "install.part", "oplog.db", "cluster/snapshot.json"} {
		if killJoin(t, c, dir, address, filepath.FromSlash(step)) {
			killed++
			c.mustFail(t, "run oplog cluster join again", "serve", "--data", dir, "--listen", "127.0.0.1:0")
		}
	}
	if killed < 3 {
		t.Errorf("only %d joins were killed half-way", killed)
	}
	if isNode, _ := cluster.IsNode(dir); !isNode {
		c.mustRun(t, "cluster", "join", strings.TrimSpace(c.mustRun(t, "cluster", "token", "--data", c.dirs[0])), "--address", address, "--data", dir)
	}
	c.dirs, c.addresses = append(c.dirs, dir), append(c.addresses, address)
	c.servers = append(c.servers, c.serve(1))
	c.awaitVoters(2)
	c.mustPrint(t, `acme +Acme`, "tenant", "list", "--data", dir)
}

// killJoin starts a join and kills it once it has made a file. It reports whether the join was killed before its end.
func killJoin(t *testing.T, c *trio, dir, address, made string) bool {
	t.Helper()
	if isNode, _ := cluster.IsNode(dir); isNode {
		return false
	}
	token := strings.TrimSpace(c.mustRun(t, "cluster", "token", "--data", c.dirs[0]))
	if made != filepath.Join("cluster", "joining.json") {
		_ = os.RemoveAll(filepath.Join(dir, made)) // of an earlier one
	}
	join := exec.Command(os.Args[0], "-test.run=^TestJoining$")
	join.Env = append(os.Environ(), joiningEnv+"="+strings.Join([]string{"cluster", "join", token, "--address", address, "--data", dir}, "\n"))
	join.Stderr = os.Stderr
	if err := join.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = join.Wait(); close(ended) }()
	for {
		if _, err := os.Stat(filepath.Join(dir, made)); err == nil {
			_ = join.Process.Kill()
			<-ended
			isNode, err := cluster.IsNode(dir)
			return err == nil && !isNode
		}
		select {
		case <-ended:
			return false
		case <-time.After(100 * time.Microsecond):
		}
	}
}
