package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPackage installs, upgrades, removes and purges the .deb in a copy of this machine's disk.
func TestPackage(t *testing.T) {
	r := mustBuild(t)
	needsMounts(t)
	newer := nextRelease(t, r)
	got := inCopy(t, debScript, "", filepath.Join(r.out, r.name(here)+".deb"), filepath.Join(newer.out, newer.name(here)+".deb"))
	if got != debOutput {
		t.Errorf("it prints\n%s\nwant\n%s", got, debOutput)
	}
}

// TestRPM does the same with the .rpm, by Debian's rpm, after what rpm says about the file.
func TestRPM(t *testing.T) {
	r := mustBuild(t)
	needsMounts(t)
	tool, newer := debs(t, "rpm"), nextRelease(t, r)
	got := inCopy(t, rpmScript, tool, filepath.Join(r.out, r.name(here)+".rpm"), filepath.Join(newer.out, newer.name(here)+".rpm"))
	if got != rpmOutput {
		t.Errorf("it prints\n%s\nwant\n%s", got, rpmOutput)
	}
}

// nextRelease returns packages of the next version, with the same program.
func nextRelease(t *testing.T, r *release) *release {
	t.Helper()
	next := *r
	next.version, next.out = "1.2.4", t.TempDir()
	program := filepath.Join(unpackArchive(t, r), "oplog")
	if err := next.pack(t.Context(), here, program, filepath.Join(r.out, r.name(here)+".cdx.json")); err != nil {
		t.Fatal(err)
	}
	return &next
}

// inCopy runs a script in a copy of this machine's disk, where packages of Debian are installed, if any. It has two packages as /old and /new, and a
// systemctl that prints how it is called. inCopy returns what it prints.
func inCopy(t *testing.T, script, installed, old, newer string) string {
	t.Helper()
	c := exec.Command("unshare", "--mount", "sh", "-c", copyScript)
	c.Env = append(os.Environ(), "DIR="+t.TempDir(), "INSTALLED="+installed, "OLD="+old, "NEW="+newer, "SCRIPT="+script)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, &stderr)
	}
	return rpmTimes.ReplaceAllString(string(out), "")
}

// rpmTimes matches what rpm says that differs between builds.
var rpmTimes = regexp.MustCompile(`(?m)^(Build Date|Size) .*\n`)

const copyScript = `set -e
mount -t tmpfs tmpfs "$DIR"
mkdir "$DIR/up" "$DIR/work" "$DIR/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$DIR/up,workdir=$DIR/work" "$DIR/root"
cp "$OLD" "$DIR/root/old"; cp "$NEW" "$DIR/root/new"
mount --rbind /dev "$DIR/root/dev"
mount -t proc proc "$DIR/root/proc"
mount -t tmpfs tmpfs "$DIR/root/run"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
if [ -n "$INSTALLED" ]; then
  mkdir "$DIR/root/debs"; cp "$INSTALLED"/*.deb "$DIR/root/debs"
  chroot "$DIR/root" sh -c 'dpkg -i --force-confold /debs/*.deb' > "$DIR/out" 2>&1 || { cat "$DIR/out" >&2; exit 1; }
fi
mkdir -p "$DIR/root/run/systemd/system"
rm -f "$DIR/root/usr/bin/systemctl"
printf '#!/bin/sh\necho "systemctl $@"\n' > "$DIR/root/usr/bin/systemctl"
chmod 755 "$DIR/root/usr/bin/systemctl"
exec chroot "$DIR/root" sh -ec "$SCRIPT"
`

// said prints what the scripts of the packages say and do.
const said = `said() { "$@" > out 2>&1 || { cat out >&2; exit 1; }; grep -E '^(systemctl|oplog is|Until|The data)' out || true; }
`

