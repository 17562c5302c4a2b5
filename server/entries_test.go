package server

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/trail"
)

type listedPage struct {
	Entries    []struct{ ID string }
	NextCursor string `json:"next_cursor"`
}

func (p listedPage) ids() string {
	var ids []string
	for _, e := range p.Entries {
		ids = append(ids, e.ID)
	}
	return strings.Join(ids, " ")
}

// withEntries records ten entries, e0 the oldest, one hour apart.
func withEntries(f *fixture) {
	for i := range 10 {
		f.record(entry(fmt.Sprintf(`"id":"e%d","time":"2026-11-2%dT%02d:30:00Z"`, i, 1+i/8, i%8),
			fmt.Sprintf(`"user":{"id":"u%d","name":"User %d"},"module":"%s"`, i%3, i%3, []string{"customer", "email"}[i%2]),
			fmt.Sprintf(`"content":{"id":"c%d","name":"A&B=%d"}`, i%5, i), `"organization":{"id":"`+[]string{"east", "shanghai", "west"}[i%3]+`"}`))
	}
}

func TestFilters(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	check := func(query, want string) {
		t.Helper()
		page := decode[listedPage](t, f.get("read", entriesPath+"?"+query, 200))
		if page.ids() != want {
			t.Errorf("%s: %s, want %s", query, page.ids(), want)
		}
		sum := decode[struct{ Total int }](t, f.get("read", tenantA+"/summary?"+query, 200))
		if sum.Total != len(page.Entries) {
			t.Errorf("%s: %d entries, total %d", query, len(page.Entries), sum.Total)
		}
	}
	const all = "e9 e8 e7 e6 e5 e4 e3 e2 e1 e0"
	check("", all)
	check("user=u0", "e9 e6 e3 e0")
	check("user=u0&user=u1", "e9 e7 e6 e4 e3 e1 e0")
	check("user=u0,u1", "")
	check("module=email", "e9 e7 e5 e3 e1")
	check("module=email&module=customer", all)
	check("operation=create&module=email&user=u0", "e9 e3")
	check("operation=delete", "")
	check("organization=east", "e9 e7 e6 e4 e3 e1 e0")
	check("organization=shanghai&organization=west", "e8 e7 e5 e4 e2 e1")
	check("content_id=c1", "e6 e1")
	check("q="+url.QueryEscape(`user:"User 1" content:A&B`), "e7 e4 e1")
	check("q=%E6%9D%8E", "")
	check("from=2026-11-22T00:30:00Z", "e9 e8")
	check("to=2026-11-22T00:30:00Z", "e7 e6 e5 e4 e3 e2 e1 e0")
	check("from=2026-11-22T08:30:00%2B08:00", "e9 e8")
	check("from=2026-11-22T08:30:00+08:00", "e9 e8")
	check("from=2026-11-22T00:30:00.000001Z", "e9")
	check("range=today", "e9 e8")
	check("range=last_7_days&to=2026-11-21T01:00:00Z", "e0")
	check("range=today&from=2026-11-22T01:00:00Z", "e9")
	// An empty value counts as omitted, also among others.
	check("q=&user=&module=&operation=&organization=&content_id=&from=&to=&range=", all)
	check("module=&module=email", "e9 e7 e5 e3 e1")
}

