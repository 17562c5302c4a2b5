package onprem

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Variables of the environment: the folder of the packages, which make onprem builds, and, for the test inside its namespaces, its own folder.
const (
	releasesEnv = "OPLOG_ONPREM"
	insideEnv   = "OPLOG_ONPREM_INSIDE"
)

// TestOnPremises is what the people who run a server do, in one go: they install a release, upgrade to the next one over the data directory of an
// early version, configure it by its file, serve it behind nginx with TLS, watch it with Prometheus, back it up under load, and restore it on
// another machine. It has namespaces of its own, so that the ports and paths are those of the manual, and nothing of it is left.
func TestOnPremises(t *testing.T) {
	dir, releases := inside(t, append([]string{"prometheus"}, proxies["nginx"].packages...)...)
	if dir == "" {
		return
	}
	d := drill{T: t, dir: dir, old: deb(t, releases, "old"), new: deb(t, releases, "new")}
	d.server = newMachine(t, dir, "server")
	d.installAndUpgrade()
	d.serveBehindNginx()
	d.check("127.0.0.1:8484")
	d.watch()
	d.backUpUnderLoad()
	d.restore()
}

// deb returns the package in a folder.
func deb(t *testing.T, releases, folder string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(releases, folder, "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s has no package: %v, %v", filepath.Join(releases, folder), found, err)
	}
	return found[0]
}

