package cli

import (
	"fmt"

	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type tenantHold struct {
	Add  holdAdd  `cmd:"" help:"Add a legal hold, which keeps days from being deleted."`
	List holdList `cmd:"" help:"List legal holds, including lifted ones."`
	Lift holdLift `cmd:"" help:"Lift a legal hold."`
}

type holdAdd struct {
	logFlags
	ID     string `arg:"" help:"Id of the tenant."`
	From   string `placeholder:"DATE" help:"First day in the tenant's time zone, such as 2026-01-31; unbounded by default."`
	To     string `placeholder:"DATE" help:"Last day in the tenant's time zone; unbounded by default."`
	Reason string `required:"" help:"Reason, such as a case number."`
}

// Run adds the hold and prints its id, alone on stdout, and its period.
func (c *holdAdd) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		h, err := l.Directory.Audited(auditOfHold(m, l, c.ID, "hold")).AddHold(c.ID, oplog.Hold{From: c.From, To: c.To, Reason: c.Reason, SetBy: trail.CommandUser.ID})
		if err != nil {
			return withHint(err, "tenant")
		}
		from, until := covers(h)
		fmt.Fprintf(m.Stderr, "Held from %s until %s: the UTC days that overlap the given days in %s.\n",
			or(from, "the first entry on"), or(until, "it is lifted"), h.TimeZone)
		_, err = fmt.Fprintln(m.Stdout, h.ID)
		return err
	})
}

// covers returns the period that a hold covers, in UTC and in the time zone of its days; "" for unbounded.
func covers(h oplog.Hold) (from, until string) {
	loc := oplog.Tenant{TimeZone: h.TimeZone}.Location()
	if !h.CoversFrom.IsZero() {
		from = oplog.FormatInBoth(h.CoversFrom, loc)
	}
	if !h.CoversUntil.IsZero() {
		until = oplog.FormatInBoth(h.CoversUntil, loc)
	}
	return from, until
}

type holdList struct {
	logFlags
	ID string `arg:"" help:"Id of the tenant."`
}

// Run lists holds.
func (c *holdList) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		r, err := l.Directory.Retention(c.ID)
		if err != nil {
			return withHint(err, "tenant")
		}
		rows := [][]string{{"ID", "FROM", "TO", "SET BY", "SET", "HELD FROM", "HELD UNTIL", "STATE", "REASON"}}
		for _, h := range r.Holds {
			state := "stands"
			if !h.LiftedAt.IsZero() {
				state = "lifted " + moment(h.LiftedAt) + " by " + h.LiftedBy
			}
			from, until := covers(h)
			rows = append(rows, []string{
				h.ID, orDash(h.From), orDash(h.To), h.SetBy, moment(h.SetAt), orDash(from), orDash(until), state, h.Reason,
			})
		}
		return table(m.Stdout, rows)
	})
}

type holdLift struct {
	logFlags
	ID   string `arg:"" help:"Id of the tenant."`
	Hold string `arg:"" help:"Id of the hold."`
}

// Run lifts the hold.
func (c *holdLift) Run(m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		_, err := l.Directory.Audited(auditOfHold(m, l, c.ID, "lift")).LiftHold(c.ID, c.Hold, trail.CommandUser.ID)
		return withHint(err, "tenant hold")
	})
}

// auditOfHold returns what tells a tenant's trail of a change of a hold.
func auditOfHold(m *Program, l *node.Node, tenant, operation string) oplog.Audit {
	return audit(m, l, oplog.RecordHold, "retention", operation, func(h oplog.HoldRecord) (string, oplog.Ref) {
		return tenant, oplog.Ref{ID: h.ID, Name: h.Reason}
	})
}
