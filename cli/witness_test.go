package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/witness"
)

// follower is a running witness.
type follower struct {
	served
	key string
}

func follow(t *testing.T, data, name string, logs ...string) follower {
	t.Helper()
	args := []string{"witness", "--data", data, "--name", name}
	for _, key := range logs {
		args = append(args, "--log", key)
	}
	p := serve(t, args...)
	return follower{p, regexp.MustCompile(`(?m)^verifier key (\S+)$`).FindStringSubmatch(p.stdout.String())[1]}
}

// cosignedBy waits until the checkpoint of tenant demo carries a witness's cosignature.
func (p served) cosignedBy(t *testing.T, w follower) (checkpoint string) {
	t.Helper()
	v, err := witness.NewVerifier(w.key)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := signIn(t, p.url, "admin", demoPassword)
	for range 20 { // each waits for the witness itself
		checkpoint = c.text(t, "/api/v1/tenants/demo/checkpoint")
		if n, err := note.Open([]byte(checkpoint), note.VerifierList(v)); err == nil && len(n.Sigs) == 1 {
			return checkpoint
		}
	}
	t.Fatalf("not cosigned by %s: %s\n%s", w.key, checkpoint, p.stderr)
	return ""
}

// TestTwoLogsWitnessEachOther runs two logs and beside each a witness of the other; then one is put back to an older state.
func TestTwoLogsWitnessEachOther(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"one", "two"} {
		serve(t, "demo", "--entries", "100", "--data", at(name)).stop()
	}
	verifier := func(name string) string {
		return strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", at(name)))
	}
	keys := []string{verifier("one"), verifier("two")}
	copyFile(t, at("one/oplog.db"), at("older.db"))
	besideTwo, besideOne := follow(t, at("witness-1"), "auditor-two", keys[0]), follow(t, at("witness-2"), "auditor-one", keys[1])
	one := serve(t, "serve", "--data", at("one"), "--witness", besideTwo.key+" "+besideTwo.url)
	two := serve(t, "serve", "--data", at("two"), "--witness", besideOne.key+" "+besideOne.url)
	if text := one.cosignedBy(t, besideTwo); strings.Count(text, "\n— ") != 2 {
		t.Error(text)
	}
	two.cosignedBy(t, besideOne)
	c, _ := signIn(t, one.url, "admin", demoPassword)
	var entries struct{ Entries []struct{ ID string } }
	c.get(t, "/api/v1/tenants/demo/entries?limit=1", &entries)
	if proof := c.text(t, "/api/v1/tenants/demo/entries/"+entries.Entries[0].ID); !strings.Contains(proof, "— auditor-two ") {
		t.Errorf("the proof has no cosignature: %s", proof)
	}
	if key := c.text(t, "/api/v1/key"); !strings.Contains(key, `"name":"auditor-two"`) || !strings.Contains(key, `"state":"ok"`) {
		t.Error(key)
	}
	one.stop()
	two.stop()

	copyFile(t, at("older.db"), at("one/oplog.db"))
	withoutHead(t, at("one"))
	one = serve(t, "serve", "--data", at("one"), "--witness", besideTwo.key+" "+besideTwo.url)
	one.says(t, "an old backup was restored, or entries were removed")
	c, _ = signIn(t, one.url, "admin", demoPassword)
	if key := c.text(t, "/api/v1/key"); !strings.Contains(key, `"state":"refused"`) {
		t.Error(key)
	}
	if metrics := c.text(t, "/metrics"); !strings.Contains(metrics, `oplog_witness_up{witness="auditor-two"} 0`) {
		t.Error(metrics)
	}
	one.stop()

	besideTwo.stop()
	one = serve(t, "serve", "--data", at("one"), "--witness", besideTwo.key+" "+besideTwo.url)
	one.says(t, "witness auditor-two at "+besideTwo.url+" does not cosign the checkpoint of")
	c, _ = signIn(t, one.url, "admin", demoPassword)
	if key := c.text(t, "/api/v1/key"); !strings.Contains(key, `"state":"silent"`) {
		t.Error(key)
	}
	if status := c.get(t, "/api/v1/tenants/demo/checkpoint", nil); status != http.StatusOK {
		t.Errorf("without a witness there is no checkpoint: %d", status)
	}
	one.stop()
	if r := (setting{}).run(t, "serve", "--data", at("one"), "--listen", "127.0.0.1:0", "--witness", "x http://127.0.0.1"); r.status != exitFailed || !strings.Contains(r.stderr, "is not the verifier key of a witness") {
		t.Error(fmt.Sprint(r))
	}
}

