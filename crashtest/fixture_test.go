//go:build unix

package crashtest

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// made describes a directory of testdata.
type made struct {
	Version  string `json:"version"` // what the program that made it says of itself
	WriteKey string `json:"write_key"`
	ReadKey  string `json:"read_key"`
	Entries  int    `json:"entries"`
}

const (
	fixtureEntries      = 300 // a tile of the tree and a part of one
	fixturePassword     = "correct horse battery"
	fixtureOrganization = "east"
)

// fixtureEntry returns the request that records an entry.
func fixtureEntry(i int) string {
	return fmt.Sprintf(`{"id":"e-%d","time":"2026-11-02T08:%02d:%02d.5Z","user":{"id":"u_%d","name":"王晓敏 Emma","role":"营销经理"},"organization":{"id":"%s","name":"华东 East"},`+
		`"module":"sms","operation":"send","content":{"id":"c_%d","name":"双11返场 Encore %d"},"ip":"10.0.0.%d","changes":[{"field":"status","before":"draft","after":%d}]}`,
		i, i/60%60, i%60, i%9, fixtureOrganization, i, i, i%250, i)
}

// TestMakeDirectory makes a directory of testdata, with a program of another version:
//
//	OPLOG=/path/to/that/oplog OPLOG_FIXTURE=format-8 go test ./crashtest -run MakeDirectory
//
// With OPLOG_FIXTURE_KILL=1 the program is killed, which leaves the odd formats. It never replaces a directory.
func TestMakeDirectory(t *testing.T) {
	name := os.Getenv("OPLOG_FIXTURE")
	if name == "" {
		t.Skip("OPLOG_FIXTURE is not set")
	}
	path := filepath.Join("testdata", name+".tar.gz")
	if exists(path) {
		t.Fatalf("%s exists", path)
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	fixture := made{Version: strings.TrimSpace(mustRun(t, "version")), Entries: fixtureEntries}
	mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data-permission", "--data", data)
	account := command(t, nil, "account", "add", "admin", "--role", "admin", "--tenant", "acme", "--password-stdin", "--data", data)
	account.Stdin = strings.NewReader(fixturePassword + "\n")
	if out, err := account.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	key := func(scope string) string {
		return strings.TrimSpace(mustRun(t, "key", "add", "--tenant", "acme", "--scope", scope, "--name", scope, "--data", data))
	}
	fixture.WriteKey, fixture.ReadKey = key("write"), key("read")
	s := start(t, "--data", data)
	fixture.fill(t, s, dir)
	signal := syscall.SIGTERM
	if os.Getenv("OPLOG_FIXTURE_KILL") != "" {
		signal = syscall.SIGKILL
	}
	s.end(signal)
	text, err := json.MarshalIndent(fixture, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "made.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	pack(t, dir, path)
}

// fill records entries, makes an export, and keeps a checkpoint.
func (m made) fill(t *testing.T, s *server, dir string) {
	t.Helper()
	call := func(status int, key, method, path, body string) []byte {
		t.Helper()
		answered, answer := request(t, s.url, key, method, "tenants/acme/"+path, body)
		if answered != status {
			t.Fatalf("%s is answered with %d: %s", path, answered, answer)
		}
		return answer
	}
	batch := func(first, end int) {
		t.Helper()
		var entries []string
		for i := first; i < end; i++ {
			entries = append(entries, fixtureEntry(i))
		}
		call(http.StatusCreated, m.WriteKey, http.MethodPost, "entries", `{"entries":[`+strings.Join(entries, ",")+`]}`)
	}
	batch(0, 200)
	call(http.StatusOK, m.ReadKey, http.MethodGet, "entries?q=encore", "") // opens the index
	var x struct{ ID, Status string }
	answer := call(http.StatusAccepted, m.ReadKey, http.MethodPost, "exports", `{"range":"custom","from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z","format":"csv"}`)
	for tries := 0; ; tries++ {
		if err := json.Unmarshal(answer, &x); err != nil || tries > 500 {
			t.Fatalf("%v: %s", err, answer)
		}
		if x.Status == "done" {
			break
		}
		time.Sleep(10 * time.Millisecond)
		answer = call(http.StatusOK, m.ReadKey, http.MethodGet, "exports/"+x.ID, "")
	}
	batch(200, m.Entries)
	for file, path := range map[string]string{"export.csv": "exports/" + x.ID + "/file", "export.csv.manifest": "exports/" + x.ID + "/manifest", "checkpoint": "checkpoint"} {
		if err := os.WriteFile(filepath.Join(dir, file), call(http.StatusOK, m.ReadKey, http.MethodGet, path, ""), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pack writes the files of a directory to an archive, but for the lock and what is of a process.
func pack(t *testing.T, dir, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	to := tar.NewWriter(zipped)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "oplog.pid" || d.Name() == "oplog.lock" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := to.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = to.Write(content)
		return err
	})
	if err := errors.Join(err, to.Close(), zipped.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// unpack unpacks an archive that pack wrote.
func unpack(t *testing.T, path, dir string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	from := tar.NewReader(zipped)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.FromSlash(header.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
