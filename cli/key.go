package cli

import (
	"fmt"

	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
)

type keyCommand struct {
	Add    keyAdd    `cmd:"" help:"Add an API key, and print it this once."`
	List   keyList   `cmd:"" help:"List API keys, revoked ones too."`
	Revoke keyRevoke `cmd:"" help:"Revoke an API key immediately."`

	Verifier keyVerifier `cmd:"" help:"Print the log's verifier key, which checkpoints and manifests are checked with."`
}

type keyVerifier struct {
	dataFlag
}

// Run prints the verifier key alone on stdout, so that scripts can take it from
// there. It is public.
func (c *keyVerifier) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		_, err := fmt.Fprintln(m.Stdout, l.Journal.VerifierKey())
		return err
	})
}

type keyAdd struct {
	dataFlag
	Tenant string `required:"" placeholder:"ID" help:"Tenant that the key opens."`
	Scope  string `required:"" enum:"write,read,launch" placeholder:"SCOPE" help:"What it may do: write, read or launch."`
	Name   string `required:"" help:"What uses it, to tell keys apart."`
}

// Run prints the key alone on stdout, so that scripts can take it from there.
func (c *keyAdd) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		key, text, err := l.Identity.AddKey(c.Tenant, identity.KeyScope(c.Scope), c.Name)
		if err != nil {
			return listedBy(err, "tenant")
		}
		noteCommand(l, c.Tenant, "key", "create", oplog.Ref{ID: key.ID, Name: key.Name})
		fmt.Fprintf(m.Stderr, "Key %s added. It is shown this once; keep it where secrets are kept:\n", key.ID)
		_, err = fmt.Fprintln(m.Stdout, text)
		return err
	})
}

type keyList struct {
	dataFlag
	Tenant string `placeholder:"ID" help:"Tenant whose keys to list; all without."`
}

// Run lists keys.
func (c *keyList) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		if err := known(l, c.Tenant); err != nil {
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
	ID     string `arg:"" help:"Id of the key: its first characters, as oplog key list has them."`
	Tenant string `placeholder:"ID" help:"Tenant of the key; any without."`
}

// Run ends the key.
func (c *keyRevoke) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		key, err := l.Identity.RevokeKey(c.Tenant, c.ID)
		if err == nil {
			noteCommand(l, key.Tenant, "key", "revoke", oplog.Ref{ID: key.ID, Name: key.Name})
		}
		return listedBy(err, "key")
	})
}
