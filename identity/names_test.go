package identity_test

import (
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestNewNames: new usernames are composed, have no blanks at their ends and nothing invisible, and none is another in a different spelling.
func TestNewNames(t *testing.T) {
	l := nodetest.New(t)
	add := func(username, name string) (identity.Account, error) {
		return l.Identity.AddAccount(identity.Account{Username: username, Name: name, Role: identity.RoleAdmin, Tenant: "acme"}, nil)
	}
	if a, err := add("Ａnn", ""); err != nil || a.Username != "Ann" {
		t.Fatalf("%q %v", a.Username, err)
	}
	refused := func(username, name string, want oplog.Code) {
		t.Helper()
		if _, err := add(username, name); oplog.CodeOf(err) != want {
			t.Errorf("%q: %v, want %s", username, err, want)
		}
	}
	refused("Ann", "", oplog.CodeConflict)
	refused("ANN", "", oplog.CodeConflict)
	refused("ａｎｎ", "", oplog.CodeConflict)
	refused(" bob", "", oplog.CodeInvalid)
	refused("bob\u3000", "", oplog.CodeInvalid)
	refused("bo\x1bb", "", oplog.CodeInvalid)
	refused("bo\u200bb", "", oplog.CodeInvalid)
	refused("bo\u202eb", "", oplog.CodeInvalid)
	refused("b\u043eb", "", oplog.CodeInvalid) // a Cyrillic o
	refused("bob", "Bo\x1b]0;b", oplog.CodeInvalid)
	l.Must(add("иван", ""))
	l.Must(add("李雷 Li", "李雷"))
	if a, err := l.Identity.SignInAccount(" Ａnn "); err != nil || a.Username != "Ann" {
		t.Errorf("%q %v", a.Username, err)
	}
}
