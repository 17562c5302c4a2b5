package server

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/trail"
)

// reopenDamaged closes the log, turns a bit in the middle of each occurrence of a text in its data file, and opens the log again.
func (f *fixture) reopenDamaged(text string) {
	f.Helper()
	f.noError(f.log.Close())
	file := filepath.Join(f.dir, "oplog.db")
	data := must(os.ReadFile(file))(f)
	found := 0
	for at := 0; ; found++ {
		next := bytes.Index(data[at:], []byte(text))
		if next < 0 {
			break
		}
		data[at+next+len(text)/2] ^= 1
		at += next + len(text)
	}
	if found == 0 {
		f.Fatalf("%s is not in the file", text)
	}
	f.noError(os.WriteFile(file, data, 0o600))
	f.open(func(store oplog.Store) oplog.Store { return store })
}

// reads returns the requests that read, one for each route with GET, for a tenant.
func (f *fixture) reads(tenant, export, told, toldToServer string) (paths []string) {
	queries := map[string]string{
		"getConsistency": "?from=1", "getAccessConsistency": "?from=1", "getServerAccessConsistency": "?from=1", "launch": "?tenant=" + tenant + "&token=x",
		"live":         "?limit=x", // which would not end
		"exportTenant": "?limit=x", // which would break off, where the damage is
	}
	for i := range f.server.table {
		r := &f.server.table[i]
		id := map[string]string{"getEntry": "e1", "getAccess": told, "getServerAccess": toldToServer}[r.id]
		if id == "" {
			id = export
		}
		if r.method == http.MethodGet {
			paths = append(paths, strings.NewReplacer("{tenant}", tenant, "{id}", id, "{username}", "auditor").Replace(r.path)+queries[r.id])
		}
	}
	return append(paths, "/healthz", "/readyz", "/metrics")
}

// damage is a text in the store that is damaged, and what still must be right.
type damage struct {
	text  string
	right func(f *fixture) // afterwards
}

var damages = map[string]damage{
	"an entry": {"zwischenfall", func(f *fixture) {
		f.get("owner", tenantA+"/entries/e2", 200)
		f.asDamaged(f.send("owner", "GET", tenantA+"/entries/e1?seq=1", "")) // as the console opens it
		f.asDamaged(f.send("owner", "GET", tenantA+"/entries/~?seq=1", ""))
		f.asDamaged(f.send("write", "POST", entriesPath, damagedEntry))
	}},
	"a tenant": {`"name":"Acme"`, func(f *fixture) {
		for _, path := range []string{"/api/v1/session", "/api/v1/tenants"} {
			if body := f.get("owner", path, 200); !strings.Contains(body, `"id":"other"`) || strings.Contains(body, `"id":"acme"`) {
				f.Errorf("%s: %s", path, body)
			}
		}
		f.noError(f.log.Trail.AddToAll(trail.Event{User: trail.ServerUser, Module: "server", Operation: "start"})) // or the program would end
		f.noError(f.log.Journal.Retain(f.Context()))
		f.change("owner", "PATCH", "/api/v1/tenants/other", `{"name":"Another"}`, 200)
		f.asDamaged(f.send("owner", "PATCH", tenantA, `{"name":"Acme"}`))
		f.asDamaged(f.send("write", "POST", entriesPath, entry()))
		f.asDamaged(f.send("admin", "GET", "/api/v1/session", ""))
		if body := f.get("owner", "/api/v1/system", 200); !strings.Contains(body, `"damage":"The record tenants/acme is damaged`) {
			f.Error(body)
		}
	}},
	"an account": {`"username":"auditor","role"`, func(f *fixture) {
		if body := f.get("admin", accountsPath, 200); strings.Contains(body, "auditor") || !strings.Contains(body, "scoped") {
			f.Error(body)
		}
		f.asDamaged(f.attempt("192.0.2.1", "auditor", password, 503))
		f.change("owner", "POST", accountsPath, `{"username":"ann","password":"correct horse","role":"owner"}`, 201)
		f.asDamaged(f.send("owner", "PATCH", accountsPath+"/auditor", `{"name":"A"}`))
		f.change("write", "POST", entriesPath, entry(), 201)
	}},
	"a key": {`"scope":"write","name":"write"`, func(f *fixture) {
		f.asDamaged(f.send("write", "POST", entriesPath, entry()))
		key := decode[createdKeyBody](f, f.change("owner", "POST", tenantA+"/keys", `{"scope":"write","name":"new"}`, 201))
		f.sent["new"] = map[string]string{"Authorization": "Bearer " + key.Key}
		f.change("new", "POST", entriesPath, entry(), 201)
		f.change("admin", "DELETE", tenantA+"/keys/"+key.ID, "", 204)
		f.asDamaged(f.send("admin", "DELETE", tenantA+"/keys/none", ""))
	}},
}

var damagedEntry = entry(`"id":"e1","time":"2026-11-22T07:00:00Z","content":{"id":"c1","name":"zwischenfall"}`)

// asDamaged checks that a reply says that something is damaged.
func (f *fixture) asDamaged(r reply) {
	f.Helper()
	if f.asProblem(r, http.StatusServiceUnavailable); !strings.Contains(r.body, `"type":"urn:oplog:damaged"`) {
		f.Errorf("%s", r.body)
	}
}

// TestDamage: whatever is damaged in the store, each request that reads is answered as before, or says so.
func TestDamage(t *testing.T) {
	readers := []string{"owner", "admin", "auditor", "read", "metrics", "strange key"}
	for what, d := range damages {
		t.Run(what, func(t *testing.T) {
			f := newServer(t)
			f.record(damagedEntry, entry(`"id":"e2","time":"2026-11-22T07:01:00Z"`))
			f.change("strange writer", "POST", "/api/v1/tenants/other/entries", entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`), 201)
			x := f.export("admin", `{"range":"today","format":"csv"}`)
			told := decode[oplog.Page](t, f.get("owner", tenantA+"/access", 200)).Entries[0].ID
			f.get("owner", "/api/v1/access", 200)
			toServer := decode[oplog.Page](t, f.get("owner", "/api/v1/access", 200)).Entries[0].ID
			before := make(map[string]int)
			visit := func(do func(name string, r reply)) {
				for _, caller := range readers {
					for _, path := range append(f.reads("acme", x.ID, told, toServer), f.reads("other", x.ID, told, toServer)...) {
						do(fmt.Sprint("GET ", path, " as ", caller), f.send(caller, "GET", path, ""))
					}
				}
			}
			visit(func(name string, r reply) { before[name] = r.status })
			f.reopenDamaged(d.text)
			visit(func(name string, r reply) {
				if r.status == http.StatusServiceUnavailable {
					f.asDamaged(r)
				} else if r.status != before[name] {
					t.Errorf("%s: %d, before %d: %s", name, r.status, before[name], r.body)
				}
			})
			for _, path := range []string{"/api/v1/session", "/api/v1/tenants", "/api/v1/system", "/api/v1/tenants/other/entries"} {
				f.get("owner", path, 200)
			}
			for _, path := range []string{"/readyz", "/metrics"} {
				f.get("metrics", path, 200)
			}
			f.attempt("192.0.2.9", "owner", password, 200)
			f.change("strange writer", "POST", "/api/v1/tenants/other/entries", entry(), 201)
			d.right(f)
		})
	}
}
