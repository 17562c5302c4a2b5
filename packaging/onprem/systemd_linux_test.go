package onprem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"oplog/cli/clitest"
)

// systemd is the systemd of a machine, which is the first process in namespaces of its own.
type systemd struct {
	cmd    *exec.Cmd
	output *clitest.Output
	group  string // the control group that is its root
	ended  chan struct{}
}

// halt is SIGRTMIN+3, which makes systemd stop everything and end; see systemd(1).
const halt = syscall.Signal(37)

// toBoot makes the machine one that boots with what is in the test alone: without the services and mounts of the machine that it is a copy of, and
// without what would change the kernel.
const toBoot = `
cd "$ROOT"
rm -rf etc/systemd/system/*.wants usr/lib/systemd/system/multi-user.target.wants
for unit in systemd-remount-fs.service systemd-modules-load.service systemd-logind.service dev-hugepages.mount dev-mqueue.mount \
  sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
  $(cd usr/lib/systemd/system; ls *.timer); do ln -sf /dev/null "etc/systemd/system/$unit"; done
: > etc/fstab; : > etc/machine-id; echo "$NAME" > etc/hostname
mknod -m 666 dev/full c 1 7; mknod -m 666 dev/tty c 5 0; mkdir dev/pts dev/shm
for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/${name#*:}" "dev/${name%:*}"; done`

// boot is the first process of a machine, which becomes systemd. What this test mounts later is there, too.
const boot = `
mount --make-rslave /
echo 0 > "$GROUP/cgroup.procs"
exec unshare --cgroup sh -ec '
cd "$ROOT"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts; ln -sf pts/ptmx dev/ptmx; mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t proc proc proc; mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys; mount -t tmpfs tmpfs sys/fs/cgroup; mount -t cgroup2 cgroup2 sys/fs/cgroup
exec env -i container=oplog PATH=/usr/sbin:/usr/bin chroot . /lib/systemd/systemd --unit=multi-user.target'`

// bootUp runs systemd in the machine, and returns once all of its units run.
func (m *machine) bootUp() (err error) {
	m.Helper()
	groups, err := unifiedGroups()
	if err != nil {
		return err
	}
	s := &systemd{output: &clitest.Output{}, group: filepath.Join(groups, fmt.Sprintf("oplog-onprem-%s-%d", m.name, os.Getpid())), ended: make(chan struct{})}
	if err := os.MkdirAll(s.group, 0o755); err != nil {
		return err
	}
	s.cmd = exec.Command("sh", "-ec", boot)
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "ROOT=" + m.root, "GROUP=" + s.group}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	m.systemd = s
	m.Cleanup(func() { s.shutDown() })
	if err := s.awaitRoot(m.root); err != nil {
		m.systemd = nil
		return fmt.Errorf("%w: %s", err, s.output)
	}
	var state string
	for until := time.Now().Add(waitTime); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		out, _ := m.inside("systemctl", "is-system-running").CombinedOutput() // it fails unless it is running
		if state = strings.TrimSpace(string(out)); state == "running" || state == "degraded" {
			return nil
		}
	}
	m.systemd = nil
	return fmt.Errorf("systemd remains %s: %s", state, s.output)
}

// unifiedGroups returns where the control groups of the second version are mounted, which systemd needs.
func unifiedGroups() (string, error) {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(dir, "cgroup.subtree_control")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("there are no control groups of version 2")
}

// awaitRoot waits until the process is systemd in the machine's root: before, what enters it would be on this machine.
func (s *systemd) awaitRoot(root string) error {
	want, err := os.Stat(root)
	if err != nil {
		return err
	}
	proc := "/proc/" + strconv.Itoa(s.cmd.Process.Pid)
	for until := time.Now().Add(waitTime); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			return errors.New("systemd ended")
		default:
		}
		name, _ := os.ReadFile(proc + "/comm") // it may have ended
		if at, err := os.Stat(proc + "/root/."); err == nil && os.SameFile(at, want) && strings.TrimSpace(string(name)) == "systemd" {
			return nil
		}
	}
	return errors.New("systemd does not start")
}

// shutDown stops the machine as its administrator does.
func (s *systemd) shutDown() {
	_ = s.cmd.Process.Signal(halt)
	select {
	case <-s.ended:
	case <-time.After(waitTime):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	var groups []string
	_ = filepath.WalkDir(s.group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			groups = append(groups, path)
		}
		return nil
	})
	for i := len(groups) - 1; i >= 0; i-- { // those in others first
		_ = os.Remove(groups[i])
	}
}

// enter is the beginning of a command in the machine.
func (s *systemd) enter() []string {
	pid := strconv.Itoa(s.cmd.Process.Pid)
	return []string{
		"nsenter", "--target", pid, "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--root=/proc/" + pid + "/root", "--wd=/proc/" + pid + "/root",
	}
}

// property returns a property of the service.
func (m *machine) property(name string) string {
	m.Helper()
	return strings.TrimSpace(m.in("", "systemctl", "show", "oplog.service", "--property", name, "--value"))
}

// journal returns lines of the service's journal.
func (m *machine) journal(words ...string) string {
	m.Helper()
	return m.in("", append([]string{"journalctl", "--unit", "oplog", "--no-pager", "--output", "cat"}, words...)...)
}
