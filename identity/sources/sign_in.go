package sources

import (
	"cmp"
	"context"
	"net/url"

	"oplog/identity"
	"oplog/identity/ldap"
	"oplog/identity/oidc"
	"oplog/oplog"
	"oplog/trail"
)

// Refusal is the error for somebody whom a source knows, and who may not use the log. People read the same words for each; Why is for those who
// look after it.
type Refusal struct {
	Person identity.Person
	Why    string // one of the reasons of the trail
	cause  error
}

// The reasons of the trail why somebody whom a source knows may not use the log, or not any more.
const (
	WhyNoRule      = "no rule"           // fits the person
	WhyDisabled    = "disabled account"  // by an admin, here
	WhyNotThere    = "not in the source" // any more
	WhyOffThere    = "disabled in the source"
	WhyImpossible  = "rule not possible" // such as a tenant or an organization that does not exist
	WhySilent      = "source silent"     // for an hour
	WhyEndedThere  = "ended by the provider"
	WhySourceGone  = "source not configured"
	WhyUnavailable = "source unavailable"
	WhyNotProven   = "not confirmed by the provider"
)

// Why returns what those who look after the log have to know of an error of a source, which the person is not told; "" if there is nothing.
func Why(err error) string { return cmp.Or(oidc.Why(err), ldap.Why(err)) }

// ErrNotAllowed is what people read to whom no rule gives anything.
var ErrNotAllowed = oplog.Refuse(oplog.CodeForbidden, "no-rule", "You are not allowed to use this log. Ask those who look after it.")

func (r *Refusal) Error() string {
	text := r.Person.Source + "/" + r.Person.Username + ": " + r.Why
	if r.cause != nil {
		text += ": " + r.cause.Error()
	}
	return text
}

// Unwrap returns what the person is told.
func (r *Refusal) Unwrap() error {
	if r.Why == WhyDisabled {
		return identity.ErrNotThisPerson
	}
	return ErrNotAllowed
}

// SignIn returns the account of somebody with a password in a directory; with source "" all directories are asked in their order. Errors:
// identity.ErrNotThisPerson, *Refusal, CodeUnavailable if a directory does not answer and none knows the person, CodeInvalid for an unknown source.
func (s *Sources) SignIn(ctx context.Context, source, username, password string) (identity.Account, error) {
	asked := s.Directories()
	if source != "" {
		one, known := s.Source(source)
		if !known || one.Kind != KindLDAP {
			return identity.Account{}, oplog.InvalidField("source", oplog.Shorten(source), "unknown_source", "is not a directory of this log")
		}
		asked = []Source{one}
	}
	if password == "" || identity.ComposeName(username) == "" { // which some directories take for nobody, and let in
		return identity.Account{}, identity.ErrNotThisPerson
	}
	var silent error
	for _, one := range asked {
		p, err := s.ask(ctx, &one, username, password)
		if err == nil {
			return s.accept(one, p)
		}
		s.count(one.Name, err)
		if oplog.CodeOf(err) == oplog.CodeUnauthenticated {
			continue
		}
		if silent == nil || oplog.CodeOf(silent) != oplog.CodeUnavailable {
			silent = err
		}
	}
	if silent != nil {
		return identity.Account{}, silent
	}
	return identity.Account{}, identity.ErrNotThisPerson
}

// ask asks a directory for somebody with a password.
func (s *Sources) ask(ctx context.Context, one *Source, username, password string) (identity.Person, error) {
	end, err := s.turn(one)
	if err != nil {
		return identity.Person{}, err
	}
	defer end()
	return one.Directory.SignIn(ctx, username, password)
}

// accept lets the rules decide about somebody whom a source vouches for.
func (s *Sources) accept(source Source, p identity.Person) (identity.Account, error) {
	a, err := s.admit(source, p)
	s.count(source.Name, err)
	return a, err
}

func (s *Sources) admit(source Source, p identity.Person) (identity.Account, error) {
	p.Source = source.Name
	if p.Disabled {
		return identity.Account{}, &Refusal{Person: p, Why: WhyOffThere}
	}
	grant, _, ok := s.rulesOf(p.Source).Decide(p)
	if !ok {
		return identity.Account{}, &Refusal{Person: p, Why: WhyNoRule}
	}
	var before identity.Account
	told := s.identity.Audited(s.trail.Audit(trail.Stored(oplog.RecordAccount, func(a identity.Account) trail.Event { return changed(before, a, "") })))
	a, err := told.Admit(p, grant, func(b identity.Account) { before = b })
	switch oplog.CodeOf(err) {
	case oplog.CodeUnauthenticated:
		return a, &Refusal{Person: p, Why: WhyDisabled}
	case oplog.CodeInvalid, oplog.CodeNotFound:
		return a, &Refusal{Person: p, Why: WhyImpossible, cause: err}
	}
	return a, err
}