func TestPages(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	get := func(query string) listedPage {
		t.Helper()
		return decode[listedPage](t, f.get("admin", entriesPath+"?"+query, 200))
	}
	var seen []string
	cursor := ""
	for pages := 1; ; pages++ {
		page := get("limit=4&cursor=" + cursor)
		seen = append(seen, page.ids())
		if pages == 1 {
			f.record(entry(`"id":"new","time":"2026-11-22T07:59:00Z"`)) // neither repeats nor hides any
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if want := []string{"e9 e8 e7 e6", "e5 e4 e3 e2", "e1 e0"}; !slices.Equal(seen, want) {
		t.Errorf("pages %q, want %q", seen, want)
	}
	if page := get("limit=11"); len(page.Entries) != 11 || page.NextCursor != "" {
		t.Errorf("%d entries, cursor %q on the only page", len(page.Entries), page.NextCursor)
	}
	if page := get("limit=200"); len(page.Entries) != 11 {
		t.Errorf("%d entries with the largest limit", len(page.Entries))
	}
	if page := get("limit="); len(page.Entries) != 11 {
		t.Errorf("%d entries with no limit", len(page.Entries))
	}
	cursor = get("limit=1").NextCursor
	f.asProblem(f.send("owner", "GET", "/api/v1/tenants/other/entries?cursor="+cursor, ""), 422)
}

// TestBadQueries: unknown or invalid parameters are rejected by name, because ignoring a filter would return more than was requested.
func TestBadQueries(t *testing.T) {
	f := newServer(t)
	check := func(path, location string) {
		t.Helper()
		p := f.asProblem(f.send("read", "GET", path, ""), 422)
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%s: want an error at %s: %+v", path, location, p)
		}
	}
	for _, path := range []string{entriesPath, tenantA + "/summary"} {
		check(path+"?modul=sms", "query.modul")
		check(path+"?Module=sms", "query.Module")
		check(path+"?q=a&q=b", "query.q")
		check(path+"?q="+strings.Repeat("a", 1025), "query.q")
		check(path+"?q="+strings.Repeat("a+", 33), "query.q")
		check(path+"?q=%00", "query.q")
		check(path+"?from=yesterday", "query.from")
		check(path+"?to=2026-11-22", "query.to")
		check(path+"?from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "query.from")
		check(path+"?range=custom", "query.range")
		check(path+"?range=last_8_days", "query.range")
	}
	check(entriesPath+"?limit=0", "query.limit")
	check(entriesPath+"?limit=201", "query.limit")
	check(entriesPath+"?limit=-1", "query.limit")
	check(entriesPath+"?limit=ten", "query.limit")
	check(entriesPath+"?limit=1.5", "query.limit")
	check(entriesPath+"?cursor=made-up", "query.cursor")
	check(entriesPath+"?cursor=AAAA", "query.cursor")
	check(tenantA+"/summary?limit=5", "query.limit")
	check(tenantA+"/catalog?x=1", "query.x")
	check(tenantA+"/exports?limit=0", "query.limit")
	f.asProblem(f.send("owner", "GET", "/api/v1/tenants/other/entries?organization=hq", ""), 422)

	for _, raw := range []string{entriesPath + "?module=%zz", entriesPath + "?module=a;b=c"} {
		f.asProblem(f.raw("read", "GET "+raw), 400)
	}
	f.asProblem(f.raw("read", "GET /api/v1/tenants/%zz/entries"), 400)
}

func TestEntry(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"a:b.c-d","time":"2026-11-22T07:00:00Z"`))
	f.record(entry())
	type proven struct {
		oplog.Entry
		Proof oplog.Proof
	}
	e := decode[proven](t, f.get("admin", entriesPath+"/a:b.c-d", 200))
	if e.ID != "a:b.c-d" || len(e.Proof.Leaf) == 0 || e.Proof.Size != 2 || len(e.Proof.Path) != 1 || e.Proof.Checkpoint == "" {
		t.Errorf("got %+v", e)
	}
	f.get("admin", entriesPath+"/a%3Ab.c-d", 200)
	page := decode[oplog.Page](t, f.get("admin", entriesPath, 200))
	f.get("admin", entriesPath+"/"+page.Entries[0].ID, 200)
	f.asProblem(f.send("admin", "GET", entriesPath+"/none", ""), 404)
	checkpoint := f.send("read", "GET", tenantA+"/checkpoint", "")
	if checkpoint.body != e.Proof.Checkpoint || !strings.HasPrefix(checkpoint.header.Get("Content-Type"), "text/plain") {
		t.Errorf("checkpoint %q, of the proof %q", checkpoint.body, e.Proof.Checkpoint)
	}
	if key := decode[struct{ Key string }](t, f.get("read", "/api/v1/key", 200)); key.Key != f.log.Journal.VerifierKey() {
		t.Errorf("key %q", key.Key)
	}
}

// TestProofOfOne: the only entry of a log has an empty path, not null.
func TestProofOfOne(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"a","time":"2026-11-22T07:00:00Z"`))
	if body := f.get("admin", entriesPath+"/a", 200); !strings.Contains(body, `"path":[]`) {
		t.Error(body)
	}
}

