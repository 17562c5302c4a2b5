package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oplog/control"
	"oplog/durable"
	"oplog/exports"
	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type exportCommand struct {
	logFlags
	Tenant  string   `required:"" placeholder:"ID" help:"Tenant whose operations to export."`
	Last    string   `xor:"period" placeholder:"DAYS" help:"The last 7d, 30d or 90d, including today."`
	Today   bool     `xor:"period" help:"Today, in the tenant's time zone."`
	Range   string   `xor:"period" placeholder:"NAME" help:"A period by the calendar of the tenant's time zone: ${ranges}. Weeks start on Monday."`
	From    string   `xor:"period" and:"custom" placeholder:"TIME" help:"Start, inclusive: a time such as 2026-11-20T08:00:00+08:00, or a day in the tenant's time zone such as 2026-11-20."`
	To      string   `and:"custom" placeholder:"TIME" help:"End, exclusive, in the same form."`
	Format  string   `default:"csv" enum:"csv,ndjson,xlsx" help:"csv, ndjson or xlsx (${default})."`
	Columns []string `placeholder:"NAME" help:"Optional columns of csv and xlsx: ${columns}; ndjson always has every field."`
	Output  string   `short:"o" placeholder:"FILE" help:"File to write, with FILE.manifest beside it; standard output by default or with -."`
	Key     string   `placeholder:"K" help:"API key of the server, with scope read; other users of this machine can see it, unlike one in --key-file."`
	filterFlags
	archiveSettings
}

var lastDays = map[string]oplog.Range{"7d": oplog.RangeLast7Days, "30d": oplog.RangeLast30Days, "90d": oplog.RangeLast90Days}

// Validate checks the flags before anything is opened.
func (c *exportCommand) Validate() error {
	if c.Last == "" && !c.Today && c.Range == "" && c.From == "" {
		return errors.New("specify the period: --last 30d, --today, --range last_month, or --from TIME --to TIME")
	}
	if c.Range != "" && !slices.Contains(oplog.PresetNames(), c.Range) {
		return fmt.Errorf("--range %s is not one of %s", c.Range, strings.Join(oplog.PresetNames(), ", "))
	}
	if _, ok := lastDays[c.Last]; c.Last != "" && !ok {
		return fmt.Errorf("--last %s is not one of 7d, 30d, 90d", c.Last)
	}
	for _, column := range c.Columns {
		if !slices.Contains(oplog.ExportColumns, column) {
			return fmt.Errorf("--columns %s is not one of %s", column, strings.Join(oplog.ExportColumns, ", "))
		}
	}
	if err := c.validateServer(); err != nil {
		return err
	}
	if err := errors.Join(c.check(), c.checkArchive()); err != nil {
		return err
	}
	if c.From == "" {
		return nil
	}
	days := time.UTC // the zone does not matter for whether it is a day
	if c.Server != "" {
		days = nil
	}
	_, err := parseTime("--from", c.From, days)
	if err == nil {
		_, err = parseTime("--to", c.To, days)
	}
	return err
}

// validateServer checks the flags of a server, for which the key may be given as such.
func (c *exportCommand) validateServer() error {
	if c.Key == "" {
		return c.logFlags.Validate()
	}
	if c.Server == "" || c.KeyFile != "" {
		return errors.New("--server and --key must be used together, without --key-file")
	}
	return c.checkServer()
}

func (c *exportCommand) givenKey() string { return c.Key }

func (c *exportCommand) lend(d *control.Desk) {
	if c.Output != "" && !isStandardOutput(c.Output) {
		d.Writes = []string{c.Output, c.Output + manifestSuffix}
	}
}

// Run exports from the log.
func (c *exportCommand) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLogToRead(c.Data, func(l *node.Node, readOnly bool) error { return c.fromLog(ctx, m, l, readOnly) })
}

// fromLog exports from an open log.
func (c *exportCommand) fromLog(ctx context.Context, m *Program, l *node.Node, readOnly bool) error {
	t, err := l.Directory.Tenant(c.Tenant)
	if err != nil {
		return withHint(err, "tenant")
	}
	x := exports.Export{Tenant: c.Tenant, Format: c.Format, Columns: c.Columns, Filters: c.filters(), Locale: oplog.LocaleEN}
	if x.Range, x.From, x.To, err = c.period(t.Location()); err != nil {
		return err
	}
	if err := m.awaitIndex(ctx, l, c.Tenant, readOnly); err != nil {
		return err
	}
	if c.Output != "" && c.Output != stdStream {
		x.FileName = filepath.Base(c.Output)
	}
	return c.write(m, func(w io.Writer) (string, error) {
		var shown progress
		before := 0
		written, manifest, err := l.Exports.Write(ctx, x, w, func(done, total int) {
			if shown.done == nil {
				shown = m.progress("Exporting tenant "+c.Tenant+":", total)
			}
			shown.add(done - before)
			before = done
		})
		if err != nil {
			return "", err
		}
		shown.end()
		if readOnly {
			fmt.Fprintln(m.Stderr, "The data directory cannot be written, so the access log does not tell of this export.")
			return manifest, nil
		}
		details := map[string]any{"range": written.Range, "from": written.From, "to": written.To, "format": written.Format, "filters": written.Filters, "rows": written.RowsDone}
		if len(written.Columns) > 0 {
			details["columns"] = written.Columns
		}
		l.Trail.Add(m.withSource(trail.Event{
			Tenant: c.Tenant, User: trail.CommandUser, Module: "export", Operation: "start", Object: oplog.Ref{Name: written.FileName}, Details: details,
		}))
		return manifest, nil
	})
}

