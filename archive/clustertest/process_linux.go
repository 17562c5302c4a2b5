package clustertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// Process is a server that is started and killed again and again. Its files are in a directory of the test.
type Process struct {
	t       testing.TB
	name    string
	dir     string
	command func() *exec.Cmd

	cmd   *exec.Cmd
	ended chan struct{}
}

// Start starts it, without waiting until it answers.
func (p *Process) Start() {
	p.t.Helper()
	out, err := os.OpenFile(filepath.Join(p.dir, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // the process has its own
	p.cmd, p.ended = p.command(), make(chan struct{})
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // should the test be killed
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func(c *exec.Cmd, ended chan struct{}) {
		_ = c.Wait() // it is killed
		close(ended)
	}(p.cmd, p.ended)
	p.t.Cleanup(p.Kill)
}

// Kill kills it, if it runs, and waits for its end.
func (p *Process) Kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.ended
	}
}

// Running reports whether it runs.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Pause stops it where it is: it holds its connections and answers none. Resume lets it go on.
func (p *Process) Pause() { p.signal(syscall.SIGSTOP) }

// Resume ends a pause.
func (p *Process) Resume() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// log returns the end of what it has written.
func (p *Process) log() string {
	var all string
	for _, name := range []string{"out", "log"} {
		text, _ := os.ReadFile(filepath.Join(p.dir, name))
		all += string(text[max(0, len(text)-3000):])
	}
	return all
}

// rlimitFileSize is RLIMIT_FSIZE.
const rlimitFileSize = 1

// noLimit is RLIM_INFINITY.
const noLimit = ^uint64(0)

// FillDisk lets each write of a running server beyond the first bytes of a file fail, as a full disk does; the error is EFBIG instead of ENOSPC.
func (n *Node) FillDisk(bytes uint64) { n.t.Helper(); LimitFiles(n.t, n.cmd.Process.Pid, bytes) }

// EmptyDisk ends FillDisk.
func (n *Node) EmptyDisk() { n.t.Helper(); LimitFiles(n.t, n.cmd.Process.Pid, noLimit) }

// LimitFiles is FillDisk of any process that ignores SIGXFSZ, as programs in Go do.
func LimitFiles(t testing.TB, pid int, bytes uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: noLimit}
	_, _, failed := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), rlimitFileSize, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if failed != 0 {
		t.Fatal(fmt.Errorf("prlimit: %w", failed))
	}
}
