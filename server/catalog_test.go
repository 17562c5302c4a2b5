package server

import (
	"strings"
	"testing"
)

// TestCustomCatalog: a tenant records its own modules and operation types, and finds them by title; another tenant does not see them.
func TestCustomCatalog(t *testing.T) {
	f := newServer(t)
	const path = tenantA + "/catalog"
	before := f.get("admin", path, 200)
	own := `{"modules":[{"key":"loyalty","title":{"en":"Loyalty points","zh-CN":"会员积分"},"operations":["edit","grant"]},` +
		`{"key":"sms","title":{"en":"SMS","zh-CN":"短信"},"operations":["grant"]}],` +
		`"operations":[{"key":"grant","title":{"en":"Grant","zh-CN":"发放"},"group":"outward"}]}`
	after := f.change("admin", "PUT", path, own, 200)
	if after != f.get("auditor", path, 200) || !strings.Contains(after, `"会员积分"`) || !strings.Contains(after, `"operations":["create","copy","edit","delete","send","grant"],"added":["grant"]`) {
		t.Error(after)
	}
	if again := f.change("admin", "PUT", path, after, 200); again != after {
		t.Errorf("sent back as it was it becomes %s", again)
	}
	if other := f.get("stranger", "/api/v1/tenants/other/catalog", 200); other != before {
		t.Errorf("another tenant sees %s", other)
	}
	f.record(entry(`"module":"loyalty","operation":"grant"`), entry(`"module":"sms","operation":"grant"`))
	f.asProblem(f.send("write", "POST", entriesPath, entry(`"module":"email","operation":"grant"`)), 422)
	sum := f.get("admin", tenantA+"/summary?q=积分", 200)
	if !strings.Contains(sum, `"total":1`) || !strings.Contains(sum, `{"value":"grant","name":"Grant","count":1}`) || !strings.Contains(sum, `"name":"Loyalty points"`) {
		t.Error(sum)
	}

	// Items that were used stay, retired: rejected for new entries, shown and found.
	retired := f.change("admin", "PUT", path, `{"modules":[]}`, 200)
	if strings.Count(retired, `"retired":true`) != 2 {
		t.Error(retired)
	}
	p := f.asProblem(f.send("write", "POST", entriesPath, entry(`"module":"loyalty","operation":"grant"`)), 422)
	if p.Errors[0].Location != "body.module" || !strings.HasPrefix(p.Errors[0].Message, "is retired; one of customer, ") || strings.Contains(p.Errors[0].Message, "loyalty") {
		t.Errorf("%+v", p)
	}
	if sum := f.get("admin", tenantA+"/summary?q=积分", 200); !strings.Contains(sum, `"total":1`) {
		t.Error(sum)
	}
	f.asProblem(f.send("admin", "PUT", path, `{}`), 422)
	f.asProblem(f.send("admin", "PUT", path, `{"modules":[{"key":"sms","title":{"en":"Texts","zh-CN":"短信"},"operations":[]}]}`), 422)
}
