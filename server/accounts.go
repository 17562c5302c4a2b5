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
	CreatedAt    time.Time     `json:"created_at" doc:"Time of creation."`
	LastSignInAt time.Time     `json:"last_sign_in_at,omitzero" doc:"Omitted until the first sign-in."`
}

func newAccountBodyOf(a identity.Account) accountBody {
	return accountBody{a.Username, a.Name, a.Role, a.Tenant, a.Organization, a.Locale, a.Disabled, a.CreatedAt, a.LastSignInAt}
}

type newAccountBody struct {
	Username     string        `json:"username" minLength:"1" maxLength:"64" doc:"Username."`
	Name         string        `json:"name,omitempty" maxLength:"128" doc:"Display name; omitted: the username."`
	Password     string        `json:"password" minLength:"12" maxLength:"1024" doc:"At least 12 characters, and not easy to guess."`
	Role         identity.Role `json:"role" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Tenant       string        `json:"tenant,omitempty" doc:"Defaults to an admin's own tenant."`
	Organization string        `json:"organization,omitempty" doc:"Restricts an admin or auditor to this organization and those below it."`
	Locale       string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
}

type accountChangeBody struct {
	Name         *string        `json:"name,omitempty" maxLength:"128" doc:"Empty: the username."`
	Password     *string        `json:"password,omitempty" minLength:"12" maxLength:"1024" doc:"A new password, at least 12 characters and not easy to guess; the account is signed out everywhere."`
	Role         *identity.Role `json:"role,omitempty" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Tenant       *string        `json:"tenant,omitempty" doc:"Required when an owner gets another role; empty when an account becomes an owner."`
	Organization *string        `json:"organization,omitempty" doc:"Empty: all organizations."`
	Locale       *string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
	Disabled     *bool          `json:"disabled,omitempty" doc:"Whether the account is disabled; disabling signs it out everywhere."`
}

// accountParams are the parameters of the list of accounts.
var accountParams = []*huma.Param{
	wire.TextParam("tenant", "Only the accounts of this tenant.", &huma.Schema{Type: huma.TypeString}),
}

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
	tenant, err := in.realm(r.Text("tenant"))
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return nil, err
	}
	list, err := s.identity.Accounts(tenant)
	out := &accountsOutput{}
	out.Body.Accounts = make([]accountBody, len(list))
	for i, a := range list {
		out.Body.Accounts[i] = newAccountBodyOf(a)
	}
	return out, err
}

func (s *Server) addAccount(ctx context.Context, in *call, input *addAccountInput) (*accountOutput, error) {
	b := input.Body
	a := identity.Account{Username: b.Username, Name: b.Name, Role: b.Role, Tenant: b.Tenant, Organization: b.Organization, Locale: b.Locale}
	if a.Role != identity.RoleOwner {
		var err error
		if a.Tenant, err = in.realm(a.Tenant); err != nil {
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
	if a, err = s.identity.AddAccount(a, may); err != nil {
		return nil, err
	}
	in.about = aboutAccount(a, input.Body.Password != "")
	return &accountOutput{newAccountBodyOf(a)}, nil
}

// aboutAccount returns the trail details of a changed account; of its password only whether it changed.
func aboutAccount(a identity.Account, newPassword bool) trailDetails {
	return trailDetails{tenant: &a.Tenant, object: oplog.Ref{ID: a.Username, Name: a.Name}, details: map[string]any{
		"role": a.Role, "organization": a.Organization, "disabled": a.Disabled, "new_password": newPassword,
	}}
}

func (s *Server) changeAccount(ctx context.Context, in *call, input *changeAccountInput) (*accountOutput, error) {
	b := input.Body
	before, err := s.identity.Account(input.Username)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !in.administers(before) {
		return nil, noAccount(input.Username)
	}
	if err != nil {
		return nil, err
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
	after, err = s.identity.ChangeAccount(before.Username, func(a *identity.Account) error {
		caller, err := s.callerNow(in.principal)
		if err != nil {
			return err
		}
		if !caller.administers(*a) {
			return noAccount(a.Username)
		}
		b.change(a)
		replace(&a.PasswordHash, hash)
		return caller.mayAdminister(*a)
	})
	if err != nil {
		return nil, err
	}
	in.about = aboutAccount(after, b.Password != nil)
	return &accountOutput{newAccountBodyOf(after)}, nil
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