// awaitIndex waits while a tenant's index is rebuilt from the store, after an update or after a loss. A server would ask to retry later; a
// command would start over each time.
func (m *Program) awaitIndex(ctx context.Context, l *node.Node, tenant string, readOnly bool) error {
	tick := time.NewTicker(exportPoll)
	defer tick.Stop()
	for recorded := false; ; recorded = true {
		_, err := l.Journal.Total(ctx, tenant, oplog.Query{})
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			return err
		}
		if refused := new(oplog.Error); readOnly && errors.As(err, &refused) && refused.Reason != "rebuilding" { // it cannot be kept, and would be rebuilt for ever
			return fmt.Errorf("the search index is not complete, and a directory that is only read cannot get one; start it with oplog serve, which rebuilds the index, and export then: %w", err)
		}
		if !recorded {
			fmt.Fprintln(m.Stderr, "Waiting for the search index, which is being rebuilt …")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// period returns the requested period; days are in a time zone, nil if it is unknown.
func (c *exportCommand) period(loc *time.Location) (oplog.Range, time.Time, time.Time, error) {
	if c.Today {
		return oplog.RangeToday, time.Time{}, time.Time{}, nil
	}
	if r, ok := lastDays[c.Last]; ok {
		return r, time.Time{}, time.Time{}, nil
	}
	if c.Range != "" {
		return oplog.Range(c.Range), time.Time{}, time.Time{}, nil
	}
	from, err := parseTime("--from", c.From, loc)
	if err != nil {
		return "", from, from, err
	}
	to, err := parseTime("--to", c.To, loc)
	switch {
	case err != nil:
	case to.Before(from):
		err = fmt.Errorf("--from %s is after --to %s", c.From, c.To)
	case to.Equal(from):
		err = fmt.Errorf("--from %s --to %s is an empty period: --to is exclusive%s", c.From, c.To, nextDay(c.To))
	}
	return oplog.RangeCustom, from, to, err
}

// nextDay returns a hint at the day to specify for a whole day; "" for a time.
func nextDay(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return ""
	}
	return "; for the whole day, --to " + day.AddDate(0, 0, 1).Format(time.DateOnly)
}

func parseTime(flag, text string, loc *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if loc == nil {
		return time.Time{}, fmt.Errorf("%s %s is not a time such as 2026-11-20T08:00:00+08:00, which --server requires", flag, text)
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, fmt.Errorf("%s %s is neither a time such as 2026-11-20T08:00:00+08:00 nor a day such as 2026-11-20", flag, text)
	}
	y, m, d := day.Date()
	return oplog.Midnight(y, m, d, loc), nil
}

// write writes the file, and its manifest beside it if the output is a regular file.
func (c *exportCommand) write(m *Program, fill func(io.Writer) (manifest string, err error)) error {
	output := cmp.Or(c.Output, stdStream)
	toStandard := isStandardOutput(output)
	withManifest := !toStandard && m.isRegular(output)
	err := m.writeNamed(output, func(w io.Writer) error {
		manifest, err := fill(w)
		if err != nil || !withManifest {
			return err
		}
		return m.files().WriteFile(c.Output+manifestSuffix, func(w io.Writer) error {
			_, err := io.WriteString(w, manifest)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("cannot write the file: %w", err)
	}
	if !toStandard && !withManifest {
		fmt.Fprintf(m.Stderr, "%s is not a regular file, so no manifest was written beside it.\n", c.Output)
	}
	return nil
}

// manifestSuffix follows the name of an export in that of its manifest.
const manifestSuffix = ".manifest"

// stdStream stands for standard input or output instead of a file name.
const stdStream = "-"

// isStandardOutput reports whether a file name stands for standard output.
// If that is a file, output is written to it and it is not replaced: the shell
// opened it, possibly to append.
func isStandardOutput(name string) bool {
	return name == stdStream || name == "/dev/stdout"
}

// writeNamed writes to a named file or to standard output.
func (m *Program) writeNamed(name string, fill func(io.Writer) error) error {
	if !isStandardOutput(name) {
		return m.files().WriteFile(name, fill)
	}
	w := bufio.NewWriterSize(m.Stdout, 64<<10)
	return errors.Join(fill(w), w.Flush())
}

// writeNew is writeNamed for a file that must not exist.
func (m *Program) writeNew(name string, fill func(io.Writer) error) error {
	if isStandardOutput(name) {
		return fill(m.Stdout)
	}
	if m.running != nil {
		return m.files().WriteFile(name, fill)
	}
	return durable.CreateFile(name, 0o600, fill)
}
