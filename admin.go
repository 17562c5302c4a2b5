package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"oplog/oplog"
	"oplog/server"
)

type tenantCommand struct {
	Add  tenantAdd  `cmd:"" help:"Add a tenant."`
	List tenantList `cmd:"" help:"List all tenants."`
	Set  tenantSet  `cmd:"" help:"Change settings of a tenant; what is not named stays."`
	Hold tenantHold `cmd:"" help:"Legal holds: days that are not deleted, whatever the retention."`
}

type tenantAdd struct {
	dataFlag
	ID                string `arg:"" help:"Id, as in addresses: letters, digits, . _ -"`
	Name              string `required:"" help:"Name to show."`
	TimeZone          string `default:"${time_zone}" placeholder:"ZONE" help:"Time zone of its days and exports (${default})."`
	DataPermission    bool   `help:"Divide what is seen by organizations."`
	RetentionDays     int    `placeholder:"N" help:"Days to keep entries; for ever without."`
	BelowLegalMinimum bool   `help:"Mean a retention below the legal minimum of 180 days."`
}

// Run adds the tenant.
func (c *tenantAdd) Run(m *Main) error {
	return m.withNewLog(c.Data, func(l *oplog.Log) error {
		t := oplog.Tenant{ID: c.ID, Name: c.Name, TimeZone: c.TimeZone, DataPermission: c.DataPermission}
		t.Retain(&c.RetentionDays, &c.BelowLegalMinimum, oplog.CommandUser.ID, m.Now())
		t, err := l.AddTenant(t)
		if err != nil {
			return err
		}
		noteCommand(l, t.ID, "tenant", "create", oplog.Ref{ID: t.ID, Name: t.Name})
		fmt.Fprintf(m.Stderr, "Tenant %s added. Its first admin: oplog account add NAME --role admin --tenant %s\n", t.ID, t.ID)
		return nil
	})
}

type tenantList struct {
	dataFlag
}

// Run lists tenants.
func (c *tenantList) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		tenants, err := l.Tenants()
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "NAME", "TIME ZONE", "DATA PERMISSION", "RETENTION", "ENTRIES"}}
		for _, t := range tenants {
			entries, _, err := l.Counts(t.ID)
			if err != nil {
				return err
			}
			rows = append(rows, []string{t.ID, t.Name, t.TimeZone, onOff(t.DataPermission), retention(t.RetentionDays), fmt.Sprint(entries)})
		}
		return table(m.Stdout, rows)
	})
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func retention(days int) string {
	if days == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%d days", days)
}

type tenantSet struct {
	dataFlag
	ID                string  `arg:"" help:"Id of the tenant."`
	Name              *string `help:"Name to show."`
	TimeZone          *string `placeholder:"ZONE" help:"Time zone of its days and exports."`
	DataPermission    *bool   `negatable:"" help:"Divide what is seen by organizations."`
	RetentionDays     *int    `placeholder:"N" help:"Days to keep entries; 0 for ever."`
	BelowLegalMinimum *bool   `help:"Mean a retention below the legal minimum of 180 days."`
}

// Run changes what was named.
func (c *tenantSet) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		t, err := l.ChangeTenant(c.ID, func(t *oplog.Tenant) {
			replace(&t.Name, c.Name)
			replace(&t.TimeZone, c.TimeZone)
			replace(&t.DataPermission, c.DataPermission)
			t.Retain(c.RetentionDays, c.BelowLegalMinimum, oplog.CommandUser.ID, m.Now())
		})
		if err == nil {
			noteCommand(l, t.ID, "tenant", "change", oplog.Ref{ID: t.ID, Name: t.Name})
		}
		return listedBy(err, "tenant")
	})
}

func replace[T any](value, by *T) {
	if by != nil {
		*value = *by
	}
}

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
func (c *keyVerifier) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		_, err := fmt.Fprintln(m.Stdout, l.VerifierKey())
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
func (c *keyAdd) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		key, text, err := l.AddKey(c.Tenant, oplog.KeyScope(c.Scope), c.Name)
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
func (c *keyList) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		if err := known(l, c.Tenant); err != nil {
			return err
		}
		keys, err := l.Keys(c.Tenant)
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
func (c *keyRevoke) Run(m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		key, err := l.RevokeKey(c.Tenant, c.ID)
		if err == nil {
			noteCommand(l, key.Tenant, "key", "revoke", oplog.Ref{ID: key.ID, Name: key.Name})
		}
		return listedBy(err, "key")
	})
}

// noteCommand tells the tenant's trail what was done by a command.
func noteCommand(l *oplog.Log, tenant, module, operation string, object oplog.Ref) {
	l.Tell(oplog.Event{Tenant: tenant, User: oplog.CommandUser, Module: module, Operation: operation, Object: object})
}

// withLog does something with a log that exists, and closes it.
func (m *Main) withLog(data string, do func(*oplog.Log) error) error {
	l, err := m.openExistingLog(data)
	if err != nil {
		return err
	}
	return errors.Join(do(l), l.Close())
}

// withNewLog is withLog where the log may be new.
func (m *Main) withNewLog(data string, do func(*oplog.Log) error) error {
	dir, err := m.dataDir(data)
	if err != nil {
		return err
	}
	l, err := m.openLog(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(l), l.Close())
}

// known refuses a tenant that does not exist; "" stands for all.
func known(l *oplog.Log, tenant string) error {
	if tenant == "" {
		return nil
	}
	_, err := l.Tenant(tenant)
	return listedBy(err, "tenant")
}

// listedBy adds to an error about something that does not exist where to see
// what does.
func listedBy(err error, command string) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return fmt.Errorf("%s; oplog %s list names those there are", strings.TrimSuffix(err.Error(), "."), command)
	}
	return err
}

func moment(t time.Time) string { return t.Local().Format(time.DateTime) }

// table prints rows in columns, aligned as a terminal shows them: a Chinese
// character takes the room of two letters.
func table(w io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = visible(cell)
			widths[i] = max(widths[i], runewidth.StringWidth(row[i]))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += runewidth.FillRight(cell, widths[i]+2)
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// hashed reads a new password and returns what is kept of it.
func (m *Main) hashed(fromStdin bool) (string, error) {
	password, err := m.password(fromStdin)
	if err != nil {
		return "", err
	}
	return server.HashPassword(password)
}
