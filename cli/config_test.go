package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// TestConfigInit: the written file has every setting, commented out; without the marks it says the defaults. It replaces nothing unless that is
// asked for.
func TestConfigInit(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	s := setting{env: map[string]string{"HOME": home, "LocalAppData": home}}
	text := s.mustRun(t, "config", "init", "-")
	for line := range strings.Lines(text) {
		if !regexp.MustCompile(`^(# .+|#[a-z_]+ = .+|\[[a-z_]+\]|)\n$`).MatchString(line) || len(line) > 160 {
			t.Errorf("a line that is no comment, section or setting: %q", line)
		}
	}
	for _, one := range serveSettings() {
		if !strings.Contains(text, "# --"+one.Flag+", "+one.Variable+"\n#"+one.Name+" = ") {
			t.Errorf("it lacks %s", one.Key())
		}
	}

	file := filepath.Join(dir, "oplog.toml")
	s.mustRun(t, "config", "init", file)
	if content(t, file) != text {
		t.Error("the file differs from what is printed")
	}
	before := s.configured(t)
	for key, one := range s.configured(t, "--config", file) {
		if one.From != "default" {
			t.Errorf("%s is set by a new file", key)
		}
	}
	write(t, file, regexp.MustCompile(`(?m)^#([a-z_]+ = )`).ReplaceAllString(text, "$1"))
	for key, one := range s.configured(t, "--config", file) {
		if one.From != "file" || fmt.Sprint(one.Value) != fmt.Sprint(before[key].Value) {
			t.Errorf("%s is %v from %s, by default %v", key, one.Value, one.From, before[key].Value)
		}
	}

	s.mustFail(t, "--force", "config", "init", file)
	if content(t, file) == text {
		t.Error("the file is overwritten")
	}
	s.mustRun(t, "config", "init", "--force", file)
	if content(t, file) != text {
		t.Error("the file is not overwritten")
	}
	s.mustFail(t, "no such", "config", "init", filepath.Join(dir, "none", "oplog.toml"))
}

// TestConfigInitInDataDirectory: by default the file is where it is read by default, and a log begins beside it.
func TestConfigInitInDataDirectory(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new")
	s := setting{env: map[string]string{"OPLOG_DATA": data}}
	s.mustRun(t, "config", "init")
	file := filepath.Join(data, "oplog.toml")
	write(t, file, content(t, file)+"\n[metrics]\n")
	if r := s.run(t, "tenant", "list"); r.status != exitUsage || !strings.Contains(r.stderr, "section [metrics] is already on line ") {
		t.Errorf("%+v", r)
	}
	s.mustRun(t, "config", "init", "--force")
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme")
	s.mustPrint(t, "(?m)^acme ", "tenant", "list")
	copied, other := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "other")
	s.mustRun(t, "backup", copied)
	s.mustRun(t, "config", "init", "--data", other)
	s.mustRun(t, "restore", copied, "--data", other)
	if _, err := os.Stat(filepath.Join(other, "oplog.toml")); err != nil {
		t.Error(err)
	}
}

// TestPasswordsAreHidden: a password in a URL is not printed.
func TestPasswordsAreHidden(t *testing.T) {
	s := setting{env: map[string]string{"HOME": t.TempDir(), "OPLOG_WITNESS": "key https://ann:s3cret@witness.example.com"}}
	if out := s.mustRun(t, "config"); strings.Contains(out, "s3cret") || !strings.Contains(out, "https://ann:(hidden)@witness.example.com") {
		t.Error(out)
	}
	if got := s.configured(t)["witness"].Value; strings.Contains(fmt.Sprint(got), "s3cret") {
		t.Error(got)
	}
}

func TestSystemConfig(t *testing.T) {
	f := func(system, want string, env map[string]string) {
		t.Helper()
		if got := filepath.ToSlash(systemConfig(system, func(name string) string { return env[name] })); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
	f("linux", "/etc/oplog/oplog.toml", nil)
	f("darwin", "/Library/Application Support/oplog/oplog.toml", nil)
	f("windows", "", nil)
	if runtime.GOOS != "windows" {
		f("windows", "/programs/oplog/oplog.toml", map[string]string{"ProgramData": "/programs"})
	}
}

func TestNearest(t *testing.T) {
	known := []string{"data", "listen", "base_path", "tls.cert", "tls.key", "metrics.listen", "scrub.every"}
	f := func(name, want string) {
		t.Helper()
		if got := nearest(name, known); got != want {
			t.Errorf("%s is taken for %q, want %q", name, got, want)
		}
	}
	f("lisen", "listen")
	f("Listen", "listen")
	f("base-path", "base_path")
	f("basepath", "base_path")
	f("tlscert", "tls.cert")
	f("tls.crt", "tls.cert")
	f("metric.listen", "metrics.listen")
	f("tls.every", "scrub.every")
	f("dat", "data")
	f("port", "")
	f("数据", "")
}

func TestDurationText(t *testing.T) {
	for text, want := range map[string]string{"168h": "168h", "90m": "1h30m", "30s": "30s", "0": "0s", "1h0m5s": "1h0m5s", "100ms": "100ms", "10m": "10m"} {
		d, err := time.ParseDuration(text)
		if got := durationText(d); err != nil || got != want {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
}

// FuzzTOML: what the decoder accepts has all its keys, with their lines and values, or sets one twice in a way that only readers notice; what it
// rejects is rejected at a line.
func FuzzTOML(f *testing.F) {
	for _, text := range []string{
		"", "a = 1\n", "[a]\nb.c = \"x\"\n[a.d]\n", "a = {b = 1, c = {d = []}}", "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1", "a = [\n{b = 1}\n]", "a = \"\"\"\n\n\"\"\"\nb = 1",
		"\"a.b\" = 1", "a = 1\r\nb = 2", "a", "[a", "a = 1\na = 2", "\xff", "# \x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := readTOML(text)
		var tree map[string]any
		decoded := toml.Unmarshal(text, &tree)
		lines := strings.Count(string(text), "\n") + 1
		if err != nil {
			mistake, ok := err.(*lineError) //nolint:errorlint // it must be one itself
			if !ok || mistake.line < 1 || mistake.line > lines {
				t.Fatalf("%v", err)
			}
			return
		}
		if decoded != nil {
			t.Fatalf("it is read, but %v", decoded)
		}
		last := 0
		for _, k := range keys {
			if k.line < max(last, 1) || k.line > lines || len(k.path) == 0 {
				t.Fatalf("%+v after line %d of %d", k, last, lines)
			}
			last = k.line
		}
	})
}
