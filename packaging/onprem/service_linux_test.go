package onprem

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mostExposed limits what systemd-analyze security says of the service, in tenths. A service without hardening has 96.
const mostExposed = 15

// TestSystemd runs the service under systemd: the package's, which is restarted by an upgrade, by systemd when it is killed, and by the start of the
// machine, and loses nothing acknowledged; and that of oplog service.
func TestSystemd(t *testing.T) {
	if os.Getenv(releasesEnv) == "" && os.Geteuid() == 0 {
		t.Setenv(releasesEnv, buildReleases(t))
	}
	dir, releases := inside(t)
	if dir == "" {
		return
	}
	m := newMachine(t, dir, "systemd")
	if m.systemd == nil {
		t.Skip("systemd does not run here")
	}
	s := &serviceTest{machine: m}
	s.install(deb(t, releases, "old"), "")
	s.checkState("disabled", "inactive")
	s.in("", "systemctl", "enable", "--now", "oplog")
	s.checkState("enabled", "active")
	s.oplog("", "ping") // Type=notify: it serves now
	s.checkProcess()
	s.checkSandbox()
	s.checkExposure()
	s.prepareLoad()
	s.stopUnderLoad("stopped", m.stop, m.start)
	s.stopUnderLoad("killed", func() { s.in("", "systemctl", "kill", "--signal", "KILL", "oplog") }, func() {})
	if n := m.property("NRestarts"); n != "1" {
		t.Errorf("systemd restarted it %s times", n)
	}
	s.stopUnderLoad("upgraded", func() { s.install(deb(t, releases, "new"), "") }, func() {})
	if log := m.journal(); !strings.Contains(log, "version=1.1.0") || strings.Count(log, "version=1.0.0") != 3 {
		t.Errorf("these versions started: %q", regexp.MustCompile(`version=\S+`).FindAllString(log, -1))
	}
	s.checkPriorities()
	s.stopUnderLoad("the machine was started again", func() { m.systemd.shutDown() }, func() {
		if err := m.bootUp(); err != nil {
			t.Fatal(err)
		}
	})
	s.checkRemoval()
	s.checkOwnService()
}

// buildReleases builds two releases as make onprem does, and returns their folder.
func buildReleases(t *testing.T) string {
	t.Helper()
	out := publicDir(t)
	for folder, version := range map[string]string{"old": "1.0.0", "new": "1.1.0"} {
		mustRun(t, "", exec.Command("go", "run", "../release", "-target", "linux/"+runtime.GOARCH, "-version", version, "-out", filepath.Join(out, folder)))
	}
	return out
}

// serviceTest is a machine on which the service is tried.
type serviceTest struct {
	*machine
	load *load
}

// checkState checks whether the service starts with the machine, and whether it runs.
func (s *serviceTest) checkState(enabled, active string) {
	s.Helper()
	out, _ := s.inside("systemctl", "is-enabled", "oplog").CombinedOutput() // both fail if it is not
	state, _ := s.inside("systemctl", "is-active", "oplog").CombinedOutput()
	if got := strings.TrimSpace(string(out)) + " " + strings.TrimSpace(string(state)); got != enabled+" "+active {
		s.Errorf("the service is %s, want %s %s", got, enabled, active)
	}
}

// checkProcess checks what the kernel says that the server may do.
func (s *serviceTest) checkProcess() {
	s.Helper()
	status := s.in("", "cat", "/proc/"+s.property("MainPID")+"/status")
	uid := strings.TrimSpace(s.in("", "id", "-u", "oplog"))
	const bindService = "0000000000000400" // CAP_NET_BIND_SERVICE alone
	for name, want := range map[string]string{
		"Uid": strings.Join([]string{uid, uid, uid, uid}, "\t"), "Umask": "0077", "NoNewPrivs": "1", "Seccomp": "2",
		"CapEff": bindService, "CapBnd": bindService, "CapAmb": bindService,
	} {
		if !strings.Contains(status, "\n"+name+":\t"+want+"\n") {
			s.Errorf("%s is not %s:\n%s", name, want, status)
		}
	}
}

