package crashtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOrder records what the program does to files, and checks that a power cut at no moment leaves a file that is told as finished without its
// content or its name: a file is synced before it is renamed, and its directory after that.
func TestOrder(t *testing.T) {
	cyclesOf(t, "OPLOG_CRASH", "crash")
	dir := t.TempDir()
	data, anchors, backup, rows := filepath.Join(dir, "data"), filepath.Join(dir, "anchors"), filepath.Join(dir, "backup"), filepath.Join(dir, "rows.ndjson")
	if err := os.Mkdir(anchors, 0o700); err != nil {
		t.Fatal(err)
	}
	trace := newTracer(t, filepath.Join(t.TempDir(), "strace"))
	under := func() []string { return trace.under(fast, "-y", "-e", "trace="+orderCalls) }
	traced := func(args ...string) {
		t.Helper()
		c := command(t, under(), args...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v, %s", args, err, out)
		}
		checkOrder(t, trace.read(), strings.Join(args[:1], " "))
	}
	traced("tenant", "add", "other", "--name", "Other", "--data", data)
	l := newLedger(t, data)
	s := begin(t, under(), "--data", data, "--anchor", anchors)
	if !s.answers() {
		<-s.ended
		t.Fatal(s.stderr)
	}
	l.during(s, func() { time.Sleep(2 * time.Second) })
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d, %s", status, s.stderr)
	}
	if renamed := checkOrder(t, trace.read(), "serve"); renamed < 4 {
		t.Errorf("%d files were renamed", renamed)
	}
	traced("backup", backup, "--data", data)
	traced("export", "--tenant", "acme", "--today", "--format", "ndjson", "-o", rows, "--data", data)
	traced("restore", backup, "--data", filepath.Join(dir, "restored"))
	traced("key", "rotate", "--data", data)
	l.check()
}

// orderCalls are the system calls that matter for the order.
const orderCalls = "write,pwrite64,fdatasync,fsync,ftruncate,/^rename,/^unlink,/^mkdir,openat"

// order is the state of files while a trace is read.
type order struct {
	unsynced map[string]bool   // written since their last sync
	names    map[string]string // what changed in a directory since its last sync, by directory
	renamed  int
	wrong    []string
}

var (
	tracedCall = regexp.MustCompile(`^\d+ +([a-z0-9]+)\((.*)\) += (\S+)`)
	unfinished = regexp.MustCompile(`^(\d+) +([a-z0-9]+\(.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. [a-z0-9]+ resumed>(.*)$`)
	quoted     = regexp.MustCompile(`"([^"]*)"`)
	descriptor = regexp.MustCompile(`^\d+<([^>]*)>`)
)

// checkOrder checks the trace of a program that has ended, and returns how many files it renamed.
func checkOrder(t *testing.T, trace, name string) int {
	t.Helper()
	o := order{unsynced: make(map[string]bool), names: make(map[string]string)}
	begun := make(map[string]string) // unfinished calls by thread
	for line := range strings.Lines(trace) {
		line = strings.TrimSuffix(line, "\n")
		if m := unfinished.FindStringSubmatch(line); m != nil {
			begun[m[1]] = m[2]
			continue
		}
		if m := resumed.FindStringSubmatch(line); m != nil {
			line = m[1] + " " + begun[m[1]] + m[2]
		}
		if m := tracedCall.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[3], "-") {
			o.note(m[1], m[2])
		}
	}
	for path := range o.unsynced {
		if isFinal(path) {
			o.wrong = append(o.wrong, path+" was written and never synced")
		}
	}
	for dir, what := range o.names {
		o.wrong = append(o.wrong, fmt.Sprintf("%s, and %s was never synced after that", what, dir))
	}
	for _, wrong := range o.wrong {
		t.Errorf("%s: %s", name, wrong)
	}
	return o.renamed
}

// isFinal reports whether a file has its final name, and content that matters after a power cut. The index is rebuilt if it is not complete.
func isFinal(path string) bool {
	switch name := filepath.Base(path); {
	case strings.HasSuffix(name, ".part"), name == "oplog.lock", strings.HasPrefix(path, "/dev/"), strings.HasPrefix(path, "/proc/"), !strings.HasPrefix(path, "/"):
		return false
	default:
		return !strings.Contains(path, "/index/")
	}
}

// note notes a call that succeeded.
func (o *order) note(call, args string) {
	paths := quoted.FindAllStringSubmatch(args, -1)
	file := ""
	if m := descriptor.FindStringSubmatch(args); m != nil {
		file = m[1]
	}
	switch {
	case call == "write", call == "pwrite64", call == "ftruncate":
		if strings.HasPrefix(file, os.TempDir()) {
			o.unsynced[file] = true
		}
	case call == "fsync", call == "fdatasync":
		delete(o.unsynced, file)
		delete(o.names, file)
	case strings.HasPrefix(call, "rename") && len(paths) == 2:
		from, to := paths[0][1], paths[1][1]
		if o.unsynced[from] && !strings.Contains(to, "/index/") {
			o.wrong = append(o.wrong, fmt.Sprintf("%s was renamed to %s without a sync", from, to))
		}
		delete(o.unsynced, from)
		o.names[filepath.Dir(to)] = fmt.Sprintf("%s was renamed to %s", from, to)
		o.renamed++
	case strings.HasPrefix(call, "unlink") && len(paths) == 1:
		delete(o.unsynced, paths[0][1])
	case strings.HasPrefix(call, "mkdir") && len(paths) == 1:
		o.names[filepath.Dir(paths[0][1])] = paths[0][1] + " was created"
	case call == "openat" && len(paths) == 1 && strings.Contains(args, "O_CREAT") && strings.Contains(args, "O_EXCL") && isFinal(paths[0][1]):
		o.unsynced[paths[0][1]] = true
		o.names[filepath.Dir(paths[0][1])] = paths[0][1] + " was created"
	}
}
