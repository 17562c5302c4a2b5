package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"oplog/oplog"
)

// csvReader reads entries from rows.
type csvReader struct {
	cells      cellReader
	columns    []string // names of fields, in order of the file's columns
	exported   bool     // the header is an export's
	requoted   bool     // it stands in quotation marks, which no export writes: those of the cells are another program's
	modules    titles
	operations titles
	catalog    *oplog.Catalog
	location   *time.Location
}

// exportFields are the fields of an export's columns, in their order.
var exportFields = []string{
	"time", "user_name", "user_id", "user_role", "organization_name", "organization_id", "module", "operation", "content_name", "content_id", "ip", "id",
}

// textFields are the fields whose cells are taken as they are.
var textFields = map[string]func(e *oplog.Entry) *string{
	"id":                func(e *oplog.Entry) *string { return &e.ID },
	"user_id":           func(e *oplog.Entry) *string { return &e.User.ID },
	"user_name":         func(e *oplog.Entry) *string { return &e.User.Name },
	"user_role":         func(e *oplog.Entry) *string { return &e.User.Role },
	"organization_id":   func(e *oplog.Entry) *string { return &e.Organization.ID },
	"organization_name": func(e *oplog.Entry) *string { return &e.Organization.Name },
	"content_id":        func(e *oplog.Entry) *string { return &e.Content.ID },
	"content_name":      func(e *oplog.Entry) *string { return &e.Content.Name },
	"module":            func(e *oplog.Entry) *string { return &e.Module },
	"operation":         func(e *oplog.Entry) *string { return &e.Operation },
	"origin":            func(e *oplog.Entry) *string { return &e.Origin },
	"outcome":           func(e *oplog.Entry) *string { return &e.Outcome },
	"ip":                func(e *oplog.Entry) *string { return &e.IP },
	"user_agent":        func(e *oplog.Entry) *string { return &e.UserAgent },
}

// fieldNames are the columns of a file that names fields, as a refusal lists
// them. The last two are the log's own to give, and passed over.
var fieldNames = []string{
	"time", "id", "user_id", "user_name", "user_role", "organization_id", "organization_name", "module", "operation",
	"content_id", "content_name", "origin", "outcome", "ip", "user_agent", "changes", "details", "seq", "received_at",
}

// neededFields are those without which no row can be an entry.
var neededFields = []string{"user_id", "user_name", "module", "operation"}

// readCSV reads the header, and returns what reads a row.
func readCSV(lines *physicalLines, terms oplog.ExportTerms) (func() (oplog.ImportLine, error), error) {
	r := &csvReader{cells: cellReader{lines: lines}, catalog: terms.Catalog, location: terms.Location}
	header, _, err := r.cells.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; it needs a header, or an entry as JSON on each line")
	case err != nil:
		return nil, fmt.Errorf("the header %w", err)
	}
	if err := r.readHeader(header); err != nil {
		return nil, err
	}
	r.modules, r.operations = titlesOf(terms.Catalog)
	return r.next, nil
}

func (r *csvReader) readHeader(header []string) error {
	for at, cell := range header {
		name := strings.TrimSpace(cell)
		if i := max(slices.Index(headerEN, name), slices.Index(headerZH, name)); i >= 0 {
			r.columns, r.exported = append(r.columns, exportFields[i]), true
			r.requoted = r.requoted || r.cells.inQuotes[at]
			continue
		}
		field := strings.ReplaceAll(name, ".", "_")
		if !slices.Contains(fieldNames, field) {
			return fmt.Errorf("its header has a column %q; it takes the header of an export, or names of fields: %s", name, strings.Join(fieldNames, ", "))
		}
		r.columns = append(r.columns, field)
	}
	for i, field := range r.columns {
		if slices.Contains(r.columns[:i], field) {
			return fmt.Errorf("its header has the column %q twice", header[i])
		}
	}
	for _, field := range neededFields {
		if !slices.Contains(r.columns, field) {
			return fmt.Errorf("its header has no column for %s, without which no row is an entry", field)
		}
	}
	return nil
}

func (r *csvReader) next() (oplog.ImportLine, error) {
	for {
		cells, number, err := r.cells.next()
		line := oplog.ImportLine{Number: number}
		var broken lineError
		switch {
		case errors.As(err, &broken):
			line.Err = broken
			return line, nil
		case err != nil:
			return line, err
		case len(cells) == 1 && cells[0] == "" && len(r.columns) > 1:
			continue // a blank line
		case len(cells) != len(r.columns):
			line.Err = lineError(fmt.Sprintf("has %d cells, and the header %d", len(cells), len(r.columns)))
			return line, nil
		}
		line.Entry, line.Err = r.entry(cells)
		return line, nil
	}
}

