package cli

import (
	"net/http"
	"testing"

	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

// TestNoSecondFactor: without a server, the second factor of somebody who lost it is removed, and the trail says so.
func TestNoSecondFactor(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	m, _, _ := s.main()
	with := func(do func(*node.Node) error) {
		t.Helper()
		if err := m.withLog(data, do); err != nil {
			t.Fatal(err)
		}
	}
	signsIn := func(want int) {
		t.Helper()
		p := serve(t, "serve", "--data", data)
		if _, status := signIn(t, p.url, "ann", "correct horse"); status != want {
			t.Errorf("signing in: status %d, want %d", status, want)
		}
		p.stop()
	}
	with(func(l *node.Node) error {
		_, err := l.Identity.ChangeAccount("ann", func(a *identity.Account) error {
			a.Factors = identity.Factors{Since: a.CreatedAt, TOTP: &identity.TOTP{Secret: make([]byte, 20)}}
			return nil
		})
		return err
	})
	signsIn(http.StatusAccepted)
	s.mustPrint(t, `(?m)^ann .* on +in use$`, "account", "list")
	s.mustFail(t, "oplog account list", "account", "--no-second-factor", "bob")
	s.mustRun(t, "account", "--no-second-factor", "ann")
	s.mustFail(t, "no second factor", "account", "--no-second-factor", "ann")
	s.mustPrint(t, `(?m)^ann .* off +in use$`, "account", "list")
	with(func(l *node.Node) error {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, 1, "")
		if e := page.Entries[0]; err == nil && (e.User.ID != trail.CommandUser.ID || e.Operation != "remove_factor" || e.Content.ID != "ann") {
			t.Errorf("%+v", e)
		}
		return err
	})
	signsIn(http.StatusOK)
	s.mustRun(t, "tenant", "set", "acme", "--require-second-factor")
	signsIn(http.StatusAccepted)
	s.mustRun(t, "tenant", "set", "acme", "--no-require-second-factor")
	signsIn(http.StatusOK)
}
