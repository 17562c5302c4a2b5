package cli

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/doctor"
)

// checkup is what oplog doctor --json prints.
type checkup struct {
	CheckedAt time.Time `json:"checked_at"`
	Findings  []doctor.Finding
}

// private is newAcme with a directory that only its owner can enter, as the program creates it.
func private(t *testing.T) (data string, s setting) {
	t.Helper()
	data, s = newAcme(t)
	if err := os.Chmod(data, 0o700); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
	return data, s
}

// examines runs oplog doctor, and checks the findings that are not ok.
func (s setting) examines(t *testing.T, want string, args ...string) checkup {
	t.Helper()
	r := s.run(t, append([]string{"doctor", "--json"}, args...)...)
	var got checkup
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("%q: %v: %+v", args, err, r)
	}
	var bad []string
	status := exitDone
	for _, f := range got.Findings {
		if f.Level == doctor.Error {
			status = exitFailed
		}
		if f.Level != doctor.OK && !slices.Contains([]string{"disk", "files", "memory"}, f.Check) { // which depend on the machine
			bad = append(bad, f.Code)
		}
		if (f.Level == doctor.OK) != (f.Advice == "") {
			t.Errorf("%+v", f)
		}
	}
	if strings.Join(bad, " ") != want || r.status != status || r.stderr != "" {
		t.Errorf("%q: status %d, %q, want %q: %s%s", args, r.status, bad, want, r.stdout, r.stderr)
	}
	return got
}

// TestDoctor: without a server, the data directory and the settings are checked as they are, and nothing is changed.
func TestDoctor(t *testing.T) {
	data, s := private(t)
	free := []string{"--listen", "127.0.0.1:0"}
	before := listing(t, data)
	got := s.examines(t, "backup-none anchors-none", free...)
	if len(got.Findings) < 15 || got.Findings[0].Code != "server-stopped" || time.Since(got.CheckedAt).Abs() > 13*time.Hour {
		t.Errorf("%+v", got)
	}
	if after := listing(t, data); after != before {
		t.Errorf("the data directory has changed: %s\n%s", before, after)
	}
	r := s.run(t, append([]string{"doctor"}, free...)...)
	table := regexp.MustCompile(`(?s)^CHECK +RESULT +FOUND\nserver +ok +No server runs on [^\n]+\ndisk .*\nbackup +warning +No backup was ever made\n +What to do: Have them made [^\n]+\n.*\nErrors: 0, warnings: \d, ok: \d+\n$`)
	if r.status != exitDone || !table.MatchString(r.stdout) {
		t.Errorf("%+v", r)
	}

	fresh := filepath.Join(t.TempDir(), "none")
	setting{}.examines(t, "anchors-none", append(free, "--data", fresh)...)
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("the directory was created: %v", err)
	}
}

// listing returns the names, sizes and times of all files in a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all = append(all, path+" "+info.ModTime().Format(time.RFC3339Nano)+" "+info.Mode().String()+" "+strings.Repeat("x", int(info.Size()%97)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// TestDoctorFindings: what is wrong with files and settings is found by the program, each with its advice.
func TestDoctorFindings(t *testing.T) {
	data, s := private(t)
	file := filepath.Join(data, "oplog.toml")
	f := func(config, want string, args ...string) checkup {
		t.Helper()
		write(t, file, "listen = \"127.0.0.1:0\"\n"+config)
		return s.examines(t, want, args...)
	}
	const usual = "backup-none anchors-none"
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f("", "port-in-use "+usual, "--listen", ln.Addr().String())
	f("", "port-refused "+usual, "--listen", ":0")
	expired, expiredKey, _ := certificateFor(t, -48*time.Hour)
	f("[tls]\ncert = \""+expired+"\"\nkey = \""+expiredKey+"\"\n", "certificate-expired "+usual)
	other, otherKey, _ := certificateFor(t, 90*24*time.Hour, "log.example.com")
	f("host = [\"log.example.org\"]\n[tls]\ncert = \""+other+"\"\nkey = \""+otherKey+"\"\n", "certificate-other-name "+usual)
	f("[tls]\ncert = \""+other+"\"\nkey = \""+expiredKey+"\"\n", "certificate-wrong-key "+usual)
	gone := filepath.Join(data, "gone")
	f("anchor = \""+gone+"\"\n[backup]\ndir = \""+gone+"\"\nevery = \"24h\"\n", "backup-dir-gone backup-unproved anchors-gone")
	if r := s.run(t, "doctor", "--listen", "nonsense"); r.status != exitUsage {
		t.Errorf("%+v", r)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(filepath.Join(data, "signing.key"), 0o644); err != nil { //nolint:gosec // this is what is found
			t.Fatal(err)
		}
		f("", "key-open "+usual)
	}
	if err := os.Remove(filepath.Join(data, "signing.key")); err != nil {
		t.Fatal(err)
	}
	f("", "key-missing "+usual)
	write(t, filepath.Join(data, "oplog.db"), "")
	got := f("", "format-unreadable anchors-none")
	at := slices.IndexFunc(got.Findings, func(f doctor.Finding) bool { return f.Code == "format-unreadable" })
	if at < 0 || !strings.Contains(got.Findings[at].Fact, "its content was lost; restore a backup to a new directory") {
		t.Errorf("%+v", got)
	}
}

// TestDoctorBesideAServer: the server that runs makes the checks, with its own settings, whatever those of the command are.
func TestDoctorBesideAServer(t *testing.T) {
	data, s := private(t)
	backups := filepath.Join(t.TempDir(), "backups")
	if err := os.Mkdir(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	p := serve(t, "serve", "--data", data, "--backup-dir", backups)
	s.env = map[string]string{"OPLOG_DATA": data, "OPLOG_ANCHOR": filepath.Join(data, "gone"), "OPLOG_TLS_CERT": "x", "OPLOG_TLS_KEY": "x"}
	got := s.examines(t, "backup-none anchors-none")
	if got.Findings[0].Code != "server-running" {
		t.Errorf("%+v", got.Findings[0])
	}
	listens := slices.ContainsFunc(got.Findings, func(f doctor.Finding) bool {
		return f.Code == "port-open" && f.Params["address"] == strings.TrimPrefix(p.url, "http://")
	})
	if !listens {
		t.Errorf("%s: %+v", p.url, got)
	}
	if r := s.run(t, "doctor"); r.status != exitDone || !strings.Contains(r.stdout, "What to do: Have them made with --backup-dir") {
		t.Errorf("%+v", r)
	}
	socket := filepath.Join(data, "oplog.sock")
	if err := os.Rename(socket, socket+".away"); err != nil {
		t.Fatal(err)
	}
	s.env = map[string]string{"OPLOG_DATA": data}
	s.examines(t, "server-busy anchors-none")
	if err := os.Rename(socket+".away", socket); err != nil {
		t.Fatal(err)
	}
	p.stop()

	p = serve(t, "serve", "--data", data, "--backup-dir", filepath.Join(backups, "gone"))
	s.examines(t, "backup-dir-gone backup-none anchors-none")
	for !strings.Contains(p.stderr.String(), "no backup can be made") {
		time.Sleep(5 * time.Millisecond)
	}
	p.stop()
	if log := p.stderr.String(); !strings.Contains(log, "gone does not exist. Mount or create it.") {
		t.Errorf("the log of the server says %s", log)
	}
}
