package cli

import (
	"fmt"

	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
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
	TimeZone          string `default:"${time_zone}" placeholder:"ZONE" help:"Time zone of its days, retention and exports (${default})."`
	DataPermission    bool   `help:"Divide what is seen by organizations."`
	RetentionDays     int    `placeholder:"N" help:"Whole days of its time zone to keep entries; for ever without."`
	BelowLegalMinimum bool   `help:"Mean a retention below the legal minimum of 180 days."`
}

// Run adds the tenant.
func (c *tenantAdd) Run(m *Program) error {
	return m.withNewLog(c.Data, func(l *node.Node) error {
		t := oplog.Tenant{ID: c.ID, Name: c.Name, TimeZone: c.TimeZone, DataPermission: c.DataPermission}
		t.Retain(&c.RetentionDays, &c.BelowLegalMinimum, trail.CommandUser.ID, m.Now())
		t, err := l.Directory.AddTenant(t)
		if err != nil {
			return err
		}
		noteCommand(l, t.ID, "tenant", "create", oplog.Ref{ID: t.ID, Name: t.Name})
		fmt.Fprintf(m.Stderr, "Tenant %s added. Its first admin: oplog account add NAME --role admin --tenant %s\n", t.ID, t.ID)
		return m.tellRule(l, t)
	})
}

type tenantList struct {
	dataFlag
}

// Run lists tenants.
func (c *tenantList) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		tenants, err := l.Directory.Tenants()
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "NAME", "TIME ZONE", "DATA PERMISSION", "RETENTION", "ENTRIES"}}
		for _, t := range tenants {
			entries, _, err := l.Journal.Counts(t.ID)
			if err != nil {
				return err
			}
			rows = append(rows, []string{t.ID, t.Name, t.TimeZone, onOff(t.DataPermission), retention(t.RetentionDays), fmt.Sprint(entries)})
		}
		return table(m.Stdout, rows)
	})
}

type tenantSet struct {
	dataFlag
	ID                string  `arg:"" help:"Id of the tenant."`
	Name              *string `help:"Name to show."`
	TimeZone          *string `placeholder:"ZONE" help:"Time zone of its days, retention and exports; holds keep theirs."`
	DataPermission    *bool   `negatable:"" help:"Divide what is seen by organizations."`
	RetentionDays     *int    `placeholder:"N" help:"Whole days of its time zone to keep entries; 0 for ever."`
	BelowLegalMinimum *bool   `help:"Mean a retention below the legal minimum of 180 days."`
}

// Run changes what was named.
func (c *tenantSet) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		t, err := l.Directory.ChangeTenant(c.ID, func(t *oplog.Tenant) {
			replace(&t.Name, c.Name)
			replace(&t.TimeZone, c.TimeZone)
			replace(&t.DataPermission, c.DataPermission)
			t.Retain(c.RetentionDays, c.BelowLegalMinimum, trail.CommandUser.ID, m.Now())
		})
		if err != nil {
			return listedBy(err, "tenant")
		}
		noteCommand(l, t.ID, "tenant", "change", oplog.Ref{ID: t.ID, Name: t.Name})
		if c.RetentionDays == nil && c.TimeZone == nil {
			return nil
		}
		return m.tellRule(l, t)
	})
}

// tellRule says since when a tenant's entries are kept, where not all are.
func (m *Program) tellRule(l *node.Node, t oplog.Tenant) error {
	r, err := l.Directory.Retention(t.ID)
	if err != nil || r.KeptFrom == "" {
		return err
	}
	from, _ := oplog.Days{From: r.KeptFrom, To: r.KeptFrom}.Bounds()
	fmt.Fprintf(m.Stderr, "Today entries since %s are kept: the UTC days in which the %s before today in %s lie. "+
		"Older ones, except under a legal hold, are deleted when the server starts.\n", oplog.FormatInBoth(from, t.Location()), retention(r.Days), r.TimeZone)
	return nil
}

func replace[T any](value, by *T) {
	if by != nil {
		*value = *by
	}
}
