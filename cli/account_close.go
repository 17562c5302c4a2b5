package cli

import (
	"context"
	"fmt"
	"time"

	"oplog/identity"
	"oplog/node"
)

type accountClose struct {
	logFlags
	Username   string `arg:"" help:"Name of the account."`
	RevokeKeys bool   `help:"Also revoke the API keys in use that it made."`
}

// Run closes the account, and prints the keys. Run again, it completes what was interrupted.
func (c *accountClose) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		account, err := l.Identity.Account(c.Username)
		if err != nil {
			return noAccount(c.Username, err)
		}
		keys, err := l.KeysMadeBy(context.Background(), account.Username, func(*identity.APIKey) bool { return true })
		if err != nil {
			return err
		}
		_, err = l.Identity.Audited(auditOfAccount(m, l, "close")).CloseAccount(account.Username, func(identity.Account) error { return nil })
		if err != nil {
			return noAccount(c.Username, err)
		}
		views, err := l.Views.RemovePrivate(account.Person())
		if err != nil {
			return err
		}
		for i := range keys {
			if c.RevokeKeys {
				if keys[i], err = l.Identity.Audited(auditOfKey(m, l, "revoke")).RevokeKey(keys[i].Tenant, keys[i].ID); err != nil {
					return err
				}
			}
		}
		fmt.Fprintf(m.Stderr, "Account %s is closed. Deleted views that were not shared: %d.\n", visible(account.Username), views)
		return c.printKeys(m, keys)
	})
}

// printKeys prints the keys that the account made, and says what to do about them.
func (c *accountClose) printKeys(m *Program, keys []identity.APIKey) error {
	if len(keys) == 0 {
		fmt.Fprintln(m.Stderr, "It made no API key that is in use.")
		return nil
	}
	rows := [][]string{{"ID", "TENANT", "SCOPE", "NAME", "ADDED", "STATE"}}
	for _, k := range keys {
		rows = append(rows, []string{k.ID, k.Tenant, string(k.Scope), k.Name, moment(k.CreatedAt), keyState(k, time.Now())})
	}
	if !c.RevokeKeys {
		fmt.Fprintln(m.Stderr, "It made these API keys, which still work; revoke them with oplog key revoke ID or --revoke-keys:")
	}
	return table(m.Stdout, rows)
}
