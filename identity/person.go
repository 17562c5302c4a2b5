package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"oplog/oplog"
)

// Person is what a directory or an identity provider says of somebody.
type Person struct {
	Source       string   // name of the directory or the provider
	Subject      string   // identifies the person there for ever, whatever the name becomes: entryUUID, objectGUID, sub
	Username     string   // in the source
	Name         string   // display name; "" for the username
	Groups       []string // nested ones included
	Organization string   // id of the organization; "" if the source says nothing
	Disabled     bool     // must not sign in, and loses the sessions there are
}

// ErrNotThisPerson means that nobody has this name and this password, or may not sign in with them. It says no more to anybody.
var ErrNotThisPerson = oplog.Refuse(oplog.CodeUnauthenticated, "wrong-credentials", "The username or the password is wrong.")

// MaxGroups limits the groups that are kept of a person, for people to look at. Rules decide by all.
const MaxGroups = 200

// accountName returns the username of the account of a person of a source. No local account has a slash in its name.
func (p *Person) accountName() string { return p.Source + "/" + ComposeName(p.Username) }

// displayName returns the name as an account can have it; "" for the username.
func (p *Person) displayName() string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(p.Name, "?"))
	if utf8.RuneCountInString(name) > oplog.MaxUserLength {
		name = string([]rune(name)[:oplog.MaxUserLength-1]) + "…"
	}
	return strings.TrimSpace(name)
}

// someGroups returns the groups that are kept.
func (p *Person) someGroups() []string { return slices.Clone(p.Groups[:min(len(p.Groups), MaxGroups)]) }

// validateUsername checks the form of a username: SOURCE/NAME for people of sources, without a slash for all others.
func (a *Account) validateUsername(v *oplog.Validation) {
	if a.Source == "" {
		v.Text("username", a.Username, 1, oplog.MaxIDLength)
		if strings.Contains(a.Username, "/") {
			v.Fail("username", a.Username, "contains_slash", "must not contain a slash")
		}
		return
	}
	v.Text("username", a.Username, 1, oplog.MaxUserLength)
	name, ofSource := strings.CutPrefix(a.Username, a.Source+"/")
	switch {
	case !ofSource || name == "" || strings.Contains(name, "/"):
		v.Fail("username", a.Username, "not_of_source", "must be the source, a slash, and a name without one")
	case strings.ContainsFunc(name, isHidden):
		v.Fail("username", a.Username, "invisible_characters", "must not contain control or invisible characters")
	}
}

// SignInName returns the name that the person types to sign in.
func (a *Account) SignInName() string {
	if a.Source == "" {
		return a.Username
	}
	return strings.TrimPrefix(a.Username, a.Source+"/")
}

// Owner identifies the person to whom things belong that are kept here. As Person, but for people of sources it stays the same whatever their name
// becomes, and differs from that of others who get the name later.
func (a *Account) Owner() string {
	if a.Source == "" {
		return a.Person()
	}
	return a.Source + "/" + hashOf(a.Subject)[:32]
}

// isActive reports whether a person may sign in.
func (a *Account) isActive() bool { return !a.Disabled && !a.DisabledBySource }

// checkOfSource returns an error if a change of an account of a source is one of what the source and the rules say.
func checkOfSource(before, after *Account) error {
	switch {
	case before.Source == "" && after.Source == "":
		return nil
	case after.PasswordHash != before.PasswordHash || after.MustChange != before.MustChange:
		return PasswordOfSource(before)
	case after.Source != before.Source || after.Subject != before.Subject || after.Name != before.Name:
		return oplog.Refuse(oplog.CodeForbidden, "name-of-source", "{source} says what {username} is called; change it there.", before.Source, before.Username)
	case after.Role != before.Role || after.Tenant != before.Tenant || after.Organization != before.Organization:
		return oplog.Refuse(oplog.CodeForbidden, "role-of-rule",
			"Rule {rule} in the configuration file gives {username} its role, tenant and organization. Change the rule, or the person's groups in {source}.",
			before.Rule, before.Username, before.Source)
	}
	return nil
}

// PasswordOfSource returns the error for a password of somebody of a source.
func PasswordOfSource(a *Account) error {
	return oplog.Refuse(oplog.CodeForbidden, "password-of-source", "{source} keeps the password of {username}; change it there.", a.Source, a.Username)
}
