package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
)

type keyCommand struct {
	Add    keyAdd    `cmd:"" help:"Add an API key, and print it once."`
	List   keyList   `cmd:"" help:"List API keys, including revoked ones."`
	Revoke keyRevoke `cmd:"" help:"Revoke an API key immediately."`

	Verifier keyVerifier `cmd:"" help:"Print the log's verifier key, which verifies checkpoints and manifests."`
	Rotate   keyRotate   `cmd:"" help:"Replace the log's signing key: the old one signs the new one, so that verifiers follow."`
}

type keyAdd struct {
	logFlags
	Tenant string `required:"" placeholder:"ID" help:"Tenant of the key."`
	Scope  string `required:"" enum:"write,read,launch,directory,metrics,backup" placeholder:"SCOPE" help:"Scope: write, read, launch, directory, metrics or backup."`
	Name   string `required:"" help:"Name of the program that uses it, to tell keys apart."`

	Expires      string   `placeholder:"TIME" help:"When the key stops working: RFC 3339, a day (until its end, UTC) or a duration such as 90d; by default never."`
	Addresses    []string `name:"address" sep:"none" placeholder:"IP" help:"Address or network (CIDR) that the key can be used from; may repeat. By default anywhere."`
	Organization string   `placeholder:"ID" help:"Restrict a read key to this organization and those below it."`
}

// limits returns the key's limits at a time.
func (c *keyAdd) limits(now time.Time) (identity.KeyLimits, error) {
	limits := identity.KeyLimits{Addresses: c.Addresses, Organization: c.Organization}
	if c.Expires == "" {
		return limits, nil
	}
	if days, isDays := strings.CutSuffix(c.Expires, "d"); isDays {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36_500 {
			limits.ExpiresAt = now.AddDate(0, 0, n)
			return limits, nil
		}
	}
	if day, err := time.Parse(time.DateOnly, c.Expires); err == nil {
		limits.ExpiresAt = day.AddDate(0, 0, 1)
		return limits, nil
	}
	at, err := time.Parse(time.RFC3339, c.Expires)
	if err != nil {
		return limits, fmt.Errorf("--expires %s is neither a time such as 2027-01-31T12:00:00Z, a day such as 2027-01-31, nor a number of days such as 90d", c.Expires)
	}
	limits.ExpiresAt = at
	return limits, nil
}

// Run prints the key alone on stdout for scripts.
func (c *keyAdd) Run(m *Program) error {
	limits, err := c.limits(time.Now())
	if err != nil {
		return err
	}
	return m.withLog(c.Data, func(l *node.Node) error {
		key, text, err := l.Identity.Audited(auditOfKey(m, l, "create")).AddLimitedKey(c.Tenant, identity.KeyScope(c.Scope), c.Name, identity.MadeByCommand, limits)
		if err != nil {
			return withHint(err, "tenant")
		}
		fmt.Fprintf(m.Stderr, "Key %s added. It is only shown once; keep it secret:\n", key.ID)
		_, err = fmt.Fprintln(m.Stdout, text)
		return err
	})
}

type keyList struct {
	logFlags
	Tenant string `placeholder:"ID" help:"Only the keys of this tenant."`
}

// Run lists keys.
func (c *keyList) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		keys, err := l.Identity.Keys(c.Tenant)
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "TENANT", "SCOPE", "NAME", "ADDED", "LAST USED", "ADDRESSES", "ORGANIZATION", "STATE"}}
		for _, k := range keys {
			used := "never"
			if !k.LastUsedAt.IsZero() {
				used = moment(k.LastUsedAt)
			}
			rows = append(rows, []string{
				k.ID, k.Tenant, string(k.Scope), k.Name, moment(k.CreatedAt), used, or(strings.Join(k.Addresses, " "), "any"),
				or(k.Organization, "all"), keyState(k, time.Now()),
			})
		}
		return errors.Join(table(m.Stdout, rows), l.Identity.Damage())
	})
}

func keyState(k identity.APIKey, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + moment(k.RevokedAt)
	case k.Expired(now):
		return "expired " + moment(k.ExpiresAt)
	case !k.ExpiresAt.IsZero():
		return "in use until " + moment(k.ExpiresAt)
	}
	return "in use"
}

type keyRevoke struct {
	logFlags
	ID     string `arg:"" help:"Id of the key: its first characters, as printed by oplog key list."`
	Tenant string `placeholder:"ID" help:"Tenant of the key."`
}

// Run revokes the key.
func (c *keyRevoke) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		_, err := l.Identity.Audited(auditOfKey(m, l, "revoke")).RevokeKey(c.Tenant, c.ID)
		return withHint(err, "key")
	})
}

// auditOfKey returns what tells the trail of a change of an API key.
func auditOfKey(m *Program, l *node.Node, operation string) oplog.Audit {
	return audit(m, l, oplog.RecordKey, "key", operation, func(k identity.APIKey) (string, oplog.Ref) {
		return k.Tenant, oplog.Ref{ID: k.ID, Name: k.Name}
	})
}
