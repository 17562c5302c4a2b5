package witness

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// log is a log of n entries that signs its checkpoints.
type log struct {
	*testing.T
	signer note.Signer
	vkey   string
	hashes []tlog.Hash
	size   int64
}

func (l *log) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, i := range indexes {
		found = append(found, l.hashes[i])
	}
	return found, nil
}

func newLog(t *testing.T, name string) *log {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return &log{T: t, signer: signer, vkey: public}
}

func (l *log) grow(entries ...string) {
	l.Helper()
	for _, e := range entries {
		hashes, err := tlog.StoredHashes(l.size, []byte(e), l)
		if err != nil {
			l.Fatal(err)
		}
		l.hashes, l.size = append(l.hashes, hashes...), l.size+1
	}
}

// request is the body of add-checkpoint, from a size.
func (l *log) request(old int64, tree string) string {
	l.Helper()
	root, err := tlog.TreeHash(l.size, l)
	if err != nil {
		l.Fatal(err)
	}
	text := fmt.Sprintf("%s/%s\n%d\n%s\n", l.signer.Name(), tree, l.size, root)
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		l.Fatal(err)
	}
	body := fmt.Sprintf("old %d\n", old)
	if old > 0 && old <= l.size {
		proof, err := tlog.ProveTree(l.size, old, l)
		if err != nil {
			l.Fatal(err)
		}
		for _, hash := range proof {
			body += hash.String() + "\n"
		}
	}
	return body + "\n" + string(signed)
}

// follower is a witness that serves.
type follower struct {
	*testing.T
	w   *Witness
	url string
	now time.Time
}

