//go:build unix

// Package crashtest kills the real program, takes the disk away from it and makes its system calls fail, all under load, and then checks that no
// acknowledged entry is lost, doubled or changed, and that everything that was told as finished is complete.
//
// program_test.go starts the program, load_test.go loads it and remembers what it acknowledged, ledger_test.go checks that. The tests differ in
// what they do to the program: kill_test.go and nodes_test.go, of three nodes, run with all tests, the others by make crash, make powercut,
// make soak and make cluster. archive_linux_test.go runs it with servers of an archive, which are killed, too, by make archive. upgrade_test.go opens what
// programs of earlier versions left, closed and killed; windows_linux_test.go runs the program for Windows, by make test-windows.
package crashtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "oplog/cli" // its changes run these tests again
	"oplog/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m) }

// result is the result of a command.
type result struct {
	status         int // -1 if a signal ended it
	stdout, stderr string
}

// command returns the program with arguments, run by another one, such as strace, if that is given.
func command(t testing.TB, under []string, args ...string) *exec.Cmd {
	t.Helper()
	line := append(append([]string{}, under...), clitest.Program(t))
	line = append(line, args...)
	return exec.Command(line[0], line[1:]...)
}

// stack is in the output of a program that has panicked.
var stack = regexp.MustCompile(`(?m)^(panic: |fatal error: |goroutine \d+ \[)`)

// last returns the end of a long output.
func last(output string) string { return output[max(0, len(output)-4000):] }

// run runs a command of the program to its end.
func run(t testing.TB, args ...string) result {
	t.Helper()
	c := command(t, nil, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	r := result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if stack.MatchString(r.stderr) {
		t.Fatalf("oplog %q ended with a stack: %s", args, last(r.stderr))
	}
	return r
}

// mustRun runs a command that must succeed, and returns its output.
func mustRun(t testing.TB, args ...string) string {
	t.Helper()
	r := run(t, args...)
	if r.status != 0 {
		t.Fatalf("oplog %q: status %d, %s", args, r.status, r.stderr)
	}
	return r.stdout
}

// server is the serving program.
type server struct {
	t      testing.TB
	cmd    *exec.Cmd
	url    string
	stderr *clitest.Output
	listen chan string // receives the line of listening, and is closed at the end of the output
	ended  chan struct{}
}

// startTime limits how long the program may take to start, and to stop.
const startTime = 30 * time.Second

// begin starts the serving program, and does not wait until it listens.
func begin(t testing.TB, under []string, args ...string) *server {
	t.Helper()
	s := &server{
		t: t, stderr: new(clitest.Output), listen: make(chan string, 1), ended: make(chan struct{}),
		cmd: command(t, under, append([]string{"serve", "--listen", "127.0.0.1:0", "--no-open"}, args...)...),
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = in, s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	go func() {
		defer out.Close()
		lines := bufio.NewReader(out)
		if line, err := lines.ReadString('\n'); err == nil {
			s.listen <- strings.TrimSpace(line)
		}
		close(s.listen)
		_, _ = io.Copy(io.Discard, lines)
	}()
	go func() {
		_ = s.cmd.Wait() // the status is in ProcessState
		close(s.ended)
	}()
	t.Cleanup(func() { s.end(syscall.SIGKILL) })
	return s
}

// answers waits until the program listens; false if it ended instead.
func (s *server) answers() bool {
	s.t.Helper()
	select {
	case line, ok := <-s.listen:
		url, found := strings.CutPrefix(line, "listening on ")
		if ok && !found {
			s.t.Fatalf("the program printed %q", line)
		}
		s.url = url
		return ok
	case <-time.After(startTime):
		s.t.Fatal("the program does not start")
		return false
	}
}

// at returns the URL of the server.
func (s *server) at() string { return s.url }

// start starts the serving program and waits until it listens.
func start(t testing.TB, args ...string) *server {
	t.Helper()
	s := begin(t, nil, args...)
	if !s.answers() {
		<-s.ended
		t.Fatalf("the program ended: %s", s.stderr)
	}
	return s
}

// end sends a signal and waits for the end. It returns the exit status, -1 if a signal ended the program.
func (s *server) end(signal syscall.Signal) int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(signal) // it may have ended already
	select {
	case <-s.ended:
	case <-time.After(startTime):
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.t.Errorf("the program does not stop: %s", s.stderr)
	}
	if stack.MatchString(s.stderr.String()) {
		s.t.Errorf("the program ended with a stack: %s", last(s.stderr.String()))
	}
	return s.cmd.ProcessState.ExitCode()
}
