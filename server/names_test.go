package server

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// TestControlCharactersInNames: no name that people or host systems set has a control character. Organizations that entries name are kept as
// sent, and can be sent back.
func TestControlCharactersInNames(t *testing.T) {
	f := newServer(t)
	const bell, escape = `\u0007`, `\u001b[2J`
	for _, call := range []struct{ caller, method, path, body, location string }{
		{"admin", "POST", accountsPath, `{"username":"b\u001bb","password":"battery staple horse","role":"auditor"}`, "body.username"},
		{"admin", "POST", accountsPath, `{"username":"bob","name":"` + escape + `","password":"battery staple horse","role":"auditor"}`, "body.name"},
		{"admin", "PATCH", accountsPath + "/auditor", `{"name":"Ann` + bell + `"}`, "body.name"},
		{"owner", "POST", "/api/v1/tenants", `{"id":"third","name":"` + bell + `"}`, "body.name"},
		{"owner", "PATCH", tenantA, `{"name":"Acme\u0085"}`, "body.name"},
		{"admin", "POST", tenantA + "/keys", `{"name":"` + escape + `","scope":"read"}`, "body.name"},
		{"admin", "POST", viewsPath, `{"name":"a` + bell + `b","query":""}`, "body.name"},
		{"directory", "PUT", tenantA + "/organizations", `[{"id":"hq","name":"HQ` + bell + `"}]`, "body[0].name"},
		{"directory", "PUT", tenantA + "/organizations", `[{"id":"hq","name":"HQ"},{"id":"h` + bell + `","name":"HQ"}]`, "body[1].id"},
		{"admin", "PUT", tenantA + "/catalog", `{"modules":[{"key":"till","title":{"en":"Till` + escape + `","zh-CN":"收银"},"operations":["edit"]}]}`, "body.modules[0].title.en"},
		{"admin", "PUT", tenantA + "/catalog", `{"modules":[],"operations":[{"key":"ring","title":{"en":"Ring","zh-CN":"` + bell + `"},"group":"change"}]}`, "body.operations[0].title.zh-CN"},
	} {
		p := f.asProblem(f.send(call.caller, call.method, call.path, call.body), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != call.location || !strings.Contains(p.Errors[0].Message, "control") {
			t.Errorf("%s %s %s: %+v", call.method, call.path, call.body, p)
		}
	}
	for _, claims := range []jwt.MapClaims{{"name": "a\x1b[2J"}, {"sub": "u\n7"}} {
		f.asProblem(f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, claims)), 422)
	}

	f.record(entry(`"organization":{"id":"n\u0007","name":"New\u001b"}`))
	tree := f.get("admin", tenantA+"/organizations", 200)
	if !strings.Contains(tree, `New\u001b`) {
		t.Errorf("the tree is %s", tree)
	}
	f.change("directory", "PUT", tenantA+"/organizations", tree, 200)
	p := f.asProblem(f.send("directory", "PUT", tenantA+"/organizations", strings.Replace(tree, "New", "Newer", 1)), 422)
	if len(p.Errors) != 1 {
		t.Errorf("%+v", p)
	}
}