// sandbox tries what the service must not do, and what it must; it prints what is not so. It needs nothing but Debian's essential packages.
const sandbox = `
no() { if "$@" > /tmp/said 2>&1; then echo "it can: $*"; fi; }
yes() { "$@" > /tmp/said 2>&1 || echo "it cannot: $*: $(cat /tmp/said)"; }
for dir in / /usr /etc /etc/oplog /var /var/lib /srv /root /home; do no touch "$dir/probe"; done
for dir in / /usr /etc /boot /var /srv; do yes sh -c "findmnt --noheadings --output OPTIONS --target $dir | grep -qw ro"; done
no ls /tmp/outside
for dir in /var/lib/oplog /var/log/oplog /tmp /var/tmp; do yes touch "$dir/probe"; done
no ls /root; no ls /home; no cat /etc/shadow; no ls /proc/1/fd; no cat /proc/1/status
no cat /proc/kmsg; no cat /dev/kmsg; no cat /proc/kcore
no sh -c 'echo 1 > /proc/sys/vm/overcommit_memory'; no sh -c 'mkdir /sys/fs/cgroup/probe'
no mount -t tmpfs tmpfs /tmp; no unshare --user true; no unshare --mount true; no chroot / true
no mknod /tmp/null c 1 3; no chmod 4755 /tmp/probe; no hostname other; no date --set 2001-01-01
no chrt --fifo 1 true; no sh -c '[ "$(nice -n -5 nice)" = -5 ]'; no setarch --addr-no-randomize true; no setpriv --reuid 0 true
no perl -e 'socket(S, 17, 3, 0) or exit 1'          # AF_PACKET
no perl -e 'exit(syscall(9, 0, 4096, 7, 34, -1, 0) == -1)' # mmap of memory that is written and executed
no perl -e 'exit(syscall(250, 0, 0) == -1)'         # keyctl
yes perl -e 'exit(syscall(9, 0, 4096, 3, 34, -1, 0) == -1)'
yes perl -e 'use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or exit 1; bind(S, sockaddr_in(443, INADDR_LOOPBACK)) or exit 1'
ls /dev | grep -vxE 'null|zero|full|random|urandom|tty|pts|ptmx|shm|fd|stdin|stdout|stderr|core|log|mqueue|hugepages|char|console' | sed 's/^/it has the device /'
true
`

// checkSandbox runs a script as the service would run the program.
func (s *serviceTest) checkSandbox() {
	s.Helper()
	unit := read(s.T, s.path("usr/lib/systemd/system/oplog.service"))
	for was, is := range map[string]string{`(?m)^Type=.*`: "Type=oneshot", `(?m)^ExecStart=.*`: "ExecStart=/bin/sh /usr/local/lib/sandbox", `(?m)^Restart=.*`: ""} {
		unit = regexp.MustCompile(was).ReplaceAllLiteralString(unit, is)
	}
	write(s.T, s.path("etc/systemd/system/sandbox.service"), unit)
	write(s.T, s.path("usr/local/lib/sandbox"), sandbox)
	s.in("", "systemctl", "daemon-reload")
	s.in("", "touch", "/tmp/outside")
	s.in("", "systemctl", "start", "sandbox")
	if said := s.in("", "journalctl", "-u", "sandbox", "--output", "cat", "--no-pager", "_COMM=sh", "+", "_COMM=sed"); said != "" {
		s.Errorf("in the sandbox of the service\n%s", said)
	}
	for _, path := range []string{"etc/systemd/system/sandbox.service", "var/lib/oplog/probe"} {
		if err := os.Remove(s.path(path)); err != nil {
			s.Error(err)
		}
	}
}

func (s *serviceTest) checkExposure() {
	s.Helper()
	said := s.in("", "systemd-analyze", "security", "--no-pager", "oplog")
	found := regexp.MustCompile(`Overall exposure level for oplog.service: (\d+)\.(\d) `).FindStringSubmatch(said)
	if found == nil {
		s.Fatalf("systemd-analyze says %s", said)
	}
	if tenths, err := strconv.Atoi(found[1] + found[2]); err != nil || tenths > mostExposed {
		s.Errorf("the exposure is %s.%s:\n%s", found[1], found[2], said)
	}
	s.Logf("systemd-analyze security: %s.%s", found[1], found[2])
}

// prepareLoad makes a tenant and its keys beside the server.
func (s *serviceTest) prepareLoad() {
	s.Helper()
	run := func(stdin string, args ...string) string { return s.oplog(stdin, append(args, "--data", dataDir)...) }
	run("", "tenant", "add", "acme", "--name", "Acme")
	const address = "127.0.0.1:8484"
	at := site{T: s.T, url: "http://" + address, address: address, network: "127.0.2.", keys: addPeople(run)}
	s.load = &load{site: at, db: s.path(dataDir + "/oplog.db"), seqs: map[string]uint64{}, ends: true}
}

