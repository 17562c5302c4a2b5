package views_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/views"
)

// put stores records of a kind at once.
func put[T any](l *nodetest.Log, kind oplog.RecordKind, count int, record func(i int) (name string, value T)) {
	l.T.Helper()
	changes := make([]oplog.RecordChange, count)
	for i := range changes {
		name, value := record(i)
		data, err := json.Marshal(value)
		l.Must(nil, err)
		changes[i] = oplog.RecordChange{Kind: kind, Name: name, Data: data}
	}
	l.Must(nil, l.Store.PutRecords(changes))
}

// TestViewsOfATenant: the people of a host system, as many as it names, leave views to accounts; other tenants are not affected.
func TestViewsOfATenant(t *testing.T) {
	l := nodetest.New(t)
	person := func(name, tenant string, launched bool) identity.Account {
		return identity.Account{Username: name, Role: identity.RoleAuditor, Tenant: tenant, Launched: launched}
	}
	put(l, oplog.RecordView, views.MaxLaunchedViews-1, func(i int) (string, views.View) {
		id := fmt.Sprintf("view%06d", i)
		return "acme/" + id, views.View{ID: id, Tenant: "acme", Name: "mine", Person: fmt.Sprint("host/u", i), Shared: i == 0}
	})
	put(l, oplog.RecordStart, views.MaxLaunchedStart-1, func(i int) (string, map[string]string) {
		return fmt.Sprint("acme/host/u", i), map[string]string{"view": "view000000"}
	})
	add := func(a identity.Account, want oplog.Code) {
		t.Helper()
		_, err := l.Views.Add(views.View{Tenant: a.Tenant, Name: "mine"}, a)
		nodetest.WantCode(t, err, want)
	}
	start := func(a identity.Account, want oplog.Code) {
		t.Helper()
		nodetest.WantCode(t, l.Views.SetStart(a.Tenant, "view000000", a), want)
	}
	for i, do := range []func(identity.Account, oplog.Code){add, start} {
		do(person("next", "acme", true), "")
		do(person("late", "acme", true), oplog.CodeInvalid)
		do(person("late", "plain", true), "")
		do(person(fmt.Sprint("account", i), "acme", false), "")
	}
	start(person("next", "acme", true), "") // has one already
	_, err := l.Views.Change("acme", "view000007", person("u7", "acme", true), func(v *views.View) error { v.Name = "renamed"; return nil })
	l.Must(nil, err)
	put(l, oplog.RecordView, views.MaxViewsOfTenant-views.MaxLaunchedViews-2, func(i int) (string, views.View) {
		id := fmt.Sprintf("more%06d", i)
		return "acme/" + id, views.View{ID: id, Tenant: "acme", Name: "mine", Person: fmt.Sprint("account", i+100)}
	})
	add(person("ann", "acme", false), "")
	add(person("bob", "acme", false), oplog.CodeInvalid)
}
