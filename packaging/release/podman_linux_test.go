package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// podmanEnv tells TestPodman that it is in its namespaces.
const podmanEnv = "OPLOG_TEST_PODMAN"

// podmanScript makes a copy of this machine's disk the root, with the archive in /srv/oplog and the packages of Debian installed, in a network without
// other machines, and runs a command in it. Images and volumes are in memory, as an overlay cannot be on another one. Without systemd, podman has to
// handle control groups itself; crun does not know the hybrid ones that some machines have.
const podmanScript = `set -e
exec 3>&1; exec > "$DIR/out" 2>&1
mkdir "$DIR/t"; mount -t tmpfs -o mode=755 tmpfs "$DIR/t"; cd "$DIR/t"; mkdir up work root
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
cd root
mount --rbind /dev dev; mount -t proc proc proc; mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p var/lib/containers etc/containers old srv/oplog srv/probe
mount -t tmpfs tmpfs var/lib/containers
cp -a "$CONTEXT"/. srv/oplog; cp srv/oplog/oplog srv/probe; cp "$SELF" test; mkdir debs; cp "$DEBS"/*.deb debs
DEBIAN_FRONTEND=noninteractive chroot . sh -c 'dpkg -i --force-confold /debs/*.deb'
printf '[engine]\ncgroup_manager = "cgroupfs"\nruntime = "runc"\nevents_logger = "file"\n' > etc/containers/containers.conf
ip link set lo up
pivot_root . old; umount -l /old
exec 1>&3 2>&3; cd /srv/oplog
exec env "$TOLD=1" HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/tmp LC_ALL=C.UTF-8 BUILDAH_FORMAT=docker /test -test.run='^TestPodman$' -test.v
`

// TestPodman builds the image of an archive and runs it with Debian's podman-compose, as compose.yaml says: the health check works, the root is read-only,
// and what was acknowledged until the container was stopped, killed or replaced is in the volume.
func TestPodman(t *testing.T) {
	if os.Getenv(podmanEnv) != "" {
		p := &podman{T: t}
		p.check()
		return
	}
	r := mustBuild(t)
	needsMounts(t)
	// The first one names the folder.
	packages := debs(t, "podman", "podman-compose", "runc", "containernetworking-plugins", "iptables")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, before := t.TempDir(), podmanGroups()
	c := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", podmanScript)
	c.Env = append(os.Environ(), "DIR="+dir, "CONTEXT="+unpackArchive(t, r), "SELF="+self, "DEBS="+packages, "TOLD="+podmanEnv)
	out, err := c.CombinedOutput()
	for _, group := range slices.Backward(podmanGroups()) { // those in others first
		if !slices.Contains(before, group) {
			_ = os.Remove(group) // it may be gone with the processes in it
		}
	}
	switch {
	case err != nil && len(out) == 0: // it did not come to the test
		said, _ := os.ReadFile(dir + "/out")
		t.Fatalf("%v: %s", err, said)
	case err != nil:
		t.Errorf("in its namespaces: %s", out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("in its namespaces: %s", out)
	}
	t.Logf("%s", out)
}

// podmanGroups returns the control groups of podman, sorted: those of this machine are the only thing of it that the test changes.
func podmanGroups() (all []string) {
	for _, pattern := range []string{"", "/*", "/*/*", "/*/*/*"} {
		for _, hierarchy := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
			found, _ := filepath.Glob(hierarchy + "/libpod_parent" + pattern) // the patterns are valid
			for _, path := range found {
				if info, err := os.Stat(path); err == nil && info.IsDir() {
					all = append(all, path)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// podman is a run of the container.
type podman struct {
	*testing.T
	key string // of scope write

	mu    sync.Mutex
	acked map[string]uint64 // the acknowledged entries
	sent  int
}

const name = "oplog_oplog_1"

// run runs a command that must succeed, and returns its standard output.
func (p *podman) run(words ...string) string {
	p.Helper()
	out, err := exec.Command(words[0], words[1:]...).Output()
	if err != nil {
		var e *exec.ExitError
		errors.As(err, &e)
		p.Fatalf("%q: %v: %s%s", words, err, out, e.Stderr)
	}
	return string(out)
}

// oplog runs a command of the program beside the server, in its container.
func (p *podman) oplog(args ...string) string {
	p.Helper()
	return p.run(append([]string{"podman", "exec", name, "/usr/bin/oplog"}, args...)...)
}

func (p *podman) check() {
	if out, err := exec.Command("podman", "run", "--rm", "-p", "127.0.0.1:8000:8000", "--rootfs", "/srv/probe", "/oplog", "version").CombinedOutput(); err != nil {
		p.Skipf("this machine cannot run containers: %s", out)
	}
	p.run("podman-compose", "up", "-d", "--build")
	p.await()
	p.checkLimits()
	p.oplog("tenant", "add", "acme", "--name", "Acme")
	p.key = strings.TrimSpace(p.oplog("key", "add", "--tenant", "acme", "--scope", "write", "--name", "load"))
	for _, how := range [][]string{
		{"podman-compose", "stop"}, {"podman", "kill", "--signal", "KILL", name}, {"podman-compose", "down"},
	} {
		p.record(func() { p.run(how...) })
		if how[1] == "stop" {
			if status := p.inspect("{{.State.ExitCode}}"); status != "0" {
				p.Errorf("stopped, it ends with %s", status)
			}
		}
		p.run("podman-compose", "up", "-d")
		p.await()
		p.checkStored(strings.Join(how, " "))
	}
}

// inspect returns what podman says of the container.
func (p *podman) inspect(format string) string {
	p.Helper()
	return strings.TrimSpace(p.run("podman", "inspect", name, "--format", format))
}

// await waits until the container's own health check says that it serves.
func (p *podman) await() {
	p.Helper()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := exec.Command("podman", "healthcheck", "run", name).CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(until) {
			p.Fatalf("the health check says %s, the program %s", out, p.run("podman", "logs", name))
		}
	}
	if health := p.inspect("{{.State.Health.Status}}"); health != "healthy" {
		p.Errorf("the container is %s", health)
	}
}

// checkLimits checks what the container may do, and to whom its data belongs.
func (p *podman) checkLimits() {
	p.Helper()
	if got, want := p.inspect("{{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}} {{.Config.User}} {{.HostConfig.RestartPolicy.Name}}"), "true [] 10001:10001 unless-stopped"; got != want {
		p.Errorf("the container is %q, want %q", got, want)
	}
	out, err := exec.Command("podman", "exec", name, "/usr/bin/oplog", "config", "init", "/oplog.toml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "read-only file system") {
		p.Errorf("its root can be written: %v, %s", err, out)
	}
	p.oplog("config", "init", "/tmp/oplog.toml")
	volume := strings.TrimSpace(p.run("podman", "volume", "inspect", "oplog_data", "--format", "{{.Mountpoint}}"))
	info, err := os.Stat(volume + "/oplog.db")
	if err != nil {
		p.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != containerUser || info.Mode() != 0o600 {
		p.Errorf("its data belongs to %d, with mode %s", owner, info.Mode())
	}
	if found, err := exec.Command("podman", "logs", name).CombinedOutput(); err != nil || !regexp.MustCompile(`(?m)^ +http://localhost:8484/#setup=`).Match(found) {
		p.Errorf("the log has no URL that creates the first account: %s", found)
	}
}

// record records entries from several senders, of which some wait for an answer when the container ends.
func (p *podman) record(end func()) {
	p.Helper()
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					p.send()
				}
			}
		})
	}
	time.Sleep(time.Second)
	end()
	close(stop)
	senders.Wait()
}

