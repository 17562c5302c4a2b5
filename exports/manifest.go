package exports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"oplog/oplog"
)

// Manifest describes an export's file. Its text, signed with the key of checkpoints, is stored beside the file.
type Manifest struct {
	File       string        `json:"file"` // the file's name
	SHA256     string        `json:"sha256"`
	Size       int64         `json:"size"`
	Rows       int           `json:"rows"`
	Tenant     string        `json:"tenant"`
	Filters    oplog.Filters `json:"filters"`
	Scope      string        `json:"scope"` // the organization that its creator was limited to, "" for all
	From       time.Time     `json:"from"`  // the period; To is exclusive; zero for unbounded
	To         time.Time     `json:"to"`
	By         string        `json:"by"`
	At         time.Time     `json:"at"`         // when the export started
	Snapshot   uint64        `json:"snapshot"`   // the last seq included
	FirstSeq   uint64        `json:"first_seq"`  // the lowest seq in the file, 0 without rows
	LastSeq    uint64        `json:"last_seq"`   // the highest
	Checkpoint string        `json:"checkpoint"` // the signed head of the tenant's tree when the export started
}

// manifestTitle is the first line of a manifest, with the format's version.
const manifestTitle = "oplog export manifest v1"

// Text returns the text to sign: the title, then a line per field with its name and its value as JSON.
func (m *Manifest) Text() (string, error) { return manifestText(manifestTitle, m) }

func manifestText(title string, m any) (string, error) {
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
	text.WriteString(title + "\n")
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

// ParseManifest parses the text of a manifest whose signature has been verified.
func ParseManifest(text string) (Manifest, error) {
	var m Manifest
	err := parseManifest(manifestTitle, text, &m)
	return m, err
}

func parseManifest(title, text string, m any) error {
	first, rest, _ := strings.Cut(text, "\n")
	if first != title {
		return oplog.Errorf(oplog.CodeMalformed, "This is not an export manifest: it does not begin with %q.", title)
	}
	fields := make(map[string]json.RawMessage)
	for line := range strings.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := fields[name]; !ok || twice || !json.Valid([]byte(value)) {
			return oplog.Errorf(oplog.CodeMalformed, "The manifest has an invalid line: %q.", line)
		}
		fields[name] = json.RawMessage(value)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return oplog.Errorf(oplog.CodeMalformed, "The manifest is invalid: %w.", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(m); err != nil {
		return oplog.Errorf(oplog.CodeMalformed, "The manifest is invalid: %w.", err)
	}
	return nil
}

// String names the creator of an export.
func (c Creator) String() string {
	switch {
	case c.Key != "":
		return "key " + c.Key
	case strings.Contains(c.Username, "/"): // names of accounts have none
		return "user of the host system " + c.Username
	case c.Username != "":
		return "account " + c.Username
	default:
		return "the command line"
	}
}
