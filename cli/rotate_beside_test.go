package cli

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/signing"
	"oplog/signing/signingtest"
	"oplog/storage"
)

// observed are the checkpoints of a running log, one after another.
type observed struct {
	url  string
	c    client
	end  chan struct{}
	seen chan []string
}

// observe reads a checkpoint again and again until it is stopped.
func observe(t *testing.T, url string) *observed {
	t.Helper()
	c, status := signIn(t, url, "ann", "correct horse")
	if status != http.StatusOK {
		t.Fatalf("signing in: %d", status)
	}
	w := &observed{url, c, make(chan struct{}), make(chan []string)}
	go func() {
		var seen []string
		for {
			select {
			case <-w.end:
				w.seen <- seen
				return
			default:
				seen = append(seen, c.text(t, "/api/v1/tenants/acme/checkpoint"))
			}
		}
	}()
	return w
}

// check stops reading, and checks that the keys signed one after another, each no more than the log had when it was replaced.
func (w *observed) check(t *testing.T, first string, replaced int) {
	t.Helper()
	close(w.end)
	checkpoints := append(<-w.seen, w.c.text(t, "/api/v1/tenants/acme/checkpoint"))
	var history oplog.KeyHistory
	w.c.get(t, "/api/v1/tenants/acme/checkpoint/keys", &history)
	keys, err := signing.Follow(first, history.Changes)
	if err != nil || keys.Current() != history.Key || len(history.Changes) != replaced {
		t.Fatalf("%d changes lead to %s, %v", len(history.Changes), history.Key, err)
	}
	signers := []string{first}
	for _, c := range history.Changes {
		signers = append(signers, strings.Split(c.Statement, "\n")[3])
	}
	by, size := make([]int, len(signers)), uint64(0)
	last := 0
	for _, text := range checkpoints {
		head, key, err := keys.OpenCheckpoint(text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		n := slices.Index(signers, key)
		if n < last || head.Size < size {
			t.Errorf("key %d signs %d entries after key %d did %d", n, head.Size, last, size)
		}
		last, size = n, head.Size
		by[n]++
	}
	if by[0] == 0 || last != replaced {
		t.Errorf("the keys sign %v checkpoints", by)
	}
	t.Logf("the keys signed %v checkpoints, to %d entries", by, size)
}

// TestRotateBesideAServer replaces the key of a server that records, with a folder of anchors, and an export before and after. No
// checkpoint by an old key follows one by a new key, and entries are recorded meanwhile.
func TestRotateBesideAServer(t *testing.T) {
	data, s := newAcme(t)
	anchors, files := t.TempDir(), t.TempDir()
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	first := strings.TrimSpace(s.mustRun(t, "key", "verifier"))
	writeKey := strings.TrimSpace(s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm"))
	p := serve(t, "serve", "--data", data, "--anchor", anchors)
	stop := load(t, p.url, writeKey)
	reading := observe(t, p.url)
	c := reading.c
	before := bundleOf(t, c, filepath.Join(files, "before.zip"))
	var keys []string
	const replaced = 3
	for range replaced {
		keys = append(keys, strings.TrimSpace(s.mustRun(t, "key", "rotate")))
		if got := strings.TrimSpace(s.mustRun(t, "key", "verifier")); got != keys[len(keys)-1] {
			t.Errorf("the key is %s, want %s", got, keys[len(keys)-1])
		}
	}
	after := bundleOf(t, c, filepath.Join(files, "after.zip"))
	reading.check(t, first, replaced)
	if recorded := stop(); recorded == 0 {
		t.Error("nothing was recorded")
	}
	events := told(t, c, "/api/v1/tenants/acme")
	for _, key := range keys {
		if want := "command server rotate_key " + key + " socket"; !slices.Contains(events, want) {
			t.Errorf("the access log does not tell %q: %q", want, events)
		}
	}
	changes := filepath.Join(files, "changes.json")
	write(t, changes, s.mustRun(t, "key", "verifier", "--changes", "--tenant", "acme"))
	for _, known := range []string{first, keys[0], keys[replaced-1]} {
		for _, zip := range []string{before, after} {
			s.mustRun(t, "verify-export", zip, "--key", known, "--key-changes", changes)
		}
	}
	if status := p.stop(); status != exitDone {
		t.Errorf("stopped with status %d: %s", status, p.stderr)
	}
	s.mustPrint(t, "tenant acme: intact", "verify", "--anchors", anchors)
	serve(t, "serve", "--data", data).stop()
}

// bundleOf writes the ZIP of an export of all entries to a file.
func bundleOf(t *testing.T, c client, file string) string {
	t.Helper()
	write(t, file, c.text(t, exportedOf(t, c, "acme", `{"range":"last_90_days","format":"csv"}`)+"/bundle"))
	return file
}

// TestRotateToACommandBesideAServer: a server goes on to sign with a command, and then with a key in a file again.
func TestRotateToACommandBesideAServer(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	first, signer := strings.TrimSpace(s.mustRun(t, "key", "verifier")), signingtest.New(t)
	p := serve(t, "serve", "--data", data)
	w := observe(t, p.url)
	r := s.run(t, "key", "rotate", "--next-sign-command", signer.Line, "--next-public-key", signer.PublicKey)
	if r.status != exitDone || !strings.Contains(r.stderr, "needs the new command as its sign-command when it starts next") {
		t.Fatalf("%+v", r)
	}
	w.check(t, first, 1)
	if r := s.run(t, "doctor", "--json"); !strings.Contains(r.stdout, `"key-setting"`) {
		t.Errorf("%+v", r)
	}
	p.stop()
	s.mustFail(t, "specify --sign-command", "serve", "--listen", "127.0.0.1:0")

	signer.Answer("")
	p = serve(t, "serve", "--data", data, "--sign-command", signer.Line)
	s.mustFail(t, "no card in the reader", "key", "rotate")
	r = s.run(t, "key", "rotate", "--lost")
	if r.status != exitDone || !strings.Contains(r.stderr, "sees a break") || !strings.Contains(r.stderr, "must not have a sign-command any more") {
		t.Errorf("%+v", r)
	}
	p.stop()
	serve(t, "serve", "--data", data).stop()
	db, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	history, err := db.KeyHistory("acme")
	if text, _ := json.Marshal(history); err != nil || len(history.Changes) != 2 || history.Key != strings.TrimSpace(r.stdout) {
		t.Errorf("%s, %v after %s", text, err, strconv.Quote(r.stdout))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