func follow(t *testing.T, dir string, logs ...*log) *follower {
	t.Helper()
	f := &follower{T: t, now: time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)}
	var keys []string
	for _, l := range logs {
		keys = append(keys, l.vkey)
	}
	var err error
	if f.w, err = Open(dir, "auditor.example", keys, func() time.Time { return f.now }); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(f.w.Handler(slog.New(slog.NewTextHandler(io.Discard, nil))))
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *follower) post(body string, want int) (answer string, header http.Header) {
	f.Helper()
	r, err := http.Post(f.url+"/add-checkpoint", "text/plain", strings.NewReader(body)) //nolint:noctx // a test
	if err != nil {
		f.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != want {
		f.Errorf("%q: %d %s, %v; want %d", body, r.StatusCode, data, err, want)
	}
	return string(data), r.Header
}

// cosigned checks an answer by the definition of cosignature/v1.
func (f *follower) cosigned(body, answer string) {
	f.Helper()
	v, err := NewVerifier(f.w.Key())
	if err != nil {
		f.Fatal(err)
	}
	_, checkpoint, _ := strings.Cut(body, "\n\n")
	n, err := note.Open([]byte(checkpoint+answer), note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || !TimeOf(n.Sigs[0]).Equal(f.now) || n.Sigs[0].Name != "auditor.example" {
		f.Errorf("%q: %+v, %v", answer, n, err)
	}
	if data, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64); err != nil || len(data) != 4+8+64 {
		f.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestAddCheckpoint(t *testing.T) {
	dir := t.TempDir()
	l, other := newLog(t, "oplog-1"), newLog(t, "oplog-2")
	f := follow(t, dir, l)
	good := func(old int64) {
		t.Helper()
		body := l.request(old, "acme")
		answer, _ := f.post(body, 200)
		f.cosigned(body, answer)
	}
	good(0) // of an empty log
	l.grow("a", "b", "c")
	good(0)
	good(3) // the same again
	l.grow("d", "e")
	good(3)

	// Stale and future sizes, in the words of the protocol.
	answer, header := f.post(l.request(3, "acme"), 409)
	if answer != "5\n" || header.Get("Content-Type") != "text/x.tlog.size" {
		t.Errorf("%q, %v", answer, header)
	}
	f.post(l.request(9, "acme"), 400)
	f.post(l.request(1, "acme/access"), 409) // never cosigned: another tree
	f.post(strings.Replace(l.request(5, "acme"), "old 5\n", "old 5\n"+tlog.RecordHash(nil).String()+"\n", 1), 422)
	f.post(strings.Replace(l.request(0, "acme/access"), "old 0\n", "old 0\n"+tlog.RecordHash(nil).String()+"\n", 1), 422)
	f.post(other.request(0, "acme"), 404)
	impostor := newLog(t, "oplog-1")
	impostor.grow("x")
	f.post(impostor.request(0, "acme"), 403)
	f.post(strings.Replace(l.request(5, "acme"), "\n5\n", "\n6\n", 1), 403)
	for _, malformed := range []string{"", "old 5", "old 05\n\nx", "new 5\n\nx", "old 5\nnot base64\n\nx", "old 5\n" + strings.Repeat(tlog.RecordHash(nil).String()+"\n", 64) + "\nx"} {
		f.post(malformed, 400)
	}

	// A rewritten log is refused, also by a witness that started again; one that goes on is not.
	rewritten := &log{T: t, signer: l.signer, vkey: l.vkey}
	rewritten.grow("a", "b", "c", "d", "E", "f")
	f = follow(t, dir, l)
	f.post(rewritten.request(5, "acme"), 422)
	rewritten.hashes, rewritten.size = nil, 0
	rewritten.grow("a", "b", "c", "d", "E")
	f.post(rewritten.request(5, "acme"), 422)
	l.grow("f")
	good(5)
	r, err := http.Get(f.url + "/" + hashOf("oplog-1/acme") + "/checkpoint") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if data, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(data), "\n6\n") || strings.Count(string(data), "\n— ") != 2 {
		t.Errorf("%s, %v", data, err)
	}
}

// TestCosignNeverGoesBack: of many that ask at once, each answer continues the one before.
func TestCosignNeverGoesBack(t *testing.T) {
	l := newLog(t, "oplog-1")
	f := follow(t, t.TempDir(), l)
	var bodies []string
	for range 20 {
		l.grow("e")
		bodies = append(bodies, l.request(0, "acme"))
	}
	var mu sync.Mutex
	var cosigned []string
	var all sync.WaitGroup
	for _, body := range bodies {
		all.Go(func() {
			r, err := parseRequest(body)
			if err != nil {
				t.Error(err)
			}
			if _, err := f.w.Cosign(r); err == nil {
				mu.Lock()
				defer mu.Unlock()
				cosigned = append(cosigned, body)
			}
		})
	}
	all.Wait()
	if len(cosigned) != 1 {
		t.Errorf("%d of 20 first checkpoints are cosigned", len(cosigned))
	}
}

func TestOpenRefuses(t *testing.T) {
	dir, l := t.TempDir(), newLog(t, "oplog-1")
	w, err := Open(dir, "", []string{l.vkey}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Open(dir, "renamed", []string{l.vkey}, time.Now); err != nil || again.Key() != w.Key() {
		t.Errorf("%v, %v", again, err)
	}
	if err := os.Chmod(dir+"/witness.key", 0o644); err != nil { //nolint:gosec // this is the case
		t.Fatal(err)
	}
	if _, err := Open(dir, "", []string{l.vkey}, time.Now); err == nil || !strings.Contains(err.Error(), "can be read or changed by others") {
		t.Error(err)
	}
	if _, err := Open(t.TempDir(), "two words", []string{l.vkey}, time.Now); err == nil {
		t.Error("a name with a blank is accepted")
	}
	if _, err := Open(t.TempDir(), "", []string{"x"}, time.Now); err == nil {
		t.Error("x is accepted as a key")
	}
	// A damaged record must not begin again.
	dir = t.TempDir()
	f := follow(t, dir, l)
	l.grow("a")
	f.post(l.request(0, "acme"), 200)
	if err := os.WriteFile(f.w.path(hashOf("oplog-1/acme")), bytes.Repeat([]byte{0}, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	f.post(l.request(0, "acme"), 500)
}

// TestLogOfRefusals: what anybody can send without a signature fills no log: unknown logs are not logged, and texts only in part.
func TestLogOfRefusals(t *testing.T) {
	l := newLog(t, "oplog-1")
	w, err := Open(t.TempDir(), "", []string{l.vkey}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	handler := w.Handler(slog.New(slog.NewTextHandler(&lines, nil)))
	send := func(key string, want int) string {
		t.Helper()
		lines.Reset()
		body, err := json.Marshal(oplog.KeyHistory{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/add-key-changes", bytes.NewReader(body)))
		if out.Code != want {
			t.Errorf("%.80s: %d %s, want %d", key, out.Code, out.Body, want)
		}
		return lines.String()
	}
	_, ofLog, _ := strings.Cut(l.vkey, "+")
	for key, want := range map[string]int{strings.Repeat("x", 50_000): 400, strings.Repeat("x", 50_000) + "+" + ofLog: 400, newLog(t, strings.Repeat("x", 50_000)).vkey: 404} {
		if logged := send(key, want); logged != "" {
			t.Errorf("%d: %.200s", want, logged)
		}
	}
	stranger := newLog(t, "oplog-1").vkey
	if logged := send(stranger, 403); !strings.Contains(logged, "key="+stranger) {
		t.Errorf("a key that replaces none: %s", logged)
	}
	if logged := send(stranger+strings.Repeat("\n", 20_000), 403); !strings.Contains(logged, "oplog-1") || len(logged) > 2000 { // still a key
		t.Errorf("%d bytes: %.200s", len(logged), logged)
	}
	if logged := send(l.vkey+strings.Repeat("\n", 20_000), 204); logged != "" {
		t.Errorf("a key that is known: %.200s", logged)
	}
}
