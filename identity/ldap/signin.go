package ldap

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
	"oplog/oplog"
)

// The lengths of what people may enter, in characters and bytes.
const (
	maxUsername = 256
	maxPassword = 1024
)

// longestPause limits how long an answer about somebody unknown is held back.
const longestPause = time.Second

// SignIn returns the person whose name and password somebody entered. Errors: identity.ErrNotThisPerson (wrapped; people read the same words whatever
// the reason), CodeForbidden for somebody with more groups than are followed, CodeUnavailable with the reason source-unavailable or
// source-misconfigured. [Why] tells the reason to those who look after the log.
func (d *Directory) SignIn(ctx context.Context, username, password string) (identity.Person, error) {
	username, ok := usable(username)
	switch {
	case !ok:
		return identity.Person{}, refused("no username of a directory")
	case password == "": // a directory takes it for nobody's, and lets in anybody (RFC 4513, 5.1.2)
		return identity.Person{}, refused("no password")
	case len(password) > maxPassword || strings.ContainsRune(password, 0):
		return identity.Person{}, refused("no password of a directory")
	}
	var person identity.Person
	err := d.once(ctx, func(l *link) (err error) {
		person, err = d.signIn(l, username, password)
		return err
	})
	return person, d.whole(err)
}

// usable returns a username as it is looked for, and false for what is none.
func usable(username string) (string, bool) {
	if !utf8.ValidString(username) {
		return "", false
	}
	username = identity.ComposeName(username)
	return username, username != "" && utf8.RuneCountInString(username) <= maxUsername && !strings.ContainsFunc(username, unicode.IsControl)
}

func (d *Directory) signIn(l *link, username, password string) (identity.Person, error) {
	entry, err := d.prove(l, username, password)
	if err != nil {
		return identity.Person{}, err
	}
	if d.Looks() { // what is known of somebody is the same at sign-in and in later checks
		if err := l.look(); err != nil {
			return identity.Person{}, err
		}
		if d.config.UserDN != "" && d.config.BindDN != "" {
			if entry, err = d.own(l, entry.DN); err != nil {
				return identity.Person{}, err
			}
		}
	}
	person, why, err := d.person(l, entry, nil)
	if err == nil && why != "" {
		err = refused("%s", why)
	}
	if err != nil {
		return identity.Person{}, err
	}
	return person, nil
}

// prove returns the entry of the person whose name and password these are.
func (d *Directory) prove(l *link, username, password string) (*ldap.Entry, error) {
	if d.config.UserDN != "" {
		return d.proveByTemplate(l, username, password)
	}
	if err := l.look(); err != nil {
		return nil, err
	}
	entry, why, err := d.byUsername(l, username)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if entry == nil {
		// Answers as late as if there were somebody, also where the directory takes its time to compare passwords.
		if _, err := l.bind("cn="+rand.Text()+","+d.config.BaseDN, password); err != nil {
			return nil, err
		}
		d.pause(l.ctx, min(longestPause, time.Duration(d.refusal.Load())-time.Since(began)))
		return nil, refused("%s", why)
	}
	why, err = l.bind(entry.DN, password)
	if err != nil {
		return nil, err
	}
	d.refusal.Store(int64(time.Since(began)))
	if why != "" {
		return nil, refused("%s: the server %s", entry.DN, why)
	}
	return entry, nil
}

// proveByTemplate signs in by the template, and reads the person's own entry.
func (d *Directory) proveByTemplate(l *link, username, password string) (*ldap.Entry, error) {
	name := fillDN(d.config.UserDN, username)
	if !d.config.userDNIsDN() {
		if strings.ContainsAny(username, `@\/`) {
			return nil, refused("a username with @, \\ or /, which user_dn adds itself")
		}
		name = strings.ReplaceAll(d.config.UserDN, usernameMark, username)
	}
	why, err := l.bind(name, password)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return nil, refused("%s: the server %s", name, why)
	case d.config.UserFilter == "":
		return d.own(l, name)
	}
	entry, why, err := d.byUsername(l, username)
	switch {
	case err != nil:
		return nil, err
	case entry == nil:
		return nil, refused("the password fits, but %s", why)
	case sameDN(entry.DN, name):
		return entry, nil
	}
	// The name may be one person's to the server, and another's to the filter: only the password tells.
	why, err = l.bind(entry.DN, password)
	if err == nil && why != "" {
		err = refused("the password fits %s, but not %s, whom user_filter finds: the server %s", name, entry.DN, why)
	}
	return entry, err
}

// own returns the entry of somebody who has signed in.
func (d *Directory) own(l *link, dn string) (*ldap.Entry, error) {
	entry, err := l.entry(dn, d.anybody(), d.attributes)
	if err == nil && entry == nil {
		err = refused("the password fits, but the entry %s cannot be read, or user_filter does not find it", dn)
	}
	return entry, err
}

// byUsername looks for the one person of a username, or says why there is none.
func (d *Directory) byUsername(l *link, username string) (entry *ldap.Entry, why string, err error) {
	filter := fillFilter(d.config.UserFilter, username, "")
	all, err := l.search(d.config.BaseDN, ldap.ScopeWholeSubtree, filter, d.attributes, 1)
	switch {
	case len(all.entries) > 0 && (all.more || ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded)):
		return nil, "user_filter finds several entries for this username", nil
	case err != nil:
		return nil, "", err
	case len(all.entries) == 1:
		return all.entries[0], "", nil
	case len(all.referrals) > 0:
		return nil, "nobody here has this username; the directory refers to " + oplog.Shorten(all.referrals[0]) + ", which is not asked", d.checkBase(l)
	}
	return nil, "nobody has this username", d.checkBase(l)
}
