package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/exports"
	"oplog/identity"
	"oplog/journal"
	"oplog/node"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/views"
)

// contractTable returns the rows of a table of docs/contract.md under a heading, by their first cell without backquotes.
func contractTable(t *testing.T, heading string) map[string][]string {
	t.Helper()
	page := must(os.ReadFile("../docs/contract.md"))(t)
	_, table, found := strings.Cut(string(page), "\n| "+heading+" |")
	if !found {
		t.Fatalf("docs/contract.md has no table that begins with %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	rows := make(map[string][]string)
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[strings.ReplaceAll(cells[0], "`", "")] = cells[1:]
	}
	return rows
}

// sameNames compares the names on the page with those in the code.
func sameNames[A, B any](t *testing.T, what string, page map[string]A, code map[string]B) {
	t.Helper()
	if p, c := slices.Sorted(maps.Keys(page)), slices.Sorted(maps.Keys(code)); !slices.Equal(p, c) {
		t.Errorf("%s: docs/contract.md has %q, the program %q", what, p, c)
	}
}

func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func characters(n int) string { return grouped(n) + " characters" }

// contractFields are the limits of an entry's fields in the code, an entry whose field has length n, and the location of its error. The
// limits of module and operation are the catalog's.
var contractFields = map[string]struct {
	limit    string
	most     int
	sized    func(n int) string
	location string
}{
	"id":                {characters(oplog.MaxIDLength), oplog.MaxIDLength, func(n int) string { return `"time":"2026-11-22T07:00:00Z","id":` + ascii(n) }, "id"},
	"time":              {fmt.Sprintf("%d h ahead", oplog.MaxTimeAhead/time.Hour), int(oplog.MaxTimeAhead / time.Hour), ahead, "time"},
	"user.id":           {characters(oplog.MaxUserLength), oplog.MaxUserLength, func(n int) string { return `"user":{"name":"n","id":` + text(n) + `}` }, "user.id"},
	"user.name":         {characters(oplog.MaxUserLength), oplog.MaxUserLength, func(n int) string { return `"user":{"id":"u","name":` + text(n) + `}` }, "user.name"},
	"user.role":         {characters(oplog.MaxUserLength), oplog.MaxUserLength, func(n int) string { return `"user":{"id":"u","name":"n","role":` + text(n) + `}` }, "user.role"},
	"organization.id":   {characters(oplog.MaxOrganizationID), oplog.MaxOrganizationID, func(n int) string { return `"organization":{"id":` + text(n) + `}` }, "organization.id"},
	"organization.name": {characters(oplog.MaxNameLength), oplog.MaxNameLength, func(n int) string { return `"organization":{"id":"hq","name":` + text(n) + `}` }, "organization.name"},
	"module":            {characters(oplog.MaxKeyLength), 0, nil, ""},
	"operation":         {characters(oplog.MaxKeyLength), 0, nil, ""},
	"content.id":        {characters(oplog.MaxContentID), oplog.MaxContentID, func(n int) string { return `"content":{"id":` + text(n) + `}` }, "content.id"},
	"content.name":      {characters(oplog.MaxNameLength), oplog.MaxNameLength, func(n int) string { return `"content":{"name":` + text(n) + `}` }, "content.name"},
	"origin":            {},
	"outcome":           {},
	"ip":                {characters(oplog.MaxOriginLength), oplog.MaxOriginLength, func(n int) string { return `"ip":` + text(n) }, "ip"},
	"user_agent":        {characters(oplog.MaxOriginLength), oplog.MaxOriginLength, func(n int) string { return `"user_agent":` + text(n) }, "user_agent"},
	"changes":           {grouped(oplog.MaxChanges) + " items", oplog.MaxChanges, func(n int) string { return `"changes":` + list(n, `{"field":"f"}`) }, "changes"},
	"changes[].field":   {characters(oplog.MaxChangeField), oplog.MaxChangeField, func(n int) string { return `"changes":[{"field":` + text(n) + `}]` }, "changes[0].field"},
	"changes[].before, changes[].after": {fmt.Sprintf("%d KiB", oplog.MaxChangesBytes>>10), oplog.MaxChangesBytes, func(n int) string {
		return `"changes":[{"field":"f","before":` + ascii(n/2-2) + `},{"field":"g","after":` + ascii(n-n/2-2) + `}]`
	}, "changes"},
	"details": {fmt.Sprintf("%d KiB", oplog.MaxDetailsBytes>>10), oplog.MaxDetailsBytes, func(n int) string { return `"details":{"a":` + ascii(n-8) + `}` }, "details"},
}

// ahead returns an entry that many hours after the start of the tests, minus the duration of the request.
func ahead(hours int) string {
	return `"time":"` + clock.Add(time.Duration(hours)*time.Hour).Format(time.RFC3339) + `"`
}

// TestContractFields: each limit of a field in docs/contract.md is the one in the code; an entry at the limit is accepted, and one beyond
// it is rejected with the field's name.
func TestContractFields(t *testing.T) {
	f := newServer(t)
	page := contractTable(t, "Field")
	sameNames(t, "fields", page, contractFields)
	for name, field := range contractFields {
		if limit := page[name]; len(limit) > 0 && limit[0] != field.limit {
			t.Errorf("%s: docs/contract.md says %q, the code %q", name, limit[0], field.limit)
		}
		if field.sized == nil {
			continue
		}
		if r := f.send("write", "POST", entriesPath, entry(field.sized(field.most))); r.status != 201 {
			t.Errorf("%s at its limit: %d %.200s", name, r.status, r.body)
		}
		p := f.asProblem(f.send("write", "POST", entriesPath, entry(field.sized(field.most+1))), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != "body."+field.location {
			t.Errorf("%s beyond its limit: %+v", name, p)
		}
	}
	key := strings.Repeat("k", oplog.MaxKeyLength)
	catalog := func(key string) string {
		return `{"modules":[{"key":"` + key + `","title":{"en":"M","zh-CN":"M"},"operations":["` + key + `"]}],` +
			`"operations":[{"key":"` + key + `","title":{"en":"O","zh-CN":"O"},"group":"create"}]}`
	}
	f.asProblem(f.send("admin", "PUT", tenantA+"/catalog", catalog(key+"k")), 422)
	f.change("admin", "PUT", tenantA+"/catalog", catalog(key), 200)
	f.record(entry(`"module":"` + key + `","operation":"` + key + `"`))
}

// TestContractRequests: the limits of a request, and the numbers in the text.
func TestContractRequests(t *testing.T) {
	limits := map[string]string{
		"entries":                                  grouped(oplog.MaxEntriesPerRequest),
		"body, uncompressed":                       fmt.Sprintf("%d MiB", wire.MaxBodyBytes>>20),
		"body without a valid key or session":      fmt.Sprintf("%d KiB", wire.MaxAnonymousBytes>>10),
		"bodies in progress, of one key or person": fmt.Sprintf("%d MiB", wire.MaxCallersBodies>>20),
		fmt.Sprintf("bodies in progress, beyond %d KiB each, of one tenant", wire.SmallBody>>10): fmt.Sprintf("%d MiB", wire.MaxTenantsBodies>>20),
		fmt.Sprintf("bodies in progress, beyond %d KiB each, of all", wire.SmallBody>>10):        fmt.Sprintf("%d MiB", wire.MaxBodiesBytes>>20),
		"time of a body":                                fmt.Sprintf("%d min", defaultBodyTime/time.Minute),
		"invalid fields listed in a response":           grouped(wire.MaxFieldErrors),
		"connections of one address, or IPv6 /64":       grouped(maxOfAddress),
		"request line and headers":                      fmt.Sprintf("%d KiB", readBuffer>>10),
		"organizations of a tenant":                     grouped(oplog.MaxOrganizations),
		"names and ids of these, when entries add some": fmt.Sprintf("%d MiB", oplog.MaxOrganizationBytes>>20),
		"pace": fmt.Sprintf("%d KiB in %d s", wire.PacedBytes>>10, defaultReadTimeout/time.Second),
	}
	page := contractTable(t, "What")
	sameNames(t, "limits of a request", page, limits)
	for name, limit := range limits {
		if cells := page[name]; len(cells) > 0 && cells[0] != limit {
			t.Errorf("%s: docs/contract.md says %q, the code %q", name, cells[0], limit)
		}
	}
	text := string(must(os.ReadFile("../docs/contract.md"))(t))
	reading := contractTable(t, "Bound")
	limits = limitsOfReading()
	sameNames(t, "limits of reading", reading, limits)
	for name, limit := range limits {
		if cells := reading[name]; len(cells) > 0 && cells[0] != limit {
			t.Errorf("%s: docs/contract.md says %q, the code %q", name, cells[0], limit)
		}
	}
	for _, words := range []string{
		fmt.Sprintf("longer than %d KiB as JSON", maxListed>>10),
		fmt.Sprintf("From %d on, and at most %d h ahead", oplog.MinYear, oplog.MaxTimeAhead/time.Hour),
	} {
		if !strings.Contains(text, words) {
			t.Errorf("docs/contract.md does not say %q", words)
		}
	}
}

// limitsOfReading returns the limits of reading as the code has them.
func limitsOfReading() map[string]string {
	return map[string]string{
		"live streams of one user or key": grouped(maxStreamsOfCaller),
		"live streams of one tenant":      grouped(maxStreamsOfTenant),
		"time that a request waits while as many of its user or key as there are processors (at least 2), or eight times as many of its tenant, are answered": fmt.Sprintf("%d s", turnTime/time.Second),
		"how long such a request counts as being answered if its user, key or tenant has too much of something":                                               fmt.Sprintf("%d ms more", refusedPause/time.Millisecond),
		fmt.Sprintf("the same after each %d ms of a user's or key's requests while further ones wait", busyTime/time.Millisecond):                             fmt.Sprintf("%d ms more", busyPause/time.Millisecond),
		fmt.Sprintf("time to accept what a live stream sends at once, at most %d KiB and an entry", journal.MaxBatch>>10):                                     fmt.Sprintf("%d s", liveStall/time.Second),
		"entries that a live stream may be behind":                                                              grouped(journal.MaxLiveLag),
		fmt.Sprintf("responses not yet received, of one user or key, beyond %d KiB each", wire.SmallAnswer>>10): fmt.Sprintf("%d MiB", wire.MaxCallerAnswers>>20),
		fmt.Sprintf("responses not yet received, of one tenant, beyond %d KiB each", wire.SmallAnswer>>10):      fmt.Sprintf("%d MiB", wire.MaxTenantAnswers>>20),
		fmt.Sprintf("responses not yet received, of all, beyond %d KiB each", wire.SmallAnswer>>10):             fmt.Sprintf("%d MiB", wire.MaxAnswersBytes>>20),
		fmt.Sprintf("time to accept each %d KiB of such a response", wire.AnswerPiece>>10):                      fmt.Sprintf("%d s", wire.AnswerTime/time.Second),
		"values of a facet, users aside":                                                                        grouped(oplog.MaxFacetValues),

		"running exports of one user or key":                                                   grouped(exports.MaxRunningOfCreator),
		"running exports of one tenant":                                                        grouped(exports.MaxRunningOfTenant),
		"exports of one user or key":                                                           grouped(exports.MaxKeptOfCreator),
		"exports of one tenant":                                                                grouped(exports.MaxKeptOfTenant),
		"size of all exports of one user or key":                                               fmt.Sprintf("%d GiB", exports.MaxBytesOfCreator>>30),
		"size of all exports of one tenant":                                                    fmt.Sprintf("%d GiB", exports.MaxBytesOfTenant>>30),
		"time until an export is deleted, finished or not":                                     fmt.Sprintf("%d d", exports.Lifetime/(24*time.Hour)),
		"backups being made or downloaded":                                                     fmt.Sprintf("1 of a caller, %d of all", maxBackups),
		"free disk space that only recording uses, at most a twentieth of the disk":            fmt.Sprintf("%d GiB", node.MaxReserve>>30),
		"organizations of a response":                                                          grouped(maxOrganizationsListed),
		"modules and operation types of a response, together":                                  grouped(maxCatalogListed),
		"accounts, keys, views, tenants, exports, sessions, holds and deletions of a response": grouped(maxItems),
		"accounts of a tenant, disabled ones included; owners":                                 grouped(identity.MaxAccounts) + " each",
		"API keys of a tenant that are in use":                                                 grouped(identity.MaxKeys) + "; with revoked and expired ones " + grouped(identity.MaxKeysKept),
		"sessions of the people of a tenant's host systems":                                    grouped(identity.MaxLaunchedSessions),
		"used links of a launch key that have not expired":                                     grouped(identity.MaxUsedLaunches),
		"views of a person in a tenant":                                                        grouped(views.MaxViews),
		"views of a tenant":                                                                    grouped(views.MaxViewsOfTenant) + "; of the people of its host systems " + grouped(views.MaxLaunchedViews) + ", who can set as many to start with",
		"sessions of a person":                                                                 grouped(identity.MaxSessions) + ", and as many that wait for the second factor",
	}
}

// TestContractStatuses: the page lists the statuses that a sender may get, and the server returns them.
func TestContractStatuses(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"taken","time":"2026-11-22T07:00:00Z"`))
	// Slow senders, long headers, bodies beyond the share, bugs and disk failures have tests of their own.
	answered := map[string]bool{"408": true, "429": true, "431": true, "500": true, "503": true, "507": true}
	many := `{"entries":` + list(oplog.MaxEntriesPerRequest+1, entry()) + `}`
	for _, ask := range []struct {
		status             int
		caller, path, body string
		headers            []string
	}{
		{201, "write", entriesPath, entry(), nil},
		{201, "write", entriesPath, entry(`"id":"taken","time":"2026-11-22T07:00:00Z"`), nil},
		{400, "write", entriesPath, `{"user":`, nil},
		{400, "write", entriesPath, entry(), []string{"Content-Encoding", "gzip"}},
		{400, "write", entriesPath, ` `, nil},
		{401, "nobody", entriesPath, entry(), nil},
		{401, "revoked", entriesPath, entry(), nil},
		{403, "read", entriesPath, entry(), nil},
		{404, "strange writer", entriesPath, entry(), nil},
		{404, "write", "/api/v1/tenants/none/entries", entry(), nil},
		{409, "write", entriesPath, entry(`"id":"taken","time":"2026-11-22T07:00:00Z","outcome":"failure"`), nil},
		{413, "write", entriesPath, many, nil},
		{413, "write", entriesPath, entry() + strings.Repeat(" ", wire.MaxBodyBytes), nil},
		{415, "write", entriesPath, entry(), []string{"Content-Type", "text/csv"}},
		{415, "write", entriesPath, entry(), []string{"Content-Encoding", "br"}},
		{422, "write", entriesPath, entry(`"colour":"red"`), nil},
	} {
		r := f.send(ask.caller, "POST", ask.path, ask.body, ask.headers...)
		if r.status != ask.status {
			t.Errorf("%s %s %.80s: %d, want %d", ask.caller, ask.path, ask.body, r.status, ask.status)
		}
		if ask.status != 201 {
			f.asProblem(r, ask.status)
		}
		answered[strconv.Itoa(ask.status)] = true
	}
	elsewhere := httptest.NewRequest(http.MethodPost, entriesPath, strings.NewReader(entry()))
	elsewhere.Host = "elsewhere.test"
	f.asProblem(f.do(elsewhere), 421)
	answered["421"] = true
	page := contractTable(t, "Status")
	sameNames(t, "statuses", page, answered)
	for code, status := range wire.Statuses {
		if _, listed := page[strconv.Itoa(status)]; !listed && code != oplog.CodeGone {
			t.Errorf("docs/contract.md does not list %d, %s", status, code)
		}
	}
	if total := decode[struct{ Total int }](t, f.get("admin", tenantA+"/summary", 200)).Total; total != 2 {
		t.Errorf("%d entries were stored, want those that were answered 201: 2", total)
	}
}

// TestContractSchema: the limits of an entry in the OpenAPI document are those of the page.
func TestContractSchema(t *testing.T) {
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					MaxLength, MaxItems int
					Description         string
				}
			}
		}
	}
	f := newServer(t)
	f.noError(json.Unmarshal(must(f.server.OpenAPI())(t), &document))
	schemas := document.Components.Schemas
	for schema, fields := range map[string][]string{"NewEntry": {"id", "ip", "user_agent"}, "NewUser": {"id", "name", "role"}, "NewRef": {"name"}, "NewChange": {"field"}} {
		at := map[string]string{"NewEntry": "", "NewUser": "user.", "NewRef": "content.", "NewChange": "changes[]."}[schema]
		for _, field := range fields {
			if has, want := schemas[schema].Properties[field].MaxLength, contractFields[at+field].most; has != want {
				t.Errorf("%s.%s: maxLength %d, want %d", schema, field, has, want)
			}
		}
	}
	entry := schemas["NewEntry"].Properties
	if entry["changes"].MaxItems != oplog.MaxChanges {
		t.Errorf("NewEntry.changes: maxItems %d", entry["changes"].MaxItems)
	}
	for words, in := range map[string]string{
		fmt.Sprintf("at most %d KiB of values", oplog.MaxChangesBytes>>10):                                                  entry["changes"].Description,
		fmt.Sprintf("at most %d KiB", oplog.MaxDetailsBytes>>10):                                                            entry["details"].Description,
		fmt.Sprintf("at most %d characters of an organization, %d of content", oplog.MaxOrganizationID, oplog.MaxContentID): schemas["NewRef"].Properties["id"].Description,
	} {
		if !strings.Contains(in, words) {
			t.Errorf("%q does not say %q", in, words)
		}
	}
}
