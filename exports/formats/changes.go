package formats

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// Changes are formatted with a line per field: "field: before → after". Values are the recorded JSON, so that 1, 1.0 and "1" stay distinct;
// strings and field names are unquoted if that is unambiguous. A missing value is left empty: "field: → after", "field: before →".

const arrow = "→"

// changesText formats changes; parseChanges is its exact inverse.
func changesText(changes []oplog.Change) string {
	if len(changes) == 0 {
		return ""
	}
	var b strings.Builder
	for i := range changes {
		c := &changes[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fieldText(c.Field))
		b.WriteByte(':')
		if len(c.Before) > 0 {
			b.WriteByte(' ')
			b.WriteString(valueText(c.Before))
		}
		b.WriteString(" " + arrow)
		if len(c.After) > 0 {
			b.WriteByte(' ')
			b.WriteString(valueText(c.After))
		}
	}
	return b.String()
}

// fieldText returns a field name, as JSON if it would be ambiguous or would make the line a formula.
func fieldText(field string) string {
	if isPlain(field) && !strings.Contains(field, ":") && !isFormula(field) && field[0] != '\'' {
		return field
	}
	quoted, err := jsontext.AppendQuote(nil, field)
	if err != nil {
		return field // invalid UTF-8, which no log contains
	}
	return string(quoted)
}

// valueText returns a JSON value, or its string if it is unambiguous.
func valueText(raw json.RawMessage) string {
	if raw[0] != '"' {
		return string(raw)
	}
	text := string(raw[1 : len(raw)-1])
	if strings.Contains(text, `\`) || !isPlain(text) || json.Valid([]byte(text)) {
		return string(raw)
	}
	return text
}

// isPlain reports whether an unquoted text can be parsed back.
func isPlain(text string) bool {
	return text != "" && !strings.Contains(text, arrow) && !strings.ContainsFunc(text, unicode.IsControl) &&
		strings.TrimSpace(text) == text && !strings.ContainsAny(text[:1], `"[{`)
}

// parseChanges parses the text of changes, or a JSON array of them.
func parseChanges(text string) ([]oplog.Change, error) {
	var changes []oplog.Change
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		c, ok := parseChange(line)
		if !ok {
			return nil, lineError(fmt.Sprintf("changes has an invalid line, %s; expected lines like \"field: before → after\"", quotedText(line)))
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func parseChange(line string) (c oplog.Change, ok bool) {
	if line[0] == '"' {
		quoted, rest, ok := cutValue(line)
		if !ok || !strings.HasPrefix(rest, ":") {
			return c, false
		}
		field, err := jsontext.AppendUnquote(nil, quoted)
		if err != nil {
			return c, false
		}
		c.Field, line = string(field), rest[1:]
	} else if c.Field, line, ok = strings.Cut(line, ":"); !ok {
		return c, false
	}
	if c.Before, line, ok = cutSide(line); !ok {
		return c, false
	}
	if line, ok = strings.CutPrefix(line, " "+arrow); !ok {
		return c, false
	}
	c.After, line, ok = cutSide(line)
	return c, ok && line == ""
}

// cutSide splits a value off a line that ends after it or continues with the arrow; the value may be empty.
func cutSide(line string) (value json.RawMessage, rest string, ok bool) {
	text, found := strings.CutPrefix(line, " ")
	if !found || strings.HasPrefix(text, arrow) {
		return nil, line, true
	}
	if text != "" && strings.ContainsAny(text[:1], `"[{`) {
		value, rest, ok = cutValue(text)
		return value, rest, ok
	}
	end := strings.Index(text, " "+arrow)
	if end < 0 {
		end = len(text)
	}
	text, rest = text[:end], text[end:]
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), rest, true
	}
	quoted, err := jsontext.AppendQuote(nil, text)
	return quoted, rest, err == nil
}

// cutValue splits a JSON value off the start of a text.
func cutValue(text string) (value json.RawMessage, rest string, ok bool) {
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	raw, err := d.ReadValue()
	if err != nil {
		return nil, text, false
	}
	return json.RawMessage(raw.Clone()), text[d.InputOffset():], true
}
