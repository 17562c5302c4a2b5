package crashtest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestPowerCut cuts the power of a volume under a running server, and checks what a mount finds then. OPLOG_POWERCUT is the number of cycles on
// ext4; on XFS it is about half.
func TestPowerCut(t *testing.T) {
	cycles := cyclesOf(t, "OPLOG_POWERCUT", "powercut")
	for _, on := range []struct {
		system string
		cycles int
	}{{"ext4", cycles}, {"xfs", (cycles + 1) / 2}} {
		t.Run(on.system, func(t *testing.T) {
			v := newVolume(t, on.system)
			l := newLedger(t, filepath.Join(v.dir, "data"))
			for i := range on.cycles {
				if i%2 == 0 {
					v.cutUnderLoad(l)
				} else {
					v.cutAtRest(l)
				}
				l.check()
			}
			l.checkBackups()
			t.Logf("%d entries were acknowledged, and all are there after %d power cuts", l.acknowledged(), on.cycles)
		})
		t.Run(on.system+" without syncs", func(t *testing.T) { newVolume(t, on.system).cutWithoutSyncs() })
	}
}

// volume is a file system in a file, mounted by way of a loop device.
type volume struct {
	t           testing.TB
	image, dir  string
	cutRequests int
}

// newVolume makes and mounts a volume, or skips the test where that is not possible.
func newVolume(t testing.TB, system string) *volume {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("power cuts need root: volumes are mounted")
	}
	make, err := exec.LookPath("mkfs." + system)
	if err != nil {
		t.Skipf("mkfs.%s is missing; install it (xfsprogs, e2fsprogs)", system)
	}
	dir := t.TempDir()
	v := &volume{t: t, image: filepath.Join(dir, "image"), dir: filepath.Join(dir, "volume")}
	if err := errors.Join(os.Mkdir(v.dir, 0o700), os.WriteFile(v.image, nil, 0o600), os.Truncate(v.image, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(make, "-q", v.image).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v, %s", make, err, out)
	}
	if out, err := v.mount(); err != nil {
		t.Skipf("a loop device cannot be mounted here: %v, %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(v.dir, syscall.MNT_DETACH) })
	return v
}

func (v *volume) mount() (out []byte, err error) {
	return exec.Command("mount", "-o", "loop", v.image, v.dir).CombinedOutput()
}

// shutDown is FS_IOC_SHUTDOWN, and noFlush its argument: what is not on disk is lost, the journal included.
const (
	shutDown = 0x8004587d
	noFlush  = 2
)

// cut cuts the power: nothing is written to the volume from now on.
func (v *volume) cut() {
	v.t.Helper()
	d, err := os.Open(v.dir)
	if err != nil {
		v.t.Fatal(err)
	}
	defer d.Close()
	flags := uint32(noFlush)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, d.Fd(), shutDown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		v.t.Fatalf("shut the volume down: %v", errno)
	}
	v.cutRequests++
}

// restart mounts the volume again, after every process that used it has ended.
func (v *volume) restart() {
	v.t.Helper()
	var err error
	for range 100 {
		if err = syscall.Unmount(v.dir, 0); !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		v.t.Fatalf("unmount the volume: %v", err)
	}
	if out, err := v.mount(); err != nil {
		v.t.Fatalf("mount the volume after a power cut: %v, %s", err, out)
	}
}

// cutUnderLoad cuts the power while the program serves.
func (v *volume) cutUnderLoad(l *ledger) {
	v.t.Helper()
	s := start(v.t, "--data", l.data)
	l.during(s, func() {
		time.Sleep(rand.N(time.Second))
		v.cut()
		s.end(syscall.SIGKILL)
	})
	v.restart()
}

// cutAtRest cuts the power after the program has ended: its last checkpoints, a backup and an export are told as finished.
func (v *volume) cutAtRest(l *ledger) {
	v.t.Helper()
	anchors, results := filepath.Join(v.dir, "anchors"), filepath.Join(v.dir, fmt.Sprint("results", v.cutRequests))
	if err := errors.Join(os.MkdirAll(anchors, 0o700), os.Mkdir(results, 0o700)); err != nil {
		v.t.Fatal(err)
	}
	syscall.Sync() // of these folders, which the test made
	s := start(v.t, "--data", l.data, "--anchor", anchors)
	l.during(s, func() {
		time.Sleep(rand.N(500 * time.Millisecond))
		if status := s.end(syscall.SIGTERM); status != 0 {
			v.t.Errorf("stopped with status %d: %s", status, s.stderr)
		}
	})
	backup, rows := filepath.Join(results, "backup"), filepath.Join(results, "rows.ndjson")
	mustRun(v.t, "backup", backup, "--data", l.data)
	mustRun(v.t, "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", rows, "--data", l.data)
	before := read(v.t, anchors)
	v.cut()
	v.restart()
	after := read(v.t, anchors)
	for path, text := range before {
		if text == "" || after[path] != text {
			v.t.Errorf("anchor %s had %d bytes before a power cut, and has %d after it", path, len(text), len(after[path]))
		}
	}
	mustRun(v.t, "verify", "--data", l.data, "--anchors", anchors)
	total, err := l.verified(l.data)
	if err == nil {
		err = l.checkExport(rows, total)
	}
	if err != nil {
		v.t.Errorf("an export that was finished before a power cut: %v", err)
	}
	l.backedUp(backup, total)
	l.checkBackups()
}

// read returns the content of all files below a folder.
func read(t testing.TB, dir string) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// cutWithoutSyncs is the control: without its syncs the program must lose what it acknowledged, or else these power cuts show nothing.
func (v *volume) cutWithoutSyncs() {
	v.t.Helper()
	l := newLedger(v.t, filepath.Join(v.dir, "data"))
	syscall.Sync()
	trace := newTracer(v.t, filepath.Join(l.dir, "strace"))
	s := begin(v.t, trace.under(fast, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:retval=0"), "--data", l.data)
	if !s.answers() {
		<-s.ended
		v.t.Fatalf("the program ended: %s", s.stderr)
	}
	l.during(s, func() {
		time.Sleep(500 * time.Millisecond)
		v.cut()
		s.end(syscall.SIGKILL)
	})
	if !strings.Contains(trace.read(), "(INJECTED)") {
		v.t.Fatal("syncs were not left out")
	}
	v.restart()
	stored, err := l.verified(l.data)
	if err == nil && stored >= l.acknowledged() {
		v.t.Errorf("without syncs, %d of %d entries are there: these power cuts take nothing away", stored, l.acknowledged())
	}
	v.t.Logf("without syncs, %d of %d acknowledged entries are there, %v", stored, l.acknowledged(), err)
}
