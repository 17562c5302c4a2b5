package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"oplog/cluster"
	"oplog/exports/formats"
	"oplog/identity"
	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"

	"golang.org/x/crypto/argon2"
)

// clock is the time at which all tests begin; each read advances it by a microsecond.
var clock = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

const (
	password = "correct horse battery"
	tenantA  = "/api/v1/tenants/acme"
)

// passwordHash is cheap to check, because tests often do.
var passwordHash = sync.OnceValue(func() string {
	salt := make([]byte, 16)
	b64 := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=8,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))
})

// fixture is a server on the real engines, with a tenant acme, whose users and keys are named by role or scope, and a tenant other.
type fixture struct {
	testing.TB
	server *Server
	log    *node.Node
	dir    string
	sent   map[string]map[string]string // headers of each caller: a cookie or a key
	words  *strings.Builder             // the server's own log
	looks  *atomic.Int64                // microseconds since clock
	disk   *nodetest.Disk

	cluster *cluster.Node // of a log on several nodes
	steady  bool          // such a node does not take a slow leader for a lost one
	stop    func()        // stops such a node
}

// tick is the clock of the server.
func (f *fixture) tick() time.Time {
	return clock.Add(time.Duration(f.looks.Add(1)) * time.Microsecond)
}

// open opens the log in the fixture's directory, over what wrap makes of its store, and a server.
func (f *fixture) open(wrap func(oplog.Store) oplog.Store) {
	f.Helper()
	db := must(storage.Open(f.dir, storage.Options{}))(f)
	if !must(cluster.IsNode(f.dir))(f) {
		f.serve(wrap(db))
		return
	}
	f.cluster = must(cluster.Open(f.Context(), db, cluster.Options{Dir: f.dir, Logger: slog.New(slog.DiscardHandler), Steady: f.steady}))(f)
	_, _, err := f.cluster.AwaitLeader(f.Context())
	f.noError(err)
	f.serve(wrap(f.cluster.Store()))
}

// serve makes a server over a store.
func (f *fixture) serve(store oplog.Store) {
	f.Helper()
	index := must(search.Open(filepath.Join(f.dir, "index"), store))(f)
	f.log = must(node.New(store, index, node.Options{
		Encode: storage.Encode, Now: f.tick, Space: f.disk.Space, ExportDir: filepath.Join(f.dir, "exports"), Formats: []oplog.ExportFormat{formats.CSV, formats.XLSX, formats.NDJSON},
	}))(f)
	f.server = New(f.log, Options{
		Console: testConsole, Version: "test", Now: f.tick, Logger: slog.New(slog.NewTextHandler(f.words, nil)),
		Hosts:   []string{"example.com"}, // as httptest sends
		Cluster: f.cluster,
	})
}

// advance moves the clock forward.
func (f *fixture) advance(d time.Duration) { f.looks.Add(d.Microseconds()) }

var testConsole = fstest.MapFS{
	"index.html":         {Data: []byte("<!doctype html><html><head><title>oplog</title><script src=\"./assets/app.js\"></script></head></html>")},
	"favicon.svg":        {Data: []byte("<svg/>")},
	"assets/app.js":      {Data: []byte(strings.Repeat("console.log(1)\n", 200))},
	"assets/short.css":   {Data: []byte("body{}")},
	"assets/plain.woff2": {Data: bytes.Repeat([]byte("font"), 1000)},
}

func newServer(t testing.TB) *fixture {
	t.Helper()
	return newServerOver(t, func(store oplog.Store) oplog.Store { return store })
}

// newServerOver returns a server over what wrap makes of its store.
func newServerOver(t testing.TB, wrap func(oplog.Store) oplog.Store) *fixture {
	t.Helper()
	f := newFixture(t)
	f.open(wrap)
	f.closeAtEnd()
	f.furnish()
	return f
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return &fixture{TB: t, dir: t.TempDir(), sent: map[string]map[string]string{"nobody": {}}, words: &strings.Builder{}, looks: &atomic.Int64{}, disk: &nodetest.Disk{}}
}

func (f *fixture) closeAtEnd() {
	f.Cleanup(func() {
		if err := f.log.Close(); err != nil {
			f.Error(err)
		}
	})
}

