package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"oplog/oplog"
)

// oddIDs are ids that browsers, routers or file servers may interpret in URLs.
func oddIDs() []string {
	ids := []string{
		"..", "...", "-.", ".-", "a..", "..a", ":id", "::", "a:80", "a.js", "favicon.svg", "index.html", "checkpoint", "live", "new", "settings",
		"entries", "null", "0x1F", "1e9", "-1", "__proto__", strings.Repeat(".", 64), strings.Repeat(":", 64),
		"01KACKM5NSRKBJ3TMZ5WBSGY3G",
	}
	for c := byte(1); c < 128; c++ {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-", c) >= 0 {
			ids = append(ids, string(c))
		}
	}
	return ids
}

// TestEveryID: each row of the list opens its own entry, whatever its id, even if the same id was sent on two days.
func TestEveryID(t *testing.T) {
	f := newServer(t)
	ids := oddIDs()
	for day := 21; day <= 22; day++ {
		var entries []string
		for _, id := range ids {
			entries = append(entries, entry(fmt.Sprintf(`"id":%q,"time":"2026-11-%dT07:00:00Z","content":{"id":"c%d"}`, id, day, day)))
		}
		f.record(entries...)
	}
	check := func(path, id, content string, seq uint64) {
		t.Helper()
		e := decode[provenEntry](t, f.raw("read", "GET "+path).body)
		if e.ID != id || e.Content.ID != content || e.Seq != seq || e.Proof.Index != seq-1 {
			t.Errorf("%s opens %q of %s, seq %d; want %q of %s, seq %d", path, e.ID, e.Content.ID, e.Seq, id, content, seq)
		}
	}
	page := decode[oplog.Page](t, f.get("read", entriesPath+"?limit=200", 200))
	if len(page.Entries) != 2*len(ids) {
		t.Fatalf("%d rows of %d entries", len(page.Entries), 2*len(ids))
	}
	for _, e := range page.Entries {
		check(fmt.Sprintf("%s/~?seq=%d", entriesPath, e.Seq), e.ID, e.Content.ID, e.Seq)
		check(fmt.Sprintf("%s/%%7E?seq=%d", entriesPath, e.Seq), e.ID, e.Content.ID, e.Seq)
		if e.ID == "." || e.ID == ".." {
			continue // URLs interpret these as the current and the parent folder
		}
		check(fmt.Sprintf("%s/%s?seq=%d", entriesPath, url.PathEscape(e.ID), e.Seq), e.ID, e.Content.ID, e.Seq)
		newest := uint64(len(ids))
		if e.Content.ID == "c22" {
			newest = 0
		}
		check(fmt.Sprintf("%s/%s", entriesPath, url.PathEscape(e.ID)), e.ID, "c22", e.Seq+newest)
	}
}

func TestEntryBySeq(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"organization":{"id":"west"}`), entry(`"organization":{"id":"shanghai"}`), entry(`"id":"x","time":"2026-11-22T07:00:00Z"`))
	given := decode[oplog.Page](t, f.get("read", entriesPath+"?organization=west", 200)).Entries[0].ID

	f.asProblem(f.send("read", "GET", entriesPath+"/x?seq=1", ""), 404) // another entry's seq
	f.asProblem(f.send("read", "GET", entriesPath+"/~?seq=4", ""), 404)
	f.asProblem(f.send("read", "GET", "/api/v1/tenants/other/entries/~?seq=1", ""), 404)
	f.asProblem(f.send("scoped", "GET", entriesPath+"/~?seq=1", ""), 404)
	f.get("scoped", entriesPath+"/~?seq=2", 200)
	f.asProblem(f.send("member", "GET", entriesPath+"/~?seq=2", ""), 403)
	for _, seq := range []string{"0", "-1", "1.5", "x", "18446744073709551616"} {
		if p := f.asProblem(f.send("read", "GET", entriesPath+"/~?seq="+seq, ""), 422); len(p.Errors) != 1 || p.Errors[0].Location != "query.seq" {
			t.Errorf("seq=%s: %+v", seq, p)
		}
	}
	if p := f.asProblem(f.send("read", "GET", entriesPath+"/~", ""), 422); len(p.Errors) != 1 || p.Errors[0].Location != "query.seq" {
		t.Errorf("~ alone: %+v", p)
	}

	// A sender cannot shadow an entry that has a generated id.
	f.record(entry(fmt.Sprintf(`"id":%q,"time":"2026-11-23T07:00:00Z"`, given)))
	if e := decode[provenEntry](t, f.get("read", entriesPath+"/"+given, 200)); e.Seq != 1 {
		t.Errorf("%s opens seq %d", given, e.Seq)
	}
	if e := decode[provenEntry](t, f.get("read", entriesPath+"/"+given+"?seq=4", 200)); e.Seq != 4 {
		t.Errorf("%s with seq 4 opens seq %d", given, e.Seq)
	}
}
