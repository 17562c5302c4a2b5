package server

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// accountBody is an account as its administrators see it.
type accountBody struct {
	Username     string        `json:"username" doc:"Username."`
	Name         string        `json:"name,omitempty" doc:"Display name; omitted: the username."`
	Role         identity.Role `json:"role" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Tenant       string        `json:"tenant,omitempty" doc:"Omitted for an owner."`
	Organization string        `json:"organization,omitempty" doc:"Restricts the account to this organization and those below it."`
	Locale       string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Omitted until the first sign-in sets it."`
	Disabled     bool          `json:"disabled" doc:"Whether the account is disabled."`
	ClosedAt     time.Time     `json:"closed_at,omitzero" doc:"When it was closed, which is for good; omitted for others."`
	CreatedAt    time.Time     `json:"created_at" doc:"Time of creation."`
	LastSignInAt time.Time     `json:"last_sign_in_at,omitzero" doc:"Omitted until the first sign-in."`
	MustChange   bool          `json:"must_change,omitempty" doc:"Whether the password must be changed at the next sign-in."`
	LockedUntil  time.Time     `json:"locked_until,omitzero" doc:"When the next attempt to sign in is allowed, after many failed ones; browsers that signed in before are not locked out. Omitted unless locked."`
	LockedPlaces bool          `json:"locked_in_places,omitempty" doc:"Whether it is locked only where attempts failed: from an address, or on a browser that signed in before."`
	SecondFactor bool          `json:"second_factor" doc:"Whether the account has a second factor."`

	Source           string    `json:"source,omitempty" doc:"The directory or identity provider that knows the person, and keeps the password; omitted for local accounts."`
	Rule             int       `json:"rule,omitempty" doc:"The rule of the configuration file that gave role, tenant and organization, from 1."`
	Groups           []string  `json:"groups,omitempty" doc:"The person's groups as the source said them last, at most 200."`
	CheckedAt        time.Time `json:"checked_at,omitzero" doc:"When the source last answered; accurate to ten minutes."`
	DisabledBySource bool      `json:"disabled_by_source,omitempty" doc:"Whether the source or the rules keep the person out; they may let it in again."`
}

func (s *Server) describeAccount(a identity.Account) accountBody {
	until, somewhere := s.lockedUntil(&a)
	return accountBody{
		a.Username, a.Name, a.Role, a.Tenant, a.Organization, a.Locale, a.Disabled, a.ClosedAt, a.CreatedAt, a.LastSignInAt, a.MustChange, until, somewhere, a.Factors.Any(),
		a.Source, a.Rule, a.Groups, a.CheckedAt, a.DisabledBySource,
	}
}

type newAccountBody struct {
	Username     string        `json:"username" minLength:"1" maxLength:"64" doc:"Username."`
	Name         string        `json:"name,omitempty" maxLength:"128" doc:"Display name; omitted: the username."`
	Password     string        `json:"password" minLength:"12" maxLength:"1024" doc:"At least 12 characters, and not easy to guess."`
	Role         identity.Role `json:"role" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Tenant       string        `json:"tenant,omitempty" doc:"Defaults to an admin's own tenant."`
	Organization string        `json:"organization,omitempty" doc:"Restricts an admin or auditor to this organization and those below it."`
	Locale       string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
	MustChange   *bool         `json:"must_change,omitempty" doc:"Whether the password must be changed at the first sign-in; true by default."`
}

type accountChangeBody struct {
	Name         *string        `json:"name,omitempty" maxLength:"128" doc:"Empty: the username."`
	Password     *string        `json:"password,omitempty" minLength:"12" maxLength:"1024" doc:"A new password, at least 12 characters and not easy to guess; the account is signed out everywhere."`
	Role         *identity.Role `json:"role,omitempty" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Tenant       *string        `json:"tenant,omitempty" doc:"Required when an owner gets another role; empty when an account becomes an owner."`
	Organization *string        `json:"organization,omitempty" doc:"Empty: all organizations."`
	Locale       *string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
	Disabled     *bool          `json:"disabled,omitempty" doc:"Whether the account is disabled; disabling signs it out everywhere."`
	MustChange   *bool          `json:"must_change,omitempty" doc:"Whether the password must be changed at the next sign-in; true by default with a new password."`
}

// accountParams are the parameters of the list of accounts.
var accountParams = listParams(maxItems,
	wire.TextParam("tenant", "Only the accounts of this tenant.", &huma.Schema{Type: huma.TypeString}),
)

type (
	accountOutput  struct{ Body accountBody }
	accountsOutput struct {
		Body struct {
			Accounts []accountBody `json:"accounts" doc:"By username."`
		} `nameHint:"Accounts"`
	}
	addAccountInput    struct{ Body newAccountBody }
	changeAccountInput struct {
		Username string `path:"username" doc:"Username."`
		Body     accountChangeBody
	}
)

