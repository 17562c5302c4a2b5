package cli

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allTime is a period that includes every demo entry.
var allTime = []string{"--from", "2020-01-01", "--to", "2100-01-01"}

// TestImportOfExports exports a log and imports it into another: the same entries come out, with every field of the format.
func TestImportOfExports(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	p := serve(t, "demo", "--entries", "6000", "--data", data)
	p.stop()
	exportOf := func(tenant, format string, flags ...string) string {
		t.Helper()
		return setting{}.mustRun(t, slices.Concat([]string{"export", "--tenant", tenant, "--data", data, "--format", format}, allTime, flags)...)
	}
	const long = "--columns=received,key,user_agent,changes,details"
	seqs := regexp.MustCompile(`"seq":\d+,|"received_at":"[^"]*",`)
	rows := exportOf("demo", "csv")
	if !strings.Contains(rows, ",failure\r\n") || !strings.Contains(rows, ",success\r\n") {
		t.Error("the rows do not tell how operations ended")
	}
	objects := seqs.ReplaceAllString(exportOf("demo", "ndjson"), "")

	write(t, filepath.Join(dir, "log.csv"), exportOf("demo", "csv", long))
	write(t, filepath.Join(dir, "log.xlsx"), exportOf("demo", "xlsx", long))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(exportOf("demo", "ndjson"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "log.ndjson.gz"), packed.String())

	for tenant, file := range map[string]string{"rows": "log.csv", "sheets": "log.xlsx", "objects": "log.ndjson.gz"} {
		setting{}.mustRun(t, "tenant", "add", tenant, "--name", tenant, "--data", data)
		for _, want := range []string{"6000 recorded, 0 duplicates, 0 skipped, 0 invalid lines", "0 recorded, 6000 duplicates, 0 skipped, 0 invalid lines"} {
			path := filepath.Join(dir, file)
			if out := (setting{}).mustRun(t, "import", "--tenant", tenant, path, "--data", data); !strings.Contains(out, want) {
				t.Errorf("%s: %s", file, out)
			}
		}
		if exportOf(tenant, "csv") != rows {
			t.Errorf("%s: other rows come out than went in", file)
		}
		if seqs.ReplaceAllString(exportOf(tenant, "ndjson"), "") != objects {
			t.Errorf("%s: other objects come out than went in", file)
		}
	}
	setting{}.mustRun(t, "verify", "--data", data)
}

// The file type is printed in one line; lines without an id are stored twice only on request.
func TestImportDuplicateLines(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	f := importInto(t, data)
	file := filepath.Join(dir, "old.csv")
	write(t, file, "Time;User;User ID;Module;Operation\n2026/1/2 03:04;\xcd\xf5\xb7\xbc;u1;SMS;Send\n2026/1/2 03:04;\xcd\xf5\xb7\xbc;u1;SMS;Send\n")
	r := f(exitDone, file+": 2 recorded, 0 duplicates", file)
	if n := strings.Count(r.stderr, file+": CSV, GB18030, separated by \";\"\n"); n != 1 {
		t.Errorf("the form of the file is printed %d times: %s", n, r.stderr)
	}
	const twice = "nothing was recorded: line 2 has no id and was already recorded at 20"
	r = f(exitFailed, twice, file)
	if !strings.Contains(r.stderr, "use --again to store them twice") || strings.Count(r.stderr, "\n") != 2 {
		t.Errorf("it says %s", r.stderr)
	}
	f(exitFailed, twice, "--strict", file)
	f(exitDone, "2 recorded", "--again", file)
	json := filepath.Join(dir, "old.json")
	write(t, json, `[{"time":"2026-01-02T03:04:00+08:00","user":{"id":"u2","name":"Ann"},"module":"sms","operation":"send"},`+
		`{"time":"2026-01-02 03:04","user":{"id":"u1","name":"王芳"},"module":"sms","operation":"send"}]`)
	f(exitFailed, "entry 2 has no id and was already recorded at", json)
	if out := (setting{}).mustRun(t, append([]string{"export", "--tenant", "acme", "--data", data}, allTime...)...); strings.Count(out, "\r\n") != 5 {
		t.Errorf("the log has %s", out)
	}

	same := filepath.Join(dir, "two.ndjson")
	write(t, same, content(t, filepath.Join("..", "exports", "formats", "testdata", "brought", "two-systems.ndjson")))
	r = f(exitDone, "2 recorded, 0 duplicates, 0 skipped, 1 invalid lines", same)
	if !strings.Contains(r.stderr, same+`:3: id "100" was already used on this day for an entry with different content; give each entry its own id, for example prefixed with the system's name`) {
		t.Errorf("it says %s", r.stderr)
	}
	f(exitDone, "0 recorded, 2 duplicates, 0 skipped, 1 invalid lines", same)
	foreign := filepath.Join(dir, "foreign.ndjson")
	write(t, foreign, `{"name":"x"}`)
	f(exitFailed, "foreign.ndjson: this is JSON of another system", foreign)
}

