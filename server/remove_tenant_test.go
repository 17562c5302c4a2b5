package server

import (
	"bytes"
	"strings"
	"testing"

	"oplog/exports/formats"
	"oplog/signing"
	"oplog/storage"
)

// TestRemoveTenant: an owner removes a tenant after downloading it whole; its people and programs are out at once, and what the log signed is listed.
func TestRemoveTenant(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	zip := []byte(f.get("owner", tenantA+"/everything", 200))
	b, err := formats.OpenTenant(bytes.NewReader(zip), int64(len(zip)))
	f.noError(err)
	keys, err := signing.Follow(f.log.Prover.VerifierKey(), nil)
	f.noError(err)
	if x, err := b.Verify(keys, storage.IsLeaf); err != nil || x.Logs[0].Size != 1 || x.By != "account owner" {
		t.Fatalf("%+v %v", x, err)
	}
	if told := f.trail("owner", tenantA+"/access?module=tenant"); len(told) == 0 || !strings.HasPrefix(told[0], "owner tenant export") {
		t.Errorf("the trail tells %q", told)
	}
	f.change("owner", "POST", tenantA+"/holds", `{"reason":"case 7"}`, 201)
	if p := f.asProblem(f.send("owner", "DELETE", tenantA, `{"confirm":"acme"}`), 409); !strings.Contains(p.Detail, "hold") {
		t.Errorf("%+v", p)
	}
	hold := decode[struct{ Holds []struct{ ID string } }](t, f.get("owner", tenantA+"/retention", 200)).Holds[0].ID
	f.change("owner", "DELETE", tenantA+"/holds/"+hold, "", 200)
	f.asProblem(f.send("owner", "DELETE", tenantA, `{"confirm":"Acme"}`), 422)
	f.change("owner", "DELETE", tenantA, `{"confirm":"acme"}`, 202)
	f.get("owner", tenantA+"/entries", 404)
	f.get("read", tenantA+"/entries", 404)
	f.asProblem(f.send("owner", "DELETE", tenantA, `{"confirm":"acme"}`), 404)
	if list := f.get("owner", "/api/v1/removed-tenants", 200); !strings.Contains(list, `"id":"acme"`) || strings.Contains(list, "finished_at") {
		t.Error(list)
	}
	f.noError(f.log.FinishRemovals(t.Context()))
	f.get("admin", "/api/v1/session", 401)
	f.get("read", tenantA+"/entries", 401)
	f.attempt("192.0.2.1", "admin", password, 401)
	list := f.get("owner", "/api/v1/removed-tenants", 200)
	if !strings.Contains(list, `"entries":1`) || !strings.Contains(list, "oplog tenant removal v1") || !strings.Contains(list, "finished_at") {
		t.Error(list)
	}
	told := strings.Join(f.trail("owner", "/api/v1/access?module=tenant"), "\n")
	if !strings.Contains(told, "owner tenant remove acme") || !strings.Contains(told, "server tenant removed acme") {
		t.Errorf("the installation's trail tells\n%s", told)
	}
	if p := f.asProblem(f.send("owner", "POST", "/api/v1/tenants", `{"id":"acme","name":"Again"}`), 409); !strings.Contains(p.Detail, "removed") {
		t.Errorf("%+v", p)
	}
}
