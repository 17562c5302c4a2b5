package sources

import (
	"context"
	"errors"
	"strings"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// AsRefusal returns the refusal that an error is.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}

// Preview is what a source says of somebody, and what the rules would give.
type Preview struct {
	Source  Source
	Person  *identity.Person // nil if the source does not know the person, or does not answer
	SeenAt  time.Time        // when a provider, or a directory that is asked only as the person, last said so; zero for now
	Err     error            // why there is no person
	Fitting []Fitting        // the rules that fit, in their order; the first decides
	Refused string           // why the person cannot sign in; "" if it can
}

// Fitting is a rule that fits a person.
type Fitting struct {
	Number       int // from 1
	Rule         identity.Rule
	Organization string // that it gives
	Differs      bool   // gives something else than the one that decides
}

// Decides returns the rule that decides; false if none fits.
func (p *Preview) Decides() (Fitting, bool) {
	if len(p.Fitting) == 0 {
		return Fitting{}, false
	}
	return p.Fitting[0], true
}

// Preview asks the sources for somebody: all, or the one that is named. Providers cannot be asked; of their people it is what they said last.
func (s *Sources) Preview(ctx context.Context, source, username string) ([]Preview, error) {
	named, rest := source, username
	if before, after, ok := strings.Cut(username, "/"); ok && source == "" {
		named, rest = before, after
	}
	var all []Preview
	for _, one := range s.list {
		if named != "" && named != one.Name {
			continue
		}
		all = append(all, s.preview(ctx, one, rest))
	}
	if named != "" && len(all) == 0 {
		return nil, oplog.InvalidField("source", oplog.Shorten(named), "unknown_source", "is not a source of this log")
	}
	return all, nil
}

func (s *Sources) preview(ctx context.Context, one Source, username string) Preview {
	v := Preview{Source: one}
	p, err := identity.Person{}, error(nil)
	if one.Kind == KindLDAP && one.Directory.Looks() {
		p, err = one.Directory.Find(ctx, username)
	} else {
		var a identity.Account
		a, err = s.identity.Account(one.Name + "/" + identity.ComposeName(username))
		p, v.SeenAt = stored(a), a.CheckedAt
	}
	if err != nil {
		v.Err = err
		return v
	}
	p.Source = one.Name
	v.Person = &p
	v.Fitting, v.Refused = s.decide(p)
	if a, err := s.identity.AccountOfSubject(one.Name, p.Subject); err == nil && a.Disabled {
		v.Refused = WhyDisabled
	}
	return v
}

// decide returns the rules that fit a person, and why the person cannot sign in.
func (s *Sources) decide(p identity.Person) (fitting []Fitting, refused string) {
	grant, places, ok := s.rulesOf(p.Source).Decide(p)
	for _, i := range places {
		f := Fitting{Number: i + 1, Rule: s.rules[i], Organization: s.rules[i].Organization}
		if f.Organization == identity.OwnOrganization {
			f.Organization = p.Organization
		}
		f.Differs = f.Rule.Role != grant.Role || f.Rule.Tenant != grant.Tenant || f.Organization != grant.Organization
		fitting = append(fitting, f)
	}
	switch {
	case p.Disabled:
		refused = WhyOffThere
	case !ok:
		refused = WhyNoRule
	case s.identity.CheckGrant(grant) != nil:
		refused = WhyImpossible
	}
	return fitting, refused
}
