package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/storage"
)

// TestArchiveSettings: mistakes in the settings of the archive are told before anything is opened.
func TestArchiveSettings(t *testing.T) {
	dir := t.TempDir()
	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0"}, args...)...)
		if r.status != status || !strings.Contains(r.stderr, want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%q: %+v; want %s", args, r, want)
		}
	}
	for _, url := range []string{"clickhouse-1:8443", "ftp://clickhouse-1", "https://", "https://oplog:secret@clickhouse-1:8443", "https://a:8443,", "https://a:8443?database=x"} {
		f(exitUsage, "is not the URL of a ClickHouse server, such as https://clickhouse-1:8443", "--archive", url)
	}
	f(exitUsage, "names https://a:8443 twice", "--archive", "https://a:8443,https://b:8443", "--archive", "https://a:8443/")
	f(exitUsage, "specify these with --archive", "--archive-user", "oplog")
	f(exitUsage, "needs the user", "--archive", "https://a:8443", "--archive-password-file", "x")
	f(exitUsage, "is negative", "--archive-grace=-1h")
	password := filepath.Join(dir, "password")
	write(t, password, "secret\n")
	if err := os.Chmod(password, 0o644); err != nil {
		t.Fatal(err)
	}
	with := []string{"--archive", "https://a:8443", "--archive-user", "oplog", "--archive-password-file", password}
	f(exitFailed, "can be read or changed by others", with...)
	if err := os.Chmod(password, 0o600); err != nil {
		t.Fatal(err)
	}
	f(exitFailed, "contains no certificate in PEM", append(with, "--archive-ca", password)...)
	write(t, password, "two\nlines\n")
	f(exitFailed, "one password on one line", with...)
}

func TestArchiveShards(t *testing.T) {
	a := archiveSettings{Servers: []string{"https://a:8443,https://b:8443/", "https://c:8443"}}
	if got := a.shards(); !reflect.DeepEqual(got, [][]string{{"https://a:8443", "https://b:8443"}, {"https://c:8443"}}) {
		t.Errorf("the shards are %v", got)
	}
	engines, err := a.open()
	if err != nil || len(engines) != 2 || len(engines[0].Servers()) != 2 {
		t.Errorf("%v, %v", engines, err)
	}
	s := setting{env: map[string]string{"HOME": t.TempDir(), "OPLOG_ARCHIVE": "https://a:8443,https://b:8443 https://c:8443"}}
	if got := s.configured(t)["archive.servers"].Value; !reflect.DeepEqual(got, []any{"https://a:8443,https://b:8443", "https://c:8443"}) {
		t.Errorf("of the environment it is %v", got)
	}
}

// TestServeWithArchive: the log is served while its archive is away or lacks a table, which is told; but not if recorded days are on a shard that is not
// configured.
func TestServeWithArchive(t *testing.T) {
	data, s := newAcme(t)
	s.mustRun(t, "tenant", "set", "acme", "--archive-after", "30")
	empty := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer empty.Close()
	for url, want := range map[string]string{
		"http://127.0.0.1:1": "The archive cannot be used for tenant acme at the moment: ",
		empty.URL:            "make it with the statement that `oplog archive schema --tenant acme` prints",
	} {
		p := serve(t, "--data", data, "--archive", url)
		if text := p.stderr.String(); !strings.Contains(text, want) || !strings.Contains(text, "keeps a single copy of what is on "+url) {
			t.Errorf("it says %q, want %q", text, want)
		}
		p.stop()
	}
	db, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := oplog.ArchivedDay{Tenant: "acme", Date: "2026-01-31", State: oplog.DayArchived, Attempt: 1, Shard: 1}
	text, err := json.Marshal(d)
	if err == nil {
		err = db.PutRecord(oplog.RecordArchive, d.Name(), oplog.Revision{}, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	r := setting{}.run(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--archive", "http://127.0.0.1:1")
	if r.status != exitFailed || !strings.Contains(r.stderr, "day 2026-01-31 of tenant acme is on shard 2, and only 1 are configured") {
		t.Errorf("%+v", r)
	}
}
