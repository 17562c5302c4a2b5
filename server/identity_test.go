package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/identity/sources/sourcestest"
)

// TestIdentityRoute: an owner sees whether each source answers and since when, what each rule gives and to how many people, and who was turned away.
func TestIdentityRoute(t *testing.T) {
	f := newServer(t)
	if body := strings.TrimSpace(f.get("owner", "/api/v1/identity", 200)); body != `{"sources":[],"rules":[],"turned_away":[]}` {
		t.Error(body)
	}
	w := f.withSources()
	read := func() (b identityBody) {
		t.Helper()
		f.noError(json.Unmarshal([]byte(f.get("owner", "/api/v1/identity", 200)), &b))
		return b
	}
	for _, who := range []string{"auditor", "auditor", "scoped"} {
		w.enterBy("corp", who)
	}
	w.enterBy("sso", "auditor")
	w.corp.People["fay"] = identity.Person{Subject: "f", Username: "fay", Name: "no rule", Groups: []string{"auditor"}, Disabled: true}
	for _, who := range []string{"nobody", "fay", "nobody"} {
		w.enterBy("corp", who)
		f.advance(2 * time.Minute) // so that each attempt has an entry of its own
	}
	began := f.tick()
	b := read()
	corp, sso := b.Sources[0], b.Sources[2]
	if len(b.Sources) != 3 || !corp.Answers || corp.Title != "Corp" || len(corp.Servers) != 2 || corp.Servers[0].Error == "" || corp.Servers[1].Error != "" ||
		!corp.Servers[1].CertificateEnds.Equal(sourcestest.CertificateEnds) || sso.Kind != "oidc" || sso.Servers[0].URL != "https://idp.example" {
		t.Errorf("%+v", b.Sources)
	}
	if len(b.Rules) != len(rolesOfTests) || b.Rules[3].People != 2 || b.Rules[2].People != 1 || b.Rules[2].Organization != identity.OwnOrganization || b.Rules[0].People != 0 || b.Rules[0].Error != "" {
		t.Errorf("%+v", b.Rules)
	}
	if len(b.TurnedAway) != 1 || b.TurnedAway[0].Account != "corp/nobody" || b.TurnedAway[0].Name != "" || len(b.TurnedAway[0].Groups) != 1 || b.TurnedAway[0].Groups[0] != "nobody" {
		t.Errorf("%+v", b.TurnedAway)
	}
	f.advance(time.Hour)
	w.corp.Down = sourcestest.ErrDown
	away := read().Sources
	if corp := away[0]; corp.Answers || corp.Since.Sub(began) < time.Hour || corp.Servers[1].Error == "" || away[1].Since.Sub(began) >= time.Hour {
		t.Errorf("%+v", away)
	}
	f.advance(31 * 24 * time.Hour)
	w.as("owner", f.send("nobody", "POST", "/api/v1/session", signIn("owner", password)))
	if b := read(); !b.Sources[0].Since.Equal(away[0].Since) || len(b.TurnedAway) != 0 {
		t.Errorf("%+v", b)
	}
}

// TestRuleThatGivesNothing: a rule whose tenant does not exist says so.
func TestRuleThatGivesNothing(t *testing.T) {
	f := newServer(t)
	w := newWorld()
	before := rolesOfTests
	t.Cleanup(func() { rolesOfTests = before })
	rolesOfTests = identity.Rules{{Group: "lost", Role: identity.RoleAdmin, Tenant: "nowhere"}, {Group: "*", Role: identity.RoleMember, Tenant: "acme"}}
	w.join(f)
	var b identityBody
	f.noError(json.Unmarshal([]byte(f.get("owner", "/api/v1/identity", 200)), &b))
	if !strings.Contains(b.Rules[0].Error, "nowhere") || b.Rules[1].Error != "" {
		t.Errorf("%+v", b.Rules)
	}
}

// TestPreviewOfNames: whether a source knows a name, and whether an account of this log has it, too.
func TestPreviewOfNames(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	for username, want := range map[string]string{
		"admin": `"unknown":true,"stored":true,"rules":[]}],"local":true}`, "dave": `"unknown":true,"stored":true,"rules":[]}]}`, "corp/admin": `"differs":false}]}]}`,
	} {
		if body := strings.TrimSpace(f.get("owner", "/api/v1/identity/preview?username="+username, 200)); !strings.HasSuffix(body, want) {
			t.Errorf("%s: %s, want %s at its end", username, body, want)
		}
	}
	w.corp.Down = sourcestest.ErrDown
	if body := f.get("owner", "/api/v1/identity/preview?username=dave", 200); strings.Count(body, `"unknown"`) != 1 || strings.Count(body, `"error"`) != 2 {
		t.Error(body)
	}
}
