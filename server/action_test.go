package server

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// wantTrail checks a tenant's trail, newest first, without the test's own readings.
func (f *fixture) wantTrail(want ...string) {
	f.Helper()
	told := slices.DeleteFunc(f.trail("read trail", tenantA+"/access"), func(line string) bool {
		return strings.HasPrefix(line, "owner access ")
	})
	if got, want := strings.Join(told, "\n"), strings.Join(want, "\n"); got != want {
		f.Errorf("the trail tells\n%s\nwant\n%s", got, want)
	}
}

// The calls of one action in a session are one entry, however many they are.
func TestActions(t *testing.T) {
	f := newServer(t)
	f.sent["read trail"] = f.sent["owner"]
	f.server.keepAlive = 5 * time.Millisecond
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z","content":{"id":"c1","name":"Order 1"}`))
	url := f.listen()
	get := func(act, path string, headers ...string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+tenantA+path, http.NoBody)
		f.noError(err)
		r.Header.Set("Oplog-Act", act)
		for name, value := range f.sent["auditor"] {
			r.Header.Set(name, value)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		f.noError(err)
		_, err = io.Copy(io.Discard, answer.Body)
		f.noError(errors.Join(err, answer.Body.Close()))
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", path, answer.StatusCode)
		}
	}
	// A page of the log with its counts, panels and stream, then one of its entries.
	get("a1", "/summary?q=vip&range=today")
	get("a1", "/entries?q=vip&range=today&limit=100")
	get("a1", "/summary?range=today")
	f.follow(url, "auditor", "q=vip&range=today&act=a1", "")
	get("a2", "/entries/e1")
	get("a2", "/entries?content_id=c1&limit=50")
	get("a1", "/entries?q=vip&range=today&limit=200")
	want := []string{`auditor log open e1 {"seq":1}`, `auditor log search {"filters":{"q":["vip"],"range":["today"]}}`}
	f.wantTrail(want...)
	// The same printed: all rows, and the entry.
	get("a3", "/summary?q=vip&range=today")
	get("a3", "/entries?q=vip&range=today&limit=200", "Oplog-Purpose", "print")
	get("a4", "/entries/e1", "Oplog-Purpose", "print")
	want = append([]string{`auditor log print e1 {"seq":1}`, `auditor log print {"filters":{"q":["vip"],"range":["today"]}}`}, want...)
	f.wantTrail(want...)
}

// The page downloads the export that the person started on it: one action.
func TestDownloadOfStartedExport(t *testing.T) {
	f := newServer(t)
	f.sent["read trail"] = f.sent["owner"]
	f.record(entry(``))
	started := f.export("auditor", `{"range":"last_7_days","format":"csv"}`, "Oplog-Act", "a")
	bundle := tenantA + "/exports/" + started.ID + "/bundle"
	f.get("auditor", bundle+"?act=a", 200)
	downloads := func(want int) {
		t.Helper()
		told := strings.Join(f.trail("read trail", tenantA+"/access"), "\n")
		if strings.Count(told, "auditor export start") != 1 || strings.Count(told, "auditor export download "+started.ID) != want {
			t.Errorf("the trail tells\n%s\nwant %d downloads", told, want)
		}
	}
	downloads(0)
	f.get("auditor", bundle, 200) // from the list of exports
	downloads(1)
}

// The action's name comes from the client: it hides nothing.
func TestActionsHideNothing(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct {
		name, caller string
		headers      []string
		want         []string
	}{
		{"another search", "auditor", []string{"Oplog-Act", "a"},
			[]string{`auditor log search {"also":[{"filters":{"q":["vip"]},"operation":"search"},{"filters":{"user":["u1"]},"operation":"count"}],"filters":{"q":["sms"]},"searches":2}`}},
		{"as long as it may be", "auditor", []string{"Oplog-Act", long},
			[]string{`auditor log search {"also":[{"filters":{"q":["vip"]},"operation":"search"},{"filters":{"user":["u1"]},"operation":"count"}],"filters":{"q":["sms"]},"searches":2}`}},
		{"no name", "auditor", nil, withoutAction("auditor")},
		{"an empty name", "auditor", []string{"Oplog-Act", ""}, withoutAction("auditor")},
		{"too long", "auditor", []string{"Oplog-Act", long + "a"}, withoutAction("auditor")},
		{"odd characters", "auditor", []string{"Oplog-Act", "a b"}, withoutAction("auditor")},
		{"not ASCII", "auditor", []string{"Oplog-Act", "é"}, withoutAction("auditor")},
		{"a key", "read", []string{"Oplog-Act", "a"}, withoutAction("key")},
	} {
		f := newServer(t)
		f.sent["read trail"] = f.sent["owner"]
		for _, path := range []string{"/entries?q=vip", "/entries?q=sms", "/summary?user=u1"} {
			if r := f.send(c.caller, "GET", tenantA+path, "", c.headers...); r.status != 200 {
				t.Fatalf("%s: %s", path, r.body)
			}
		}
		for i, want := range c.want {
			if rest, ok := strings.CutPrefix(want, "key "); ok {
				c.want[i] = strings.TrimPrefix(f.sent["read"]["Authorization"], "Bearer ")[:len("oplog_read_")+8] + " " + rest
			}
		}
		t.Log(c.name)
		f.wantTrail(c.want...)
	}

	// Only streams and downloads have the name in their URL.
	f := newServer(t)
	f.asProblem(f.send("auditor", "GET", entriesPath+"?act=a", ""), 422)
}

// withoutAction returns the trail of calls that belong to no action.
func withoutAction(user string) []string {
	return []string{
		user + ` log search {"filters":{"user":["u1"]}}`, user + ` log search {"filters":{"q":["sms"]}}`, user + ` log search {"filters":{"q":["vip"]}}`,
	}
}

// TestPagingIsCounted: paging through the log is not recorded as one look, neither of a program nor of a person, in any order of entries.
func TestPagingIsCounted(t *testing.T) {
	f := newServer(t)
	for range 12 {
		f.record(entry())
	}
	page := func(caller, query string, headers ...string) (cursor string) {
		t.Helper()
		r := f.send(caller, "GET", entriesPath+"?"+query, "", headers...)
		if r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return decode[oplog.Page](t, r.body).NextCursor
	}
	for cursor := page("read", "limit=5"); cursor != ""; {
		cursor = page("read", "limit=5&cursor="+cursor)
	}
	for cursor := page("auditor", "limit=5", actHeader, "look"); cursor != ""; {
		cursor = page("auditor", "limit=5&cursor="+cursor, actHeader, "look")
	}
	page("read", "order=seq&limit=5")
	page("read", "order=seq&limit=5&after_seq=5")
	page("read", "order=seq&limit=5&after_seq=10")
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	for _, want := range []string{
		`log search {"calls":2,"last_at"`, `"rows":7}`, `auditor log search {"calls":3,"rows":12}`,
		`log search {"calls":2,"filters":{"order":["seq"]},"last_at"`, `"rows":7}`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the trail lacks %s:\n%s", want, told)
		}
	}
}
