package cli

import (
	"context"
	"errors"
	"fmt"

	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type tenantCommand struct {
	Add  tenantAdd  `cmd:"" help:"Add a tenant."`
	List tenantList `cmd:"" help:"List all tenants."`
	Set  tenantSet  `cmd:"" help:"Change settings of a tenant; others stay unchanged."`

	Remove tenantRemove `cmd:"" help:"Remove a tenant with everything that belongs to it, for good; a signed statement stays."`
	Export tenantExport `cmd:"" help:"Export everything of a tenant as a ZIP that can be checked without the log."`

	Agree tenantAgree `cmd:"" name:"agree-to-deletion" help:"Agree to a deletion under the retention rule that waits, because the clock is far off or much more would be deleted than last time."`

	Hold tenantHold `cmd:"" help:"Legal holds, which keep days from being deleted by retention."`
}

type tenantAgree struct {
	logFlags
	accessLogFlag
	ID     string `arg:"" help:"Id of the tenant."`
	Reason string `arg:"" enum:"clock,amount" help:"Why it waits: clock confirms this machine's clock, for all tenants; amount allows to delete much more than last time."`
}

// accessLogFlag is the server's setting that says whether the installation's access log has expired days.
type accessLogFlag struct {
	AccessLogDays int `placeholder:"DAYS" help:"Days to keep the installation's access log, as the server's setting: by default that of its configuration file."`
}

// Validate checks the flags before anything is opened.
func (c *tenantAgree) Validate() error {
	return errors.Join(c.logFlags.Validate(), checkAccessLogDays(c.AccessLogDays))
}

// Run shows what waits, and agrees to it. The server deletes when it starts, or at once if it runs.
func (c *tenantAgree) Run(ctx context.Context, m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		if m.running == nil { // a server has its own setting
			l.Journal.KeepInstallationTrail(c.AccessLogDays)
		}
		if err := l.Journal.FindWaiting(ctx, c.ID); err != nil {
			return withHint(err, "tenant")
		}
		for _, w := range l.Journal.WaitingFor(c.ID, true) {
			fmt.Fprintln(m.Stdout, visible(w.String()))
		}
		tell := func(of string, agreed []oplog.Waiting) oplog.Audit {
			return l.Trail.Audit(trail.Stored(oplog.RecordServer, func(any) trail.Event {
				return m.withSource(trail.Event{
					Tenant: of, User: trail.CommandUser, Module: "retention", Operation: "agree", Object: oplog.Ref{ID: c.Reason},
					Details: map[string]any{"agreed": agreed},
				})
			}))
		}
		if _, err := l.Journal.AgreeToDeletion(c.ID, oplog.WaitReason(c.Reason), trail.CommandUser.ID, tell); err != nil {
			return err
		}
		when := "when it starts"
		if m.running != nil {
			when = "now"
		}
		fmt.Fprintf(m.Stderr, "Agreed; the server deletes %s.\n", when)
		return nil
	})
}

type tenantAdd struct {
	logFlags
	ID                string `arg:"" help:"Id, as in URLs: letters, digits, . _ -"`
	Name              string `required:"" help:"Display name."`
	TimeZone          string `default:"${time_zone}" placeholder:"ZONE" help:"Time zone of its days, retention and exports (${default})."`
	DataPermission    bool   `help:"Restrict what people see to their organization."`
	RetentionDays     int    `placeholder:"N" help:"Days to keep entries, in its time zone; forever by default."`
	AccessDays        int    `name:"access-retention-days" placeholder:"N" help:"Days to keep the access log, at least 365; forever by default."`
	BelowLegalMinimum bool   `help:"Confirm a retention below the legal minimum of 180 days."`
}

// Run adds the tenant.
func (c *tenantAdd) Run(m *Program) error {
	return m.withNewLog(c.Data, func(l *node.Node) error {
		t := oplog.Tenant{ID: c.ID, Name: c.Name, TimeZone: c.TimeZone, DataPermission: c.DataPermission}
		t.Retain(&c.RetentionDays, &c.BelowLegalMinimum, trail.CommandUser.ID, m.Now())
		t.RetainAccess(&c.AccessDays, trail.CommandUser.ID, m.Now())
		t, err := l.Directory.Audited(auditOfTenant(m, l, "create")).AddTenant(t)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Stderr, "Tenant %s added. Its first admin: oplog account add NAME --role admin --tenant %s\n", t.ID, t.ID)
		return m.printRetention(l, t)
	})
}

type tenantList struct {
	logFlags
	Removed bool `help:"List removed tenants instead, with the signed statements."`
}

