package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	jsonv2 "github.com/go-json-experiment/json"

	"oplog/oplog"
)

// rowReader converts rows of CSV or of a sheet to entries.
type rowReader struct {
	clocks
	columns    []string // field names, in the order of columns
	exported   bool     // the header is an export's
	modules    titleKeys
	operations titleKeys
	catalog    *oplog.Catalog
}

func newRowReader(terms oplog.ExportOptions) *rowReader {
	r := &rowReader{clocks: clocks{terms.Location}, catalog: terms.Catalog}
	r.modules, r.operations = titlesOf(terms.Catalog)
	return r
}

// textFields are the fields whose cells are used unchanged.
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
	"ip":                func(e *oplog.Entry) *string { return &e.IP },
	"key":               func(e *oplog.Entry) *string { return &e.KeyID },
	"user_agent":        func(e *oplog.Entry) *string { return &e.UserAgent },
}

// fieldNames are the columns of a file with field names, in the order of error messages. The last two are assigned by the log and ignored.
var fieldNames = []string{
	"time", "id", "user_id", "user_name", "user_role", "organization_id", "organization_name", "module", "operation",
	"content_id", "content_name", "origin", "outcome", "ip", "key", "user_agent", "changes", "details", "exact_time", "seq", "received_at",
}

// requiredFields are required in every row.
var requiredFields = []string{"user_id", "user_name", "module", "operation"}

// fieldOf returns the field named by a header cell, and whether it is named as in an export; "" if unknown.
func fieldOf(cell string) (field string, exported bool) {
	name := strings.TrimSpace(cell)
	for i := range columns {
		if name == columns[i].en || name == columns[i].zh {
			return columns[i].field, true
		}
	}
	if field = strings.ReplaceAll(name, ".", "_"); slices.Contains(fieldNames, field) {
		return field, false
	}
	return "", false
}

// known returns the number of cells that name fields.
func known(cells []string) int {
	n := 0
	for _, cell := range cells {
		if field, _ := fieldOf(cell); field != "" {
			n++
		}
	}
	return n
}

// readHeader reads the header and reports everything that is wrong with it.
func (r *rowReader) readHeader(header []string) error {
	header = withoutEmptyEnd(header)
	var unknown, twice, missing []string
	for at, cell := range header {
		field, exported := fieldOf(cell)
		switch name := strings.TrimSpace(cell); {
		case field == "" && name == "":
			unknown = append(unknown, fmt.Sprintf("column %d without a name", at+1))
		case field == "":
			unknown = append(unknown, quotedText(name))
		case slices.Contains(r.columns, field):
			twice = append(twice, quotedText(name))
		}
		r.columns, r.exported = append(r.columns, field), r.exported || exported
	}
	chinese := strings.ContainsFunc(strings.Join(header, ""), func(c rune) bool { return unicode.Is(unicode.Han, c) })
	for _, field := range requiredFields {
		if !slices.Contains(r.columns, field) {
			missing = append(missing, titleOf(field, chinese))
		}
	}
	var wrong []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			wrong = append(wrong, what+" "+strings.Join(names, ", "))
		}
	}
	add("unknown columns:", unknown)
	add("duplicate columns:", twice)
	add("missing required columns:", missing)
	if wrong == nil {
		return nil
	}
	text := "invalid header: " + strings.Join(wrong, "; ")
	if system := systemOf(systemsOfCSV, header); system != "" {
		text = "this is " + system + ", not an export of this log: " + strings.Join(wrong, "; ")
	}
	return errors.New(text + ". Rename the columns that have the same meaning and delete the others. Known columns are those of an export, or fields: " + strings.Join(fieldNames, ", "))
}

// titleOf returns a field's title in exports followed by its own name.
func titleOf(field string, chinese bool) string {
	for _, c := range columns {
		if c.field == field && chinese {
			return fmt.Sprintf("%s (%s)", c.zh, field)
		}
		if c.field == field {
			return fmt.Sprintf("%s (%s)", c.en, field)
		}
	}
	return field
}

// withoutEmptyEnd drops the empty cells at the end of a row.
func withoutEmptyEnd(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// entry converts a row with as many cells as there are columns.
func (r *rowReader) entry(cells []string) (oplog.Entry, error) {
	var e oplog.Entry
	var at, exact string
	var err error
	for i, field := range r.columns {
		cell := cells[i]
		switch field {
		case "time":
			at = cell
		case "exact_time":
			exact = cell
		case "seq", "received_at":
		case "outcome":
			e.Outcome = outcomeOf(cell)
		case "changes":
			if e.Changes, err = changesOf(cell); err != nil {
				return e, err
			}
		case "details":
			e.Details = json.RawMessage(cell)
			if cell != "" && !json.Valid(e.Details) {
				return e, lineError("details is not a JSON object")
			}
		default:
			*textFields[field](&e) = cell
		}
	}
	if err := r.nameOperation(&e); err != nil {
		return e, err
	}
	if e.Time, err = r.operationTime(at, exact, e.ID); err != nil {
		return e, err
	}
	return e, spreadsheetNumber(&e, at)
}

// outcomeOf parses an outcome as written by exports or shown in the console. Anything else is returned as it is, for validation to reject.
func outcomeOf(cell string) string {
	for outcome, title := range outcomesZH {
		if cell == title || strings.EqualFold(cell, outcome) {
			return outcome
		}
	}
	if strings.EqualFold(cell, "failed") {
		return oplog.OutcomeFailure
	}
	return cell
}

// changesOf parses changes as exports write them, or as JSON of the API.
func changesOf(cell string) (changes []oplog.Change, err error) {
	if !strings.HasPrefix(cell, "[") {
		return parseChanges(cell)
	}
	if err := jsonv2.Unmarshal([]byte(cell), &changes, jsonv2.RejectUnknownMembers(true)); err != nil {
		return nil, lineError(`changes is not a JSON array of {"field", "before", "after"}`)
	}
	return changes, nil
}

var scientific = regexp.MustCompile(`^\d(\.\d+)?E\+\d+$`)

// spreadsheetNumber rejects long numeric ids that a spreadsheet has rounded, if the time format shows that one saved the file.
func spreadsheetNumber(e *oplog.Entry, at string) error {
	if _, _, ok := exportedTime(at); ok {
		return nil
	}
	for _, id := range []struct{ field, text string }{{"id", e.ID}, {"user_id", e.User.ID}, {"organization_id", e.Organization.ID}, {"content_id", e.Content.ID}} {
		if scientific.MatchString(id.text) {
			return lineError(fmt.Sprintf("%s %s is a long number whose last digits a spreadsheet has dropped; import the original file", id.field, quotedText(id.text)))
		}
	}
	return nil
}

// nameOperation replaces titles of modules and operations by their keys. Unknown titles are left for validation to reject.
func (r *rowReader) nameOperation(e *oplog.Entry) error {
	modules := r.modules.keys(e.Module)
	if len(modules) > 1 {
		return lineError(fmt.Sprintf("module %s is the title of %s in the catalog; write the key that you mean", quotedText(e.Module), strings.Join(modules, " and ")))
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
