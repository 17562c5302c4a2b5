package main

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// always is a period that holds all that demos make.
var always = []string{"--from", "2020-01-01", "--to", "2100-01-01"}

// TestImportOfExports takes a log out and puts it into another: the same
// entries come out again, in all that the format holds.
func TestImportOfExports(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	p := serve(t, "demo", "--entries", "6000", "--data", data)
	p.stop()
	exportOf := func(tenant, format string) string {
		t.Helper()
		return setting{}.mustRun(t, append([]string{"export", "--tenant", tenant, "--data", data, "--format", format}, always...)...)
	}
	seqs := regexp.MustCompile(`"seq":\d+,|"received_at":"[^"]*",`)
	rows := exportOf("demo", "csv")
	objects := seqs.ReplaceAllString(exportOf("demo", "ndjson"), "")

	write(t, filepath.Join(dir, "log.csv"), rows)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(exportOf("demo", "ndjson"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "log.ndjson.gz"), packed.String())

	for tenant, file := range map[string]string{"rows": "log.csv", "objects": "log.ndjson.gz"} {
		setting{}.mustRun(t, "tenant", "add", tenant, "--name", tenant, "--data", data)
		for _, want := range []string{"6000 recorded, 0 duplicates, 0 skipped, 0 bad lines", "0 recorded, 6000 duplicates, 0 skipped, 0 bad lines"} {
			path := filepath.Join(dir, file)
			if out := (setting{}).mustRun(t, "import", "--tenant", tenant, path, "--data", data); !strings.Contains(out, want) {
				t.Errorf("%s: %s", file, out)
			}
		}
		if exportOf(tenant, "csv") != rows {
			t.Errorf("%s: other rows come out than went in", file)
		}
	}
	if seqs.ReplaceAllString(exportOf("objects", "ndjson"), "") != objects {
		t.Error("other objects come out than went in")
	}
	setting{}.mustRun(t, "verify", "--data", data)
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

	f := func(status int, want string, args ...string) result {
		t.Helper()
		r := setting{}.run(t, append([]string{"import", "--tenant", "acme", "--data", data}, args...)...)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
		return r
	}
	exports := func() string {
		t.Helper()
		return setting{}.mustRun(t, append([]string{"export", "--tenant", "acme", "--data", data}, always...)...)
	}
	f(exitFailed, "nothing of it was recorded, because 2 lines are bad, the first at line 1: operation \"fly\" is not allowed", "--strict", bad)
	if rows := strings.Count(exports(), "\n") - 1; rows != 0 {
		t.Errorf("%d entries are left of a refused file", rows)
	}
	f(exitDone, "1 recorded, 0 duplicates, 0 skipped, 0 bad lines", "--strict", good)
	if out := exports(); !strings.Contains(out, "2026-01-02 03:04:05,王芳,u,") {
		t.Errorf("the time is not the tenant's: %s", out)
	}
	r := f(exitDone, "1 recorded, 0 duplicates, 1 skipped, 2 bad lines", good, bad)
	if !strings.Contains(r.stdout, good+": 0 recorded, 1 duplicates") || !strings.Contains(r.stderr, bad+":1: operation") || !strings.Contains(r.stderr, bad+`:4: is not JSON: it begins with "nonsense"`) {
		t.Errorf("%+v", r)
	}
	write(t, good, strings.Replace(content(t, good), "王芳", "Other", 1))
	f(exitFailed, `line 2 is bad: id "a-1" was used on this day`, "--strict", good)
	f(exitFailed, "none of its 1 lines was taken", good)
	f(exitFailed, "none of its 1 lines was taken", none)
	f(exitFailed, "cannot be read", filepath.Join(dir, "gone.csv"))
	f(exitFailed, "cannot be read", "--strict", filepath.Join(dir, "gone.csv"))
	f(exitFailed, "can be read twice", "--strict", dir)
	f(exitFailed, "no tenant gone", "--tenant", "gone", good)
	f(exitWords, "<file>")
	write(t, none, "a,b\n")
	f(exitFailed, `unknown columns: "a", "b"; missing required columns: User ID`, none)

	p := serve(t, "serve", "--data", data)
	f(exitFailed, "in use", good)
	p.stop()
}