// stopUnderLoad ends the service while entries come in, has it start again, and checks that it has what was acknowledged.
func (s *serviceTest) stopUnderLoad(what string, stop, start func()) {
	s.Helper()
	s.load.during(time.Second, func() {
		time.Sleep(time.Second)
		stop()
	})
	start()
	s.awaitPing(what)
	acknowledged := s.load.acknowledged()
	s.checkStored(dataDir, acknowledged)
	s.Logf("%s: all %d acknowledged entries are there", what, len(acknowledged))
}

// awaitPing waits until the server answers.
func (s *serviceTest) awaitPing(what string) {
	s.Helper()
	for until := time.Now().Add(waitTime); ; time.Sleep(100 * time.Millisecond) {
		out, err := s.inside("oplog", "ping").CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(until) {
			s.Fatalf("%s, it does not serve again: %s; %s", what, out, s.journal("-n", "20"))
		}
	}
}

// checkPriorities starts the service with a mistake in its configuration, and finds that among the errors of the journal.
func (s *serviceTest) checkPriorities() {
	s.Helper()
	if errors := s.journal("--priority", "err"); errors != "" {
		s.Errorf("the journal has these errors: %s", errors)
	}
	if infos := s.journal("--priority", "info..info"); !strings.Contains(infos, `msg="the server has started"`) {
		s.Errorf("the start is not among the infos: %s", infos)
	}
	right := read(s.T, s.path(config))
	write(s.T, s.path(config), "lisen = \"127.0.0.1:8484\"\n")
	if out, err := s.inside("systemctl", "restart", "oplog").CombinedOutput(); err == nil {
		s.Errorf("it starts with a mistake in its configuration: %s", out)
	}
	if errors := s.journal("_COMM=oplog", "--priority", "err"); !regexp.MustCompile(`(?m)^oplog: .*lisen.*listen`).MatchString(errors) {
		s.Errorf("the journal has these errors: %s", errors)
	}
	if out, err := s.inside("oplog", "service", "status").CombinedOutput(); err == nil || !strings.Contains(string(out), "the service has failed; journalctl -u oplog -n 20 shows why") {
		s.Errorf("oplog service status says %v, %s", err, out)
	}
	write(s.T, s.path(config), right)
	s.in("", "systemctl", "restart", "oplog")
}

// checkRemoval removes the package, whose service ends with it.
func (s *serviceTest) checkRemoval() {
	s.Helper()
	mustRun(s.T, "", exec.Command("cp", s.path("usr/bin/oplog"), s.path("usr/local/bin/oplog")))
	if out, err := s.inside("oplog", "service", "uninstall").CombinedOutput(); err == nil || !strings.Contains(string(out), "belongs to the package") {
		s.Errorf("the service of the package can be uninstalled: %v, %s", err, out)
	}
	s.in("", "dpkg", "-r", "oplog")
	if out, err := s.inside("systemctl", "is-active", "oplog").CombinedOutput(); err == nil {
		s.Errorf("after the removal of the package the service is %s", out)
	}
	if got := s.owner(dataDir + "/oplog.db"); got != "oplog:oplog 600" {
		s.Errorf("after the removal of the package, the data is %s", got)
	}
}

// checkOwnService does with oplog service what the manual says.
func (s *serviceTest) checkOwnService() {
	s.Helper()
	run := func(want string, words ...string) {
		s.Helper()
		out, err := s.inside(append([]string{"oplog", "service"}, words...)...).CombinedOutput()
		if failed := strings.HasPrefix(want, "oplog: "); failed != (err != nil) || !strings.Contains(string(out), want) {
			s.Errorf("oplog service %q says %v, %s, want %s", words, err, out, want)
		}
	}
	run("oplog: the service is not installed", "status")
	run("It runs as oplog; its data is in /srv/oplog", "install", "--data", "/srv/oplog")
	s.checkState("enabled", "inactive")
	run("oplog: the service is stopped", "status")
	run("The service is started", "start")
	run("running", "status")
	s.oplog("", "tenant", "add", "acme", "--name", "Acme", "--data", "/srv/oplog")
	s.checkProcess()
	run("The service is stopped", "stop")
	if got := s.property("Result") + " " + s.property("ExecMainStatus"); got != "success 0" {
		s.Errorf("it ends with %s", got)
	}
	run("oplog: the service is stopped", "status")
	run("The service is started", "start")
	run("The service is removed", "uninstall")
	run("oplog: the service is not installed", "status")
	if got, out := s.owner("/srv/oplog"), s.oplog("", "tenant", "list", "--data", "/srv/oplog"); got != "oplog:oplog 700" || !strings.Contains(out, "Acme") {
		s.Errorf("the data is %s, with the tenants %s", got, out)
	}
}
