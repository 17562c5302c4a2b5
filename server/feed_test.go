package server

import (
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// feedPage formats a page in order of arrival.
func (f *fixture) feedPage(caller, query string) string {
	f.Helper()
	page := decode[struct {
		Entries      []oplog.Entry
		NextCursor   *string `json:"next_cursor"`
		NextAfterSeq *uint64 `json:"next_after_seq"`
		LastSeq      *uint64 `json:"last_seq"`
	}](f, f.get(caller, entriesPath+"?order=seq&"+query, 200))
	if page.NextAfterSeq == nil || page.LastSeq == nil || page.NextCursor != nil {
		f.Fatalf("%s: %+v", query, page)
	}
	var ids []string
	for _, e := range page.Entries {
		ids = append(ids, e.ID)
	}
	return fmt.Sprintf("%s; %d of %d", strings.Join(ids, " "), *page.NextAfterSeq, *page.LastSeq)
}

func TestFeed(t *testing.T) {
	f := newServer(t)
	want := func(caller, query, want string) {
		t.Helper()
		if got := f.feedPage(caller, query); got != want {
			t.Errorf("%s, %s: %s, want %s", caller, query, got, want)
		}
	}
	want("read", "", "; 0 of 0")
	withEntries(f)
	want("read", "", "e0 e1 e2 e3 e4 e5 e6 e7 e8 e9; 10 of 10")
	want("auditor", "after_seq=7&limit=1000", "e7 e8 e9; 10 of 10")
	want("read", "after_seq=0&limit=2", "e0 e1; 2 of 10")
	want("read", "after_seq=2&limit=2&module=email", "e3 e5; 6 of 10")
	want("read", "after_seq=6&limit=2&module=email&user=u2", "; 10 of 10")
	want("read", "after_seq=10", "; 10 of 10")
	want("read", "after_seq=&limit=&q=&user=", "e0 e1 e2 e3 e4 e5 e6 e7 e8 e9; 10 of 10")
	want("scoped", "limit=3", "e0 e1 e3; 4 of 10") // none of west

	refused := func(query, location string) {
		t.Helper()
		p := f.asProblem(f.send("read", "GET", entriesPath+"?"+query, ""), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%s: %+v", query, p)
		}
	}
	cursor := decode[oplog.Page](t, f.get("read", entriesPath+"?limit=1", 200)).NextCursor
	refused("order=seq&cursor="+cursor, "query.cursor")
	refused("after_seq=1", "query.after_seq")
	refused("after_seq=0&order=time", "query.after_seq")
	refused("order=seq&after_seq=-1", "query.after_seq")
	refused("order=seq&after_seq=x", "query.after_seq")
	refused("order=seq&after_seq=11", "query.after_seq")
	refused("order=seq&limit=1001", "query.limit")
	refused("order=time&limit=201", "query.limit")
	refused("order=newest", "query.order")
	f.asProblem(f.send("member", "GET", entriesPath+"?order=seq", ""), 403)
	f.asProblem(f.send("stranger", "GET", entriesPath+"?order=seq", ""), 404)
	if page := decode[oplog.Page](t, f.get("read", entriesPath+"?order=time&limit=1", 200)); page.Entries[0].ID != "e9" {
		t.Errorf("order=time begins with %s", page.Entries[0].ID)
	}
}