// changed returns the event of an account that became another one because of what its source or the rules say.
func changed(before, after identity.Account, why string) trail.Event {
	v := trail.Event{
		Tenant: after.Tenant, User: trail.ServerUser, Module: "account", Operation: "change", Object: oplog.Ref{ID: after.Username, Name: after.Name},
		Details: map[string]any{"source": after.Source, "rule": after.Rule, "role": after.Role, "organization": after.Organization, "disabled": after.Disabled || after.DisabledBySource},
	}
	if before.Username == "" {
		v.Operation = "create"
	} else if before.Username != after.Username {
		v.Details["former_username"] = before.Username
	}
	if why != "" {
		v.Details["reason"] = why
	}
	return v
}

// Begin begins a sign-in at a provider; see [oidc.Provider.Begin].
func (s *Sources) Begin(ctx context.Context, source, callbackURL string, fresh bool) (to string, state oidc.State, err error) {
	p, err := s.providerOf(source)
	if err != nil {
		return "", state, err
	}
	to, state, err = p.Provider.Begin(ctx, callbackURL, fresh)
	if err != nil {
		s.count(source, err)
	}
	return to, state, err
}

// providerOf returns a provider by its name, or CodeNotFound.
func (s *Sources) providerOf(source string) (Source, error) {
	one, known := s.Source(source)
	if !known || one.Kind != KindOIDC {
		return one, oplog.Errorf(oplog.CodeNotFound, "There is no identity provider %s.", oplog.Shorten(source))
	}
	return one, nil
}

// Finish returns the account of somebody who comes back from a provider, and what is to be kept of the session. Errors are as of SignIn, and those of
// [oidc.Provider.Finish].
func (s *Sources) Finish(ctx context.Context, source, callbackURL string, state oidc.State, query url.Values) (identity.Account, *identity.ProviderSession, error) {
	p, err := s.providerOf(source)
	if err != nil {
		return identity.Account{}, nil, err
	}
	end, err := s.turn(&p)
	if err != nil {
		return identity.Account{}, nil, err
	}
	defer end()
	signed, err := p.Provider.Finish(ctx, callbackURL, state, query)
	if err != nil {
		s.count(source, err)
		return identity.Account{}, nil, err
	}
	a, err := s.accept(p, signed.Person)
	return a, s.kept(identity.ProviderSession{}, signed), err
}

// maxIDToken is how many bytes of an ID token are kept; it is only a hint.
const maxIDToken = 8 << 10

// kept returns what is kept of a session after an answer of its provider.
func (s *Sources) kept(before identity.ProviderSession, said oidc.SignedIn) *identity.ProviderSession {
	after := identity.ProviderSession{SessionID: said.SessionID, IDToken: said.IDToken, RefreshToken: said.RefreshToken, CheckedAt: s.now().UTC()}
	if after.IDToken == "" || len(after.IDToken) > maxIDToken {
		after.IDToken = before.IDToken
	}
	if after.SessionID == "" {
		after.SessionID = before.SessionID
	}
	if after.RefreshToken == "" {
		after.RefreshToken = before.RefreshToken
	}
	return &after
}

// Confirm checks that a signed-in person of a directory still has a password; ErrNotThisPerson if not, or if somebody else has it.
func (s *Sources) Confirm(ctx context.Context, a identity.Account, password string) error {
	one, known := s.Source(a.Source)
	if !known || one.Kind != KindLDAP || password == "" {
		return identity.ErrNotThisPerson
	}
	p, err := s.ask(ctx, &one, a.SignInName(), password)
	if err == nil && (p.Subject != a.Subject || p.Disabled) {
		err = identity.ErrNotThisPerson
	}
	return err
}

// ConfirmAt checks that a signed-in person of a provider has just signed in there again, and comes back; ErrNotThisPerson if somebody else does.
func (s *Sources) ConfirmAt(ctx context.Context, a identity.Account, callbackURL string, state oidc.State, query url.Values) error {
	p, err := s.providerOf(a.Source)
	if err != nil {
		return err
	}
	signed, err := p.Provider.Finish(ctx, callbackURL, state, query)
	if err != nil {
		s.count(a.Source, err)
		return err
	}
	if signed.Person.Subject != a.Subject || signed.Person.Disabled {
		return identity.ErrNotThisPerson
	}
	return nil
}

// LogoutURL returns where a browser signs out of the provider that began a session, and comes back from to an address of ours; "" if there is no such
// place.
func (s *Sources) LogoutURL(ctx context.Context, source string, kept *identity.ProviderSession, back string) (string, error) {
	p, err := s.providerOf(source)
	if err != nil || kept == nil {
		return "", nil //nolint:nilerr // it is not configured any more
	}
	return p.Provider.LogoutURL(ctx, kept.IDToken, back)
}
