package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
	"oplog/trail"
)

// trail returns the entries of a tenant's trail as lines, newest first.
func (f *fixture) trail(caller, path string) []string {
	f.Helper()
	var told []string
	for _, e := range decode[oplog.Page](f, f.get(caller, path, 200)).Entries {
		line := fmt.Sprintf("%s %s %s", e.User.ID, e.Module, e.Operation)
		for _, more := range []string{e.Content.ID, string(e.Details)} {
			if more != "" {
				line += " " + more
			}
		}
		if e.Outcome == oplog.OutcomeFailure {
			line += " failed"
		}
		told = append(told, line)
	}
	return told
}

// TestTrail: every read and change is recorded once, with its parameters.
func TestTrail(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	f.sent["owner"]["User-Agent"] = "a browser"
	want := func(path, caller string, want ...string) {
		t.Helper()
		told := f.trail(caller, path)
		told = told[:min(len(told), len(want))]
		if strings.Join(told, "\n") != strings.Join(want, "\n") {
			t.Errorf("the trail tells\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
		}
	}
	const access = tenantA + "/access"
	f.get("auditor", entriesPath+"?q=vip&limit=1", 200)
	f.get("auditor", tenantA+"/summary?q=vip", 200)
	f.get("auditor", entriesPath+"?q=vip&limit=2", 200) // the same search: recorded once
	f.get("read", entriesPath+"?user=u1&user=u2", 200)
	f.get("auditor", entriesPath+"/e1", 200)
	f.get("auditor", entriesPath+"/none", 404)
	f.get("member", entriesPath, 403)
	key := strings.TrimPrefix(f.sent["read"]["Authorization"], "Bearer ")[:len("oplog_read_")+8]
	want(access, "admin",
		`member request refuse {"area":"log","reason":"no permission"} failed`, `auditor log open e1 {"seq":1}`, key+` log search {"filters":{"user":["u1","u2"]}}`, `auditor log search {"filters":{"q":["vip"]}}`)

	f.change("admin", "POST", tenantA+"/exports", `{"range":"today","format":"csv","filters":{"q":"vip"}}`, 202)
	f.change("nobody", "POST", "/api/v1/session", signIn("admin", password), 200)
	f.change("nobody", "POST", "/api/v1/session", signIn("admin", "wrong password"), 401)
	f.change("owner", "PATCH", accountsPath+"/member", `{"password":"battery staple","role":"auditor"}`, 200)
	f.change("owner", "PATCH", tenantA, `{"name":"Acme 2"}`, 200)
	f.change("admin", "PUT", tenantA+"/catalog", `{"modules":[]}`, 200)
	f.change("directory", "PUT", tenantA+"/organizations", `[{"id":"hq","name":"HQ"}]`, 200)
	told := f.trail("admin", access)
	for i, part := range []string{
		`organization change {"organizations":1}`, `admin catalog change {"modules":0,"operations":0}`, `owner tenant change acme {"tenant":`,
		`owner account change member {"disabled":false,"new_password":true,"organization":"","role":"auditor"}`,
		`admin session sign_in {"reason":"wrong password"} failed`, `admin session sign_in`, `admin export start `,
	} {
		if !strings.Contains(told[i], part) {
			t.Errorf("%d: %s, want %s", i, told[i], part)
		}
	}
	if all := strings.Join(told, "\n"); strings.Contains(all, "battery") || strings.Contains(all, password) || strings.Contains(all, "argon2") {
		t.Errorf("the trail tells a password: %s", all)
	}
	page := decode[oplog.Page](t, f.get("admin", access, 200))
	if e := page.Entries[2]; e.UserAgent != "a browser" || e.IP == "" || e.User.Role != "owner" {
		t.Errorf("%+v", e)
	}

	f.change("nobody", "POST", "/api/v1/session", signIn("secret in the wrong field", "x"), 401)
	want("/api/v1/access", "owner", `unknown session sign_in {"reason":"no such account"} failed`)
}

// TestTrailIsOfItsTenant: a trail contains nothing of other tenants, and is not part of the log's entries.
func TestTrailIsOfItsTenant(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	f.get("auditor", entriesPath, 200)
	for _, line := range f.trail("stranger", "/api/v1/tenants/other/access") {
		if !strings.HasPrefix(line, "stranger ") {
			t.Errorf("another tenant reads %s", line)
		}
	}
	if entries, _, err := f.log.Journal.Counts("acme"); err != nil || entries != 1 {
		t.Errorf("%d entries, %v", entries, err)
	}
}

func TestTrailPages(t *testing.T) {
	f := newServer(t)
	for i := range 12 {
		f.log.Trail.Add(trail.Event{Tenant: "acme", User: oplog.User{ID: fmt.Sprint("u", i), Name: "n"}, Module: "log", Operation: "search"})
	}
	var users []string
	cursor := ""
	for {
		page := decode[oplog.Page](t, f.get("owner", tenantA+"/access?limit=5"+cursor, 200))
		for _, e := range page.Entries {
			if e.User.ID != "owner" {
				users = append(users, e.User.ID)
			}
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if got := strings.Join(users, " "); got != "u11 u10 u9 u8 u7 u6 u5 u4 u3 u2 u1 u0" {
		t.Error(got)
	}
	own := decode[oplog.Page](t, f.get("admin", tenantA+"/access?limit=5", 200)).NextCursor
	f.get("stranger", "/api/v1/tenants/other/access?cursor="+own, 422)
	f.get("admin", entriesPath+"?cursor="+own, 422)
	f.get("admin", tenantA+"/access?limit=0", 422)
}

func TestTrailFilters(t *testing.T) {
	f := newServer(t)
	tell := func(tenant, user, module, operation, object string) {
		f.log.Trail.Add(trail.Event{Tenant: tenant, User: oplog.User{ID: user, Name: "Name of " + user}, Module: module, Operation: operation, Object: oplog.Ref{ID: object}})
	}
	tell("acme", "ada", "account", "create", "emma")
	tell("acme", "ada", "key", "create", "k1")
	tell("acme", "eve", "account", "change", "emma")
	tell("acme", "eve", "log", "search", "")
	tell("other", "ada", "account", "create", "zoe")
	tell("", "eve", "account", "create", "root")
	find := func(caller, path, want string) {
		t.Helper()
		var told []string
		for _, e := range decode[oplog.Page](t, f.get(caller, path, 200)).Entries {
			if e.Module != "access" { // reading the trail is recorded, too
				told = append(told, fmt.Sprintf("%s %s.%s %s", e.User.ID, e.Module, e.Operation, e.Content.ID))
			}
		}
		if got := strings.TrimSpace(strings.Join(told, "; ")); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	const access = tenantA + "/access?"
	find("admin", access+"user=eve", "eve log.search ; eve account.change emma")
	find("admin", access+"user=eve&user=ada&content_id=emma", "eve account.change emma; ada account.create emma")
	find("admin", access+"operation=create", "ada key.create k1; ada account.create emma")
	find("admin", access+"operation=account.create&operation=account.change", "eve account.change emma; ada account.create emma")
	find("admin", access+"module=key", "ada key.create k1")
	find("admin", access+"module=key&operation=change", "")
	find("admin", access+"q=content:emma%20module:account", "eve account.change emma; ada account.create emma")
	find("admin", access+"q=%E8%B4%A6%E5%8F%B7&user=ada", "ada account.create emma")
	find("admin", access+"user=ada&q=&from=&to=&range=", "ada key.create k1; ada account.create emma")
	find("admin", access+"range=today&module=account", "eve account.change emma; ada account.create emma")
	find("admin", access+"from=2026-11-22T08:00:00Z&to=2026-11-22T08:00:01Z&module=key", "ada key.create k1")
	find("admin", access+"to=2026-11-22T08:00:00Z", "")
	find("owner", access+"content_id=zoe", "")
	find("stranger", "/api/v1/tenants/other/access?user=ada", "ada account.create zoe")
	find("owner", "/api/v1/access?operation=account.create", "eve account.create root")

	refused := func(query, location string) {
		t.Helper()
		for caller, path := range map[string]string{"admin": access, "owner": "/api/v1/access?"} {
			if body := f.get(caller, path+query, 422); !strings.Contains(body, `"location":"query.`+location+`"`) {
				t.Errorf("%s: %s", query, body)
			}
		}
	}
	refused("from=yesterday", "from")
	refused("from=2026-11-22T08:00:00Z&to=2026-11-21T08:00:00Z", "from")
	refused("to=2026-13-01T00:00:00Z", "to")
	refused("range=custom", "range")
	refused("range=last_8_days", "range")
	refused("q=%E2%80%A6", "q")
	refused("q=x&q=y", "q")
	refused("limit=201", "limit")
	refused("cursor=x", "cursor")
	refused("organization=east", "organization")
	refused("deed=x", "deed")
}

// TestTrailIsProven: entries of the trail have proofs, as entries of the log do.
func TestTrailIsProven(t *testing.T) {
	f := newServer(t)
	f.get("auditor", entriesPath, 200)
	first := decode[oplog.Page](t, f.get("admin", tenantA+"/access", 200)).Entries[0]
	proven := decode[struct {
		ID    string
		Proof oplog.Proof
	}](t, f.get("admin", tenantA+"/access/"+first.ID, 200))
	if proven.ID != first.ID || len(proven.Proof.Leaf) == 0 || proven.Proof.Index != first.Seq-1 {
		t.Errorf("%+v", proven)
	}
	head := f.get("admin", tenantA+"/access/checkpoint", 200)
	if !strings.Contains(head, "/acme/access\n") || strings.Contains(f.get("admin", tenantA+"/checkpoint", 200), "access") {
		t.Error(head)
	}
	f.get("admin", tenantA+"/entries/"+first.ID, 404)
	size, root := f.head(head)
	f.get("auditor", entriesPath+"?q=other", 200)
	grown := decode[oplog.Consistency](t, f.get("admin", fmt.Sprintf("%s/access/checkpoint/consistency?from=%d", tenantA, size), 200))
	newer, newerRoot := f.head(grown.Checkpoint)
	path := make(tlog.TreeProof, len(grown.Path))
	for i := range path {
		path[i] = tlog.Hash(grown.Path[i])
	}
	if err := tlog.CheckTree(path, newer, newerRoot, size, root); err != nil || newer <= size {
		t.Errorf("%d to %d: %v", size, newer, err)
	}
	f.get("owner", "/api/v1/access", 200)
	if size, _ := f.head(f.get("owner", "/api/v1/access/checkpoint", 200)); size == 0 {
		t.Error("the installation's trail is empty")
	}
	f.get("owner", "/api/v1/access/checkpoint/consistency?from=1", 200)
	f.get("stranger", "/api/v1/tenants/other/access/"+first.ID, 404)
}

// untold has operations that are evident from the log or change nothing yet, so that the trail does not record them.
var untold = []string{"recordEntries", "changeSession", "beginTOTP", "beginPasskey", "beginAssertion"}

// TestEveryTrailEventHasARoute finds misspelled names of routes, and routes that change something without being recorded.
func TestEveryTrailEventHasARoute(t *testing.T) {
	f := newServer(t)
	routes := map[string]bool{}
	for _, r := range f.server.table {
		routes[r.id] = true
		if _, told := trailEvents[r.id]; changes(r.method) && !told && !slices.Contains(untold, r.id) {
			t.Errorf("%s %s is not told", r.method, r.path)
		}
	}
	for id, d := range trailEvents {
		if !routes[id] {
			t.Errorf("there is no route %s", id)
		}
		if !slices.Contains(trail.Modules(), d.module) {
			t.Errorf("%s: searches of a trail do not know what the module %s is called", id, d.module)
		}
	}
}
