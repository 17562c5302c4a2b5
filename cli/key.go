package cli

import (
	"fmt"

	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
)

type keyCommand struct {
	Add    keyAdd    `cmd:"" help:"Add an API key, and print it once."`
	List   keyList   `cmd:"" help:"List API keys, including revoked ones."`
	Revoke keyRevoke `cmd:"" help:"Revoke an API key immediately."`

	Verifier keyVerifier `cmd:"" help:"Print the log's verifier key, which verifies checkpoints and manifests."`
}

type keyVerifier struct {
	dataFlag
}

// Run prints the verifier key, which is public, alone on stdout for scripts.
func (c *keyVerifier) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		_, err := fmt.Fprintln(m.Stdout, l.Journal.VerifierKey())
		return err
	})
}

type keyAdd struct {
	dataFlag
	Tenant string `required:"" placeholder:"ID" help:"Tenant of the key."`
	Scope  string `required:"" enum:"write,read,launch" placeholder:"SCOPE" help:"Scope: write, read or launch."`
	Name   string `required:"" help:"Name of the program that uses it, to tell keys apart."`
}

// Run prints the key alone on stdout for scripts.
func (c *keyAdd) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		key, text, err := l.Identity.AddKey(c.Tenant, identity.KeyScope(c.Scope), c.Name)
		if err != nil {
			return withHint(err, "tenant")
		}
		recordCommand(l, c.Tenant, "key", "create", oplog.Ref{ID: key.ID, Name: key.Name})
		fmt.Fprintf(m.Stderr, "Key %s added. It is only shown once; keep it secret:\n", key.ID)
		_, err = fmt.Fprintln(m.Stdout, text)
		return err
	})
}

type keyList struct {
	dataFlag
	Tenant string `placeholder:"ID" help:"Only the keys of this tenant."`
}

// Run lists keys.
func (c *keyList) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		keys, err := l.Identity.Keys(c.Tenant)
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "TENANT", "SCOPE", "NAME", "ADDED", "STATE"}}
		for _, k := range keys {
			state := "in use"
			if !k.RevokedAt.IsZero() {
				state = "revoked " + moment(k.RevokedAt)
			}
			rows = append(rows, []string{k.ID, k.Tenant, string(k.Scope), k.Name, moment(k.CreatedAt), state})
		}
		return table(m.Stdout, rows)
	})
}

type keyRevoke struct {
	dataFlag
	ID     string `arg:"" help:"Id of the key: its first characters, as printed by oplog key list."`
	Tenant string `placeholder:"ID" help:"Tenant of the key."`
}

// Run revokes the key.
func (c *keyRevoke) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		key, err := l.Identity.RevokeKey(c.Tenant, c.ID)
		if err == nil {
			recordCommand(l, key.Tenant, "key", "revoke", oplog.Ref{ID: key.ID, Name: key.Name})
		}
		return withHint(err, "key")
	})
}
