package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifyProof(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "demo", "--entries", "300", "--data", data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	var page struct{ Entries []struct{ ID string } }
	c.get(t, "/api/v1/tenants/demo/entries?limit=1", &page)
	answer := c.text(t, "/api/v1/tenants/demo/entries/"+page.Entries[0].ID)
	p.stop()
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))

	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		t.Fatal(err)
	}
	copied := `{"id":` + string(parts["id"]) + `,"proof":` + string(parts["proof"]) + `,"verdict":{"state":"proven"}}`
	file := filepath.Join(t.TempDir(), "proof.json")
	f := func(status int, want, text, key string) {
		t.Helper()
		write(t, file, text)
		r := setting{}.run(t, "verify-proof", file, "--key", key)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) || status != exitDone && (r.stdout != "" || strings.Count(r.stderr, "\n") != 1) {
			t.Errorf("%+v; want %d, %s", r, status, want)
		}
		if again := (setting{stdin: text}).run(t, "verify-proof", "-", "--key", key); again != r {
			t.Errorf("from the standard input %+v, from a file %+v", again, r)
		}
	}
	f(exitDone, "TRUE: this entry is part of the log of tenant demo", copied, key)
	f(exitDone, page.Entries[0].ID, answer, key)
	for _, saved := range asSavedByEditors(t, copied) {
		f(exitDone, "TRUE: ", saved, key)
	}
	f(exitFailed, "not the proof of an entry", "", key)
	f(exitFailed, "not the proof of an entry", `{"id":"x"}`, key)
	f(exitFailed, "not a verifier key", copied, "oplog")
	f(exitFailed, "signed by another key", copied, otherKey(t))
	f(exitFailed, "NOT TRUE: the file names entry", strings.Replace(copied, page.Entries[0].ID, "other", 1), key)
	var proof struct{ Leaf string }
	if err := json.Unmarshal(parts["proof"], &proof); err != nil {
		t.Fatal(err)
	}
	changed := proof.Leaf[:40] + map[bool]string{true: "B", false: "A"}[proof.Leaf[40] == 'A'] + proof.Leaf[41:]
	f(exitFailed, "NOT TRUE: the entry differs from what the log recorded", strings.Replace(copied, proof.Leaf, changed, 1), key)
	f(exitFailed, "NOT TRUE: the fields beside the proof", strings.Replace(answer, `"module":"`, `"module":"x`, 1), key)
}

// TestVerifyProofExactly: the fields beside a proof are compared and printed as recorded text; numbers keep every digit.
func TestVerifyProofExactly(t *testing.T) {
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "entry.ndjson")
	const details = `{"a":9007199254740993,"b":[2.50,1e400,-0],"c":"<\u202e>"}`
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	setting{stdin: "correct horse battery"}.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin", "--data", data)
	write(t, file, `{"id":"e","time":"2026-11-22T07:00:00Z","user":{"id":"u","name":"n\u202e"},"module":"sms","operation":"send","details":`+details+"}\n")
	setting{}.mustRun(t, "import", "--tenant", "acme", file, "--data", data)
	p := serve(t, "--data", data)
	c, _ := signIn(t, p.url, "ann", "correct horse battery")
	answer := c.text(t, "/api/v1/tenants/acme/entries/e")
	p.stop()
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))
	f := func(text string) result {
		t.Helper()
		write(t, file, text)
		return setting{}.run(t, "verify-proof", file, "--key", key)
	}
	r := f(answer)
	for _, want := range []string{"TRUE: ", `"a": 9007199254740993,`, "2.50,\n", "1e400,\n", "-0\n", `"c": "<\u202e>"`, `"name": "n\u202e"`} {
		if r.status != exitDone || !strings.Contains(r.stdout, want) {
			t.Errorf("%s is not in %+v", want, r)
		}
	}
	for _, change := range [][2]string{{"9007199254740993", "9007199254740992"}, {"2.50", "2.5"}, {"1e400", "1e401"}, {"-0", "0"}} {
		if r := f(strings.Replace(answer, change[0], change[1], 1)); r.status != exitFailed || !strings.Contains(r.stderr, "NOT TRUE: the fields beside the proof") {
			t.Errorf("%v: %+v", change, r)
		}
	}
}

// otherKey returns the verifier key of another log.
func otherKey(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	return strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))
}

// TestVerifyProofOfAccessLogs: the proof of an event, of a tenant's access log and of the installation's, is verified as that of an entry is.
func TestVerifyProofOfAccessLogs(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "demo", "--entries", "300", "--data", data)
	c, _ := signIn(t, p.url, "owner", demoPassword)
	var made map[string]any
	c.get(t, "/api/v1/tenants/demo/entries?limit=1", &made)
	answers := map[string]string{}
	for of, path := range map[string]string{"the access log of the installation": "/api/v1/access", "the access log of tenant demo": "/api/v1/tenants/demo/access"} {
		var page struct{ Entries []struct{ ID string } }
		c.get(t, path, &page)
		if len(page.Entries) == 0 {
			t.Fatalf("%s is empty", of)
		}
		answers[of] = c.text(t, path+"/"+page.Entries[0].ID)
	}
	p.stop()
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", data))
	file := filepath.Join(t.TempDir(), "proof.json")
	for of, answer := range answers {
		for _, c := range []struct {
			want string
			text string
		}{
			{"TRUE: this entry is part of " + of + ", as number ", answer},
			{"NOT TRUE: the fields beside the proof", strings.Replace(answer, `"operation":"`, `"operation":"x`, 1)},
			{"NOT TRUE: ", strings.Replace(answer, `"index":`, `"index":1`, 1)},
		} {
			write(t, file, c.text)
			if r := (setting{}).run(t, "verify-proof", file, "--key", key); !strings.Contains(r.stdout+r.stderr, c.want) || (r.status == exitDone) != strings.HasPrefix(c.want, "TRUE") {
				t.Errorf("%s: %+v, want %s", of, r, c.want)
			}
		}
	}
}
