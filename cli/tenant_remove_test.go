package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTenantRemove: a tenant is exported and removed, in a data directory and beside a server; what the log signed is listed, and verify knows it.
func TestTenantRemove(t *testing.T) {
	for _, beside := range []bool{false, true} {
		data, s := newAcme(t)
		s.mustRun(t, "tenant", "add", "other", "--name", "Other")
		dir := t.TempDir()
		lines, zip := filepath.Join(dir, "entries.ndjson"), filepath.Join(dir, "acme.zip")
		write(t, lines, strings.Repeat(`{"user":{"id":"u1","name":"Ann"},"module":"email","operation":"send"}`+"\n", 3))
		s.mustRun(t, "import", "--tenant", "acme", lines)
		s.mustRun(t, "import", "--tenant", "other", lines)
		key := strings.TrimSpace(s.mustRun(t, "key", "verifier"))
		var p served
		if beside {
			p = serve(t, "serve", "--data", data)
		}
		if r := s.run(t, "tenant", "remove", "acme", "--confirm", "other"); r.status == exitDone || !strings.Contains(r.stderr, "not the id") {
			t.Errorf("%+v", r)
		}
		if r := s.run(t, "tenant", "remove", "acme", "--confirm", "acme", "--export", zip); r.status != exitDone || !strings.Contains(r.stderr, "is removed") {
			t.Fatalf("beside a server: %v: %+v", beside, r)
		}
		s.mustPrint(t, `(?s)^acme \(Acme 公司\): removed .* by command, finished .*oplog tenant removal v1\n.*"entries":3`, "tenant", "list", "--removed")
		if out := s.mustRun(t, "tenant", "list"); strings.Contains(out, "acme") || !strings.Contains(out, "other") {
			t.Error(out)
		}
		s.mustFail(t, "choose another one", "tenant", "add", "acme", "--name", "Again")
		s.mustFail(t, "oplog tenant list", "tenant", "remove", "acme", "--confirm", "acme")
		out := s.mustRun(t, "verify")
		if !regexp.MustCompile(`tenant acme: removed on \S+ by command with 3 entries`).MatchString(out) || !strings.Contains(out, "tenant other: intact, 3 entries") {
			t.Error(out)
		}
		if beside {
			if status := p.stop(); status != exitDone {
				t.Errorf("stopped with status %d: %s", status, p.stderr)
			}
			s.mustRun(t, "verify")
		}
		if _, err := os.Stat(zip); err != nil {
			t.Error(err)
		}
		setting{}.mustRun(t, "verify-export", zip, "--key", key)
	}
}