// installedScript prints what is there after the installation, configures it, makes a log and serves it.
const installedScript = `
stat -c '%n %U:%G %a' /usr/bin/oplog /etc/oplog /etc/oplog/oplog.toml /var/lib/oplog /usr/lib/systemd/system/oplog.service
getent passwd oplog | cut -d: -f6,7
oplog version | head -1
echo "data = \"/srv\"" > /etc/oplog/oplog.toml
as='setpriv --reuid oplog --regid oplog --clear-groups'
$as oplog tenant add acme --name Acme --data /var/lib/oplog > out 2>&1
$as oplog serve --config /etc/oplog/oplog.toml --data /var/lib/oplog --listen 127.0.0.1:0 --no-open > served 2>&1 &
for i in $(seq 300); do ! grep -q '^listening on' served || break; sleep 0.1; done
kill -TERM $!; wait $! || cat served
grep -o '^listening on http://127.0.0.1' served
`

const installedOutput = `/usr/bin/oplog root:root 755
/etc/oplog root:oplog 750
/etc/oplog/oplog.toml root:oplog 640
/var/lib/oplog oplog:oplog 700
/usr/lib/systemd/system/oplog.service root:root 644
/var/lib/oplog:/usr/sbin/nologin
oplog 1.2.3
listening on http://127.0.0.1
`

const debScript = said + `
mv old old.deb; mv new new.deb
echo "== install"; said dpkg -i old.deb` + installedScript + `
echo "== upgrade"; said dpkg -i new.deb; dpkg-query -W oplog; cat /etc/oplog/oplog.toml
echo "== remove"; said dpkg -r oplog; ls /usr/bin/oplog /etc/oplog 2>&1 || true
echo "== purge"; said dpkg -P oplog; ls /etc/oplog 2>&1 || true; ls /var/lib/oplog/oplog.db
`

const debOutput = `== install
systemctl daemon-reload
oplog is installed. Edit /etc/oplog/oplog.toml, then run: systemctl enable --now oplog
Until there is an account, journalctl -u oplog shows the URL that creates the first one.
` + installedOutput + `== upgrade
systemctl daemon-reload
systemctl daemon-reload
systemctl try-restart oplog.service
oplog	1.2.4
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

// --nodeps: the database of rpm does not know what Debian installed.
const rpmScript = said + `
rpm -K --nosignature old; rpm -qip old | sed '/^Description/q'; rpm -qpR old; rpm -qpc old
echo "== install"; said rpm -i --nodeps old` + installedScript + `
rpm -V --nodeps oplog || true
echo "== upgrade"; said rpm -U --nodeps new; rpm -q oplog; cat /etc/oplog/oplog.toml
rpm -V --nodeps oplog || true
echo "== remove"; said rpm -e oplog; ls /usr/bin/oplog /etc/oplog 2>&1 || true; cat /etc/oplog/oplog.toml.rpmsave; ls /var/lib/oplog/oplog.db
`

const rpmOutput = `old: digests OK
Name        : oplog
Version     : 1.2.3
Release     : 1
Architecture: x86_64
Install Date: (not installed)
Group       : (none)
License     : Apache-2.0
Signature   : (none)
Source RPM  : oplog-1.2.3-1.src.rpm
Build Host  : oplog
Packager    : The oplog authors <oplog@localhost>
Summary     : Operation log of a business system
Description :
shadow-utils
/etc/oplog/oplog.toml
== install
systemctl daemon-reload
oplog is installed. Edit /etc/oplog/oplog.toml, then run: systemctl enable --now oplog
Until there is an account, journalctl -u oplog shows the URL that creates the first one.
` + installedOutput + `S.5....T.  c /etc/oplog/oplog.toml
== upgrade
systemctl daemon-reload
systemctl try-restart oplog.service
systemctl daemon-reload
oplog-1.2.4-1.x86_64
data = "/srv"
S.5....T.  c /etc/oplog/oplog.toml
== remove
systemctl disable --now oplog.service
systemctl daemon-reload
The data in /var/lib/oplog was kept.
ls: cannot access '/usr/bin/oplog': No such file or directory
/etc/oplog:
oplog.toml.rpmsave
data = "/srv"
/var/lib/oplog/oplog.db
`
