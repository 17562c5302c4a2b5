package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// configured returns the settings in force of a command line, by key.
func (s setting) configured(t *testing.T, args ...string) map[string]settingInForce {
	t.Helper()
	var shown struct{ Settings []settingInForce }
	if err := json.Unmarshal([]byte(s.mustRun(t, append([]string{"config", "--json"}, args...)...)), &shown); err != nil {
		t.Fatal(err)
	}
	byKey := map[string]settingInForce{}
	for _, one := range shown.Settings {
		byKey[one.Key] = one
	}
	return byKey
}

// TestConfigPrecedence: a flag has precedence over the environment, that over the file, and that over the default.
func TestConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "some.toml")
	write(t, file, "listen = \"127.0.0.1:1111\"\nbase_path = \"/oplog\" # behind a proxy\n\n[metrics]\nlisten = \"127.0.0.1:9090\"\n")
	s := setting{env: map[string]string{"OPLOG_CONFIG": file, "HOME": t.TempDir()}}
	f := func(key, value, origin string, args ...string) {
		t.Helper()
		got := s.configured(t, args...)[key]
		if fmt.Sprint(got.Value) != value || got.origin() != origin {
			t.Errorf("%s is %v from %s; want %s from %s", key, got.Value, got.origin(), value, origin)
		}
	}
	f("listen", "127.0.0.1:1111", file+":1")
	f("base_path", "/oplog", file+":2")
	f("metrics.listen", "127.0.0.1:9090", file+":5")
	f("scrub.every", "168h", "default")
	s.env["OPLOG_LISTEN"], s.env["OPLOG_METRICS_LISTEN"] = "127.0.0.1:2222", "127.0.0.1:9091"
	f("listen", "127.0.0.1:2222", "OPLOG_LISTEN")
	f("metrics.listen", "127.0.0.1:9091", "OPLOG_METRICS_LISTEN")
	f("listen", "127.0.0.1:3333", "--listen", "--listen", "127.0.0.1:3333")
	f("base_path", "/oplog", file+":2", "--listen", "127.0.0.1:3333")
	s.mustPrint(t, `(?m)^SETTING +VALUE +FROM\n[^$]*^listen +127.0.0.1:2222 +OPLOG_LISTEN\n[^$]*^tls.cert +- +default$`, "config")
}

// TestConfigChoice: the file that is named is read, else that of the data directory, else the machine's unless a data directory is named.
func TestConfigChoice(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	file := func(path, host string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, fmt.Sprintf("host = [%q]\n", host))
		return path
	}
	system, named := file(filepath.Join(dir, "system.toml"), "system"), file(filepath.Join(dir, "named.toml"), "named")
	env := map[string]string{"HOME": home, "LocalAppData": home}
	f := func(want string, args ...string) {
		t.Helper()
		if got := (setting{env: env, systemConfig: system}).configured(t, args...)["host"].Value; fmt.Sprint(got) != want {
			t.Errorf("%q, %v: the file is that of %v, want %s", args, env, got, want)
		}
	}
	own := filepath.Join(dir, "own")
	f("[system]")
	f("[]", "--data", own)
	f("[named]", "--config", named)
	f("[named]", "--config", named, "--data", own)
	file(filepath.Join(own, "oplog.toml"), "own")
	f("[own]", "--data", own)
	f("[system]")
	data, err := (&Program{Getenv: func(name string) string { return env[name] }}).dataDir("")
	if err != nil {
		t.Fatal(err)
	}
	file(filepath.Join(data, "oplog.toml"), "user")
	f("[user]")
	env["OPLOG_DATA"] = own
	f("[own]")
	env["OPLOG_CONFIG"] = named
	f("[named]")
	f("[system]", "--config", system)
}

// TestConfigOfCommands: commands take the data directory from the file, but not what are other flags of the same name; a demo takes nothing
// from the machine's file, in which a real log's directory may be.
func TestConfigOfCommands(t *testing.T) {
	data, s := newAcme(t)
	delete(s.env, "OPLOG_DATA")
	dir := t.TempDir()
	s.systemConfig = filepath.Join(dir, "oplog.toml")
	s.env = map[string]string{"HOME": t.TempDir()}
	write(t, s.systemConfig, fmt.Sprintf("data = %q\nlisten = \"bad\"\n", data))
	s.mustPrint(t, "(?m)^acme ", "tenant", "list")
	s.mustPrint(t, "acme: intact", "verify")
	f := func(want string, args ...string) {
		t.Helper()
		if r := s.run(t, args...); r.status != exitUsage || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v; want %s", args, r, want)
		}
	}
	f("listen ("+s.systemConfig+":2) bad is not HOST:PORT", "serve")
	f("listen (" + s.systemConfig + ":2) bad is not HOST:PORT")
	f("--data", "witness", "--log", "x")
	f("--entries", "demo", "--entries=-1")
	f("listen ("+s.systemConfig+":2) bad is not HOST:PORT", "demo", "--config", s.systemConfig)
	write(t, s.systemConfig, "nonsense = 1\n")
	f("--entries", "demo", "--entries=-1")
	s.mustRun(t, "version")
	s.mustRun(t, "tenant", "list", "--data", data)
	s.mustRun(t, "serve", "--help")
	s.mustRun(t, "config", "init", "-")
}

