package sources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oplog/faults"
	"oplog/identity"
	"oplog/oplog"
	"oplog/trail"
)

// While somebody of a source is signed in, the node that leads asks the source again: for all people of a directory every minute, for each session of a
// provider every other minute. What the source or the rules take from somebody is so gone within three minutes. A source that does not answer changes
// nothing for an hour; then the sessions of its people end.

const (
	checkEvery    = time.Minute
	providerEvery = 2*time.Minute - 10*time.Second // each second check
	passTime      = time.Minute                    // of a pass over one source, in all
)

// Run checks the people who are signed in every minute, until the context ends.
func (s *Sources) Run(ctx context.Context, failed func(error)) {
	if ctx.Err() != nil {
		return
	}
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.Check(ctx, failed)
		}
	}
}

// Check makes one pass, if this node leads.
func (s *Sources) Check(ctx context.Context, failed func(error)) {
	if !s.place.Leads() {
		return
	}
	for _, one := range s.list {
		if err := s.checkSource(ctx, one); err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("check who is signed in by %s: %w", one.Name, err))
		}
	}
	if err := s.checkForgotten(); err != nil {
		failed(fmt.Errorf("check who is signed in by sources that are not configured any more: %w", err))
	}
}

func (s *Sources) checkSource(ctx context.Context, one Source) (err error) {
	defer faults.Catch("a check of people of "+one.Name, &err)
	ctx, cancel := context.WithTimeout(ctx, passTime)
	defer cancel()
	accounts, err := s.identity.SignedIn(one.Name)
	if err != nil || len(accounts) == 0 {
		return err
	}
	if one.Kind == KindLDAP {
		return s.checkDirectory(ctx, one, accounts)
	}
	return s.checkProvider(ctx, one, accounts)
}

// checkDirectory asks a directory for all of its people who are signed in.
func (s *Sources) checkDirectory(ctx context.Context, one Source, accounts []identity.Account) error {
	if !one.Directory.Looks() {
		return s.endSilent(accounts)
	}
	subjects := make([]string, len(accounts))
	for i := range accounts {
		subjects[i] = accounts[i].Subject
	}
	found, err := one.Directory.FindSubjects(ctx, subjects)
	s.counts[one.Name].note(err == nil, s.now())
	if err != nil {
		if ended := s.endSilent(accounts); ended != nil {
			return ended
		}
		return err
	}
	var first error
	for i := range accounts {
		if err := s.checkPerson(one, &accounts[i], found); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (s *Sources) checkPerson(one Source, a *identity.Account, found map[string]identity.Person) error {
	p, there := found[a.Subject]
	if !there {
		return s.bar(a, WhyNotThere)
	}
	return s.follow(one, a, p)
}

// follow gives somebody who is signed in what the source and the rules say now.
func (s *Sources) follow(one Source, a *identity.Account, p identity.Person) error {
	_, err := s.admit(one, p)
	if refusal, ok := AsRefusal(err); ok {
		return s.bar(a, refusal.Why)
	}
	return s.orEnd(a, err)
}

// orEnd ends the sessions of somebody whose account could not be changed, because the log is read-only, say.
func (s *Sources) orEnd(a *identity.Account, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, s.end(*a, WhyImpossible, func(identity.Session) bool { return true }))
}

// bar takes the rights of an account, whose sessions end.
func (s *Sources) bar(a *identity.Account, why string) error {
	var before identity.Account
	told := s.identity.Audited(s.trail.Audit(trail.Stored(oplog.RecordAccount, func(now identity.Account) trail.Event { return changed(before, now, why) })))
	_, err := told.Bar(a.Username, a.Subject, func(b identity.Account) { before = b })
	if oplog.CodeOf(err) == oplog.CodeNotFound { // it is another's by now
		return nil
	}
	return s.orEnd(a, err)
}

// endSilent ends the sessions of those of whom the source has said nothing for long.
func (s *Sources) endSilent(accounts []identity.Account) error {
	for _, a := range accounts {
		if s.now().Sub(a.CheckedAt) < identity.SourceSilence {
			continue
		}
		if err := s.end(a, WhySilent, func(identity.Session) bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

// checkProvider asks a provider again about each session that it began.
func (s *Sources) checkProvider(ctx context.Context, one Source, accounts []identity.Account) error {
	var silent error
	for i := range accounts {
		sessions, err := s.identity.ProviderSessions(accounts[i])
		if err != nil {
			return err
		}
		for _, session := range sessions {
			if err := s.checkSession(ctx, one, &accounts[i], session, &silent); err != nil {
				return err
			}
		}
	}
	return silent
}

// checkSession asks a provider again about a session. Once the provider was silent, it is not asked about others in this pass.
func (s *Sources) checkSession(ctx context.Context, one Source, a *identity.Account, session identity.Session, silent *error) error {
	kept := *session.Provider
	only := func(other identity.Session) bool { return other.ID() == session.ID() }
	switch quiet := s.now().Sub(kept.CheckedAt); {
	case kept.RefreshToken == "":
		return s.followStored(one, a) // it ends by itself
	case quiet < providerEvery:
		return nil
	case *silent != nil && quiet >= identity.SourceSilence:
		return s.end(*a, WhySilent, only)
	case *silent != nil:
		return nil //nolint:nilerr // it is told once the pass is over
	}
	said, err := one.Provider.Refresh(ctx, kept.RefreshToken, a.Subject)
	if said.RefreshToken != "" && err != nil {
		kept.RefreshToken = said.RefreshToken
		if noted := s.identity.NoteProvider(session, kept); noted != nil {
			return noted
		}
	}
	switch {
	case err == nil:
	case oplog.CodeOf(err) == oplog.CodeUnauthenticated:
		return s.end(*a, WhyEndedThere, only)
	default:
		if *silent = err; s.now().Sub(kept.CheckedAt) >= identity.SourceSilence {
			return s.end(*a, WhySilent, only)
		}
		return nil
	}
	if err := s.identity.NoteProvider(session, *s.kept(kept, said)); err != nil {
		return err
	}
	return s.follow(one, a, said.Person)
}

// followStored lets the rules decide again by what the source said last, for rules that changed meanwhile.
func (s *Sources) followStored(one Source, a *identity.Account) error {
	return s.follow(one, a, stored(*a))
}

// stored returns a person as the source last said it. There may be more groups than are kept.
func stored(a identity.Account) identity.Person {
	return identity.Person{Source: a.Source, Subject: a.Subject, Username: a.SignInName(), Name: a.Name, Groups: a.Groups, Organization: a.Said}
}

// checkForgotten ends the sessions of people whose source is not in the configuration any more: on several nodes these may differ while they are
// changed, so not before the source has been silent for long.
func (s *Sources) checkForgotten() error {
	names, err := s.identity.SignedInSources()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, known := s.Source(name); known {
			continue
		}
		accounts, err := s.identity.SignedIn(name)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if s.now().Sub(a.CheckedAt) < identity.SourceSilence {
				continue
			}
			if err := s.end(a, WhySourceGone, func(identity.Session) bool { return true }); err != nil {
				return err
			}
		}
	}
	return nil
}
