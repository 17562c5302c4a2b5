package onprem

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is a server: a root of its own, in which the package is installed.
type machine struct {
	*testing.T
	name    string
	root    string
	systemd *systemd // nil where that cannot run: then the test does what it would do for the unit
	unit    unit
	runs    *process // the service, without systemd; nil while it does not run
}

// Paths on a machine.
const (
	dataDir   = "/var/lib/oplog"
	backupDir = "/srv/backup"
	config    = "/etc/oplog/oplog.toml"
)

// newMachine makes a clean root in a folder: a copy of the disk of this machine, whose changes are in memory. It boots it with systemd; where that does
// not run, systemctl only notes its calls.
func newMachine(t *testing.T, dir, name string) *machine {
	t.Helper()
	dir = filepath.Join(dir, name)
	c := exec.Command("sh", "-ec", `
mkdir "$DIR"; mount -t tmpfs -o mode=755 tmpfs "$DIR"; mkdir "$DIR/up" "$DIR/work" "$DIR/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$DIR/up,workdir=$DIR/work" "$DIR/root"
cd "$DIR/root"
mount --make-shared .
mount -t tmpfs -o mode=755 tmpfs dev; mount -t proc proc proc; mount -t tmpfs -o mode=1777 tmpfs tmp; mount -t tmpfs -o mode=755 tmpfs run
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9
mkdir -p srv usr/local/bin
rm -f etc/hosts; cp /etc/hosts etc/hosts`)
	c.Env = append(os.Environ(), "DIR="+dir)
	mustRun(t, "", c)
	m := &machine{T: t, name: name, root: filepath.Join(dir, "root")}
	if out, err := m.script(toBoot).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	err := m.bootUp()
	if err == nil {
		return m
	}
	t.Logf("systemd cannot run on the machine %s, so the unit is not tried with it: %v", name, err)
	mustRun(t, "", m.script(`
cd "$ROOT"; mkdir -p run/systemd/system
printf '#!/bin/sh\necho "systemctl $@" >> /run/systemctl\n' > usr/local/bin/systemctl
chmod 755 usr/local/bin/systemctl`))
	return m
}

// script returns a shell script that changes the machine from outside.
func (m *machine) script(text string) *exec.Cmd {
	c := exec.Command("sh", "-ec", text)
	c.Env = append(os.Environ(), "ROOT="+m.root, "NAME="+m.name)
	return c
}

// path returns where a file of the machine is.
func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

// inside returns a command in the machine, as root.
func (m *machine) inside(words ...string) *exec.Cmd {
	enter := []string{"chroot", m.root}
	if m.systemd != nil {
		enter = m.systemd.enter()
	}
	c := exec.Command(enter[0], append(enter[1:], words...)...)
	c.Env = []string{"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "HOME=/root", "LC_ALL=C.UTF-8"}
	return c
}

// in runs a command in the machine, as root.
func (m *machine) in(stdin string, words ...string) string {
	m.Helper()
	return mustRun(m.T, stdin, m.inside(words...))
}

// as is the beginning of a command that runs as the user of the service, as sudo -u oplog does.
var as = []string{"setpriv", "--reuid", "oplog", "--regid", "oplog", "--init-groups", "env", "HOME=" + dataDir}

// oplog runs a command of the program as the user of the service.
func (m *machine) oplog(stdin string, args ...string) string {
	m.Helper()
	return m.in(stdin, append(append(append([]string{}, as...), "oplog"), args...)...)
}

// install installs the package of a release, or upgrades to it. Without systemd, it checks how systemctl is called.
func (m *machine) install(deb, calls string) {
	m.Helper()
	_ = os.Remove(m.path("run/systemctl"))
	mustRun(m.T, "", exec.Command("cp", deb, m.path("oplog.deb")))
	m.in("", "dpkg", "-i", "/oplog.deb")
	if m.systemd != nil {
		return
	}
	if got := read(m.T, m.path("run/systemctl")); got != calls {
		m.Errorf("%s calls %q, want %q", deb, got, calls)
	}
}

// mountDisk mounts a disk of the machine at a path, which belongs to the user of the service. Disks are files, as file systems of their own.
func (m *machine) mountDisk(image, path string) {
	m.Helper()
	c := exec.Command("sh", "-ec", `
truncate -s 4G "$IMAGE"; mkfs.ext4 -q -F "$IMAGE"; mkdir "$IMAGE.dir"; mount -o loop "$IMAGE" "$IMAGE.dir"
mkdir -p "$IMAGE.dir/data" "$ROOT/$AT"; chmod 700 "$IMAGE.dir/data"
chown "$(chroot "$ROOT" id -u oplog):$(chroot "$ROOT" id -g oplog)" "$IMAGE.dir/data"
mount --bind "$IMAGE.dir/data" "$ROOT/$AT"`)
	c.Env = append(os.Environ(), "IMAGE="+image, "ROOT="+m.root, "AT="+path)
	mustRun(m.T, "", c)
}

// unit is a unit of systemd with its drop-ins: the values of its keys.
type unit map[string][]string

func readUnit(t *testing.T, root string) unit {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "etc/systemd/system/oplog.service.d/*.conf"))
	if err != nil {
		t.Fatal(err)
	}
	u := unit{}
	for _, file := range append([]string{filepath.Join(root, "usr/lib/systemd/system/oplog.service")}, files...) {
		for line := range strings.Lines(read(t, file)) {
			key, value, found := strings.Cut(strings.TrimSpace(line), "=")
			if found && !strings.HasPrefix(key, "#") {
				u[key] = append(u[key], value)
			}
		}
	}
	return u
}