// TestConfigMistakes: a mistake in the file is refused in one line that names the file, the line and the key, and says what is expected.
func TestConfigMistakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "oplog.toml")
	f := func(text, want string) {
		t.Helper()
		write(t, file, text)
		want = "oplog: " + file + ":" + want + "\n"
		if r := (setting{}).run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0"); r.status != exitUsage || r.stderr != want || r.stdout != "" {
			t.Errorf("%s\n%d %sbut want %s", text, r.status, r.stderr, want)
		}
	}
	f("base_pth = \"/x\"\n", "1: unknown key base_pth; did you mean base_path?")
	f("\n# x\nbase-path = \"/x\"\n", "3: unknown key base-path; did you mean base_path?")
	f("tls_cert = \"x\"", "1: unknown key tls_cert; did you mean cert in [tls]?")
	f("[tls]\ncerts = \"x\"", "2: unknown key certs in [tls]; did you mean cert?")
	f("[tls]\nhost = [\"x\"]", "2: unknown key host in [tls]; did you mean host, above the first section?")
	f("[tls]\nevery = \"1h\"", "2: unknown key every in [tls]; did you mean every in [scrub]?")
	f("colour = 1", "1: unknown key colour; oplog config init - prints all keys")
	f("tls = {certs = \"a\"}", "1: unknown key certs in [tls]; did you mean cert?")
	f("tls = \"a\"", "1: tls is a section: write [tls], and its settings on the lines below")
	f("\n[metric]\n", "2: unknown section [metric]; did you mean [metrics]?")
	f("[colour]\nx = 1", "1: unknown section [colour]; oplog config init - prints all sections")
	f("[[tls]]\ncert = \"x\"", "1: unknown section [[tls]]; did you mean [tls]?")

	f("listen = 8484", `1: listen expects a text in quotes, such as "127.0.0.1:8484", not 8484`)
	f("no_open = \"yes\"", `1: no_open expects true or false, not "yes"`)
	f("host = [\"a\", 1]", `1: host expects a list of texts, such as ["one", "two"], not a list`)
	f("[scrub]\nevery = 24", `2: scrub.every expects a duration in quotes, such as "24h" or "90m", not 24`)
	f("[scrub]\nevery = \"1 day\"", `2: scrub.every expects a duration in quotes, such as "24h" or "90m", not "1 day"`)
	f("data = 2026-11-20", `1: data expects a text in quotes, such as "DIR", not 2026-11-20`)
	f("data.x = 1", "1: data is a single setting, not a section: write data = …, above the first section")
	f("[listen]\nport = 1", "1: listen is a single setting, not a section: write listen = …, above the first section")

	f("listen = \"127.0.0.1:1\"\nhost = [\n \"a\",\n]\nlisten = \"127.0.0.1:2\"", "5: listen is already set on line 1; remove one of the two")
	f("[tls]\n[scrub]\n[tls]\n", "3: section [tls] is already on line 1; put its settings together")
	f("tls = {cert = \"a\", key = \"b\", cert = \"c\"}", "1: tls.cert is already set on line 1; remove one of the two")
	f("listen = 127.0.0.1:8484\n", "1: invalid TOML: expected newline but got U+002E '.'; a text needs quotes on both sides")
	f("\nlisten = \"127.0.0.1:8484\n", "2: invalid TOML: basic strings cannot have new lines; a text needs quotes on both sides")
	f("\n\n[tls\n", "3: invalid TOML: expected ']' to close table name; a text needs quotes on both sides")

	for _, path := range []string{dir, filepath.Join(dir, "none.toml")} {
		r := setting{env: map[string]string{"OPLOG_CONFIG": path}}.run(t, "serve")
		if r.status != exitUsage || !strings.HasPrefix(r.stderr, "oplog: cannot read the configuration file "+path+": ") ||
			!strings.HasSuffix(r.stderr, "; specify another one with OPLOG_CONFIG\n") {
			t.Errorf("%+v", r)
		}
	}
}

