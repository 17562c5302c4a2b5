package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"oplog/oplog"
)

// TestReserveOfSpace: what is read or exported does not take the space that is reserved for recording, which goes on; admins can sign in and
// make room.
func TestReserveOfSpace(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	x := tenantA + "/exports/" + f.export("auditor", `{"range":"today","format":"csv"}`).ID
	f.disk.Leave(1<<30 - 1)
	if body := f.get("owner", "/api/v1/system", 200); !strings.Contains(body, `"free_bytes":1073741823,"reserve_bytes":1073741824`) {
		t.Errorf("the system: %s", body)
	}
	if lines := f.get("metrics", "/metrics", 200); !strings.Contains(lines, "\noplog_disk_free_bytes 1073741823\n") || !strings.Contains(lines, "\noplog_disk_reserve_bytes 1073741824\n") {
		t.Errorf("the metrics: %s", lines)
	}
	trail := must(f.log.Trail.Checkpoint("acme"))(t)
	for _, call := range []struct{ caller, method, path, body string }{
		{"auditor", "GET", entriesPath, ""},
		{"read", "GET", entriesPath, ""},
		{"admin", "GET", entriesPath, ""},
		{"owner", "GET", tenantA + "/summary", ""},
		{"auditor", "GET", tenantA + "/live", ""},
		{"admin", "GET", tenantA + "/access", ""},
		{"auditor", "GET", x + "/file", ""},
		{"auditor", "POST", tenantA + "/exports", `{"range":"today","format":"csv"}`},
		{"owner", "POST", tenantA + "/exports", `{"range":"today","format":"csv"}`},
		{"owner", "GET", "/api/v1/backup", ""},
		{"auditor", "POST", tenantA + "/views", `{"name":"mine","query":""}`},
		{"auditor", "PATCH", "/api/v1/session", `{"password":"a long enough one 1","old_password":"` + password + `"}`},
		{"directory", "PUT", tenantA + "/organizations", `[]`},
		{"nobody", "POST", "/api/v1/session", `{"username":"auditor","password":"` + password + `"}`},
	} {
		r := f.send(call.caller, call.method, call.path, call.body)
		if p := f.asProblem(r, http.StatusInsufficientStorage); !strings.Contains(p.Detail, "Free some space, then retry.") {
			t.Errorf("%s %s: %s", call.method, call.path, r.body)
		}
	}
	if now := must(f.log.Trail.Checkpoint("acme"))(t); now != trail {
		t.Errorf("the access log grew from %s to %s", trail, now)
	}
	for _, call := range []struct {
		caller, method, path, body string
		want                       int
	}{
		{"write", "POST", entriesPath, entry(), 201},
		{"nobody", "POST", "/api/v1/session", `{"username":"admin","password":"` + password + `"}`, 200},
		{"auditor", "GET", "/api/v1/session", "", 200},
		{"auditor", "GET", tenantA + "/exports", "", 200},
		{"auditor", "DELETE", x, "", 204},
		{"owner", "PATCH", tenantA, `{"name":"Acme"}`, 200},
		{"auditor", "DELETE", "/api/v1/session", "", 204},
	} {
		if r := f.send(call.caller, call.method, call.path, call.body); r.status != call.want {
			t.Errorf("%s %s: %d, want %d: %s", call.method, call.path, r.status, call.want, r.body)
		}
	}
	f.disk.Leave(1 << 30)
	if r := f.send("read", "GET", entriesPath, ""); r.status != 200 {
		t.Errorf("with space: %d %s", r.status, r.body)
	}
}

// TestRetryAfter: clients are told when there will be room.
func TestRetryAfter(t *testing.T) {
	f := newServer(t)
	c := f.server.app.AcquireCtx(&fasthttp.RequestCtx{})
	defer f.server.app.ReleaseCtx(c)
	full := oplog.Errorf(oplog.CodeTooMany, "Too many.")
	full.Wait = time.Hour + time.Millisecond
	f.noError(f.server.fail(c, fmt.Errorf("start: %w", full)))
	if status, after := c.Response().StatusCode(), c.GetRespHeader("Retry-After"); status != 429 || after != "3601" {
		t.Errorf("%d, Retry-After: %s", status, after)
	}
}

// TestEndOfNoSession: a launch key that ends no session leaves no entry, with which it could fill the access log.
func TestEndOfNoSession(t *testing.T) {
	f := newServer(t)
	f.change("launch", "DELETE", tenantA+"/launched/nobody", "", 204)
	if told := f.trail("admin", tenantA+"/access?operation=end"); len(told) > 0 {
		t.Error(told)
	}
}
