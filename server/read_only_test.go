package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/faults"
	"oplog/oplog"
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
	if r := f.send("nobody", "GET", "/api/v1/status", ""); r.status != 200 || strings.TrimSpace(r.body) != `{"read_only":true}` {
		t.Errorf("the console's banner: %d %s", r.status, r.body)
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
	f.awaitWritable()
	f.record(entry(`"id":"e2","time":"2026-11-20T07:01:00Z"`))
	f.get("admin", tenantA+"/entries/e2", 200)
	if body := f.get("nobody", "/api/v1/status", 200); strings.TrimSpace(body) != `{"read_only":false}` {
		t.Errorf("the console's banner afterwards: %s", body)
	}
}

// awaitWritable waits until the log can record again.
func (f *fixture) awaitWritable() {
	f.Helper()
	for deadline := time.Now().Add(time.Minute); f.send("read", "GET", "/readyz", "").status != 200; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatal("it stays read-only")
		}
	}
}

// TestReadOnlyGoesOn: while nothing can be recorded, people sign in and out, backups are made, and the last use of a key costs no log line. What
// the access log should have is recorded once it can be.
func TestReadOnlyGoesOn(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-20T07:00:00Z"`))
	file, away := filepath.Join(f.dir, "oplog.db"), filepath.Join(f.dir, "oplog.db.away")
	f.advance(2 * time.Minute) // uses of keys would be written
	f.noError(os.Rename(file, away))
	background := faults.Background()

	session, _ := f.cookiesOf(f.attempt("192.0.2.1", "auditor", password, 200))
	f.sent["new"] = map[string]string{"Cookie": session}
	f.get("new", tenantA+"/entries/e1", 200)
	f.change("admin", "DELETE", "/api/v1/session", "", 204)
	f.asProblem(f.send("admin", "GET", "/api/v1/session", ""), 401)
	for range 3 {
		f.get("read", entriesPath, 200)
	}
	if r := f.send("owner", "GET", "/api/v1/backup", ""); r.status != 200 || len(r.body) < 1000 {
		t.Errorf("a backup: %d, %d bytes", r.status, len(r.body))
	}
	f.asProblem(f.send("owner", "PATCH", "/api/v1/accounts/auditor", `{"name":"Nobody"}`), 503) // what must last is refused
	f.log.Trail.Flush()
	if n := faults.Background() - background; n != 0 {
		t.Errorf("%d background errors were logged", n)
	}

	f.noError(os.Rename(away, file))
	f.awaitWritable()
	told := strings.Join(f.trail("owner", tenantA+"/access"), "\n")
	for _, want := range []string{"auditor session sign_in", "auditor log open e1", "admin session sign_out"} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in\n%s", want, told)
		}
	}
	if strings.Contains(told, "server lose") {
		t.Errorf("events were lost:\n%s", told)
	}
	f.get("new", tenantA+"/entries/e1", 200)
	f.asProblem(f.send("admin", "GET", "/api/v1/session", ""), 401)
	stored, err := f.log.Identity.Sessions(strings.TrimPrefix(session, sessionCookie+"="))
	if err != nil || len(stored) == 0 {
		t.Errorf("the session is not stored: %v, %v", stored, err)
	}
}

// TestSecondFactorWhileReadOnly: people sign in with a code or a recovery code while nothing can be recorded. Each is accepted once, also after the
// log has become writable, and the access log tells of it then.
func TestSecondFactorWhileReadOnly(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	secret, recovery := b.enroll(byPassword)
	file, away := filepath.Join(f.dir, "oplog.db"), filepath.Join(f.dir, "oplog.db.away")
	f.noError(os.Rename(file, away))

	code := b.code(secret)
	b.signIn("auditor", 202)
	b.send("POST", factorPath, code, 200)
	b.send("GET", entriesPath, "", 200)
	other := f.browser("192.0.2.2")
	used := fmt.Sprintf(`{"recovery_code":%q}`, recovery[0])
	other.signIn("auditor", 202)
	other.send("POST", factorPath, code, 422) // it was used
	other.send("POST", factorPath, used, 200)
	other.send("GET", entriesPath, "", 200)
	third := f.browser("192.0.2.3")
	third.signIn("auditor", 202)
	third.send("POST", factorPath, used, 422)
	third.send("POST", factorPath, `{"recovery_code":"aaaa-aaaa-aaaa-aaaa"}`, 422)
	b.send("POST", factorPath+"/recovery-codes", byPassword, 503) // what must last is refused

	f.noError(os.Rename(away, file))
	f.awaitWritable()
	third.send("POST", factorPath, code, 422)
	third.send("POST", factorPath, used, 422)
	for _, in := range []*browser{b, other} {
		if state := in.send("GET", factorPath, "", 200).body; !strings.Contains(state, `"totp":true,"recovery_codes":9,`) {
			t.Error(state)
		}
	}
	told := strings.Join(f.trail("owner", tenantA+"/access"), "\n")
	for _, want := range []string{`auditor session sign_in {"second_factor":"totp"}`, `auditor session sign_in {"second_factor":"recovery_code"}`} {
		if strings.Count(told, want) != 1 {
			t.Errorf("not once %s in\n%s", want, told)
		}
	}
	f.log.Trail.Flush()
	f.noError(f.log.Close()) // what was kept in memory is stored
	f.open(func(store oplog.Store) oplog.Store { return store })
	third.send("POST", factorPath, code, 422)
	third.send("POST", factorPath, used, 422)
	other.send("GET", entriesPath, "", 200)
}
