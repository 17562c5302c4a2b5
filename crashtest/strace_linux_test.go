package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// fileCalls are the system calls that change files, as strace names them.
const fileCalls = "pwrite64,fdatasync,fsync,ftruncate,/^rename,openat"

// tracer runs a program under strace, which writes what the program does to a log.
type tracer struct {
	t    testing.TB
	path string // of the log
}

// newTracer returns a tracer, or skips the test where there is no strace.
func newTracer(t testing.TB, path string) tracer {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is missing; install it (apt install strace) to make system calls fail")
	}
	return tracer{t, path}
}

// under returns the command line before that of the program. The program keeps its pid: strace is not its parent.
func (r tracer) under(options ...string) []string {
	_ = os.Remove(r.path)
	line := []string{"strace", "-D", "-f", "--quiet=attach,personality,thread-execve", "-e", "signal=none", "-o", r.path}
	return append(line, options...)
}

// read returns the log. The program must have ended, and strace with it: both have its standard error.
func (r tracer) read() string {
	r.t.Helper()
	text, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// fault is a fault of a system call.
type fault struct {
	call, effect string
	lasts        bool // from then on, every call fails
	lies         bool // the call says that it did what it did not do
}

// faults returns all faults. Those of ftruncate come first: the file of a new log grows soon.
func faults() []fault {
	var all []fault
	for _, call := range []string{"ftruncate", "pwrite64", "fdatasync", "fsync", "/^rename", "openat"} {
		all = append(all, fault{call: call, effect: "signal=KILL"}, fault{call: call, effect: "error=EINTR"})
		for _, number := range []string{"EIO", "ENOSPC", "EDQUOT"} {
			all = append(all, fault{call: call, effect: "error=" + number}, fault{call: call, effect: "error=" + number, lasts: true})
		}
	}
	return append(all,
		fault{call: "pwrite64", effect: "retval=0"},              // nothing is written
		fault{call: "pwrite64", effect: "retval=16", lies: true}, // the head of a page or seal is not written, and the rest is
		fault{call: "pwrite64", effect: "retval=28", lies: true}, // as long as the shortest seal
		fault{call: "fdatasync", effect: "retval=0"},             // a kill loses nothing of what was not synced
		fault{call: "fdatasync", effect: "retval=0", lasts: true},
	)
}

// options returns the options of strace for the nth call of any thread.
func (f fault) options(n int) []string {
	when := strconv.Itoa(n)
	if f.lasts {
		when += "+"
	}
	options := []string{"-e", "trace=" + fileCalls, "-e", fmt.Sprintf("inject=%s:%s:when=%s", f.call, f.effect, when)}
	if f.kills() { // the fast way of strace to stop at calls does not send signals
		return options
	}
	return append(options, fast)
}

// fast is the option of strace to stop at no other calls.
const fast = "--seccomp-bpf"

func (f fault) kills() bool { return f.effect == "signal=KILL" }

func (f fault) String() string {
	lasts := ""
	if f.lasts {
		lasts = ", and ever after"
	}
	return strings.Trim(f.call, "/^") + " " + f.effect + lasts
}
