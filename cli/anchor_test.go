package cli

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnchor: checkpoints in the folder reveal that the log was replaced later.
func TestAnchor(t *testing.T) {
	data, stick := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "empty", "--name", "Empty", "--data", data)
	serve(t, "demo", "--entries", "300", "--data", data, "--anchor", stick).stop()
	kept := func(tenant string) string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(stick, tenant, "*", "*-log.checkpoint"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", tenant, found, err)
		}
		return found[0]
	}
	for tenant, want := range map[string]string{"demo": "first 300 entries are those of the checkpoint", "empty": "first 0 entries are those"} {
		if out := (setting{}).mustRun(t, "verify", "--data", data, "--checkpoint", kept(tenant)); !strings.Contains(out, want) {
			t.Error(out)
		}
	}
	rows := filepath.Join(t.TempDir(), "rows.csv")
	write(t, rows, "user_id,user_name,module,operation\nu,Ann,sms,send\n")
	setting{}.mustRun(t, "import", "--tenant", "empty", rows, "--data", data)
	setting{}.mustRun(t, "verify", "--data", data, "--checkpoint", kept("empty")) // a checkpoint of an empty log is consistent with any log
	another := t.TempDir()
	serve(t, "demo", "--entries", "300", "--data", another).stop()
	if r := (setting{}).run(t, "verify", "--data", another, "--checkpoint", kept("demo")); r.status != exitFailed || !strings.Contains(r.stderr, "signed by another key") {
		t.Errorf("%+v", r)
	}

	p := serve(t, "serve", "--data", data, "--anchor", filepath.Join(stick, "gone"))
	defer p.stop()
	c, _ := signIn(t, p.url, "admin", demoPassword)
	if status := c.get(t, "/readyz", nil); status != http.StatusOK {
		t.Errorf("readyz answers %d", status)
	}
	p.stop()
	if words := p.stderr.String(); !strings.Contains(words, "cannot write checkpoints to "+filepath.Join(stick, "gone")) {
		t.Error(words)
	}
}
