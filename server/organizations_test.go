package server

import (
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

func TestOrganizations(t *testing.T) {
	f := newServer(t)
	const path = tenantA + "/organizations"
	f.record(entry(`"organization":{"id":"west","name":"West"}`))
	f.record(entry(`"organization":{"id":"new","name":"New"}`))
	put := func(body, want string) {
		t.Helper()
		r := f.send("directory", "PUT", path, body)
		if r.status != 200 {
			t.Fatalf("%s: %d %s", body, r.status, r.body)
		}
		got := fmt.Sprint(decode[oplog.Tree](t, r.body))
		if stands := fmt.Sprint(decode[oplog.Tree](t, f.get("admin", path, 200))); got != want || stands != want {
			t.Errorf("%s:\nanswer %s\nstands %s\nwant   %s", body, got, stands, want)
		}
	}
	put(`{"organizations":[{"id":"a","name":"A"},{"id":"b","parent_id":"a","name":"B"},{"id":"west","name":"West","parent_id":"a"}]}`,
		"[{a  A false false} {b a B false false} {west a West false false} {new a New true false}]")
	put(`[{"id":"a","name":"A","archived":true},{"id":"new","name":"N","parent_id":null}]`, "[{a  A false false} {new  N false false} {west a West true false}]")
	put(`[]`, fmt.Sprint(oplog.Tree{{ID: "new", Name: "N", Archived: true}, {ID: "west", Name: "West", Archived: true}}))

	bad := func(body, location string) {
		t.Helper()
		p := f.asProblem(f.send("admin", "PUT", path, body), 422)
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%s: want an error at %s: %+v", body, location, p)
		}
	}
	bad(`{"organizations":[{"id":"a","name":""}]}`, "body.organizations[0].name")
	bad(`[{"id":"a","name":"A"},{"id":"a","name":"B"}]`, "body[1].id")
	bad(`[{"id":"a","name":"A","parent_id":"gone"}]`, "body[0].parent_id")
	bad(`[{"id":"a","name":"A","parent_id":"a"}]`, "body[0].parent_id")
	bad(`[{"id":"a","name":"A","colour":"red"}]`, "body[0].colour")
	bad(`[{"id":1,"name":"A"}]`, "body[0].id")
	bad(`{"organisations":[]}`, "body.organisations")
	bad(`"x"`, "body")
	bad(`{}`, "body.organizations")
	bad(`{"organizations":null}`, "body.organizations")
	bad(`null`, "body.organizations")
	many := strings.Repeat(`{"id":"x","name":"X"},`, oplog.MaxOrganizations) + `{"id":"y","name":"Y"}`
	bad("["+many+"]", "body")
	bad(`{"organizations":[`+many+"]}", "body.organizations")
	tree := make([]string, oplog.MaxOrganizations)
	for i := range tree {
		tree[i] = fmt.Sprintf(`{"id":"o%d","name":"O"}`, i)
	}
	put(`[]`, fmt.Sprint(oplog.Tree{{ID: "new", Name: "N", Archived: true}, {ID: "west", Name: "West", Archived: true}}))
	f.change("admin", "PUT", path, "["+strings.Join(tree[2:], ",")+"]", 200)
	p := f.asProblem(f.send("write", "POST", entriesPath, entry(`"organization":{"id":"one-more","name":"One more"}`)), 422)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.organization.id" {
		t.Errorf("%+v", p)
	}
	f.record(entry(`"organization":{"id":"o7","name":"O"}`))
	f.asProblem(f.send("admin", "PUT", path, `[{]`), 400)
	f.asProblem(f.send("admin", "PUT", path, ` `), 400)
	f.asProblem(f.send("admin", "PUT", path, `[]`, "Content-Type", "text/plain"), 415)

	f.asProblem(f.send("owner", "GET", "/api/v1/tenants/other/organizations", ""), 422)
	f.asProblem(f.send("owner", "PUT", "/api/v1/tenants/other/organizations", `[]`), 422)
}

// TestOrganizationCounts: what an admin's page shows of the tree is counted
// without a search, which the trail would tell as one.
func TestOrganizationCounts(t *testing.T) {
	f := newServer(t)
	const path = tenantA + "/organizations"
	for range 2 {
		f.record(entry(`"organization":{"id":"west","name":"West"}`))
	}
	f.record(entry())
	counts := func(path string) string {
		t.Helper()
		var told []string
		for _, o := range decode[[]organizationBody](t, f.get("admin", path, 200)) {
			if o.Entries == nil {
				told = append(told, o.ID)
			} else {
				told = append(told, fmt.Sprint(o.ID, *o.Entries))
			}
		}
		return strings.Join(told, " ")
	}
	if got := counts(path + "?counts=true"); got != "hq0 east0 shanghai0 west2" {
		t.Error(got)
	}
	if got := counts(path + "?counts=false"); got != "hq east shanghai west" {
		t.Error(got)
	}
	for _, caller := range []string{"scoped", "auditor"} {
		f.asProblem(f.send(caller, "GET", path+"?counts=true", ""), 403)
	}
	f.asProblem(f.send("admin", "GET", path+"?counts=1", ""), 422)
	if told := f.trail("admin", tenantA+"/access"); len(told) != 2 || strings.Contains(strings.Join(told, ""), "admin") {
		t.Errorf("the trail tells more than the refused requests: %v", told)
	}
}
