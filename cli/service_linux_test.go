package cli

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/packaging"
)

const serviceEnv = "OPLOG_TEST_SERVICE"

// TestServiceProcess is the command that TestService runs.
func TestServiceProcess(t *testing.T) {
	args := os.Getenv(serviceEnv)
	if args == "" {
		t.Skip("started by another test")
	}
	m := &Program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now, Console: testConsole}
	os.Exit(m.Run(context.Background(), strings.Fields(args)))
}

// fakeSystemctl stands in for a running systemd: it notes its calls, and knows whether the service runs.
const fakeSystemctl = `#!/bin/sh
echo "$@" >> $DIR/calls
case "$1" in
start) [ -e $DIR/broken ] && exit 1; echo active > $DIR/state ;;
stop) echo inactive > $DIR/state ;;
show) if [ -e /etc/systemd/system/oplog.service -o -e $DIR/packaged ]; then echo LoadState=loaded; else echo LoadState=not-found; fi
  state=$(cat $DIR/state 2>/dev/null || echo inactive); echo ActiveState=${state%/*}; echo SubState=${state#*/} ;;
--version) echo 'systemd 252 (252)' ;;
esac
exit 0
`

// machine is a Linux machine with systemd, but the disk of this one.
type machine struct {
	t   *testing.T
	dir string // with the changes to /etc, and systemctl
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("installing a service requires root")
	}
	if out, err := exec.Command("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this machine allows no mounts: %s", out)
	}
	m := &machine{t, t.TempDir()}
	write(t, filepath.Join(m.dir, "systemctl"), fakeSystemctl)
	if err := os.Chmod(filepath.Join(m.dir, "systemctl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etc", "work"} {
		if err := os.Mkdir(filepath.Join(m.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// run runs a command of oplog in a mount namespace, in which /etc can be changed.
func (m *machine) run(want int, output string, args ...string) {
	m.t.Helper()
	script := `set -e
mount -t overlay overlay -o lowerdir=/etc,upperdir=$DIR/etc,workdir=$DIR/work /etc
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /etc/systemd/system
getent passwd oplog >/dev/null || useradd --system oplog
exec "$0" "$@"`
	c := exec.Command("unshare", "--mount", "sh", "-c", script, os.Args[0], "-test.run=^TestServiceProcess$")
	c.Env = append(os.Environ(), serviceEnv+"="+strings.Join(args, " "), "DIR="+m.dir, "PATH="+m.dir+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != want || !strings.Contains(string(out), output) || strings.Count(string(out), "\n") != 1 {
		m.t.Errorf("oplog %q: %v, %q; want status %d and %q", args, err, out, want, output)
	}
}

// calls returns the calls that change something since the last time.
func (m *machine) calls() string {
	path := filepath.Join(m.dir, "calls")
	text, _ := os.ReadFile(path)
	_ = os.Remove(path)
	var changing []string
	for line := range strings.Lines(string(text)) {
		if first := strings.Fields(line)[0]; first != "show" && first != "--version" {
			changing = append(changing, strings.TrimSpace(line))
		}
	}
	return strings.Join(changing, ", ")
}

func (m *machine) called(want string) {
	m.t.Helper()
	if got := m.calls(); got != want {
		m.t.Errorf("systemctl was called with %q, want %q", got, want)
	}
}

// TestService installs, starts, stops and removes the service.
func TestService(t *testing.T) {
	m := newMachine(t)
	for _, command := range []string{"uninstall", "start", "stop", "status"} {
		m.run(exitFailed, "not installed; install it with oplog service install", "service", command)
	}
	m.run(exitFailed, "there is no user nobody-here; create it with useradd", "service", "install", "--user", "nobody-here")
	m.run(exitFailed, "cannot use the configuration file", "service", "install", "--config", "/nowhere.toml")
	m.called("")
	config := filepath.Join(m.dir, "oplog.toml")
	write(t, config, "")
	m.run(exitDone, "It runs as oplog; its data is in /var/lib/oplog", "service", "install", "--config", config)
	m.called("enable oplog.service, daemon-reload")
	unit, err := os.ReadFile(filepath.Join(m.dir, "etc", "systemd", "system", "oplog.service"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.EvalSymlinks(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	want := packaging.Unit{Program: program, Arguments: []string{"serve", "--config", config, "--no-open"}, User: "oplog", DataDir: "/var/lib/oplog"}
	if string(unit) != want.Text() {
		t.Errorf("the unit is\n%s", unit)
	}
	m.run(exitFailed, "already installed", "service", "install")
	m.run(exitFailed, "stopped; start it with oplog service start", "service", "status")
	m.run(exitDone, "not running", "service", "stop")
	m.called("")
	m.run(exitDone, "started", "service", "start")
	m.run(exitDone, "running", "service", "status")
	m.run(exitDone, "already running", "service", "start")
	m.called("start oplog.service")
	m.run(exitDone, "stopped", "service", "stop")
	m.run(exitDone, "started", "service", "start")
	m.run(exitDone, "Its data was kept", "service", "uninstall")
	m.called("stop oplog.service, start oplog.service, stop oplog.service, disable oplog.service, daemon-reload")
	m.run(exitFailed, "not installed", "service", "status")
}

// TestServiceStates: a service that fails at each start has failed, also while systemd waits before the next one, and can be stopped and removed.
func TestServiceStates(t *testing.T) {
	m := newMachine(t)
	m.run(exitDone, "installed", "service", "install")
	m.called("enable oplog.service, daemon-reload")
	for state, want := range map[string]string{
		"active/running": "running", "activating/start": "running", "deactivating/stop-sigterm": "running", "reloading/reload": "running",
	} {
		write(t, filepath.Join(m.dir, "state"), state)
		m.run(exitDone, want, "service", "status")
	}
	for _, state := range []string{"failed/failed", "activating/auto-restart"} {
		write(t, filepath.Join(m.dir, "state"), state)
		m.run(exitFailed, "has failed; journalctl -u oplog -n 20 shows why", "service", "status")
	}
	m.run(exitDone, "stopped", "service", "stop")
	m.called("stop oplog.service")
	write(t, filepath.Join(m.dir, "state"), "activating/auto-restart")
	m.run(exitDone, "Its data was kept", "service", "uninstall")
	m.called("stop oplog.service, disable oplog.service, daemon-reload")
}

// TestServiceOfThePackage: the service that a package installed is not removed apart from it.
func TestServiceOfThePackage(t *testing.T) {
	m := newMachine(t)
	write(t, filepath.Join(m.dir, "packaged"), "")
	m.run(exitFailed, "belongs to the package", "service", "uninstall")
	m.run(exitFailed, "already installed", "service", "install")
	m.called("")
	write(t, filepath.Join(m.dir, "broken"), "")
	m.run(exitFailed, "does not start: exit status 1; journalctl -u oplog -n 20 shows why", "service", "start")
}

// TestServiceWithoutRights: other users are told to use sudo.
func TestServiceWithoutRights(t *testing.T) {
	if os.Geteuid() != 0 {
		r := setting{}.run(t, "service", "install")
		if r.status != exitFailed || !strings.Contains(r.stderr, "run sudo oplog service install") {
			t.Errorf("%+v", r)
		}
		return
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "test")
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	for ; len(dir) > 1; dir = filepath.Dir(dir) {
		if dir == os.TempDir() {
			break
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"install", "uninstall", "start", "stop"} {
		c := exec.Command(program, "-test.run=^TestServiceProcess$")
		c.Env = append(os.Environ(), serviceEnv+"=service "+command)
		c.Dir, c.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "run sudo oplog service "+command) {
			t.Errorf("%s: %v, %q", command, err, out)
		}
	}
}

// TestReady: systemd is told once the server serves.
func TestReady(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m, stdout, stderr := setting{env: map[string]string{"NOTIFY_SOCKET": socket}}.main()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- m.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}) }()
	message := make([]byte, 100)
	n, err := conn.Read(message)
	if string(message[:n]) != "READY=1" || err != nil || !strings.HasPrefix(stdout.String(), "listening on ") {
		t.Errorf("%q, %v, after %q", message[:n], err, stdout)
	}
	stop()
	if status := <-ended; status != exitDone {
		t.Errorf("status %d: %s", status, stderr)
	}
}
