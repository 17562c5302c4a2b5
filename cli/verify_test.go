package cli

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/demo"
)

// text returns a response as text.
func (c client) text(t *testing.T, path string) string {
	t.Helper()
	answer, err := c.Get(c.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, answer.StatusCode, body, err)
	}
	return string(body)
}

func tamper(t *testing.T, data string, change func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(data, "oplog.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	write(t, to, content(t, from))
}

// recordOne records one operation of the demo tenant while no server runs.
func recordOne(t *testing.T, data string) {
	t.Helper()
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "add", "--data", data, "--tenant", demo.TenantID, "--scope", "write", "--name", "test"))
	p := serve(t, "serve", "--data", data)
	defer p.stop()
	r, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/tenants/"+demo.TenantID+"/entries",
		strings.NewReader(`{"user":{"id":"u_1","name":"Ada"},"module":"email","operation":"send","content":{"id":"e","name":"Hello"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("status %d", answer.StatusCode)
	}
}

func TestVerify(t *testing.T) {
	data, kept := t.TempDir(), t.TempDir()
	checkpointOf := func() string {
		p := serve(t, "demo", "--entries", "500", "--data", data)
		defer p.stop()
		c, _ := signIn(t, p.url, "admin", demoPassword)
		return c.text(t, "/api/v1/tenants/demo/checkpoint")
	}
	checkpoint := filepath.Join(kept, "checkpoint")
	write(t, checkpoint, checkpointOf())

	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"verify", "--data", data}, args...)...)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
	}
	f(exitDone, "intact, 500 entries")
	f(exitDone, "first 500 entries are those of the checkpoint", "--checkpoint", checkpoint)
	f(exitDone, "tenant demo/access: intact", "--tenant", "demo")
	f(exitFailed, "there is no tenant gone", "--tenant", "gone")
	pastedFile := filepath.Join(kept, "pasted")
	for _, saved := range asSavedByEditors(t, content(t, checkpoint)) {
		write(t, pastedFile, saved)
		f(exitDone, "first 500 entries are those of the checkpoint", "--checkpoint", pastedFile)
	}
	f(exitFailed, "cannot read the checkpoint", "--checkpoint", filepath.Join(kept, "none"))
	f(exitFailed, "too large", "--checkpoint", "/dev/zero")
	write(t, filepath.Join(kept, "forged"), strings.Replace(content(t, checkpoint), "\n500\n", "\n400\n", 1))
	f(exitFailed, "is not valid: its signature does not match", "--checkpoint", filepath.Join(kept, "forged"))
}
