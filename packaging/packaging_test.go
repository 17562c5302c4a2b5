package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changes returns the lines that differ between the packaged unit and another, in order.
func changes(unit string) (gone, added []string) {
	has := func(text, line string) bool { return strings.Contains("\n"+text, "\n"+line) }
	for line := range strings.Lines(packaged) {
		if !has(unit, line) {
			gone = append(gone, strings.TrimSpace(line))
		}
	}
	for line := range strings.Lines(unit) {
		if !has(packaged, line) {
			added = append(added, strings.TrimSpace(line))
		}
	}
	return gone, added
}

// TestUnit: the unit of an installed service is the packaged one, and differs from it only in its paths and its user.
func TestUnit(t *testing.T) {
	standard := Unit{Program: Program, Arguments: []string{"serve", "--config", Config, "--no-open"}, User: User, DataDir: DataDir}
	if got := standard.Text(); got != packaged {
		t.Errorf("with the packaged paths it is\n%s", got)
	}
	f := func(name string, u Unit, gone, added string) {
		t.Helper()
		wasGone, wasAdded := changes(u.Text())
		if got := strings.Join(wasGone, "\n"); got != gone {
			t.Errorf("%s: these lines are gone:\n%s\nwant\n%s", name, got, gone)
		}
		if got := strings.Join(wasAdded, "\n"); got != added {
			t.Errorf("%s: these lines are added:\n%s\nwant\n%s", name, got, added)
		}
	}
	execStart := "ExecStart=/usr/bin/oplog serve --config /etc/oplog/oplog.toml --no-open"
	f("other paths", Unit{
		Program: "/opt/oplog 1.2/oplog", Arguments: []string{"serve", "--data", `/srv/100% "mine"$`}, User: "log", DataDir: `/srv/100% "mine"$`,
	}, execStart+"\nUser=oplog\nGroup=oplog\nStateDirectory=oplog\nStateDirectoryMode=0700",
		`ExecStart="/opt/oplog 1.2/oplog" serve --data "/srv/100%% \"mine\"$$"`+"\nUser=log\n"+`ReadWritePaths="/srv/100%% \"mine\"$"`)
	f("in a home directory", Unit{Program: "/home/ann/oplog", Arguments: []string{"serve"}, User: User, DataDir: DataDir},
		execStart+"\nProtectHome=true", "ExecStart=/home/ann/oplog serve\nProtectHome=read-only")
	f("a configuration in a home directory", Unit{Program: Program, Arguments: []string{"serve"}, User: User, DataDir: DataDir, Reads: []string{"/root/oplog.toml"}},
		execStart+"\nProtectHome=true", "ExecStart=/usr/bin/oplog serve\nProtectHome=read-only")
}

// TestUnitIsHardened: systemd knows every line of the unit, and finds it well protected.
func TestUnitIsHardened(t *testing.T) {
	for _, line := range []string{
		"ProtectSystem=strict", "StateDirectory=oplog", "NoNewPrivileges=true", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
		"SystemCallFilter=@system-service", "MemoryDenyWriteExecute=true", "LimitNOFILE=65536", "UMask=0077",
	} {
		if !strings.Contains(packaged, "\n"+line+"\n") {
			t.Errorf("the unit has no line %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "oplog.service")
	text := Unit{Program: self, Arguments: []string{"serve"}, User: "root", DataDir: DataDir}.Text()
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "oplog.service:") {
		t.Errorf("verify: %v: %s", err, out)
	}
	if err := os.WriteFile(unit, []byte(packaged), 0o600); err != nil {
		t.Fatal(err)
	}
	// Exposure in tenths, from 0 to 100; a unit without hardening has 96.
	if out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit).CombinedOutput(); err != nil {
		t.Errorf("security: %v: %s", err, out)
	}
}

// TestTemplatesAgree: the packages, the container and the template of the configuration use the unit's paths, and the ids of the container
// are the same everywhere.
func TestTemplatesAgree(t *testing.T) {
	f := func(file string, lines ...string) {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !regexp.MustCompile(`(?m)^\s*(- )?` + regexp.QuoteMeta(line) + `$`).Match(text) {
				t.Errorf("%s has no line %s", file, line)
			}
		}
	}
	f("oplog.toml", `data = "`+DataDir+`"`)
	f("nfpm.yaml", "dst: "+Program, "dst: "+Config, "dst: "+DataDir, "dst: /usr/lib/systemd/system/oplog.service")
	f("Containerfile", "FROM scratch", "VOLUME "+DataDir, "COPY oplog "+Program)
	f("compose.yaml", "data:"+DataDir)
}

// TestManualShowsExamples: the pages on installation, in both languages, show the example configurations as they are.
func TestManualShowsExamples(t *testing.T) {
	examples, err := filepath.Glob("examples/*")
	if err != nil || len(examples) != 4 {
		t.Fatalf("the examples are %v, %v", examples, err)
	}
	for _, page := range []string{"../docs/install.md", "../docs/zh/install.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range examples {
			lines, err := os.ReadFile(example)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "\n"+string(lines)+"```\n") {
				t.Errorf("%s does not show %s as it is", page, example)
			}
		}
	}
}
