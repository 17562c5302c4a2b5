// Package onprem runs the program as it runs on a server: installed from its package, behind the web servers of Debian with the configurations
// that the manual shows, backed up under load, upgraded, restored and watched by Prometheus.
//
// proxies_linux_test.go and service_linux_test.go run with all tests, onprem_linux_test.go by make onprem. Debian's programs are unpacked from its packages, not
// installed, and run on the loopback network.
package onprem

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "oplog/cli" // its changes run these tests again
	"oplog/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m) }

// process is a program that runs until it is told to end.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *clitest.Output
	ended  chan struct{} // closed at its end
}

// launch starts a program. It is ended with the test.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, output: &clitest.Output{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.output, p.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the status is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() { p.end(syscall.SIGTERM) })
	return p
}

// waitTime limits how long a program may take to start, to stop, or to do what it is waited for.
const waitTime = time.Minute

// end sends a signal, waits for the end, and returns the exit status; -1 if a signal ended the program.
func (p *process) end(signal syscall.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(signal) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(waitTime):
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.t.Errorf("%s does not stop: %s", p.cmd.Path, p.output)
	}
	return p.cmd.ProcessState.ExitCode()
}

// await waits until something is the case while the program runs.
func (p *process) await(what string, is func() bool) {
	p.t.Helper()
	for until := time.Now().Add(waitTime); !is(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended before %s: %s", p.cmd.Path, what, p.output)
		default:
		}
		if time.Now().After(until) {
			p.t.Fatalf("%s is too late: %s", what, p.output)
		}
	}
}

// listens waits until the program listens on an address.
func (p *process) listens(address string) {
	p.t.Helper()
	p.await("listening on "+address, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// freeAddress returns an address on the loopback network with a free port.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// oplog runs a command of the program, which must succeed, and returns its output.
func oplog(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return mustRun(t, stdin, exec.Command(clitest.Program(t), args...))
}

// mustRun runs a command that must succeed, and returns its output.
func mustRun(t *testing.T, stdin string, c *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%q: %v: %s%s", c.Args, err, &stdout, &stderr)
	}
	return stdout.String()
}

// publicDir returns a temporary directory that everybody can read.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write writes a file that everybody can read.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lastLine returns the last line of a text.
func lastLine(text string) (last string) {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		last = lines.Text()
	}
	return last
}
