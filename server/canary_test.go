package server

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestCanary: nothing that happens in another tenant changes a byte of the responses to this one's users, including errors.
func TestCanary(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z","organization":{"id":"east","name":"East"}`), entry(`"id":"e2","time":"2026-11-21T07:00:00Z"`))
	const period = "from=2026-11-01T00:00:00Z&to=2026-11-23T00:00:00Z"
	views := []string{
		"/api/v1/session", accountsPath, accountsPath + "?tenant=other", "/api/v1/accounts", "/api/v1/tenants",
		entriesPath, entriesPath + "?q=canary", entriesPath + "?user=canary", entriesPath + "?limit=1", entriesPath + "?organization=canary",
		entriesPath + "/e1", entriesPath + "/canary", entriesPath + "?cursor=x",
		tenantA + "/summary?" + period, tenantA + "/summary?q=canary&" + period, tenantA + "/catalog", tenantA + "/organizations",
		tenantA + "/exports", tenantA + "/exports/canary", tenantA + "/checkpoint", tenantA + "/keys", tenantA + "/retention", tenantA + "/views", tenantA + "/access/canary",
		tenantA + "/access?user=canary", tenantA + "/access?content_id=canary",
		"/api/v1/tenants/other/entries", "/api/v1/tenants/other/catalog", "/api/v1/tenants/other/entries/canary", "/t/acme/log",
	}
	look := func() map[string]string {
		seen := map[string]string{}
		for _, caller := range []string{"admin", "scoped", "auditor", "member"} {
			for _, path := range views {
				r := f.send(caller, "GET", path, "")
				seen[caller+" "+path] = fmt.Sprint(r.status, " ", r.body)
			}
		}
		return seen
	}
	for !strings.Contains(f.get("admin", tenantA+"/keys", 200), "last_used_at") {
		runtime.Gosched() // the use of the write key is recorded in the background
	}
	before := look()

	const other = "/api/v1/tenants/other"
	f.change("owner", "PATCH", other, `{"data_permission":true,"name":"Canary","frame_ancestors":["https://canary.test"]}`, 200)
	f.change("strange directory", "PUT", other+"/organizations", `[{"id":"canary","name":"Canary"},{"id":"east","name":"Canary"}]`, 200)
	f.change("stranger", "PUT", other+"/catalog", `{"modules":[{"key":"canary","title":{"en":"Canary","zh-CN":"金丝雀"},"operations":["edit"]}]}`, 200)
	for _, id := range []string{"e1", "e2", "canary"} {
		f.change("strange writer", "POST", other+"/entries", entry(`"id":"`+id+`","time":"2026-11-22T07:30:00Z","user":{"id":"canary","name":"Canary"},`+
			`"module":"canary","operation":"edit","organization":{"id":"east","name":"Canary"},"content":{"id":"canary","name":"Canary"}`), 201)
	}
	f.change("stranger", "POST", other+"/exports", `{"range":"today","format":"csv"}`, 202)
	f.change("stranger", "POST", accountsPath, `{"username":"canary","password":"correct horse","role":"auditor"}`, 201)
	f.change("stranger", "POST", other+"/keys", `{"scope":"launch","name":"canary"}`, 201)
	f.change("owner", "POST", "/api/v1/tenants", `{"id":"canary","name":"Canary"}`, 201)
	f.change("stranger", "GET", other+"/summary?q=canary", "", 200)
	f.change("stranger", "POST", other+"/holds", `{"reason":"canary","to":"2026-11-19"}`, 201)
	f.change("strange writer", "POST", other+"/entries", entry(`"time":"2026-11-20T07:30:00Z"`), 201)
	f.change("owner", "PATCH", other, `{"retention_days":1,"below_legal_minimum":true}`, 200)
	f.noError(f.log.Journal.Retain(t.Context()))
	if gone := f.get("stranger", other+"/retention", 200); !strings.Contains(gone, `"entries":1`) {
		t.Errorf("nothing was deleted there: %s", gone)
	}
	for asked, answer := range look() {
		if answer != before[asked] {
			t.Errorf("%s\nwas  %s\nis   %s", asked, before[asked], answer)
		}
	}
	if all := strings.Join(f.trail("admin", tenantA+"/access"), "\n"); strings.Contains(all, "stranger") || strings.Contains(all, "Canary") {
		t.Errorf("the trail tells of another tenant: %s", all)
	}
}