// inside returns the test's folder in its namespaces, and the folder of the packages to install. Outside, it runs the test in namespaces of its own, which
// end with it, and with them its processes and mounts, and returns "". Packages of Debian that the test unpacks are downloaded before.
func inside(t *testing.T, packages ...string) (dir, releases string) {
	t.Helper()
	releases = os.Getenv(releasesEnv)
	if releases == "" {
		t.Skip("run make onprem")
	}
	if os.Geteuid() != 0 {
		t.Skip("it needs root: packages are installed, and disks are mounted")
	}
	if dir = os.Getenv(insideEnv); dir != "" {
		return dir, releases
	}
	for _, name := range packages {
		if _, err := download(name); err != nil {
			t.Skipf("Debian's package %s cannot be downloaded: %v", name, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = publicDir(t)
	write(t, filepath.Join(dir, "hosts"), "127.0.0.1 localhost "+host+"\n")
	c := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", `
ip link set lo up
mount --bind "$`+insideEnv+`/hosts" /etc/hosts
"$@"`, "sh", self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=25m")
	c.Env = append(os.Environ(), insideEnv+"="+dir)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		t.Errorf("inside its namespaces: %v", err)
	}
	return "", ""
}

// drill is a run of the test.
type drill struct {
	*testing.T
	dir, old, new string // the packages of two releases
	server        *machine
	nginx         *process
	site          // once it is served
	load          *load
	kept          string            // a checkpoint from before the load
	before        map[string]uint64 // what was acknowledged before the backup beside.backup
}

// configuration is what people write to oplog.toml.
const configuration = `data = "/var/lib/oplog"
host = ["www.example.com"]
base_path = "/oplog"
trusted_proxy = ["127.0.0.1"]

[metrics]
listen = "127.0.0.1:9484"
`

// scheduled are the lines of backups.
const scheduled = `
[backup]
dir = "/srv/backup"
every = "1m"
keep = 3
`

// How the package calls systemctl.
const (
	installCalls = "systemctl daemon-reload\n"
	upgradeCalls = "systemctl daemon-reload\nsystemctl daemon-reload\nsystemctl try-restart oplog.service\n"
)

// installAndUpgrade installs a release, puts the data directory of an early version in place, and upgrades to the next release, which migrates it.
func (d *drill) installAndUpgrade() {
	d.Helper()
	m := d.server
	m.install(d.old, installCalls)
	for name, want := range map[string]string{config: "root:oplog 640", dataDir: "oplog:oplog 700", "/usr/bin/oplog": "root:root 755"} {
		if got := m.owner(name); got != want {
			d.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	m.mountDisk(filepath.Join(d.dir, "data.img"), dataDir)
	m.mountDisk(filepath.Join(d.dir, "backup.img"), backupDir)
	makeOlder(d.T, m.path(dataDir))
	m.in("", "chown", "-R", "oplog:oplog", dataDir)
	write(d.T, m.path(config), configuration+scheduled)
	if err := os.MkdirAll(m.path("etc/systemd/system/oplog.service.d"), 0o755); err != nil { // systemctl edit oplog
		d.Fatal(err)
	}
	write(d.T, m.path("etc/systemd/system/oplog.service.d/override.conf"), "[Service]\nReadWritePaths="+backupDir+"\n")

	m.install(d.new, upgradeCalls)
	if got := read(d.T, m.path(config)); got != configuration+scheduled {
		d.Errorf("the upgrade leaves the configuration as %s", got)
	}
	if was, is := filepath.Base(d.old), m.oplog("", "version"); strings.Contains(was, strings.Fields(is)[1]) {
		d.Errorf("after the upgrade of %s it is %s", was, is)
	}
	m.start()
	if got := m.owner(dataDir + "/oplog.db.format-1"); got != "oplog:oplog 600" {
		d.Errorf("the copy in the earlier format is %s", got)
	}
	if out := m.oplog("", "verify", "--data", dataDir); !strings.Contains(out, fmt.Sprintf("tenant acme: intact, %d entries", olderEntries)) {
		d.Errorf("after the upgrade, verify says %s", out)
	}
	inForce := m.oplog("", "config", "--config", config)
	for _, line := range []string{`base_path +/oplog +` + config, `backup\.every +1m +` + config} {
		if !regexp.MustCompile(`(?m)` + line).MatchString(inForce) {
			d.Errorf("oplog config has no line %s:\n%s", line, inForce)
		}
	}
}

// serveBehindNginx makes a certificate and starts nginx.
func (d *drill) serveBehindNginx() {
	d.Helper()
	m := d.server
	m.in("", "oplog", "tls", "init", "--dir", "/etc/oplog/tls", "--host", host)
	beside := func(stdin string, args ...string) string { return m.oplog(stdin, append(args, "--data", dataDir)...) }
	made := addPeople(beside)
	p := startProxy(d.T, "nginx", "127.0.0.1:443", "127.0.0.1:8484", m.path("etc/oplog/tls"))
	d.nginx = p.process
	d.site = site{d.T, "https://" + host + "/oplog", p.address, p.roots, "127.0.1.", made, strings.TrimSpace(beside("", "key", "verifier"))}
	if old := d.visitor(11, "read").get(acme + "/entries/" + olderID); !strings.Contains(old, `"`+olderID+`"`) {
		d.Errorf("the entry of the early version is %s", old)
	}
	d.kept = d.visitor(11, "read").get(acme + "/checkpoint")
}

// watch runs Debian's Prometheus with the configuration of the manual, and asks it.
func (d *drill) watch() {
	d.Helper()
	root, dir := debian(d.T, "prometheus"), publicDir(d.T)
	write(d.T, filepath.Join(dir, "oplog.key"), d.keys["metrics"])
	write(d.T, filepath.Join(dir, "ca.pem"), read(d.T, d.server.path("etc/oplog/tls/ca.pem")))
	text := strings.ReplaceAll(read(d.T, "../examples/prometheus.yml"), "/etc/prometheus/", dir+"/")
	write(d.T, filepath.Join(dir, "prometheus.yml"), "global:\n  scrape_interval: 1s\n"+text)
	p := launch(d.T, exec.Command(filepath.Join(root, "usr/bin/prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:9090"))
	p.listens("127.0.0.1:9090")
	for _, query := range []string{`sum(up{job="oplog"})`, `sum(up{job="oplog-remote"})`, "min(oplog_entries_recorded_total > bool 300)", "min(oplog_index_ready)"} {
		p.await(query+" is 1", func() bool {
			var found struct {
				Data struct{ Result []struct{ Value [2]any } }
			}
			answer := ask(d.T, "http://127.0.0.1:9090/api/v1/query?query="+url.QueryEscape(query))
			return json.Unmarshal([]byte(answer), &found) == nil && len(found.Data.Result) == 1 && found.Data.Result[0].Value[1] == "1"
		})
		d.Logf("Prometheus: %s is 1", query)
	}
}

// ask returns the answer to a request without a proxy.
func ask(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