// Run lists tenants.
func (c *tenantList) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		if c.Removed {
			return listRemoved(m, l)
		}
		tenants, err := l.Directory.Tenants()
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "NAME", "TIME ZONE", "DATA PERMISSION", "RETENTION", "ARCHIVE AFTER", "ENTRIES"}}
		for _, t := range tenants {
			entries, _, err := l.Journal.Counts(t.ID)
			if err != nil {
				return err
			}
			rows = append(rows, []string{t.ID, t.Name, t.TimeZone, onOff(t.DataPermission), retention(t.RetentionDays), archiveAfter(t.ArchiveAfter), fmt.Sprint(entries)})
		}
		return errors.Join(table(m.Stdout, rows), l.Directory.Damage())
	})
}

func archiveAfter(days int) string {
	if days == 0 {
		return "never"
	}
	return retention(days)
}

type tenantSet struct {
	logFlags
	ID                string  `arg:"" help:"Id of the tenant."`
	Name              *string `help:"Display name."`
	TimeZone          *string `placeholder:"ZONE" help:"Time zone of its days, retention and exports; holds keep theirs."`
	DataPermission    *bool   `negatable:"" help:"Restrict what people see to their organization."`
	RetentionDays     *int    `placeholder:"N" help:"Days to keep entries, in its time zone; 0 keeps them forever."`
	AccessDays        *int    `name:"access-retention-days" placeholder:"N" help:"Days to keep the access log, at least 365; 0 keeps it forever."`
	BelowLegalMinimum *bool   `help:"Confirm a retention below the legal minimum of 180 days."`
	ArchiveAfter      *int    `placeholder:"DAYS" help:"Days after which entries go to the archive (oplog serve --archive), at least 30; 0 for never. What is there stays there."`

	RequireSecondFactor *bool `negatable:"" help:"Require a second factor of its people, from their next sign-in on."`
}

// Run changes the given settings.
func (c *tenantSet) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		t, err := l.Directory.Audited(auditOfTenant(m, l, "change")).ChangeTenant(c.ID, func(t *oplog.Tenant) {
			replace(&t.Name, c.Name)
			replace(&t.TimeZone, c.TimeZone)
			replace(&t.DataPermission, c.DataPermission)
			replace(&t.RequireSecondFactor, c.RequireSecondFactor)
			t.Retain(c.RetentionDays, c.BelowLegalMinimum, trail.CommandUser.ID, m.Now())
			t.RetainAccess(c.AccessDays, trail.CommandUser.ID, m.Now())
			replace(&t.ArchiveAfter, c.ArchiveAfter)
		})
		if err != nil {
			return withHint(err, "tenant")
		}
		if (c.ArchiveAfter != nil || c.RetentionDays != nil) && t.NeverArchives() {
			fmt.Fprintf(m.Stderr, "Nothing goes to the archive: entries are deleted after %d days, and would be archived after %d.\n", t.RetentionDays, t.ArchiveAfter)
		}
		if c.RetentionDays == nil && c.TimeZone == nil {
			return nil
		}
		return m.printRetention(l, t)
	})
}

// auditOfTenant returns what tells the trail of a change of a tenant, with its settings: verify compares the rule of retention with them.
func auditOfTenant(m *Program, l *node.Node, operation string) oplog.Audit {
	return l.Trail.Audit(trail.Stored(oplog.RecordTenant, func(t oplog.Tenant) trail.Event {
		return m.withSource(trail.Event{
			Tenant: t.ID, User: trail.CommandUser, Module: "tenant", Operation: operation, Object: oplog.Ref{ID: t.ID, Name: t.Name},
			Details: map[string]any{"tenant": t},
		})
	}))
}

// printRetention prints since when a tenant's entries are kept, if not all are.
func (m *Program) printRetention(l *node.Node, t oplog.Tenant) error {
	r, err := l.Directory.Retention(t.ID)
	if err != nil || r.KeptFrom == "" {
		return err
	}
	from, _ := oplog.Days{From: r.KeptFrom, To: r.KeptFrom}.Bounds()
	when := "the server starts"
	if m.running != nil {
		when = "the next day begins there"
	}
	fmt.Fprintf(m.Stderr, "As of today entries since %s are kept: the UTC days that overlap the last %s before today in %s. "+
		"Older entries that are not under a legal hold are deleted when %s.\n", oplog.FormatInBoth(from, t.Location()), retention(r.Days), r.TimeZone, when)
	return nil
}

func replace[T any](value, by *T) {
	if by != nil {
		*value = *by
	}
}
