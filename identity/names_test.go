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
	refused("bob\ufe0f", "", oplog.CodeInvalid)
	refused("bob\u3164x", "", oplog.CodeInvalid)
	refused("bob\u2800x", "", oplog.CodeInvalid)
	l.Must(add("иван", ""))
	l.Must(add("李雷 Li", "李雷"))
	if a, err := l.Identity.SignInAccount(" Ａnn "); err != nil || a.Username != "Ann" {
		t.Errorf("%q %v", a.Username, err)
	}
}

// TestLookAlikes: a new username must not look like that of another account, also in letters of a single other script.
func TestLookAlikes(t *testing.T) {
	l := nodetest.New(t)
	add := func(username string) error {
		_, err := l.Identity.AddAccount(identity.Account{Username: username, Role: identity.RoleAdmin, Tenant: "acme"}, nil)
		return err
	}
	for _, username := range []string{"scope", "paypal", "user1", "李工", "lin jing", "modern", "анна"} {
		if err := add(username); err != nil {
			t.Errorf("%q: %v", username, err)
		}
	}
	for _, username := range []string{
		"\u0455\u0441\u043e\u0440\u0435",      // scope, all in Cyrillic
		"paypaI", "paypa1", "PAYPAI", "userl", // l, I and 1
		"李\u30a8", // Katakana e for 工
		"lin  jing", "modem",
	} {
		if err := add(username); oplog.CodeOf(err) != oplog.CodeConflict {
			t.Errorf("%q: %v, want %s", username, err, oplog.CodeConflict)
		}
	}
	for _, username := range []string{"user2", "userz", "李土", "lin.jing", "ann", "scopes"} {
		if err := add(username); err != nil {
			t.Errorf("%q: %v", username, err)
		}
	}
	_, err := l.Identity.ChangeAccount("scope", func(a *identity.Account) error { a.Name = "Bo\x1b]0;b"; return nil })
	if oplog.CodeOf(err) != oplog.CodeInvalid {
		t.Errorf("a changed name: %v", err)
	}
}
