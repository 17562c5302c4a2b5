// Package sources signs people in whom a directory of the company or an identity provider knows. It asks the sources of the configuration in their
// order, lets the rules decide what somebody may do, keeps the account of each person in line with both while the person is signed in, and shows
// beforehand what would be decided.
package sources

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"oplog/identity"
	"oplog/identity/ldap"
	"oplog/identity/oidc"
	"oplog/oplog"
	"oplog/trail"
)

// Config are the sources and the rules of the configuration file.
type Config struct {
	LDAP  []ldap.Config
	OIDC  []oidc.Config
	Rules identity.Rules
}

// The kinds of sources.
const (
	KindLDAP = "ldap" // which asks for a password here
	KindOIDC = "oidc" // which asks for it at the provider
)

// Local stands for the accounts that are kept here where a source is named.
const Local = "local"

// sourceName matches the names of sources. An account of one is NAME/USERNAME.
var sourceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// CheckName returns why a name is not one of a source; "" if it is.
func CheckName(name string) string {
	switch {
	case !sourceName.MatchString(name):
		return "must be a lowercase letter, then lowercase letters, digits and hyphens, at most 32 characters, such as corp"
	case name+"/" == identity.LaunchedPrefix || name == Local:
		return "must not be " + name + ", which has a meaning of its own; choose another, such as corp"
	}
	return ""
}

// Directory is a directory that is asked; see package ldap.
type Directory interface {
	SignIn(ctx context.Context, username, password string) (identity.Person, error)
	Find(ctx context.Context, username string) (identity.Person, error)
	FindSubjects(ctx context.Context, subjects []string) (map[string]identity.Person, error)
	Looks() bool
	Check(ctx context.Context) error
	Servers(ctx context.Context) []ldap.ServerState
}

// Provider is an identity provider that is asked; see package oidc.
type Provider interface {
	Begin(ctx context.Context, callbackURL string, fresh bool) (to string, s oidc.State, err error)
	Finish(ctx context.Context, callbackURL string, s oidc.State, query url.Values) (oidc.SignedIn, error)
	Refresh(ctx context.Context, refreshToken, subject string) (oidc.SignedIn, error)
	LogoutURL(ctx context.Context, idToken, back string) (string, error)
	LogoutToken(ctx context.Context, token string) (oidc.Logout, error)
	Icon() (mediaType string, icon []byte, err error)
	Check(ctx context.Context) error
	State(ctx context.Context) (certificateEnds time.Time, err error)
	Issuer() string
}

// Source is a directory or an identity provider.
type Source struct {
	Name  string
	Title string // what people read
	Kind  string

	Directory Directory // of KindLDAP
	Provider  Provider  // of KindOIDC
}

// Icon returns the icon as a data URL; "" for none.
func (s *Source) Icon() string {
	if s.Provider == nil {
		return ""
	}
	media, icon, err := s.Provider.Icon()
	if err != nil || media == "" { // which Check tells
		return ""
	}
	return fmt.Sprintf("data:%s;base64,%s", media, base64.StdEncoding.EncodeToString(icon))
}

// Check asks whether the source answers as it should.
func (s *Source) Check(ctx context.Context) error {
	if s.Directory != nil {
		return s.Directory.Check(ctx)
	}
	return s.Provider.Check(ctx)
}

// Sources signs people in.
type Sources struct {
	list     []Source
	rules    identity.Rules
	folded   identity.Rules // as they fit people of directories, which write names of groups alike whatever their case
	identity *identity.Identity
	trail    *trail.Trail
	place    oplog.Place
	now      func() time.Time

	counts map[string]*counts       // by name
	turns  map[string]chan struct{} // likewise: who is being signed in
}

// counts are how often people signed in by a source, and how often that failed.
type counts struct {
	signedIn, refused, unavailable atomic.Uint64

	standing atomic.Pointer[standing] // nil before it was asked
}