// says waits until a server has logged a text.
func (p served) says(t *testing.T, text string) {
	t.Helper()
	for range 3000 {
		if strings.Contains(p.stderr.String(), text) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it does not say %q: %s", text, p.stderr)
}

// TestWitnessFollowsTheKey: a witness that knows the old key follows to the new one, also after a restart, and cosigns nothing more that
// the old key signs; a new key that the old one did not sign is refused.
func TestWitnessFollowsTheKey(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	old := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))
	cosign := func(w follower) string {
		t.Helper()
		p := serve(t, "serve", "--data", data, "--witness", w.key+" "+w.url)
		defer p.stop()
		return p.cosignedBy(t, w)
	}
	w := follow(t, dir, "auditor", old)
	before := cosign(w)
	setting{}.mustRun(t, "key", "rotate", "--data", data)
	recordOne(t, data)
	cosign(w)
	size := strings.Split(before, "\n")[1]
	answer, err := http.Post(w.url+"/add-checkpoint", "text/plain", strings.NewReader("old "+size+"\n\n"+before)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a checkpoint by the old key is answered %d", answer.StatusCode)
	}
	w.stop()
	w = follow(t, dir, "auditor", old)
	defer w.stop()
	recordOne(t, data)
	cosign(w)

	if err := os.Remove(filepath.Join(data, "signing.key")); err != nil {
		t.Fatal(err)
	}
	setting{}.mustRun(t, "key", "rotate", "--lost", "--data", data)
	history := setting{}.mustRun(t, "key", "verifier", "--changes", "--data", data)
	answer, err = http.Post(w.url+"/add-key-changes", "application/json", strings.NewReader(history)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a key that replaced a lost one is answered %d", answer.StatusCode)
	}
}

// TestWitnessFollowsTheKeyOfAServer: once the key of a running log is replaced, no checkpoint by the old one is given out, also none that a witness
// cosigned; the witness follows and cosigns again, although nothing is recorded.
func TestWitnessFollowsTheKeyOfAServer(t *testing.T) {
	data := t.TempDir()
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	old := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))
	w := follow(t, t.TempDir(), "auditor", old)
	defer w.stop()
	p := serve(t, "serve", "--data", data, "--witness", w.key+" "+w.url)
	before := p.cosignedBy(t, w)
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "rotate", "--data", data))
	v, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := signIn(t, p.url, "admin", demoPassword)
	var page struct{ Entries []struct{ ID string } }
	c.get(t, "/api/v1/tenants/demo/entries?limit=1", &page)
	var one struct{ Proof struct{ Checkpoint string } }
	for _, text := range []func() string{
		func() string {
			c.get(t, "/api/v1/tenants/demo/entries/"+page.Entries[0].ID, &one)
			return one.Proof.Checkpoint
		},
		func() string { return c.text(t, "/api/v1/tenants/demo/checkpoint") },
		func() string { return p.cosignedBy(t, w) },
	} {
		if text := text(); !isSignedBy(text, v) {
			t.Errorf("the new key has not signed %s", text)
		}
	}
	if after := p.cosignedBy(t, w); strings.Split(after, "\n")[1] != strings.Split(before, "\n")[1] {
		t.Errorf("before %s, after %s", before, after)
	}
	if status := p.stop(); status != exitDone || strings.Contains(p.stderr.String(), "does not cosign") {
		t.Errorf("status %d: %s", status, p.stderr)
	}
}

func isSignedBy(text string, v note.Verifier) bool {
	n, err := note.Open([]byte(text), note.VerifierList(v))
	return err == nil && len(n.Sigs) == 1
}