func (s *Server) listAccounts(_ context.Context, in *call, _ *struct{}) (*accountsOutput, error) {
	r := wire.ReadQuery(in.query)
	tenant, err := in.administeredTenant(r.Text("tenant"))
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return nil, err
	}
	read := func(username string, limit int) ([]identity.Account, error) {
		return s.identity.AccountsAfter(tenant, username, limit)
	}
	list, err := rangeOf(in, maxItems, read, func(a *identity.Account) string { return a.Username })
	out := &accountsOutput{}
	out.Body.Accounts = make([]accountBody, len(list))
	for i, a := range list {
		out.Body.Accounts[i] = s.describeAccount(a)
	}
	return out, err
}

func (s *Server) addAccount(ctx context.Context, in *call, input *addAccountInput) (*accountOutput, error) {
	b := input.Body
	a := identity.Account{Username: b.Username, Name: b.Name, Role: b.Role, Tenant: b.Tenant, Organization: b.Organization, Locale: b.Locale, MustChange: true}
	replace(&a.MustChange, b.MustChange)
	if a.Role != identity.RoleOwner {
		var err error
		if a.Tenant, err = in.administeredTenant(a.Tenant); err != nil {
			return nil, err
		}
	}
	if err := in.mayAdminister(a); err != nil {
		return nil, err
	}
	var err error
	if a.PasswordHash, err = s.hash(ctx, b.Username, b.Password); err != nil {
		return nil, err
	}
	// Checked again: the caller may have been disabled while the password was hashed.
	may := func() error {
		caller, err := s.callerNow(in.principal)
		if err != nil {
			return err
		}
		return caller.mayAdminister(a)
	}
	describe := func(a identity.Account) trailDetails { return aboutAccount(a, true) }
	if a, err = s.auditedAccounts(in, describe).AddAccount(a, may); err != nil {
		return nil, err
	}
	return &accountOutput{s.describeAccount(a)}, nil
}

// aboutAccount returns the trail details of a changed account; of its password only whether it changed.
func aboutAccount(a identity.Account, newPassword bool) trailDetails {
	return trailDetails{tenant: &a.Tenant, object: oplog.Ref{ID: a.Username, Name: a.Name}, details: map[string]any{
		"role": a.Role, "organization": a.Organization, "disabled": a.Disabled, "new_password": newPassword,
	}}
}

func (s *Server) changeAccount(ctx context.Context, in *call, input *changeAccountInput) (*accountOutput, error) {
	b := input.Body
	before, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	if b.Password != nil && before.Username == in.account.Person() {
		return nil, oplog.Refuse(oplog.CodeForbidden, "own-password", "Change your own password with PATCH /api/v1/session, which asks for the old one.")
	}
	after := before
	b.change(&after)
	if err := in.mayAdminister(after); err != nil {
		return nil, err
	}
	var hash *string
	if b.Password != nil {
		made, err := s.hash(ctx, before.Username, *b.Password)
		if err != nil {
			return nil, err
		}
		hash = &made
	}
	// Hashing takes long: both the caller and the account may have changed meanwhile, and their current state decides.
	describe := func(a identity.Account) trailDetails { return aboutAccount(a, b.Password != nil) }
	after, err = s.auditedAccounts(in, describe).ChangeAccount(before.Username, func(a *identity.Account) error {
		caller, err := s.administersNow(in, *a)
		if err != nil {
			return err
		}
		b.change(a)
		replace(&a.PasswordHash, hash)
		return caller.mayAdminister(*a)
	})
	if err != nil {
		return nil, err
	}
	in.trailDetails = describe(after)
	return &accountOutput{s.describeAccount(after)}, nil
}

// administered returns an account that the caller administers. To others it does not exist.
func (s *Server) administered(in *call, username string) (identity.Account, error) {
	a, err := s.identity.Account(username)
	switch {
	case oplog.CodeOf(err) == oplog.CodeNotFound:
		err = noAccount(username)
	case err == nil && !in.administers(a):
		err = foreign{noAccount(username), username}
	}
	return a, err
}

// administersNow looks up the caller again, and returns an error if the caller does not administer an account that is about to change.
func (s *Server) administersNow(in *call, a identity.Account) (*principal, error) {
	caller, err := s.callerNow(in.principal)
	if err == nil && !caller.administers(a) {
		err = foreign{noAccount(a.Username), a.Username}
	}
	return caller, err
}

func noAccount(username string) error {
	return oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
}

// change applies every given field but the password.
func (b *accountChangeBody) change(a *identity.Account) {
	if b.Role != nil {
		if a.Role = *b.Role; a.Role == identity.RoleOwner && b.Tenant == nil {
			a.Tenant = ""
		}
	}
	replace(&a.Name, b.Name)
	replace(&a.Tenant, b.Tenant)
	replace(&a.Organization, b.Organization)
	replace(&a.Locale, b.Locale)
	replace(&a.Disabled, b.Disabled)
	a.MustChange = a.MustChange || b.Password != nil
	replace(&a.MustChange, b.MustChange)
}

func replace[T any](value, by *T) {
	if by != nil {
		*value = *by
	}
}

// hash hashes a new password once there is a free slot; see check.
func (s *Server) hash(ctx context.Context, username, password string) (string, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
		return identity.HashPassword(username, password)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
