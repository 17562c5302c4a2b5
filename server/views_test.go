package server

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"oplog/identity"
	"oplog/oplog"
)

const viewsPath = tenantA + "/views"

type viewList struct{ Views []viewBody }

// viewNames lists the views of a caller: a star before the start view, an exclamation mark after views that the caller may change.
func (f *fixture) viewNames(caller string) string {
	f.Helper()
	var names []string
	for _, v := range decode[viewList](f, f.get(caller, viewsPath, 200)).Views {
		name := v.Name
		if v.Start {
			name = "*" + name
		}
		if v.MayChange {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (f *fixture) saveView(caller, body string) viewBody {
	f.Helper()
	return decode[viewBody](f, f.change(caller, "POST", viewsPath, body, 201))
}

// TestViews: everyone has their own views and the shared ones, and changes only their own.
func TestViews(t *testing.T) {
	f := newServer(t)
	want := func(caller, want string) {
		t.Helper()
		if got := f.viewNames(caller); got != want {
			t.Errorf("%s has %q, want %q", caller, got, want)
		}
	}
	deletes := f.saveView("admin", `{"name":"Deletes","query":"operation=delete&range=last_7_days","shared":true,"table":{"density":"compact","hidden":["role"]}}`)
	own := f.saveView("auditor", `{"name":"Mine","query":"q=vip&range=today","start":true}`)
	f.saveView("admin", `{"name":"Mine","query":""}`)
	want("admin", "Deletes! Mine!")
	want("owner", "Deletes!")
	want("auditor", "Deletes *Mine!")
	want("scoped", "Deletes")
	if deletes.Table == nil || deletes.Table.Density != "compact" || deletes.Table.Hidden[0] != "role" || !deletes.Own || deletes.MadeBy != "admin" {
		t.Errorf("%+v", deletes)
	}

	// The start view is each person's choice, may be a shared view, and is part of the session.
	f.change("scoped", "PATCH", viewsPath+"/"+deletes.ID, `{"start":true}`, 200)
	want("scoped", "*Deletes")
	want("auditor", "Deletes *Mine!")
	session := decode[sessionBody](t, f.get("scoped", "/api/v1/session", 200))
	if s := session.Tenants[0].Start; s == nil || s.Query != deletes.Query || s.Table.Density != "compact" {
		t.Errorf("the session says %+v", s)
	}
	f.change("auditor", "PATCH", viewsPath+"/"+deletes.ID, `{"start":true}`, 200)
	f.change("auditor", "PATCH", viewsPath+"/"+own.ID, `{"start":false}`, 200) // it was not the start view
	want("auditor", "*Deletes Mine!")
	f.change("auditor", "PATCH", viewsPath+"/"+deletes.ID, `{"start":false}`, 200)
	want("auditor", "Deletes Mine!")

	// Views of others: only admins share and change them.
	path := viewsPath + "/" + deletes.ID
	for _, caller := range []string{"auditor", "scoped"} {
		f.change(caller, "PATCH", path, `{"name":"x"}`, 403)
		f.change(caller, "PATCH", path, `{"start":true,"shared":false}`, 403)
		f.change(caller, "DELETE", path, "", 403)
		f.change(caller, "POST", viewsPath, `{"name":"x","query":"","shared":true}`, 403)
	}
	f.change("auditor", "PATCH", viewsPath+"/"+own.ID, `{"shared":true}`, 403)
	f.change("admin", "PATCH", viewsPath+"/"+own.ID, `{"name":"x"}`, 404)
	f.change("admin", "DELETE", viewsPath+"/"+own.ID, "", 404)
	f.change("stranger", "DELETE", "/api/v1/tenants/other/views/"+deletes.ID, "", 404)
	f.change("owner", "PATCH", path, `{"name":"Deletions","table":{}}`, 200)
	if v := decode[viewList](t, f.get("admin", viewsPath, 200)).Views[0]; v.Name != "Deletions" || v.Table != nil || v.Query != deletes.Query {
		t.Errorf("%+v", v)
	}
	f.change("owner", "DELETE", path, "", 204)
	want("scoped", "")
	if s := decode[sessionBody](t, f.get("scoped", "/api/v1/session", 200)).Tenants[0].Start; s != nil {
		t.Errorf("the session still says %+v", s)
	}
}

// TestViewsWithFilters: a view keeps every filter, and finds with it what the log page finds.
func TestViewsWithFilters(t *testing.T) {
	f := newServer(t)
	of := func(content, user, ip, outcome string) string {
		return entry(fmt.Sprintf(`"content":{"id":%q,"name":"x"},"user":{"id":%q,"name":"Ann","role":"editor"},"ip":%q,"outcome":%q`, content, user, ip, outcome))
	}
	f.record(of("a", "u1", "10.1.2.3", "failure"), of("b", "u2", "10.1.2.3", "failure"), of("c", "u1", "10.2.2.3", "failure"), of("d", "u1", "10.1.2.3", "success"))
	f.saveView("admin", `{"name":"Failures","query":"not_user=u2&ip=10.1.0.0%2F16&outcome=failure","shared":true}`)
	view := decode[viewList](t, f.get("auditor", viewsPath, 200)).Views[0]
	var contents []string
	for _, e := range decode[struct{ Entries []oplog.Entry }](t, f.get("auditor", tenantA+"/entries?"+view.Query, 200)).Entries {
		contents = append(contents, e.Content.ID)
	}
	if got := strings.Join(contents, " "); got != "a" {
		t.Errorf("the view %s finds %q", view.Query, got)
	}
	values := map[string]string{"outcome": "failure", "ip": "10.1.2.3"}
	for _, filter := range oplog.ValueFilters {
		for _, name := range []string{filter.Name, oplog.Not + filter.Name} {
			query := name + "=" + cmp.Or(values[filter.Name], "x")
			if saved := f.saveView("auditor", fmt.Sprintf(`{"name":%q,"query":%q}`, name, query)); saved.Query != query {
				t.Errorf("the view %s is kept as %s", query, saved.Query)
			}
			f.get("auditor", tenantA+"/summary?"+query, 200)
		}
	}
}

// TestViewsOfAScope: a shared view that goes beyond a reader's organization is hidden from that reader, and no view shows more than its
// reader may see.
func TestViewsOfAScope(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"organization":{"id":"west","name":"West"}`), entry(`"organization":{"id":"east","name":"East"}`))
	f.saveView("admin", `{"name":"all","query":"range=today","shared":true}`)
	f.saveView("admin", `{"name":"east","query":"organization=shanghai&range=today","shared":true}`)
	west := f.saveView("admin", `{"name":"west","query":"organization=west&range=today","shared":true}`)
	if got := f.viewNames("scoped"); got != "all east" {
		t.Errorf("scoped has %q", got)
	}
	if r := f.send("scoped", "PATCH", viewsPath+"/"+west.ID, `{"start":true}`); r.status != http.StatusNotFound {
		t.Errorf("scoped begins with it: %d", r.status)
	}
	if sum := decode[struct{ Total int }](t, f.get("scoped", tenantA+"/summary?"+west.Query, 200)); sum.Total != 0 {
		t.Errorf("scoped sees %d through a view", sum.Total)
	}
}

func TestViewsRejected(t *testing.T) {
	f := newServer(t)
	refused := func(body, location string) {
		t.Helper()
		p := f.asProblem(f.send("auditor", "POST", viewsPath, body), 422)
		if len(p.Errors) == 0 || !strings.HasSuffix(p.Errors[0].Location, location) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	refused(`{"name":"","query":""}`, "name")
	refused(`{"name":" ","query":""}`, "name")
	refused(`{"name":"x","query":"limit=5"}`, "query")
	refused(`{"name":"x","query":"q=%zz"}`, "query")
	refused(`{"name":"x","query":"","table":{"density":"huge"}}`, "density")
	refused(`{"name":"x","query":"","table":{"hidden":["content"]}}`, "hidden[0]")
	refused(`{"name":"x","query":"`+strings.Repeat("a", 5000)+`"}`, "query")
	v := f.saveView("auditor", `{"name":"Mine","query":""}`)
	for _, same := range []string{"mine", "ＭＩＮＥ", "Mine "} {
		f.change("auditor", "POST", viewsPath, `{"name":"`+same+`","query":"q=x"}`, 409)
	}
	f.change("auditor", "PATCH", viewsPath+"/"+v.ID, `{"query":"cursor=x"}`, 422)
	f.change("auditor", "PATCH", viewsPath+"/"+v.ID, `{"name":"Mine"}`, 200)
	for i := range 99 {
		f.saveView("auditor", fmt.Sprintf(`{"name":"view %d","query":""}`, i))
	}
	p := f.asProblem(f.send("auditor", "POST", viewsPath, `{"name":"one more","query":""}`), 422)
	if !strings.Contains(p.Detail, "100 views") {
		t.Error(p.Detail)
	}
}

// TestViewsOfLaunchedUsers: a user of the host system with the name of an account is another person, and has the same views again at the next
// launch.
func TestViewsOfLaunchedUsers(t *testing.T) {
	f := newServer(t)
	keys := must(f.log.Identity.LaunchKeys("acme"))(t)
	launch := func(caller string) {
		_, token, err := f.log.Identity.StartLaunched(identity.Account{Username: "admin", Name: "An admin", Role: identity.RoleAdmin, Tenant: "acme", Locale: "en"}, keys[0], "", "")
		f.noError(err)
		f.sent[caller] = map[string]string{"Cookie": sessionCookie + "=" + token}
	}
	launch("launched")
	f.saveView("admin", `{"name":"of the account","query":"","start":true}`)
	f.saveView("launched", `{"name":"of the host","query":"","start":true}`)
	launch("launched again")
	for caller, want := range map[string]string{"admin": "*of the account!", "launched": "*of the host!", "launched again": "*of the host!"} {
		if got := f.viewNames(caller); got != want {
			t.Errorf("%s has %q, want %q", caller, got, want)
		}
	}
}
