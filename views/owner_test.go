package views_test

import (
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/views"
)

// TestViewsOfSources: views of a person of a source stay with the person, whatever the name becomes, and nobody who gets the name has them.
func TestViewsOfSources(t *testing.T) {
	l := nodetest.New(t)
	of := func(username, subject string) identity.Account {
		return identity.Account{Username: "corp/" + username, Source: "corp", Subject: subject, Role: identity.RoleAuditor, Tenant: "acme"}
	}
	v, err := l.Views.Add(views.View{Tenant: "acme", Name: "mine", Query: "q=x"}, of("alice", "s1"))
	l.Must(nil, err)
	l.Must(nil, l.Views.SetStart("acme", v.ID, of("alice", "s1")))
	for _, c := range []struct {
		person identity.Account
		own    int
	}{{of("alice", "s1"), 1}, {of("alice.wang", "s1"), 1}, {of("alice", "s2"), 0}} {
		list, err := l.Views.List("acme", c.person)
		l.Must(nil, err)
		_, err = l.Views.Start("acme", c.person)
		if len(list) != c.own || (oplog.CodeOf(err) == oplog.CodeNotFound) == (c.own == 1) {
			t.Errorf("%s %s has %d views, and starts with one: %v", c.person.Username, c.person.Subject, len(list), err)
		}
	}
}