// Open returns the sources of a valid configuration: directories in their order, then providers in theirs. Nothing is asked yet.
func (c *Config) Open(now func() time.Time) (list []Source) {
	for _, one := range c.LDAP {
		list = append(list, Source{Name: one.Name, Title: titleOr(one.Title, one.Name), Kind: KindLDAP, Directory: ldap.New(one)})
	}
	for _, one := range c.OIDC {
		list = append(list, Source{Name: one.Name, Title: titleOr(one.Title, one.Name), Kind: KindOIDC, Provider: oidc.New(one, now)})
	}
	return list
}

// New returns what signs people in by sources, which may be none, and by rules.
func New(list []Source, rules identity.Rules, i *identity.Identity, t *trail.Trail, place oplog.Place, now func() time.Time) *Sources {
	s := &Sources{list: list, rules: rules, folded: foldedRules(rules), identity: i, trail: t, place: place, now: now, counts: make(map[string]*counts), turns: make(map[string]chan struct{})}
	for _, one := range list {
		s.counts[one.Name], s.turns[one.Name] = &counts{}, make(chan struct{}, maxAtOnce)
	}
	return s
}

func foldedRules(rules identity.Rules) identity.Rules {
	folded := slices.Clone(rules)
	for i := range folded {
		folded[i].Group = ldap.GroupName(folded[i].Group)
	}
	return folded
}

// rulesOf returns the rules as they fit people of a source.
func (s *Sources) rulesOf(source string) identity.Rules {
	if one, _ := s.Source(source); one.Kind == KindLDAP {
		return s.folded
	}
	return s.rules
}

func titleOr(title, name string) string {
	if title == "" {
		return name
	}
	return title
}

// List lists the sources in their order.
func (s *Sources) List() []Source { return slices.Clone(s.list) }

// Rules returns the rules in their order.
func (s *Sources) Rules() identity.Rules { return slices.Clone(s.rules) }

// Source returns a source by its name.
func (s *Sources) Source(name string) (Source, bool) {
	at := slices.IndexFunc(s.list, func(one Source) bool { return one.Name == name })
	if at < 0 {
		return Source{}, false
	}
	return s.list[at], true
}

// Directories lists the directories in the order in which they are asked.
func (s *Sources) Directories() (all []Source) {
	for _, one := range s.list {
		if one.Kind == KindLDAP {
			all = append(all, one)
		}
	}
	return all
}

// Named returns the directory that somebody names with the username, as in corp/alice, and the username alone; "" if the name has none.
func (s *Sources) Named(username string) (source, rest string) {
	source, rest, ok := strings.Cut(username, "/")
	if one, known := s.Source(source); !ok || !known || one.Kind != KindLDAP {
		return "", username
	}
	return source, rest
}

// maxAtOnce is how many people a source is asked for at the same time: while one hangs, those who wait for it must not use up what others need.
const maxAtOnce = 64

// turn lets somebody be signed in by a source, until end is called.
func (s *Sources) turn(source *Source) (end func(), err error) {
	turns := s.turns[source.Name]
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	default:
		return nil, oplog.Refuse(oplog.CodeUnavailable, "source-unavailable", "{source} does not answer. Try again in a moment; accounts of this log can still sign in.", source.Title)
	}
}

// Count is how people signed in by a source since the program started.
type Count struct {
	Source                         string
	SignedIn, Refused, Unavailable uint64
}

// Counts returns the counts of all sources.
func (s *Sources) Counts() (all []Count) {
	for _, one := range s.list {
		c := s.counts[one.Name]
		all = append(all, Count{one.Name, c.signedIn.Load(), c.refused.Load(), c.unavailable.Load()})
	}
	return all
}

// count counts an attempt to sign in.
func (s *Sources) count(source string, err error) {
	c := s.counts[source]
	c.note(oplog.CodeOf(err) != oplog.CodeUnavailable, s.now())
	switch {
	case err == nil:
		c.signedIn.Add(1)
	case oplog.CodeOf(err) == oplog.CodeUnavailable:
		c.unavailable.Add(1)
	default:
		c.refused.Add(1)
	}
}
