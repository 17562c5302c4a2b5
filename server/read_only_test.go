package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadOnly: a log that cannot record says so wherever somebody looks, goes on answering, and goes on recording once it can.
func TestReadOnly(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-20T07:00:00Z"`))
	file, away := filepath.Join(f.dir, "oplog.db"), filepath.Join(f.dir, "oplog.db.away")
	f.noError(os.Rename(file, away))

	p := f.asProblem(f.send("write", "POST", tenantA+"/entries", entry(`"id":"e2","time":"2026-11-20T07:01:00Z"`)), 503)
	if !strings.Contains(p.Detail, "oplog.db was moved") || !strings.Contains(p.Detail, "same ids") {
		t.Errorf("senders read %q", p.Detail)
	}
	if r := f.send("read", "GET", "/readyz", ""); r.status != 503 || !strings.HasPrefix(r.body, "read-only: The file oplog.db was moved") {
		t.Errorf("readyz: %d %s", r.status, r.body)
	}
	if text := f.get("read", "/metrics", 200); !strings.Contains(text, "\noplog_read_only 1\n") {
		t.Error("the metrics do not say it")
	}
	if got := decode[struct {
		ReadOnly string `json:"read_only"`
	}](t, f.get("owner", "/api/v1/system", 200)); !strings.Contains(got.ReadOnly, "until it is back") {
		t.Errorf("the system page says %+v", got)
	}
	f.get("admin", tenantA+"/entries/e1", 200)

	f.noError(os.Rename(away, file))
	for deadline := time.Now().Add(time.Minute); f.send("read", "GET", "/readyz", "").status != 200; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it stays read-only")
		}
	}
	f.record(entry(`"id":"e2","time":"2026-11-20T07:01:00Z"`))
	f.get("admin", tenantA+"/entries/e2", 200)
}