func TestEmptyLists(t *testing.T) {
	f := newServer(t)
	check := func(path string, want ...string) {
		t.Helper()
		body := f.get("owner", path, 200)
		if strings.Contains(body, "null") {
			t.Errorf("%s: %s", path, body)
		}
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s in %s", path, w, body)
			}
		}
	}
	check("/api/v1/tenants/other/entries", `{"entries":[]}`)
	check("/api/v1/tenants/other/summary", `"module":[]`, `"operation":[]`, `"user":[]`, `"organization":[]`, `"buckets":[`)
	check("/api/v1/tenants/other/exports", `{"exports":[]}`)
	if body := f.get("owner", "/api/v1/tenants/acme/organizations", 200); !strings.HasPrefix(body, `[{"id":"hq","parent_id":null,`) {
		t.Errorf("the tree: %s", body)
	}
}

func TestLocaleOfNames(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	check := func(caller, want string, headers ...string) {
		t.Helper()
		r := f.send(caller, "GET", tenantA+"/summary?range=today", "", headers...)
		if !strings.Contains(r.body, `"name":"`+want+`"`) {
			t.Errorf("as %s %v: no %s in %s", caller, headers, want, r.body)
		}
	}
	check("admin", "Customer")
	check("admin", "Customer", "Accept-Language", "zh")
	check("read", "Customer")
	check("read", "客户", "Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8")
	check("read", "Customer", "Accept-Language", "en-US, zh;q=0.5")
	f.send("admin", "PATCH", "/api/v1/session", `{"locale":"zh-CN"}`)
	check("admin", "客户")
}

// TestTruncated: lists and streams omit changes and details of a long entry, and say so; the single entry has them.
func TestTruncated(t *testing.T) {
	f := newServer(t)
	type listed struct {
		ID        string
		Truncated bool
		Changes   []oplog.Change
		Details   map[string]string
	}
	type page struct{ Entries []listed }
	value := strings.Repeat("a value ", 14_000)
	live := f.follow(f.listen(), "read", "", "")
	f.record(entry(`"id":"long","time":"2026-11-22T07:00:00Z","details":{"a":"b"},"changes":[{"field":"f","after":"`+value+`"}]`),
		entry(`"id":"short","time":"2026-11-22T06:00:00Z","details":{"a":"b"},"changes":[{"field":"f","after":"x"}]`))
	for _, path := range []string{entriesPath, entriesPath + "?order=seq"} {
		body := f.get("read", path, 200)
		got := decode[page](t, body).Entries
		if len(body) > 2000 || len(got) != 2 || !got[0].Truncated || got[0].Changes != nil || got[0].Details != nil ||
			got[1].Truncated || len(got[1].Changes) != 1 || got[1].Details["a"] != "b" {
			t.Errorf("%s: %d bytes, %+v", path, len(body), got)
		}
	}
	if event := live.event(); !strings.Contains(event, `"id":"long"`) || strings.Contains(event, `"details"`) || !strings.HasSuffix(event, `,"truncated":true}`) {
		t.Errorf("live: %.500s", event)
	}
	if event := live.event(); strings.Contains(event, "truncated") || !strings.Contains(event, `"details":{"a":"b"}`) {
		t.Errorf("live: %s", event)
	}
	one := decode[listed](t, f.get("read", entriesPath+"/long", 200))
	if one.Truncated || len(one.Changes) != 1 || string(one.Changes[0].After) != `"`+value+`"` || one.Details["a"] != "b" {
		t.Errorf("alone: %+v", one)
	}

	long := strings.Repeat("x", maxListed)
	for _, tenant := range []string{"acme", ""} {
		f.log.Trail.Add(trail.Event{Tenant: tenant, User: oplog.User{ID: "ada", Name: "Ada"}, Module: "catalog", Operation: "change", Details: map[string]any{"a": long}})
	}
	for caller, access := range map[string]string{"admin": tenantA + "/access", "owner": "/api/v1/access"} {
		got := decode[page](t, f.get(caller, access+"?module=catalog", 200)).Entries
		if len(got) != 1 || !got[0].Truncated || got[0].Details != nil {
			t.Fatalf("%s: %.500v", access, got)
		}
		one := decode[struct {
			listed
			Proof oplog.Proof
		}](t, f.get(caller, access+"/"+got[0].ID, 200))
		if one.Truncated || one.Details["a"] != long || len(one.Proof.Leaf) == 0 || one.Proof.Checkpoint == "" {
			t.Errorf("%s: %.500v", access, one)
		}
	}
}
