package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// container is what the container file makes of an archive: a root with nothing else in it.
type container struct {
	root                    string
	env, command, isHealthy []string
}

// newContainer carries out the container file.
func newContainer(t *testing.T, dir string) container {
	t.Helper()
	c := container{root: t.TempDir()}
	text, err := os.ReadFile(filepath.Join(dir, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`"([^"]+)"`)
	words := func(json string) (all []string) {
		for _, word := range list.FindAllStringSubmatch(json, -1) {
			all = append(all, word[1])
		}
		return all
	}
	for line := range strings.Lines(string(text)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields := strings.Fields(rest)
		switch instruction {
		case "ADD":
			packed, err := os.Open(filepath.Join(dir, fields[0]))
			if err != nil {
				t.Fatal(err)
			}
			unpack(t, packed, filepath.Join(c.root, fields[1]))
			_ = packed.Close()
		case "COPY":
			data, err := os.ReadFile(filepath.Join(dir, fields[0]))
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(c.root, fields[1])
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, data, 0o755); err != nil {
				t.Fatal(err)
			}
		case "ENV":
			c.env = append(c.env, fields...)
		case "HEALTHCHECK":
			c.isHealthy = words(rest)
		case "ENTRYPOINT", "CMD":
			c.command = append(c.command, words(rest)...)
		case "USER":
			if rest != fmt.Sprintf("%[1]d:%[1]d", containerUser) {
				t.Errorf("the container's user is %s", rest)
			}
		}
	}
	return c
}

// start returns a command in the container.
func (c container) start(words []string, env ...string) *exec.Cmd {
	command := exec.Command(words[0], words[1:]...)
	command.Path, command.Err, command.Dir = words[0], nil, "/"
	command.Env = append(slices.Clone(c.env), env...)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root, Credential: &syscall.Credential{Uid: containerUser, Gid: containerUser}}
	return command
}

// TestContainer: with nothing but what the container file says, the program serves, its health check tells so, and it stops on SIGTERM.
func TestContainer(t *testing.T) {
	r := mustBuild(t)
	if os.Geteuid() != 0 {
		t.Skip("a root of its own requires root")
	}
	c := newContainer(t, unpackArchive(t, r))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := "OPLOG_LISTEN=" + free.Addr().String()
	_ = free.Close()
	if out, err := c.start(c.isHealthy, listen).CombinedOutput(); err == nil || !strings.Contains(string(out), "does not respond") {
		t.Errorf("without a server the health check says %q, %v", out, err)
	}
	server := c.start(c.command, listen)
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	server.Stderr = &stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if !strings.HasPrefix(line, "listening on http://127.0.0.1:") {
		t.Errorf("it prints %q", line)
	}
	if out, err := c.start(c.isHealthy, listen).CombinedOutput(); err != nil || string(out) != "ok\n" {
		t.Errorf("the health check says %q, %v", out, err)
	}
	_ = server.Process.Signal(syscall.SIGTERM)
	if err := server.Wait(); err != nil {
		t.Errorf("it ends with %v: %s", err, &stderr)
	}
	// Without --insecure or a certificate it does not listen for other machines.
	out, err := c.start(c.command).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--insecure") {
		t.Errorf("without HTTPS it says %q, %v", out, err)
	}
}

// TestPackage installs, upgrades, removes and purges the .deb in a copy of this machine's disk.
func TestPackage(t *testing.T) {
	r := mustBuild(t)
	if os.Geteuid() != 0 {
		t.Skip("installing a package requires root")
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg is not installed")
	}
	if out, err := exec.Command("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this machine allows no mounts: %s", out)
	}
	c := exec.Command("unshare", "--mount", "sh", "-c", packageScript)
	c.Env = append(os.Environ(), "DIR="+t.TempDir(), "DEB="+filepath.Join(r.out, r.name(here)+".deb"))
	out, err := c.CombinedOutput()
	if err != nil || string(out) != packageOutput {
		t.Errorf("%v:\n%s\nwant\n%s", err, out, packageOutput)
	}
}

// packageScript prints what the scripts of the package say and do, and what is there afterwards.
const packageScript = `set -e
mount -t tmpfs tmpfs "$DIR"
mkdir "$DIR/up" "$DIR/work" "$DIR/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$DIR/up,workdir=$DIR/work" "$DIR/root"
cp "$DEB" "$DIR/root/oplog.deb"
mount --rbind /dev "$DIR/root/dev"
mount -t proc proc "$DIR/root/proc"
mkdir -p "$DIR/root/run/systemd/system"
cat > "$DIR/root/usr/local/bin/systemctl" <<'END'
#!/bin/sh
echo "systemctl $@"
END
chmod 755 "$DIR/root/usr/local/bin/systemctl"
chroot "$DIR/root" sh -e <<'END'
export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/bin:$PATH
said() { grep -E '^(systemctl|oplog is|Until|The data)' "$1" || true; }
echo "== install"; dpkg -i oplog.deb > out; said out
stat -c '%n %U:%G %a' /usr/bin/oplog /etc/oplog /etc/oplog/oplog.toml /var/lib/oplog /usr/lib/systemd/system/oplog.service
getent passwd oplog | cut -d: -f6,7
oplog version | head -1
echo "data = \"/srv\"" > /etc/oplog/oplog.toml
setpriv --reuid oplog --regid oplog --clear-groups oplog tenant add acme --name Acme --data /var/lib/oplog > out 2>&1
echo "== upgrade"; dpkg -i oplog.deb > out; said out; cat /etc/oplog/oplog.toml
echo "== remove"; dpkg -r oplog > out 2>&1; said out; ls /usr/bin/oplog /etc/oplog 2>&1 || true
echo "== purge"; dpkg -P oplog > out 2>&1; said out; ls /etc/oplog 2>&1 || true; ls /var/lib/oplog/oplog.db
END
`

const packageOutput = `== install
systemctl daemon-reload
oplog is installed. Edit /etc/oplog/oplog.toml, then run: systemctl enable --now oplog
Until there is an account, journalctl -u oplog shows the URL that creates the first one.
/usr/bin/oplog root:root 755
/etc/oplog root:oplog 750
/etc/oplog/oplog.toml root:oplog 640
/var/lib/oplog oplog:oplog 700
/usr/lib/systemd/system/oplog.service root:root 644
/var/lib/oplog:/usr/sbin/nologin
oplog 1.2.3
== upgrade
systemctl daemon-reload
systemctl daemon-reload
systemctl try-restart oplog.service
data = "/srv"
== remove
systemctl disable --now oplog.service
systemctl daemon-reload
The data in /var/lib/oplog was kept.
ls: cannot access '/usr/bin/oplog': No such file or directory
/etc/oplog:
oplog.toml
== purge
systemctl daemon-reload
ls: cannot access '/etc/oplog': No such file or directory
/var/lib/oplog/oplog.db
`
