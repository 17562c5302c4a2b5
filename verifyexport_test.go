package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// exported makes an export over HTTP and waits for its end.
func exported(t *testing.T, c client, body string) (path string) {
	t.Helper()
	const exports = "/api/v1/tenants/demo/exports"
	answer, err := c.Post(c.url+exports, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var x struct{ ID, Status string }
	if err := json.NewDecoder(answer.Body).Decode(&x); err != nil {
		t.Fatal(err)
	}
	for x.Status == "running" {
		time.Sleep(2 * time.Millisecond)
		c.get(t, exports+"/"+x.ID, &x)
	}
	if x.Status != "done" {
		t.Fatalf("%+v", x)
	}
	return exports + "/" + x.ID
}

func TestVerifyExport(t *testing.T) {
	p := serve(t, "demo", "--entries", "500")
	c, _ := signIn(t, p.url, "admin", "demo-admin")
	x := exported(t, c, `{"range":"last_90_days","format":"csv","filters":{"module":["sms","email"]}}`)
	var key struct{ Key string }
	c.get(t, "/api/v1/key", &key)
	dir := t.TempDir()
	file, manifest := filepath.Join(dir, "log.csv"), filepath.Join(dir, "log.csv.manifest")
	rows, signed := c.text(t, x+"/file"), c.text(t, x+"/manifest")
	write(t, file, rows)
	write(t, manifest, signed)
	p.stop()

	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"verify-export"}, args...)...)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) || status == exitFailed && (r.stdout != "" || strings.Count(r.stderr, "\n") != 1) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
	}
	n := strings.Count(rows, "\r\n") - 1
	f(exitDone, fmt.Sprintf("it holds %d operations of tenant demo", n), file, "--key", key.Key)
	f(exitDone, `{"module":["sms","email"]}`, file, "--manifest", manifest, "--key", key.Key)
	f(exitWords, "--key", file)
	f(exitFailed, "is no verifier key", file, "--key", "oplog")
	f(exitFailed, "manifest cannot be read", file, "--manifest", filepath.Join(dir, "none"), "--key", key.Key)
	f(exitFailed, "export cannot be read", filepath.Join(dir, "none"), "--manifest", manifest, "--key", key.Key)
	write(t, file, strings.Replace(rows, "a", "b", 1))
	f(exitFailed, "the file was changed", file, "--key", key.Key)
	write(t, file, rows[:len(rows)-9])
	f(exitFailed, "it was cut", file, "--key", key.Key)
	write(t, file, rows)
	write(t, manifest, strings.Replace(signed, fmt.Sprintf("rows: %d", n), fmt.Sprintf("rows: %d", n+1), 1))
	f(exitFailed, "its signature does not fit its text", file, "--key", key.Key)
}