// furnish adds the tenants, their users and keys.
func (f *fixture) furnish() {
	f.Helper()
	t := f.TB
	log := f.log
	must(log.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", TimeZone: "Asia/Shanghai", DataPermission: true}))(t)
	must(log.Directory.AddTenant(oplog.Tenant{ID: "other", Name: "Other", TimeZone: "UTC"}))(t)
	must(log.Directory.SetOrganizations(t.Context(), "acme", oplog.Tree{
		{ID: "hq", Name: "Headquarters"}, {ID: "east", ParentID: "hq", Name: "East"}, {ID: "shanghai", ParentID: "east", Name: "Shanghai"},
		{ID: "west", ParentID: "hq", Name: "West"},
	}))(t)
	for _, a := range []identity.Account{
		{Username: "owner", Role: identity.RoleOwner},
		{Username: "admin", Role: identity.RoleAdmin, Tenant: "acme"},
		{Username: "scoped", Role: identity.RoleAdmin, Tenant: "acme", Organization: "east", Locale: "zh-CN"},
		{Username: "auditor", Role: identity.RoleAuditor, Tenant: "acme"},
		{Username: "member", Role: identity.RoleMember, Tenant: "acme"},
		{Username: "stranger", Role: identity.RoleAdmin, Tenant: "other"},
	} {
		a.PasswordHash = passwordHash()
		must(log.Identity.AddAccount(a, nil))(t)
		_, token, err := log.Identity.StartSession(a, "", "")
		f.noError(err)
		f.sent[a.Username] = map[string]string{"Cookie": sessionCookie + "=" + token}
		f.confirm(a.Username)
	}
	for _, k := range []struct {
		caller, tenant string
		scope          identity.KeyScope
	}{
		{"write", "acme", identity.ScopeWrite}, {"read", "acme", identity.ScopeRead}, {"launch", "acme", identity.ScopeLaunch},
		{"directory", "acme", identity.ScopeDirectory}, {"strange directory", "other", identity.ScopeDirectory},
		{"metrics", "acme", identity.ScopeMetrics}, {"backup", "acme", identity.ScopeBackup},
		{"strange key", "other", identity.ScopeRead}, {"strange writer", "other", identity.ScopeWrite}, {"revoked", "acme", identity.ScopeRead},
	} {
		key, text, err := log.Identity.AddKey(k.tenant, k.scope, k.caller)
		f.noError(err)
		f.sent[k.caller] = map[string]string{"Authorization": "Bearer " + text}
		if k.caller == "revoked" {
			must(log.Identity.RevokeKey("acme", key.ID))(t)
		}
	}
}

// must returns a value, and fails the test if there is an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (f *fixture) noError(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// reply is a response of the server.
type reply struct {
	status int
	header http.Header
	body   string
}

// problem is an error response.
type problem struct {
	Title  string
	Status int
	Detail string
	Errors []struct {
		Location, Message string
		Value             any
	}
}

// send makes a request as a caller. Headers are pairs of name and value.
func (f *fixture) send(caller, method, path, body string, headers ...string) reply {
	f.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	sent, known := f.sent[caller]
	if !known {
		f.Fatalf("there is no caller %q", caller)
	}
	for name, value := range sent {
		r.Header.Set(name, value)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return f.do(r)
}

func (f *fixture) do(r *http.Request) reply {
	f.Helper()
	answer, err := f.server.App().Test(r, -1)
	f.noError(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	f.noError(err)
	return reply{answer.StatusCode, answer.Header, string(body)}
}

func (f *fixture) get(caller, path string, want int) string {
	f.Helper()
	r := f.send(caller, "GET", path, "")
	if r.status != want {
		f.Fatalf("GET %s as %s: %d, want %d: %s", path, caller, r.status, want, r.body)
	}
	return r.body
}

// asProblem checks that a reply is a problem, and returns it.
func (f *fixture) asProblem(r reply, want int) problem {
	f.Helper()
	var p problem
	if r.status != want {
		f.Fatalf("status %d, want %d: %s", r.status, want, r.body)
	}
	if r.header.Get("Content-Type") != "application/problem+json" {
		f.Errorf("Content-Type %q of a problem", r.header.Get("Content-Type"))
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || p.Status != want || p.Title == "" || p.Detail == "" {
		f.Errorf("not a whole problem: %s", r.body)
	}
	return p
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// entry returns an entry as a sender writes it; fields are JSON members that replace its own or are added.
func entry(fields ...string) string {
	members := map[string]json.RawMessage{
		"user": json.RawMessage(`{"id":"u1","name":"李雷"}`), "module": json.RawMessage(`"customer"`), "operation": json.RawMessage(`"create"`),
	}
	for _, f := range fields {
		var given map[string]json.RawMessage
		if err := json.Unmarshal([]byte("{"+f+"}"), &given); err != nil {
			panic(f)
		}
		for name, value := range given {
			members[name] = value
		}
	}
	text, _ := json.Marshal(members)
	return string(text)
}

// record sends entries, which must be accepted.
func (f *fixture) record(entries ...string) {
	f.Helper()
	r := f.send("write", "POST", tenantA+"/entries", fmt.Sprintf(`{"entries":[%s]}`, strings.Join(entries, ",")))
	if r.status != 201 {
		f.Fatalf("record: %d %s", r.status, r.body)
	}
}

// raw sends a request line that Go's own client would not send.
func (f *fixture) raw(caller, line string) reply {
	f.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Opaque, r.RequestURI = target, target
	for name, value := range f.sent[caller] {
		r.Header.Set(name, value)
	}
	return f.do(r)
}

// TestHead: HEAD responds as GET does, without the body.
func TestHead(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	for _, path := range []string{
		"/", "/healthz", "/metrics", "/api/v1/openapi.json", "/api/v1/session", "/api/v1/setup", "/api/v1/accounts", "/api/v1/key",
		entriesPath, entriesPath + "?limit=x", entriesPath + "/e1", entriesPath + "/none", tenantA + "/summary", tenantA + "/catalog",
		tenantA + "/organizations", tenantA + "/exports", tenantA + "/checkpoint", tenantA + "/access", "/api/v1/tenants/other/entries",
	} {
		for _, caller := range []string{"admin", "read", "member", "nobody"} {
			get, head := f.send(caller, "GET", path, ""), f.send(caller, "HEAD", path, "")
			if head.status != get.status || head.body != "" || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
				t.Errorf("%s as %s: GET %d %s, HEAD %d %s %q", path, caller, get.status, get.header.Get("Content-Type"), head.status, head.header.Get("Content-Type"), head.body)
			}
		}
	}
}