// send records a batch. When the container ends, it may remain without an answer.
func (p *podman) send() {
	p.mu.Lock()
	p.sent++
	n := p.sent
	p.mu.Unlock()
	var body bytes.Buffer
	at := time.Now().UTC().Format(time.RFC3339Nano)
	for i := range 10 {
		fmt.Fprintf(&body, `{"id":"e-%d-%d","time":%q,"user":{"id":"u","name":"U"},"module":"sms","operation":"send"}`+"\n", n, i, at)
	}
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:8484/api/v1/tenants/acme/entries", &body)
	if err != nil {
		p.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	r.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		time.Sleep(time.Millisecond)
		return
	}
	defer response.Body.Close()
	var stored struct {
		Entries []struct {
			ID  string
			Seq uint64
		}
	}
	if json.NewDecoder(response.Body).Decode(&stored) != nil || response.StatusCode != http.StatusCreated {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.acked == nil {
		p.acked = map[string]uint64{}
	}
	for _, e := range stored.Entries {
		p.acked[e.ID] = e.Seq
	}
}

// checkStored checks that the log has what was acknowledged until now.
func (p *podman) checkStored(after string) {
	p.Helper()
	p.oplog("verify")
	stored := map[string]uint64{}
	for line := range strings.Lines(p.oplog("export", "--tenant", "acme", "--last", "7d", "--format", "ndjson")) {
		var e struct {
			ID  string
			Seq uint64
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			p.Fatalf("%v: %s", err, line)
		}
		stored[e.ID] = e.Seq
	}
	missing := 0
	for id, seq := range p.acked {
		if stored[id] != seq {
			missing++
		}
	}
	if missing > 0 || len(p.acked) == 0 {
		p.Errorf("after %s, %d of %d acknowledged entries are missing", after, missing, len(p.acked))
	}
	p.Logf("after %s, all %d acknowledged entries are there", after, len(p.acked))
}