// If there are many bad lines, the first are printed.
func TestImportNamesBadLines(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	file := filepath.Join(dir, "bad.csv")
	write(t, file, "user_id,user_name,module,operation,id,time\nu,U,sms,send,a,2026-01-02\n"+strings.Repeat("u,U,sms,fly,,\n", 1234))
	r := setting{}.run(t, "import", "--tenant", "acme", "--data", data, file)
	if r.status != exitDone || !strings.Contains(r.stdout, "1 recorded, 0 duplicates, 0 skipped, 1234 invalid lines") {
		t.Errorf("%d, %s", r.status, r.stdout)
	}
	if n := strings.Count(r.stderr, "is not allowed"); n != 1000 || !strings.Contains(r.stderr, file+":1002: operation") || !strings.Contains(r.stderr, file+": 234 more invalid lines not shown\n") {
		t.Errorf("%d are named; it ends %s", n, r.stderr[max(0, len(r.stderr)-300):])
	}
}

func TestImportCommand(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--time-zone", "Europe/Berlin", "--data", data)
	good, bad, none := filepath.Join(dir, "good.csv"), filepath.Join(dir, "bad.ndjson"), filepath.Join(dir, "none.csv")
	write(t, good, "time,id,user_id,user_name,module,operation\n2026-01-02 03:04:05,a-1,u,王芳,sms,send\n")
	write(t, bad, `{"user":{"id":"u","name":"Ann"},"module":"sms","operation":"fly"}
{"id":"b-1","time":"2026-01-02T00:00:00Z","user":{"id":"u","name":"Ann"},"module":"sms","operation":"send"}
{"id":"b-2","time":"2026-01-02T00:00:00Z","user":{"id":"u","name":"Ann"},"module":"sms","operation":"send","origin":"api"}
nonsense
`)
	write(t, none, "User,User ID,Module,Operation\n,u,,\n")

	f := importInto(t, data)
	exports := func() string {
		t.Helper()
		return setting{}.mustRun(t, append([]string{"export", "--tenant", "acme", "--data", data}, allTime...)...)
	}
	f(exitFailed, "nothing was recorded: 2 lines are invalid, the first at line 1: operation \"fly\" is not allowed", "--strict", bad)
	if rows := strings.Count(exports(), "\n") - 1; rows != 0 {
		t.Errorf("%d entries are left of a refused file", rows)
	}
	f(exitDone, "1 recorded, 0 duplicates, 0 skipped, 0 invalid lines", "--strict", good)
	if out := exports(); !strings.Contains(out, "2026-01-02 03:04:05,王芳,u,") {
		t.Errorf("the time is not the tenant's: %s", out)
	}
	r := f(exitDone, "1 recorded, 0 duplicates, 1 skipped, 2 invalid lines", good, bad)
	if !strings.Contains(r.stdout, good+": 0 recorded, 1 duplicates") || !strings.Contains(r.stderr, bad+":1: operation") || !strings.Contains(r.stderr, bad+`:4: is not JSON: it begins with "nonsense"`) {
		t.Errorf("%+v", r)
	}
	write(t, good, strings.Replace(content(t, good), "王芳", "Other", 1))
	f(exitFailed, `line 2 is invalid: id "a-1" was already used on this day`, "--strict", good)
	f(exitFailed, "all 1 lines were rejected", good)
	f(exitFailed, "all 1 lines were rejected", none)
	f(exitFailed, "cannot read the file", filepath.Join(dir, "gone.csv"))
	f(exitFailed, "cannot read the file", "--strict", filepath.Join(dir, "gone.csv"))
	f(exitFailed, "this is a folder; name the files in it", dir)
	f(exitFailed, "cannot be read twice", "--strict", dir)
	f(exitFailed, "no tenant gone", "--tenant", "gone", good)
	f(exitUsage, "<file>")
	write(t, none, "a,b\n")
	f(exitFailed, `unknown columns: "a", "b"; missing required columns: User ID`, none)

	p := serve(t, "serve", "--data", data)
	write(t, none, "time,id,user_id,user_name,module,operation\n2026-01-02 03:04:05,a-9,u,王芳,sms,send\n")
	f(exitDone, none+": 1 recorded, 0 duplicates", "--strict", none) // in the server
	p.stop()
}

// importInto returns a function that imports into acme, and checks the status and the output.
func importInto(t *testing.T, data string) func(status int, want string, args ...string) result {
	return func(status int, want string, args ...string) result {
		t.Helper()
		r := setting{}.run(t, append([]string{"import", "--tenant", "acme", "--data", data}, args...)...)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
		return r
	}
}
