package server

import (
	"net/http"
	"net/url"
	"strings"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/identity/sources/sourcestest"
	"oplog/oplog"
)

// world are the sources of a log.
type world struct {
	*fixture
	corp, lab *sourcestest.Directory
	sso       *sourcestest.Provider
}

// rolesOfTests are what the people of sources get, by their group.
var rolesOfTests = identity.Rules{
	{Group: "owner", Role: identity.RoleOwner}, {Group: "admin", Role: identity.RoleAdmin, Tenant: "acme"}, {Group: "scoped", Role: identity.RoleAdmin, Tenant: "acme", Organization: identity.OwnOrganization},
	{Group: "auditor", Role: identity.RoleAuditor, Tenant: "acme"}, {Group: "member", Role: identity.RoleMember, Tenant: "acme"}, {Group: "stranger", Role: identity.RoleAdmin, Tenant: "other"},
}

func newWorld() *world {
	person := func(name string) identity.Person {
		return identity.Person{Subject: "id-" + name, Username: name, Groups: []string{name}, Organization: map[string]string{"scoped": "east"}[name]}
	}
	w := &world{corp: &sourcestest.Directory{People: map[string]identity.Person{}}, lab: &sourcestest.Directory{People: map[string]identity.Person{}}, sso: &sourcestest.Provider{People: map[string]identity.Person{}}}
	for _, r := range rolesOfTests {
		w.corp.People[r.Group], w.sso.People[r.Group] = person(r.Group), person(r.Group)
	}
	w.corp.People["nobody"] = person("nobody")
	w.lab.People["dave"] = identity.Person{Subject: "d", Username: "dave", Groups: []string{"auditor"}}
	w.sso.People["nobody"] = person("nobody")
	return w
}

// join gives a server the sources.
func (w *world) join(f *fixture) *world {
	list := []sources.Source{
		{Name: "corp", Title: "Corp", Kind: sources.KindLDAP, Directory: w.corp}, {Name: "lab", Title: "Lab", Kind: sources.KindLDAP, Directory: w.lab},
		{Name: "sso", Title: "Single sign-on", Kind: sources.KindOIDC, Provider: w.sso},
	}
	place := f.log.Place
	if f.cluster != nil {
		place = oplog.Place{Node: f.cluster.ID(), Leading: func() uint64 {
			if f.cluster.Leads() {
				return 1
			}
			return 0
		}}
	}
	f.server.sources = sources.New(list, rolesOfTests, f.log.Identity, f.log.Trail, place, f.tick)
	w.fixture = f
	return w
}

func (f *fixture) withSources() *world { return newWorld().join(f) }

// replaceBy replaces the sessions of local people by those of people of a source.
func (w *world) replaceBy(source string) {
	w.Helper()
	for _, r := range rolesOfTests {
		w.as(r.Group, w.enterBy(source, r.Group))
		w.confirm(r.Group)
	}
}

// enterBy signs somebody in by a source.
func (w *world) enterBy(source, name string) reply {
	w.Helper()
	if source == "sso" {
		return w.comeBack(name, w.begin(""))
	}
	return w.send("nobody", "POST", "/api/v1/session", `{"username":"`+name+`","password":"right","source":"`+source+`"}`)
}

// as adds somebody who was signed in as a caller.
func (w *world) as(caller string, r reply) {
	w.Helper()
	for _, line := range r.header["Set-Cookie"] {
		if c := must(http.ParseSetCookie(line))(w.TB); c.Name == sessionCookie && c.Value != "" {
			w.sent[caller] = map[string]string{"Cookie": sessionCookie + "=" + c.Value}
			return
		}
	}
	w.Fatalf("%s is not signed in: %d %v %s", caller, r.status, r.header, r.body)
}

// begin begins a sign-in at the provider, and returns the cookie of the attempt.
func (w *world) begin(query string) string {
	w.Helper()
	return w.beginAs("nobody", query)
}

// beginAs is begin for a caller.
func (w *world) beginAs(caller, query string) string {
	w.Helper()
	r := w.send(caller, "GET", providerRoot+"sso"+query, "", "Accept", "text/html", "Sec-Fetch-Site", "same-origin")
	cookie, err := http.ParseSetCookie(r.header.Get("Set-Cookie"))
	if err != nil || r.status != 302 || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 {
		w.Fatalf("begin: %d %v %s %v", r.status, r.header, r.body, err)
	}
	if back := must(url.Parse(r.header.Get("Location")))(w.TB).Query().Get("back"); back != "http://example.com/api/v1/session/oidc/sso/callback" {
		w.Errorf("it comes back to %s", back)
	}
	return cookie.Name + "=" + cookie.Value
}

// comeBack lets a browser come back from the provider.
func (w *world) comeBack(code, cookie string) reply {
	w.Helper()
	return w.send("nobody", "GET", providerRoot+"sso/callback?code="+code+"&refresh="+code+"&state=s&session_state=x", "", "Cookie", cookie,
		"Accept", "text/html", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
}

// failedWith checks that a browser is sent to the sign-in page with the code of an error, and signed in nowhere.
func (w *world) failedWith(r reply, code string) {
	w.Helper()
	if at := r.header.Get("Location"); r.status != 302 || !strings.HasPrefix(at, "/sign-in?") || !strings.Contains(at, "error="+code) || strings.Contains(strings.Join(r.header["Set-Cookie"], ""), sessionCookie+"=") {
		w.Errorf("%d %v %s, want the error %s", r.status, r.header, r.body, code)
	}
}
