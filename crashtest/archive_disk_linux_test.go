package crashtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// inOwnMounts runs the test again in a process whose mounts nobody else sees, and reports whether this is it.
func inOwnMounts(t *testing.T) bool {
	t.Helper()
	const mark = "OPLOG_OWN_MOUNTS"
	switch {
	case os.Getenv(mark) != "":
		return true
	case os.Getenv("OPLOG_CLICKHOUSE_CLUSTER") == "":
		t.Skip("OPLOG_CLICKHOUSE_CLUSTER is not set: run make archive")
	case os.Geteuid() != 0:
		t.Skip("needs root: volumes are mounted")
	}
	if out, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("a process cannot have mounts of its own here: %v, %s", err, out)
	}
	c := exec.Command("unshare", "--mount", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.count", "1", "-test.timeout", "20m", "-test.v")
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), mark+"=1"), os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Run(); err != nil {
		t.Errorf("in its own mounts: %v", err)
	}
	return false
}

// smallVolume is a volume of its own for a directory, which can be full.
type smallVolume struct {
	t   *testing.T
	dir string
}

// volumeOver puts a volume in the place of a directory that nobody uses, with its content.
func volumeOver(t *testing.T, dir, size string) *smallVolume {
	t.Helper()
	kept := filepath.Join(t.TempDir(), "kept")
	for _, command := range [][]string{
		{"cp", "-a", dir, kept}, {"mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", dir}, {"cp", "-a", kept + "/.", dir}, {"rm", "-r", kept},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v, %s", command, err, out)
		}
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return &smallVolume{t, dir}
}

// fill writes until nothing more fits.
func (v *smallVolume) fill() {
	v.t.Helper()
	f, err := os.OpenFile(filepath.Join(v.dir, "fill"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	for size := 1 << 20; size > 0 && (err == nil || errors.Is(err, syscall.ENOSPC)); {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		v.t.Fatal(err)
	}
	_ = f.Close()
}

// empty gives the space back.
func (v *smallVolume) empty() {
	v.t.Helper()
	if err := os.Remove(filepath.Join(v.dir, "fill")); err != nil {
		v.t.Fatal(err)
	}
}

// noSpace is how a server of ClickHouse tells that its volume is full.
var noSpace = regexp.MustCompile(`No space left on device|ot enough space|errno: 28`)

// TestArchiveFullVolumes lets the volume of a server, and that of the log, be full while days are shipped and removed: it is told, whatever was acknowledged stays, and
// with space all goes on by itself.
func TestArchiveFullVolumes(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	a := newArchived(t, 3000)
	n := a.cluster.Nodes[0]
	n.Kill()
	server := volumeOver(t, n.Data, "64m")
	n.Start()
	n.Await()
	own := volumeOver(t, filepath.Dir(a.data), "120m")
	server.fill()
	a.start()
	a.during(t, func() {
		var told string
		a.await("a day cannot be shipped", time.Minute, func() bool {
			s, ok := a.status()
			if ok {
				told = s.Tenants[0].Error
			}
			return told != ""
		})
		if t.Logf("the server's volume is full: %s", told); !noSpace.MatchString(told) {
			t.Errorf("it is not told that the volume is full: %s", told)
		}
		server.empty()
		a.start() // which ends the pause after a failure
		for range 3 {
			before, _ := a.status()
			a.await("a day is removed", 2*time.Minute, func() bool {
				s, ok := a.status()
				return ok && (s.Tenants[0].RemovedDays > before.Tenants[0].RemovedDays || s.Tenants[0].RemovedEntries == a.count)
			})
			own.fill()
			time.Sleep(2 * time.Second)
			own.empty()
			server.fill()
			time.Sleep(2 * time.Second)
			server.empty()
		}
		a.settle(5 * time.Minute)
	})
	a.checkArchived(t)
}
