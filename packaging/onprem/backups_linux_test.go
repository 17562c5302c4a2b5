package onprem

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What backups may cost: the longest wait of a sender, and the growth of oplog.db in a phase, in bytes an entry and once, as the file grows in
// steps. Without backups it is about 250 bytes an entry.
const (
	longestWait   = 5 * time.Second
	growthOfEntry = 400
	growthOnce    = 8 << 20
)

// backUpUnderLoad makes backups in every way while 1,000 entries a second come in, and lets the last one have all of them.
func (d *drill) backUpUnderLoad() {
	d.Helper()
	l := &load{site: d.site, db: d.server.path(dataDir + "/oplog.db"), seqs: map[string]uint64{}}
	d.load = l
	began := time.Now()
	d.cheap("without a backup", l.during(20*time.Second, func() {}))
	n, file := 0, backupDir+"/beside.backup"
	d.cheap("with oplog backup beside the server, again and again, and the scheduled backups", l.during(30*time.Second, func() {
		for until := time.Now().Add(28 * time.Second); time.Now().Before(until); n++ {
			_ = os.Remove(d.server.path(file))
			d.before = l.acknowledged()
			d.server.oplog("", "backup", file, "--data", dataDir)
		}
	}))
	d.Logf("%d backups were made meanwhile", n)
	key := d.server.path("etc/oplog/backup.key")
	if err := os.WriteFile(key, []byte(d.keys["backup"]), 0o600); err != nil {
		d.Fatal(err)
	}
	size := 0
	d.cheap("with a backup over the network at 4 MiB/s", l.during(10*time.Second, func() {
		size = slowCopy(d.T, d.server.inside("oplog", "backup", "-", "--server", d.url, "--ca-file", "/etc/oplog/tls/ca.pem", "--key-file", "/etc/oplog/backup.key"), 4<<20)
	}))
	d.Logf("the slow backup has %.1f MiB", float64(size)/(1<<20))
	d.onSlowDisks(l)
	d.awaitProof(began)
	d.Logf("%d entries were acknowledged", len(l.acknowledged()))
}

// cheap reports what a phase of the load measured, and checks that backups stopped nobody and did not make the file grow.
func (d *drill) cheap(what string, f figures) {
	d.Helper()
	d.small(what, f)
	if planned := float64(senders*batchSize) / sendEvery.Seconds(); f.rate < 0.9*planned {
		d.Errorf("%s: %.0f entries a second were recorded of %.0f", what, f.rate, planned)
	}
	if f.longest > longestWait {
		d.Errorf("%s: a sender waited %s", what, f.longest)
	}
}

// small is cheap where it is not for the backup alone that senders wait.
func (d *drill) small(what string, f figures) {
	d.Helper()
	d.Logf("%s: %s", what, f)
	if most := int64(growthOfEntry*f.acknowledged + growthOnce); f.grown > most {
		d.Errorf("%s: oplog.db grew by %d bytes for %d entries, more than %d", what, f.grown, f.acknowledged, most)
	}
}

// onSlowDisks makes backups while the disks are slow: that of the backups, and then also that of the data.
func (d *drill) onSlowDisks(l *load) {
	d.Helper()
	if err := d.slowDown(backupDir, 2<<20); err != nil {
		d.Logf("backups on slow disks are not measured, as this machine cannot slow a disk down: %v", err)
		return
	}
	began := time.Now()
	d.cheap("with a backup to a disk of 2 MiB/s", l.during(10*time.Second, func() { d.startBackup(); d.awaitProof(began) }))
	if err := d.slowDown(dataDir, 16<<20); err != nil {
		d.Fatal(err)
	}
	began = time.Now()
	d.small("with such a backup and the data on a disk of 16 MiB/s", l.during(10*time.Second, func() { d.startBackup(); d.awaitProof(began) }))
	if err := errors.Join(d.slowDown(backupDir, 0), d.slowDown(dataDir, 0)); err != nil {
		d.Error(err)
	}
}

