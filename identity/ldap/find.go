package ldap

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
	"oplog/oplog"
)

// Find returns the person of a username, who may be Disabled; CodeNotFound if there is none or several, CodeForbidden for one with more groups than
// are followed.
func (d *Directory) Find(ctx context.Context, username string) (identity.Person, error) {
	if !d.Looks() {
		return identity.Person{}, ErrCannotLook
	}
	username, ok := usable(username)
	if !ok {
		return identity.Person{}, oplog.Errorf(oplog.CodeNotFound, "%s: no username of a directory.", d.config.Title)
	}
	var person identity.Person
	err := d.once(ctx, func(l *link) error {
		if err := l.look(); err != nil {
			return err
		}
		entry, why, err := d.findEntry(l, username)
		if err != nil {
			return err
		}
		if entry == nil {
			return oplog.Errorf(oplog.CodeNotFound, "%s: %s.", d.config.Title, why)
		}
		person, _, err = d.person(l, entry, nil)
		return err
	})
	return person, d.whole(err)
}

// findEntry looks for the entry of a username, by user_filter or by user_dn.
func (d *Directory) findEntry(l *link, username string) (*ldap.Entry, string, error) {
	if d.config.UserFilter != "" {
		return d.byUsername(l, username)
	}
	entry, err := l.entry(fillDN(d.config.UserDN, username), everything, d.attributes)
	if err == nil && entry == nil {
		err = d.checkBase(l)
	}
	return entry, "nobody has this username", err
}

// whole makes CodeUnavailable of an answer that is too large for one person.
func (d *Directory) whole(err error) error {
	if errors.Is(err, errTooLarge) {
		return d.misconfigured(err)
	}
	return err
}

// FindSubject returns a person who may be renamed meanwhile, and may be Disabled; CodeNotFound if the person is gone, or is none of those whom
// user_filter finds.
func (d *Directory) FindSubject(ctx context.Context, subject string) (identity.Person, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	people, err := d.findSubjects(&asker{directory: d, ctx: ctx, whole: true}, []string{subject})
	if err != nil {
		return identity.Person{}, err
	}
	person, ok := people[subject]
	if !ok {
		return person, oplog.Errorf(oplog.CodeNotFound, "%s: this person is not there any more, or user_filter does not find them.", d.config.Title)
	}
	return person, nil
}

// perQuestion is how many people are looked for at once.
const perQuestion = 50

// FindSubjects is FindSubject for many, by subject, on one connection; those who are gone are left out. It takes as long as ctx allows, each question at
// most Timeout. With an error nothing is known of anybody. Somebody with more groups than are followed is Disabled here, and has no groups.
func (d *Directory) FindSubjects(ctx context.Context, subjects []string) (map[string]identity.Person, error) {
	return d.findSubjects(&asker{directory: d, ctx: ctx}, subjects)
}

func (d *Directory) findSubjects(a *asker, subjects []string) (map[string]identity.Person, error) {
	if !d.Looks() {
		return nil, ErrCannotLook
	}
	s := subjectSearch{directory: d, asker: a, known: groupCache{}, people: map[string]identity.Person{}}
	defer a.close()
	var ids []string
	for _, subject := range subjects {
		if isUUID(subject) {
			ids = append(ids, subject)
			continue
		}
		if err := s.byDN(subject); err != nil {
			return nil, err
		}
	}
	for chunk := range slices.Chunk(ids, perQuestion) {
		if err := s.byID(chunk); err != nil {
			return nil, err
		}
	}
	if len(s.people) < len(subjects) { // somebody is gone, or all are hidden
		if err := s.ask(d.checkBase); err != nil {
			return nil, err
		}
	}
	return s.people, nil
}

// subjectSearch collects people.
type subjectSearch struct {
	directory *Directory
	asker     *asker
	known     groupCache
	people    map[string]identity.Person
}

// byDN finds somebody whom only the DN identifies.
func (s *subjectSearch) byDN(subject string) error {
	if !isDN(subject) {
		return nil
	}
	find := func(add func(*link, *ldap.Entry) error, attributes []string) error {
		return s.ask(func(l *link) error {
			entry, err := l.entry(subject, s.directory.anybody(), attributes)
			if err != nil || entry == nil {
				return err
			}
			return add(l, entry)
		})
	}
	err := find(s.add, s.directory.attributes)
	if errors.Is(err, errTooLarge) {
		s.asker.close()
		err = find(s.addDisabled, s.withoutGroups())
	}
	return err
}

// byID finds people by their UUIDs. If there is too much to answer, it asks for half of them at a time; for one alone, without the groups.
func (s *subjectSearch) byID(subjects []string) error {
	err := s.search(subjects, s.directory.attributes, s.add)
	switch large := errors.Is(err, errTooLarge); {
	case len(subjects) > 1 && (large || ldap.IsErrorAnyOf(err, ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded)):
		s.asker.close() // with what is left of the answer
		half := len(subjects) / 2
		if err := s.byID(subjects[:half]); err != nil {
			return err
		}
		return s.byID(subjects[half:])
	case large:
		s.asker.close()
		err = s.search(subjects, s.withoutGroups(), s.addDisabled)
	}
	return err
}

func (s *subjectSearch) ask(question func(*link) error) error {
	return s.asker.ask(func(l *link) error {
		if err := l.look(); err != nil {
			return err
		}
		return question(l)
	})
}

func (s *subjectSearch) search(subjects, attributes []string, add func(*link, *ldap.Entry) error) error {
	d := s.directory
	var filter strings.Builder
	for _, subject := range subjects {
		filter.WriteString(subjectFilter(subject))
	}
	return s.ask(func(l *link) error {
		all, err := l.search(d.config.BaseDN, ldap.ScopeWholeSubtree, "(&"+d.anybody()+"(|"+filter.String()+"))", attributes, pageSize)
		if err != nil {
			return err
		}
		for _, entry := range all.entries {
			if slices.Contains(subjects, subjectOf(entry)) {
				if err := add(l, entry); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// add adds a person with the groups.
func (s *subjectSearch) add(l *link, entry *ldap.Entry) error {
	p, _, err := s.directory.person(l, entry, s.known)
	if isLimit(err) {
		return s.addDisabled(l, entry)
	}
	if err == nil {
		s.people[p.Subject] = p
	}
	return err
}

// addDisabled adds somebody of whom not all groups are known, any of which could decide.
func (s *subjectSearch) addDisabled(_ *link, entry *ldap.Entry) error {
	p, _ := s.directory.without(entry)
	p.Disabled = true
	s.people[p.Subject] = p
	slog.Warn("Somebody in a directory has more groups than are followed, and is treated as disabled.", "source", p.Source, "user", p.Username)
	return nil
}

// withoutGroups are the attributes of people but their groups.
func (s *subjectSearch) withoutGroups() []string {
	return slices.DeleteFunc(slices.Clone(s.directory.attributes), func(a string) bool { return strings.EqualFold(a, s.directory.config.GroupAttribute) })
}

// anybody is the filter that fits all who may sign in.
func (d *Directory) anybody() string {
	if d.config.UserFilter == "" {
		return everything
	}
	return strings.ReplaceAll(d.config.UserFilter, usernameMark, "*")
}
