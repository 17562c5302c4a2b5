package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTenantExport: a tenant is exported beside a running server, and checked with nothing but the file and the key.
func TestTenantExport(t *testing.T) {
	data, s := newAcme(t)
	dir := t.TempDir()
	lines := filepath.Join(dir, "entries.ndjson")
	write(t, lines, strings.Repeat(`{"user":{"id":"u1","name":"王芳"},"module":"email","operation":"send","details":{"n":1.0}}`+"\n", 3))
	s.mustRun(t, "import", "--tenant", "acme", lines)
	key := strings.TrimSpace(s.mustRun(t, "key", "verifier"))
	file := filepath.Join(dir, "acme.zip")
	s.mustFail(t, "oplog tenant list", "tenant", "export", "nobody", "-o", file)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a file was left: %v", err)
	}
	for _, beside := range []bool{false, true} {
		var p served
		if beside {
			p = serve(t, "serve", "--data", data)
		}
		if r := s.run(t, "tenant", "export", "acme", "-o", file); r.status != exitDone || !strings.Contains(r.stderr, "Exported 3 entries of tenant acme") {
			t.Fatalf("beside a server: %v: %+v", beside, r)
		}
		if beside {
			p.stop()
		}
		out := setting{}.mustRun(t, "verify-export", file, "--key", key)
		if !regexp.MustCompile(`^TRUE: this is everything that the log had of tenant acme \(Acme 公司\)`).MatchString(out) || !strings.Contains(out, "all 3 operations") {
			t.Error(out)
		}
	}
	zip, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zip[len(zip)/2] ^= 1
	write(t, file, string(zip))
	setting{}.mustFail(t, "NOT TRUE", "verify-export", file, "--key", key)
	if out := s.mustRun(t, "verify"); !strings.Contains(out, "acme") {
		t.Error(out)
	}
}
