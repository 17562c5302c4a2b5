package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"oplog/identity"
	"oplog/oplog"
)

// listsOf returns the items of the lists in a response, which is an array or an object with arrays.
func listsOf(t testing.TB, body string) (items []string) {
	t.Helper()
	var bare []json.RawMessage
	if json.Unmarshal([]byte(body), &bare) != nil {
		for _, name := range []string{"accounts", "keys", "views", "tenants", "sessions", "exports", "modules", "operations", "holds", "deletions"} {
			var list []json.RawMessage
			if text := decode[map[string]json.RawMessage](t, body)[name]; text != nil {
				if err := json.Unmarshal(text, &list); err != nil || list == nil {
					t.Errorf("%s: %s, %v", name, text, err)
				}
			}
			bare = append(bare, list...)
		}
	}
	for _, item := range bare {
		items = append(items, string(item))
	}
	return items
}

// TestListsArePaged: every list is bounded, and its pages are the whole list, each item once, in its order.
func TestListsArePaged(t *testing.T) {
	f := newServer(t)
	for i := range 4 {
		f.change("owner", "POST", "/api/v1/tenants", fmt.Sprintf(`{"id":"t%d","name":"T"}`, i), 201)
		f.change("admin", "POST", tenantA+"/views", fmt.Sprintf(`{"name":"view %d","query":"q=x"}`, i), 201)
		f.change("admin", "POST", tenantA+"/holds", `{"reason":"a case"}`, 201)
	}
	f.change("admin", "PUT", tenantA+"/catalog", `{"modules":[{"key":"own","title":{"en":"Own","zh-CN":"自有"},"operations":["create"]}]}`, 200)
	for range 3 {
		f.export("admin", `{"range":"today","format":"csv"}`) // until it is done, so that the list stays as it is
		f.change("nobody", "POST", "/api/v1/session", signIn("admin", password), 200)
	}
	for path, caller := range map[string]string{
		accountsPath: "owner", accountsPath + "?tenant=acme": "admin", accountsPath + "/admin/sessions": "owner", "/api/v1/sessions": "admin",
		"/api/v1/tenants": "owner", "/api/v1/session": "owner", tenantA + "/keys": "admin", tenantA + "/views": "admin", tenantA + "/exports": "admin",
		tenantA + "/catalog": "admin", tenantA + "/organizations": "admin", tenantA + "/retention": "admin",
	} {
		whole := f.send(caller, "GET", path, "")
		all := listsOf(t, whole.body)
		if whole.status != 200 || whole.header.Get(nextCursor) != "" || len(all) < 3 {
			t.Errorf("%s: %d %v, %d items: %s", path, whole.status, whole.header[nextCursor], len(all), whole.body)
			continue
		}
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		for _, limit := range []int{1, 2, len(all)} {
			var got []string
			for cursor := ""; ; {
				r := f.send(caller, "GET", fmt.Sprintf("%s%slimit=%d&cursor=%s", path, sep, limit, cursor), "")
				page := listsOf(t, r.body)
				cursor = r.header.Get(nextCursor)
				if got = append(got, page...); r.status != 200 || len(page) > limit || cursor != "" && len(page) < limit || len(got) > len(all) {
					t.Fatalf("%s: %d, a page of %d items with limit %d", path, r.status, len(page), limit)
				}
				if cursor == "" {
					break
				}
			}
			if strings.Join(got, "\n") != strings.Join(all, "\n") {
				t.Errorf("%s in pages of %d:\n%v\nwant\n%v", path, limit, got, all)
			}
		}
		for _, wrong := range []string{"limit=0", "limit=10001", "limit=x", "cursor=bm9uZQ", "cursor=%21"} {
			if r := f.send(caller, "GET", path+sep+wrong, ""); r.status != 422 {
				t.Errorf("%s with %s: %d", path, wrong, r.status)
			}
		}
	}
}