// one returns the value of a key that the unit must have.
func (u unit) one(t *testing.T, key string) string {
	t.Helper()
	if len(u[key]) == 0 {
		t.Fatalf("the unit has no %s", key)
	}
	return u[key][len(u[key])-1]
}

// asUnit does what systemd does for the unit, as far as that is possible without it: it does not run here. The command, the user, its rights,
// limits, mask and writable paths are those of the unit; the filters of system calls and the other restrictions of the kernel are not.
const asUnit = `
for path in $WRITABLE; do mount --bind "$ROOT/$path" "$ROOT/$path"; done
mount -o remount,bind,ro "$ROOT"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
umask "$MASK"; ulimit -n "$FILES" 2> /dev/null || echo "this machine allows no $FILES open files" >&2
exec env -i $UNIT_ENV chroot "$ROOT" setpriv --reuid "$USER" --regid "$GROUP" --init-groups --no-new-privs \
  --bounding-set "-all,$CAPS" --inh-caps "-all,$CAPS" --ambient-caps "-all,$CAPS" $EXEC_START`

// service returns the command that runs the service.
func (m *machine) service(socket string) *exec.Cmd {
	m.Helper()
	for key, want := range map[string]string{"Type": "notify", "ProtectSystem": "strict", "PrivateTmp": "true", "NoNewPrivileges": "true"} {
		if got := m.unit.one(m.T, key); got != want {
			m.Errorf("the unit has %s=%s; this test does what %s means", key, got, want)
		}
	}
	state := "/var/lib/" + m.unit.one(m.T, "StateDirectory")
	user := m.unit.one(m.T, "User")
	c := exec.Command("unshare", "--mount", "sh", "-ec", asUnit)
	c.Dir = "/"
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "ROOT=" + m.root, "USER=" + user, "GROUP=" + m.unit.one(m.T, "Group"), "EXEC_START=" + m.unit.one(m.T, "ExecStart"),
		"MASK=" + m.unit.one(m.T, "UMask"), "FILES=" + m.unit.one(m.T, "LimitNOFILE"), "WRITABLE=" + strings.Join(append(m.unit["ReadWritePaths"], state), " "),
		"CAPS=+" + strings.ToLower(strings.TrimPrefix(m.unit.one(m.T, "AmbientCapabilities"), "CAP_")),
		"UNIT_ENV=PATH=/usr/sbin:/usr/bin HOME=" + state + " USER=" + user + " STATE_DIRECTORY=" + state + " NOTIFY_SOCKET=" + socket,
	}
	return c
}

// start starts the service, which tells systemd that it is ready.
func (m *machine) start() {
	m.Helper()
	if m.systemd != nil {
		m.in("", "systemctl", "daemon-reload") // systemctl edit does, too
		m.in("", "systemctl", "start", "oplog")
		return
	}
	m.unit = readUnit(m.T, m.root)
	socket := fmt.Sprintf("@oplog-%s-%d", m.name, time.Now().UnixNano())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		m.Fatal(err)
	}
	defer conn.Close()
	m.runs = launch(m.T, m.service(socket))
	ready := make(chan string, 1)
	go func() {
		message := make([]byte, 100)
		n, _ := conn.Read(message)
		ready <- string(message[:n])
	}()
	m.runs.await("READY=1", func() bool { return len(ready) > 0 })
	if message := <-ready; message != "READY=1" {
		m.Errorf("systemd is told %q", message)
	}
}

// stop stops the service as systemctl stop does.
func (m *machine) stop() {
	m.Helper()
	if m.systemd != nil {
		m.in("", "systemctl", "stop", "oplog")
		if got := m.property("Result") + " " + m.property("ExecMainStatus"); got != "success 0" {
			m.Errorf("the service ends with %s: %s", got, m.journal("-n", "20"))
		}
		return
	}
	if status := m.runs.end(syscall.SIGTERM); status != 0 {
		m.Errorf("the service ends with status %d: %s", status, m.runs.output)
	}
	m.runs = nil
}

// owner returns the user, group and mode of a file as ls shows them.
func (m *machine) owner(name string) string {
	m.Helper()
	return strings.TrimSpace(m.in("", "stat", "-c", "%U:%G %a", name))
}
