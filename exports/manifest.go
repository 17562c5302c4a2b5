package exports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"oplog/oplog"
)

// Manifest says what an export's file is. Its text, signed with the key of
// checkpoints, stands beside the file.
type Manifest struct {
	File       string        `json:"file"` // its name
	SHA256     string        `json:"sha256"`
	Size       int64         `json:"size"`
	Rows       int           `json:"rows"`
	Tenant     string        `json:"tenant"`
	Filters    oplog.Filters `json:"filters"`
	Scope      string        `json:"scope"` // the organization that its maker may see, "" for all
	From       time.Time     `json:"from"`  // the period, exclusive of To; zero for no bound
	To         time.Time     `json:"to"`
	By         string        `json:"by"`
	At         time.Time     `json:"at"`         // when the export began
	Snapshot   uint64        `json:"snapshot"`   // no entry that arrived after this seq is in it
	FirstSeq   uint64        `json:"first_seq"`  // the lowest seq in the file, 0 without rows
	LastSeq    uint64        `json:"last_seq"`   // the highest
	Checkpoint string        `json:"checkpoint"` // the signed head of the tenant's tree when the export began
}

// manifestTitle is the first line of a manifest, with the version of its form.
const manifestTitle = "oplog export manifest v1"

// Text returns what is signed: the title, then a line for each field, its name
// and its value as JSON.
func (m *Manifest) Text() (string, error) {
	var fields bytes.Buffer
	encoder := json.NewEncoder(&fields)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		return "", fmt.Errorf("write the manifest: %w", err)
	}
	decoder := json.NewDecoder(&fields)
	if _, err := decoder.Token(); err != nil {
		return "", fmt.Errorf("write the manifest: %w", err)
	}
	var text strings.Builder
	text.WriteString(manifestTitle + "\n")
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return "", fmt.Errorf("write the manifest: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return "", fmt.Errorf("write the manifest: %w", err)
		}
		fmt.Fprintf(&text, "%s: %s\n", name, value)
	}
	return text.String(), nil
}

// ParseManifest reads the text of a manifest whose signature was checked.
func ParseManifest(text string) (Manifest, error) {
	var m Manifest
	title, rest, _ := strings.Cut(text, "\n")
	if title != manifestTitle {
		return m, oplog.Errorf(oplog.CodeMalformed, "It is no manifest of an export: it does not begin with %q.", manifestTitle)
	}
	fields := make(map[string]json.RawMessage)
	for line := range strings.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := fields[name]; !ok || twice || !json.Valid([]byte(value)) {
			return m, oplog.Errorf(oplog.CodeMalformed, "The manifest has a line that cannot be read: %q.", line)
		}
		fields[name] = json.RawMessage(value)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return m, oplog.Errorf(oplog.CodeMalformed, "The manifest cannot be read: %w.", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return m, oplog.Errorf(oplog.CodeMalformed, "The manifest cannot be read: %w.", err)
	}
	return m, nil
}

// String names who began an export.
func (c Creator) String() string {
	switch {
	case c.Key != "":
		return "key " + c.Key
	case c.Username != "":
		return "account " + c.Username
	default:
		return "who runs the program"
	}
}