// TestConfigValues: values that pass the types are told with their line as well, and paths are relative to the file.
func TestConfigValues(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "oplog.toml")
	f := func(text, want string) {
		t.Helper()
		write(t, file, text)
		if r := (setting{}).run(t, "serve", "--data", dir); r.status != exitUsage || !strings.Contains(r.stderr, want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s\n%+v; want %s", text, r, want)
		}
	}
	f("\nbase_path = \"/a b\"", "base_path ("+file+":2) /a b is not a path such as /oplog")
	f("[tls]\ncert = \"cert.pem\"", "tls.cert ("+file+":2) and --tls-key must be used together")
	f("[scrub]\nevery = \"-1h\"", "scrub.every ("+file+":2) -1h0m0s is negative")
	f("memory_limit = \"1MiB\"", "memory_limit ("+file+":1) 1MiB is not a size")

	text := "\ufeffhost = 'one'\r\nanchor = 'anchors'\r\n[tls]\r\ncert='certs/cert.pem'\r\nkey='/etc/key.pem'\r\n"
	write(t, file, text)
	got := setting{}.configured(t, "--data", dir)
	want := map[string]any{
		"host": []any{"one"}, "anchor": filepath.Join(dir, "anchors"), "tls.cert": filepath.Join(dir, "certs", "cert.pem"), "tls.key": "/etc/key.pem",
	}
	for key, value := range want {
		if !reflect.DeepEqual(got[key].Value, value) {
			t.Errorf("%s is %v, want %v", key, got[key].Value, value)
		}
	}
}

// TestEveryFlagIsASetting: every flag of serve has a variable and a key, and means the same from everywhere; but for the file's
// name, and for a decision of one start.
func TestEveryFlagIsASetting(t *testing.T) {
	var serving struct {
		signFlag
		serveCommand
	}
	keys, flags := map[string]bool{}, map[string]bool{"config": true, "accept-loss": true}
	file := filepath.Join(t.TempDir(), "all.toml")
	env, args, top, sections := map[string]string{"HOME": t.TempDir()}, []string(nil), "", ""
	for _, s := range serveSettings() {
		if keys[s.Key()] || s.Variable != "OPLOG_"+strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_")) || s.Help == "" {
			t.Errorf("%+v", s)
		}
		keys[s.Key()], flags[s.Flag] = true, true
		value := sample(s)
		if s.Flag == "backup-recipients-file" {
			value = filepath.Join(t.TempDir(), "recipients")
			write(t, value, sampleRecipient+"\n")
		}
		written := fmt.Sprintf("%s = %q\n", s.Name, value)
		if s.kind.Kind() == reflect.Bool || reflect.Int <= s.kind.Kind() && s.kind.Kind() <= reflect.Uint64 && s.kind != durationType {
			written = fmt.Sprintf("%s = %s\n", s.Name, value)
		}
		if env[s.Variable] = value; s.Section == "" {
			top += written
		} else {
			sections += s.Section + "." + written
		}
		args = append(args, "--"+s.Flag+"="+value)
	}
	for _, flag := range kong.Must(&serving, kong.NoDefaultHelp(), helpVariables()).Model.Flags {
		if !flags[flag.Name] {
			t.Errorf("--%s is no setting", flag.Name)
		}
	}
	write(t, file, top+sections)
	fromFile := setting{env: map[string]string{"HOME": t.TempDir()}}.configured(t, "--config", file)
	fromEnvironment, fromFlags := setting{env: env}.configured(t), setting{env: map[string]string{"HOME": t.TempDir()}}.configured(t, args...)
	for key := range keys {
		a, b, c := fromFile[key], fromEnvironment[key], fromFlags[key]
		if a.From != "file" || b.From != "environment" || c.From != "flag" {
			t.Errorf("%s is taken from %s, %s and %s", key, a.From, b.From, c.From)
		}
		if !reflect.DeepEqual(a.Value, b.Value) || !reflect.DeepEqual(a.Value, c.Value) || fmt.Sprint(a.Value) == a.Default {
			t.Errorf("%s is %v, %v and %v", key, a.Value, b.Value, c.Value)
		}
	}
}

// sampleRecipient is the public key of the example in age's documents.
const sampleRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// sample returns a valid value of a setting, other than its default.
func sample(s serveSetting) string {
	switch {
	case s.Placeholder == "ADDR":
		return "127.0.0.1:1"
	case s.Placeholder == "NAME":
		return "log.example.com"
	case s.Placeholder == "KEY":
		return sampleRecipient
	case s.Placeholder == "URL":
		return "https://clickhouse-1:8443,https://clickhouse-2:8443"
	case s.Placeholder == "CIDR":
		return "10.0.0.5/32"
	case s.Placeholder == "SIZE":
		return "512MiB"
	case s.Placeholder == "DAYS":
		return "400"
	case s.Placeholder == "PATH":
		return "/some"
	case s.Placeholder == "FORMAT":
		return "json"
	case s.Placeholder == "LEVEL":
		return "warn"
	case s.kind == durationType:
		return "90m"
	case s.kind.Kind() == reflect.Bool:
		return "true"
	case reflect.Int <= s.kind.Kind() && s.kind.Kind() <= reflect.Uint64:
		return "5"
	default:
		return "/some/thing"
	}
}
