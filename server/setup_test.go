package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// newEmptyServer is a server of a log that has nothing yet.
func newEmptyServer(t *testing.T) *fixture {
	t.Helper()
	return newEmptyServerOver(t, func(store oplog.Store) oplog.Store { return store })
}

// newEmptyServerOver is newEmptyServer over what wrap makes of its store.
func newEmptyServerOver(t testing.TB, wrap func(oplog.Store) oplog.Store) *fixture {
	t.Helper()
	dir := t.TempDir()
	store := wrap(must(storage.Open(dir, storage.Options{}))(t))
	log := must(node.New(store, must(search.Open(filepath.Join(dir, "index"), store))(t), node.Options{ExportDir: filepath.Join(dir, "exports")}))(t)
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{TB: t, log: log, sent: map[string]map[string]string{"nobody": {}}}
	f.server = New(log, Options{Hosts: []string{"example.com"}, SetupCode: "the code"})
	return f
}

func TestSetup(t *testing.T) {
	f := newEmptyServer(t)
	needed := func(want bool) {
		t.Helper()
		if body := f.get("nobody", "/api/v1/setup", 200); strings.TrimSpace(body) != fmt.Sprintf(`{"needed":%v}`, want) {
			t.Errorf("needed: %s", body)
		}
	}
	post := func(fields string, want int) reply {
		t.Helper()
		r := f.send("nobody", "POST", "/api/v1/setup", `{"username":"ann","password":"correct horse",`+fields+`}`)
		if r.status != want {
			t.Errorf("%s: %d, want %d: %s", fields, r.status, want, r.body)
		}
		return r
	}
	needed(true)
	post(`"tenant":{"id":"acme","name":"Acme"}`, 422)
	post(`"code":"","tenant":{"id":"acme","name":"Acme"}`, 403)
	post(`"code":"The code","tenant":{"id":"acme","name":"Acme"}`, 403)
	post(`"code":"the code"`, 422)
	post(`"code":"the code","tenant":{"id":"a/b","name":"Acme"}`, 422)
	post(`"code":"the code","tenant":{"id":"acme","name":"Acme","time_zone":"Mars"}`, 422)
	post(`"code":"the code","tenant":{"id":"acme","name":"Acme","retention_days":30}`, 422)
	post(`"code":"the code","role":"admin","tenant":{"id":"acme","name":"Acme"}`, 422)
	if r := f.send("nobody", "POST", "/api/v1/setup", `{}`, "Sec-Fetch-Site", "cross-site"); r.status != 403 {
		t.Errorf("from another site: %d", r.status)
	}
	needed(true)
	r := post(`"code":"the code","tenant":{"id":"acme","name":"Acme","data_permission":true,"retention_days":365}`, 201)
	want := `{"username":"ann","role":"owner","locale":"en","tenants":[{"id":"acme","name":"Acme","time_zone":"Asia/Shanghai","data_permission":true}]}`
	if strings.TrimSpace(r.body) != want || !strings.Contains(r.header.Get("Set-Cookie"), sessionCookie+"=") {
		t.Errorf("%s %v", r.body, r.header)
	}

	// Never again, whatever is sent.
	needed(false)
	for _, code := range []string{"the code", "", "another"} {
		r := post(`"code":"`+code+`","tenant":{"id":"again","name":"Again"}`, 404)
		if p := f.asProblem(r, 404); p.Detail != "Not found." {
			t.Errorf("%s: %+v", code, p)
		}
	}
	if tenants := must(f.log.Directory.Tenants())(t); len(tenants) != 1 || tenants[0].RetentionDays != 365 || tenants[0].RetentionBy != "ann" {
		t.Errorf("%+v", tenants)
	}
}

// TestSetupCodeCannotBeGuessed: guesses from one address are limited, whatever is tried elsewhere or at the sign-in.
func TestSetupCodeCannotBeGuessed(t *testing.T) {
	f := newEmptyServer(t)
	post := func(ip, code string, want int) {
		t.Helper()
		r := f.sendFrom(ip, "POST", "/api/v1/setup", `{"code":"`+code+`","username":"ann","password":"correct horse","tenant":{"id":"acme","name":"Acme"}}`)
		if r.status != want {
			t.Errorf("%s from %s: %d, want %d: %s", code, ip, r.status, want, r.body)
		}
	}
	for range setupLimit.attempts {
		f.sendFrom("192.0.2.1", "POST", "/api/v1/session", signIn("set-up", "wrong"))
		f.sendFrom("192.0.2.2", "POST", "/api/v1/session", signIn("set-up", "wrong"))
		post("192.0.2.1", "guess", 403)
	}
	post("192.0.2.1", "the code", 429)
	post("192.0.2.2", "guess", 403)
	post("192.0.2.2", "the code", 201)
}

func TestNoSetupWithoutCode(t *testing.T) {
	f := newEmptyServer(t)
	f.server = New(f.log, Options{Hosts: []string{"example.com"}})
	body := f.get("nobody", "/api/v1/setup", 200)
	r := f.send("nobody", "POST", "/api/v1/setup", `{"code":"","username":"ann","password":"correct horse","tenant":{"id":"acme","name":"Acme"}}`)
	if !strings.Contains(body, "false") || r.status != 404 {
		t.Errorf("%s; %d %s", body, r.status, r.body)
	}
}