// countingStore counts the records that are read from a store in lists.
type countingStore struct {
	oplog.Store
	listed atomic.Int64
}

func (s *countingStore) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	r, err := s.Store.Records(kind, prefix)
	s.listed.Add(int64(len(r)))
	return r, err
}

func (s *countingStore) RecordsAfter(kind oplog.RecordKind, prefix, after string, limit int) ([]oplog.Record, error) {
	r, err := s.Store.RecordsAfter(kind, prefix, after, limit)
	s.listed.Add(int64(len(r)))
	return r, err
}

// TestPagesReadNoWholeList: a page of a long list reads no more of the store than it shows.
func TestPagesReadNoWholeList(t *testing.T) {
	var store *countingStore
	f := newServerOver(t, func(s oplog.Store) oplog.Store {
		store = &countingStore{Store: s}
		return store
	})
	var many []oplog.RecordChange
	add := func(kind oplog.RecordKind, name string, record any) {
		data, err := json.Marshal(record)
		f.noError(err)
		many = append(many, oplog.RecordChange{Kind: kind, Name: name, Data: data})
	}
	for i := range 3000 {
		id := fmt.Sprintf("x%d", i)
		add(oplog.RecordTenant, id, oplog.Tenant{ID: id, Name: "T", TimeZone: "UTC"})
		add(oplog.RecordAccount, id, identity.Account{Username: id, Role: identity.RoleMember, Tenant: id})
	}
	f.noError(store.PutRecords(many))
	const limit = 20
	for path, caller := range map[string]string{accountsPath + "?": "owner", "/api/v1/tenants?": "owner", "/api/v1/session?": "owner", "/readyz?": "metrics"} {
		cursor := ""
		for range 3 {
			before := store.listed.Load()
			r := f.send(caller, "GET", fmt.Sprintf("%slimit=%d&cursor=%s", path, limit, cursor), "")
			if read := store.listed.Load() - before; r.status != 200 || read > limit+1 {
				t.Errorf("%s: %d, after reading %d records", path, r.status, read)
			}
			cursor = r.header.Get(nextCursor)
		}
	}
	if empty, err := f.log.Identity.Empty(); empty || err != nil {
		t.Errorf("there are no accounts: %v, %v", empty, err)
	}
}

// TestCursorsTellNothing: an admin's cursor that names another tenant's account is like one that names none.
func TestCursorsTellNothing(t *testing.T) {
	f := newServer(t)
	for _, name := range []string{"stranger", "owner", "none"} {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(name))
		if r := f.send("admin", "GET", accountsPath+"?cursor="+cursor, ""); r.status != 422 || !strings.Contains(r.body, "not_a_cursor") {
			t.Errorf("after %s: %d %s", name, r.status, r.body)
		}
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte("member"))
	if got := listsOf(t, f.get("admin", accountsPath+"?cursor="+cursor, 200)); len(got) != 1 || !strings.Contains(got[0], `"scoped"`) {
		t.Errorf("after member: %v", got)
	}
}

// TestLongTree: a tree of more organizations than a response has is complete in two, also after it was replaced.
func TestLongTree(t *testing.T) {
	f := newServer(t)
	var tree []string
	for i := range maxOrganizationsListed + 2 {
		tree = append(tree, fmt.Sprintf(`{"id":"o%d","name":"O"}`, i))
	}
	body := "[" + strings.Join(tree, ",") + "]"
	for _, r := range []reply{
		f.send("directory", "PUT", tenantA+"/organizations", body), f.send("admin", "GET", tenantA+"/organizations", ""),
	} {
		first := listsOf(t, r.body)
		rest := f.send("admin", "GET", tenantA+"/organizations?cursor="+r.header.Get(nextCursor), "")
		if len(first) != maxOrganizationsListed || len(listsOf(t, rest.body)) != 2 || rest.header.Get(nextCursor) != "" {
			t.Errorf("%d items, then %s", len(first), rest.body)
		}
	}
}
