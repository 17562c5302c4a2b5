package clickhouse

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// startServer starts the program that stands for a server, and returns its URL.
func startServer(t testing.TB, program string) string {
	t.Helper()
	c := exec.Command(program, "-library", os.Getenv("OPLOG_CLICKHOUSE_LIBRARY"), "-data", t.TempDir())
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not say its address: %v", err)
	}
	return strings.TrimSpace(line)
}