// entry makes an entry of a row.
func (r *csvReader) entry(cells []string) (oplog.Entry, error) {
	var e oplog.Entry
	var at string
	for i, field := range r.columns {
		cell := cells[i]
		if r.exported {
			cell = unguarded(cell, r.cells.inQuotes[i] && !r.requoted)
		}
		switch field {
		case "time":
			at = cell
		case "seq", "received_at":
		case "changes":
			if cell != "" {
				if err := jsonv2.Unmarshal([]byte(cell), &e.Changes, jsonv2.RejectUnknownMembers(true)); err != nil {
					return e, lineError("changes is not a JSON array of changes")
				}
			}
		case "details":
			e.Details = json.RawMessage(cell)
		default:
			*textFields[field](&e) = cell
		}
	}
	if err := r.nameOperation(&e); err != nil {
		return e, err
	}
	var err error
	e.Time, err = r.time(at, e.ID)
	return e, err
}

// nameOperation replaces titles of modules and operations by their keys. What
// is no title is left, for the catalog to judge.
func (r *csvReader) nameOperation(e *oplog.Entry) error {
	modules := r.modules.keys(e.Module)
	if len(modules) > 1 {
		return lineError(fmt.Sprintf("module %q is what the catalog calls %s; write the one that is meant", e.Module, strings.Join(modules, " and ")))
	}
	e.Module = modules[0]
	operations := r.operations.keys(e.Operation)
	m, _ := r.catalog.Module(e.Module)
	if i := slices.IndexFunc(operations, m.Allows); i > 0 {
		operations[0] = operations[i]
	}
	e.Operation = operations[0]
	return nil
}

// time reads when it happened. Exports have seconds; where an id is one that a
// log gave, it tells the rest, also which of two times that a clock shows alike.
func (r *csvReader) time(cell, id string) (time.Time, error) {
	if cell == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, cell); err == nil {
		return t.UTC(), nil
	}
	if key, ok := oplog.KeyOfID(id); ok && key.Time().In(r.location).Format(time.DateTime) == cell {
		return key.Time(), nil
	}
	wall, err := time.Parse(time.DateTime, cell)
	if err != nil {
		return wall, lineError(fmt.Sprintf("time %q is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z", cell))
	}
	t, ok := instant(wall, r.location)
	if !ok {
		return t, lineError(fmt.Sprintf("time %q is one that the clocks of %s skipped; write it with its offset, like 2006-01-02T15:04:05+01:00", cell, r.location))
	}
	return t.UTC(), nil
}

// instant returns when the clocks of a place showed what wall shows, and false
// where they skipped it. What they showed twice, when they were put back, is the
// first time.
func instant(wall time.Time, loc *time.Location) (time.Time, bool) {
	y, m, d := wall.Date()
	t := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		_, before := start.Add(-1).Zone()
		_, now := t.Zone()
		if first := t.Add(time.Duration(now-before) * time.Second); first.Before(t) && first.Before(start) {
			t = first
		}
	}
	return t, t.Format(time.DateTime) == wall.Format(time.DateTime)
}

// titles are the keys of a catalog by what they are called, in any language.
// What is a key itself stands for that key alone.
type titles map[string][]string

func titlesOf(c *oplog.Catalog) (modules, operations titles) {
	modules, operations = make(titles), make(titles)
	for _, m := range c.Modules {
		modules.add(m.Key, m.Title)
	}
	for _, o := range c.Operations {
		operations.add(o.Key, o.Title)
	}
	for _, m := range c.Modules {
		modules[m.Key] = []string{m.Key}
	}
	for _, o := range c.Operations {
		operations[o.Key] = []string{o.Key}
	}
	return modules, operations
}

func (t titles) add(key string, title oplog.Title) {
	for _, name := range []string{title.EN, title.ZH} {
		if name != "" && !slices.Contains(t[name], key) {
			t[name] = append(t[name], key)
		}
	}
}

// keys returns the keys that a name stands for, or the name itself.
func (t titles) keys(name string) []string {
	if keys := t[name]; len(keys) > 0 {
		return slices.Clone(keys)
	}
	return []string{name}
}