// slowDown limits reading and writing of the disk of a path, in bytes a second; 0 for no limit. It uses the root of the first version of control
// groups, as only that counts what the kernel writes in the background; it limits the test's own disk alone.
func (d *drill) slowDown(path string, bytesPerSecond int) error {
	var info unix.Stat_t
	if err := unix.Stat(d.server.path(path), &info); err != nil {
		return err
	}
	limit := fmt.Sprintf("%d:%d %d", unix.Major(info.Dev), unix.Minor(info.Dev), bytesPerSecond)
	for _, kind := range []string{"read", "write"} {
		file, err := os.OpenFile("/sys/fs/cgroup/blkio/blkio.throttle."+kind+"_bps_device", os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = file.WriteString(limit)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// proved is the last backup that was proved restorable.
type proved struct {
	Name    string
	Entries int
}

// backups asks for the scheduled backups, as the System page does, with POST to have one made.
func (d *drill) backups(method string, status int) (last proved) {
	d.Helper()
	v := d.visitor(12, "")
	v.signIn("root")
	_, text := v.send(status, method, "/api/v1/system/backups", "")
	var state struct {
		LastProved *proved `json:"last_proved"`
		Failure    *struct{ Error string }
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil || state.Failure != nil {
		d.Fatalf("the backups are %s", text)
	}
	if state.LastProved != nil {
		last = *state.LastProved
	}
	return last
}

func (d *drill) startBackup() { d.backups(http.MethodPost, http.StatusAccepted) }

// awaitProof waits until a scheduled backup is proved whose state of the log is newer than a time.
func (d *drill) awaitProof(since time.Time) {
	d.Helper()
	for until := time.Now().Add(4 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		for line := range strings.Lines(ask(d.T, "http://127.0.0.1:9484/metrics")) {
			value, found := strings.CutPrefix(strings.TrimSpace(line), "oplog_backup_last_proved_timestamp_seconds ")
			if made, err := strconv.ParseFloat(value, 64); found && err == nil && made > float64(since.Unix()) {
				return
			}
		}
		if time.Now().After(until) {
			d.Fatalf("no backup since %s was proved", since)
		}
	}
}

// restore restores backups on another machine, and serves and verifies there what was recorded here.
func (d *drill) restore() {
	d.Helper()
	ended := time.Now()
	time.Sleep(time.Second) // of which the time of a backup is told
	d.startBackup()
	d.awaitProof(ended)
	last, acknowledged := d.backups(http.MethodGet, http.StatusOK), d.load.acknowledged()
	if last.Entries < olderEntries+len(acknowledged) {
		d.Errorf("the last backup has %d entries; %d were acknowledged", last.Entries, len(acknowledged))
	}
	d.server.checkStored(dataDir, acknowledged)
	d.server.stop()

	other := newMachine(d.T, d.dir, "other")
	other.install(d.new, installCalls)
	other.mountDisk(filepath.Join(d.dir, "other.img"), dataDir)
	write(d.T, other.path("srv/checkpoint"), d.kept)
	d.restoreOn(other, "beside.backup", dataDir+"/drill", d.before)
	mustRun(d.T, "", exec.Command("rm", "-r", other.path(dataDir+"/drill")))
	d.restoreOn(other, last.Name, dataDir, acknowledged)

	write(d.T, other.path(config), configuration)
	other.start()
	if old := d.visitor(13, "read").get(acme + "/entries/" + olderID); !strings.Contains(old, `"`+olderID+`"`) {
		d.Errorf("on the other machine, the entry of the early version is %s", old)
	}
	other.stop()
	d.serveDirectly(other)
}

// ownCertificate is the configuration of a server without a proxy.
const ownCertificate = `data = "/var/lib/oplog"
listen = "0.0.0.0:443"
host = ["www.example.com"]

[tls]
cert = "/var/lib/oplog/tls/cert.pem"
key = "/var/lib/oplog/tls/key.pem"
`

// serveDirectly serves without a proxy, on a port that requires a right, with a certificate that is renewed while the server runs.
func (d *drill) serveDirectly(m *machine) {
	d.Helper()
	d.nginx.end(syscall.SIGTERM)
	words := []string{"tls", "init", "--dir", dataDir + "/tls", "--host", host}
	m.oplog("", words...)
	write(d.T, m.path(config), ownCertificate)
	m.start()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(d.T, m.path(dataDir+"/tls/ca.pem"))))
	serial := func() string {
		conn, err := tls.Dial("tcp", "127.0.0.1:443", &tls.Config{RootCAs: roots, ServerName: host})
		if err != nil {
			d.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	m.oplog("", append(words, "--renew")...)
	for until := time.Now().Add(waitTime); serial() == first; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			d.Fatal("the renewed certificate is not used")
		}
	}
	m.stop()
}

// restoreOn restores a backup to a data directory of another machine, verifies it, and checks that it has what was acknowledged before it.
func (d *drill) restoreOn(other *machine, backup, data string, acknowledged map[string]uint64) {
	d.Helper()
	mustRun(d.T, "", exec.Command("install", "-m", "644", d.server.path(backupDir+"/"+backup), other.path("srv/"+backup)))
	other.oplog("", "restore", "/srv/"+backup, "--data", data)
	key := data + "/signing.key"
	mustRun(d.T, "", exec.Command("cp", d.server.path(dataDir+"/signing.key"), other.path(key)))
	other.in("", "chown", "oplog:oplog", key)
	out := other.oplog("", "verify", "--data", data, "--tenant", "acme", "--checkpoint", "/srv/checkpoint")
	if !strings.Contains(out, "tenant acme: intact") {
		d.Errorf("verify says %s", out)
	}
	other.checkStored(data, acknowledged)
	d.Logf("%s was restored; all %d entries acknowledged before it are there: %s", backup, len(acknowledged), strings.TrimSpace(out))
}