// TestForgedTenant: only the URL determines the tenant.
func TestForgedTenant(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	const other = "/api/v1/tenants/other"
	for _, name := range []string{"X-Tenant", "X-Tenant-Id", "Tenant", "X-Organization", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Prefix"} {
		for _, caller := range []string{"stranger", "strange key"} {
			for _, value := range []string{"acme", entriesPath} {
				if r := f.send(caller, "GET", other+"/entries", "", name, value); r.status != 200 || strings.Contains(r.body, "e1") {
					t.Errorf("%s: %s: %d %s", name, value, r.status, r.body)
				}
			}
		}
	}
	f.asProblem(f.send("stranger", "GET", other+"/entries?tenant=acme", ""), 422)
	f.asProblem(f.send("strange writer", "POST", other+"/entries", entry(`"tenant":"acme"`)), 422)
	f.asProblem(f.send("stranger", "POST", other+"/exports", `{"range":"today","format":"csv","tenant":"acme"}`), 422)
	f.asProblem(f.send("stranger", "POST", other+"/exports", `{"range":"today","format":"csv","filters":{"tenant":"acme"}}`), 422)
	f.asProblem(f.send("stranger", "POST", other+"/keys", `{"scope":"read","name":"x","tenant":"acme"}`), 422)
	for _, path := range []string{"/api/v1/tenants/other/../acme/entries", "/api/v1/tenants/other%2F..%2Facme/entries", "/api/v1/tenants/acme%00/entries", "/api/v1/tenants/ACME/entries", "/api/v1/tenants/acme%2Faccess/entries", "/api/v1/tenants/acme/access"} {
		if r := f.raw("stranger", "GET "+path); r.status < 400 || strings.Contains(r.body, "e1") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// TestScopeIsNotWidened: no search, filter, cursor or export reaches beyond the organization that an account is scoped to.
func TestScopeIsNotWidened(t *testing.T) {
	f := newServer(t)
	for i, org := range []string{"hq", "east", "west"} {
		f.record(entry(fmt.Sprintf(`"id":"%s","time":"2026-11-22T07:0%d:00Z","organization":{"id":"%s","name":"x"},"content":{"id":"c","name":"%s"}`, org, i, org, org)))
	}
	whole := decode[oplog.Page](t, f.get("admin", entriesPath+"?limit=1", 200))
	queries := []string{
		"q=west", "q=%22west%22", "q=content:west", "organization=west", "organization=hq", "organization=west&organization=east",
		"content_id=c", "cursor=" + whole.NextCursor, "range=last_90_days",
	}
	for _, query := range queries {
		page := f.get("scoped", entriesPath+"?"+query, 200)
		if strings.Contains(page, `"west"`) || strings.Contains(page, `"hq"`) {
			t.Errorf("%s: %s", query, page)
		}
		if !strings.HasPrefix(query, "cursor") {
			sum := f.get("scoped", tenantA+"/summary?"+query, 200)
			if strings.Contains(sum, `"west"`) || strings.Contains(sum, `"hq"`) || strings.Contains(sum, `"total":2`) || strings.Contains(sum, `"total":3`) {
				t.Errorf("%s: %s", query, sum)
			}
		}
	}
	x := f.export("scoped", `{"range":"today","format":"csv","filters":{"organization":["hq","west"]}}`)
	if file := f.get("scoped", exportsPath+"/"+x.ID+"/file", 200); strings.Contains(file, "west") {
		t.Error(file)
	}
	wide := f.export("admin", `{"range":"today","format":"csv"}`)
	f.get("scoped", exportsPath+"/"+wide.ID, 404)
	f.get("scoped", exportsPath+"/"+wide.ID+"/file", 404)
}

// naughty has strings that have broken other programs.
var naughty = []string{
	"undefined", "null", "NaN", "true", "-1", "1e309", "0x0", "1,000.00", " ", "  two  spaces  ", "\t", "line\nbreak", "\r\n", "\u00a0", "\u200b", "\ufeff",
	"\u202eright to left", "\u0001\u0008\u001f\u007f", "\u2028\u2029", "Ω≈ç√∫", "찦차를 타고 온", "田中さんにあげて下さい", "社會科學院", "𠜎𠜱𠝹", "ﬀ ﬃ ǅ İ ı ß",
	"👾 🙇 💁🏽 👨‍👩‍👧‍👦", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗L̢͖G̴O", "﷽", "הָיְתָה test الصفحات", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>",
	"javascript:alert(1)", "&lt;b&gt;", "{{7*7}}", "${7*7}", "%s%s%n", "'; DROP TABLE entries;--", "' OR 1=1 --", "../../../etc/passwd", "C:\\con\\nul", "$(touch x)",
	"`id`", "=1+1", "+1", "-1+1", "@SUM(1)", "＝1+1", "=cmd|' /C calc'!A0", "a,b;c\td\"e", "\"", "'", "\\", "\\u0000", "\\\"", "https://example.com/?a=b&c=d#e", "user@example.com",
}

// TestNaughtyStrings: strings are stored and returned exactly as sent, in JSON and in CSV, except for the guard against spreadsheet
// formulas.
func TestNaughtyStrings(t *testing.T) {
	f := newServer(t)
	var sent []string
	for i, s := range naughty {
		quoted, err := json.Marshal(s)
		f.noError(err)
		sent = append(sent, entry(fmt.Sprintf(`"id":"n%d","time":"2026-11-22T07:%02d:00Z","user":{"id":"u","name":%s,"role":%[3]s},"organization":{"id":"o%d","name":%[3]s},"content":{"id":%[3]s,"name":%[3]s}`, i, i%60, quoted, i)))
	}
	f.record(sent...)
	page := decode[oplog.Page](t, f.get("admin", entriesPath+"?limit=200", 200))
	if len(page.Entries) != len(naughty) {
		t.Fatalf("%d entries", len(page.Entries))
	}
	for _, e := range page.Entries {
		var i int
		_, err := fmt.Sscanf(e.ID, "n%d", &i)
		f.noError(err)
		for _, got := range []string{e.User.Name, e.User.Role, e.Organization.Name, e.Content.ID, e.Content.Name} {
			if got != naughty[i] {
				t.Errorf("%q is shown as %q", naughty[i], got)
			}
		}
		if one := decode[oplog.Entry](t, f.get("admin", entriesPath+"/"+e.ID, 200)); one.Content != e.Content || one.User != e.User {
			t.Errorf("%+v", one)
		}
	}
	x := f.export("admin", `{"range":"today","format":"csv"}`)
	file := f.get("admin", exportsPath+"/"+x.ID+"/file", 200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != len(naughty)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, s := range naughty {
		shown := strings.ReplaceAll(s, "\r\n", "\n")   // encoding/csv normalizes quoted line breaks
		shown = strings.ReplaceAll(shown, ";-", ";'-") // guarded, because some spreadsheets split at semicolons
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[1] == shown || row[1] == "'"+shown }) {
			t.Errorf("%q is not in the file", s)
		}
	}
	for _, s := range naughty {
		for _, path := range []string{entriesPath + "?q=", entriesPath + "?user=", entriesPath + "?content_id=", tenantA + "/summary?q=", tenantA + "/summary?organization="} {
			r := f.send("admin", "GET", path+url.QueryEscape(s), "")
			if r.status != http.StatusOK && r.status != http.StatusUnprocessableEntity {
				t.Errorf("%s%q: %d %s", path, s, r.status, r.body)
			}
		}
	}
	if f.words.Len() > 0 {
		t.Errorf("logged: %s", f.words)
	}
}
