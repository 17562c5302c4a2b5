package cli

import (
	"errors"
	"fmt"

	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
)

type accountCommand struct {
	Add         accountAdd         `cmd:"" help:"Add an account."`
	List        accountList        `cmd:"" help:"List accounts."`
	SetPassword accountSetPassword `cmd:"" help:"Set an account's password, and sign it out everywhere."`
	Disable     accountDisable     `cmd:"" help:"Disable an account, and sign it out everywhere."`
	Enable      accountEnable      `cmd:"" help:"Enable a disabled account."`
	Close       accountClose       `cmd:"" help:"Close an account for good, sign it out everywhere, and print the API keys that it made."`
	Rescue      accountRescue      `cmd:"" default:"withargs" help:"With --no-second-factor USER: remove the second factors of an account whose owner lost them, and sign it out everywhere."`
}

type passwordFlag struct {
	PasswordStdin bool `help:"Read the password from standard input, one line, instead of prompting."`
}

type accountAdd struct {
	logFlags
	passwordFlag
	Username     string `arg:"" help:"Name to sign in with."`
	Role         string `required:"" enum:"owner,admin,auditor,member" placeholder:"ROLE" help:"Role: owner, admin, auditor or member."`
	Tenant       string `placeholder:"ID" help:"Tenant of the account; an owner has none."`
	Organization string `placeholder:"ORG" help:"Restrict the account to this organization and those below it; all by default."`
	MustChange   bool   `help:"Require a new password at the first sign-in."`
	Language     string `enum:"en,zh-CN," default:"" placeholder:"TAG" help:"Language of its console and exports: en or zh-CN; by default that of the first sign-in."`
}

// Run adds the account.
func (c *accountAdd) Run(m *Program) error {
	return m.withNewLog(c.Data, func(l *node.Node) error { return c.add(m, l) })
}

func (c *accountAdd) add(m *Program, l *node.Node) error {
	if err := checkTenant(l, c.Tenant); err != nil {
		return err // before prompting for a password
	}
	hash, err := m.hashed(c.Username, c.PasswordStdin)
	if err != nil {
		return err
	}
	a, err := l.Identity.Audited(auditOfAccount(m, l, "create")).AddAccount(identity.Account{
		Username: c.Username, Role: identity.Role(c.Role), Tenant: c.Tenant, Organization: c.Organization,
		Locale: c.Language, PasswordHash: hash, MustChange: c.MustChange,
	}, nil)
	if err == nil {
		fmt.Fprintf(m.Stderr, "Account %s added with role %s.\n", visible(a.Username), a.Role)
		if seen, err := l.Directory.Organizations(a.Tenant, a.Organization); a.Organization != "" && err == nil && len(seen) == 0 {
			fmt.Fprintf(m.Stderr, "Tenant %s has no organizations yet: the account sees nothing until %s exists.\n", a.Tenant, visible(a.Organization))
		}
	}
	return err
}

type accountList struct {
	logFlags
	Tenant string `placeholder:"ID" help:"Only the accounts of this tenant."`
}

// Run lists accounts.
func (c *accountList) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		accounts, err := l.Identity.Accounts(c.Tenant)
		if err != nil {
			return err
		}
		rows := [][]string{{"USERNAME", "ROLE", "TENANT", "ORGANIZATION", "LANGUAGE", "ADDED", "SECOND FACTOR", "STATE"}}
		for _, a := range accounts {
			state := "in use"
			switch {
			case a.IsClosed():
				state = "closed " + moment(a.ClosedAt)
			case a.Disabled:
				state = "disabled"
			case a.MustChange:
				state = "must change password"
			}
			rows = append(rows, []string{a.Username, string(a.Role), or(a.Tenant, "all"), or(a.Organization, "all"), or(a.Locale, "-"), moment(a.CreatedAt), onOff(a.Factors.Any()), state})
		}
		return errors.Join(table(m.Stdout, rows), l.Identity.Damage())
	})
}

type accountSetPassword struct {
	logFlags
	passwordFlag
	MustChange bool   `help:"Require a new password at the next sign-in."`
	Username   string `arg:"" help:"Name of the account."`
}

// Run replaces the password.
func (c *accountSetPassword) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		if _, err := l.Identity.Account(c.Username); err != nil {
			return noAccount(c.Username, err)
		}
		hash, err := m.hashed(c.Username, c.PasswordStdin)
		if err != nil {
			return err
		}
		return changeAccount(m, l, c.Username, func(a *identity.Account) error {
			a.PasswordHash, a.MustChange = hash, c.MustChange
			return nil
		})
	})
}

type accountDisable struct {
	logFlags
	Username string `arg:"" help:"Name of the account."`
}

// Run disables the account.
func (c *accountDisable) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		return changeAccount(m, l, c.Username, func(a *identity.Account) error { a.Disabled = true; return nil })
	})
}

type accountEnable struct {
	logFlags
	Username string `arg:"" help:"Name of the account."`
}

// Run enables the account.
func (c *accountEnable) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		return changeAccount(m, l, c.Username, func(a *identity.Account) error { a.Disabled = false; return nil })
	})
}

type accountRescue struct {
	logFlags
	NoSecondFactor string `required:"" placeholder:"USER" help:"Remove the second factors of this account."`
}

// Run removes the second factors. The password is enough for the next sign-in, which asks for a new one where it is required.
func (c *accountRescue) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		a, err := l.Identity.Audited(auditOfAccount(m, l, "remove_factor")).RemoveFactors(c.NoSecondFactor, func(a identity.Account) error {
			if !a.Factors.Any() {
				return fmt.Errorf("account %s has no second factor", a.Username)
			}
			return nil
		})
		if err == nil {
			fmt.Fprintf(m.Stderr, "Account %s signs in with its password alone.\n", visible(a.Username))
		}
		return noAccount(c.NoSecondFactor, err)
	})
}

func changeAccount(m *Program, l *node.Node, username string, change func(*identity.Account) error) error {
	_, err := l.Identity.Audited(auditOfAccount(m, l, "change")).ChangeAccount(username, change)
	return noAccount(username, err)
}

// auditOfAccount returns what tells the trail of a change of an account.
func auditOfAccount(m *Program, l *node.Node, operation string) oplog.Audit {
	return audit(m, l, oplog.RecordAccount, "account", operation, func(a identity.Account) (string, oplog.Ref) {
		return a.Tenant, oplog.Ref{ID: a.Username}
	})
}

func noAccount(username string, err error) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return fmt.Errorf("there is no account %s; see oplog account list", username)
	}
	return err
}
