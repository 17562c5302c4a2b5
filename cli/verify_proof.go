package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

type verifyProofCommand struct {
	File string `arg:"" help:"The output of the console's \"Copy proof\", or the response of GET …/entries/ID; - for standard input."`
	knownKey
}

// copiedProof is a proof as copied from the console. Responses of the API also have all fields of the entry.
type copiedProof struct {
	ID    string       `json:"id"`
	Seq   uint64       `json:"seq"`
	Proof *oplog.Proof `json:"proof"`
}

// Run prints what the proof shows, and what it does not.
func (c *verifyProofCommand) Run(m *Program) error {
	data, err := m.readText(c.File)
	if err != nil {
		return fmt.Errorf("cannot read the proof: %w", err)
	}
	var copied copiedProof
	if err := json.Unmarshal(data, &copied); err != nil || copied.Proof == nil {
		return errors.New("this is not the proof of an entry: copy it completely, including the braces, from \"Copy proof\" in the console")
	}
	keys, err := c.follow(m, copied.Proof.KeyChanges)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	entry, head, err := storage.VerifyProof(*copied.Proof, keys)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	if copied.ID != entry.ID {
		return fmt.Errorf("NOT TRUE: the file names entry %q, but the proof is for %q", copied.ID, entry.ID)
	}
	if copied.Seq != 0 { // the fields of the entry are beside the proof
		var shown oplog.Entry
		if err := json.Unmarshal(data, &shown); err != nil {
			return errors.New("NOT TRUE: the fields beside the proof are not those of an entry")
		}
		shown.Tenant = entry.Tenant
		if !storage.IsLeaf(shown, copied.Proof.Leaf) {
			return errors.New("NOT TRUE: the fields beside the proof differ from what was recorded, which is the leaf in the proof")
		}
	}
	recorded, err := formatRecorded(entry)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(m.Stdout, `TRUE: this entry is part of %s, as number %d of %d, and is unchanged:
  %s

Proven, by the signature of %s:
  it has not been changed since it was received at %s

Not proven by it:
  that the operation took place at the stated time: the log received it %s after that time
  that the key is the log's: compare it with the one that you were given in person
`, logOf(entry.Tenant), entry.Seq, head.Size, recorded, signedBy(keys, head.Key),
		entry.ReceivedAt.UTC().Format(time.RFC3339Nano), max(0, entry.ReceivedAt.Sub(entry.Time)).Round(time.Second))
	return err
}

// logOf names a log in the store for people.
func logOf(tree string) string {
	owner := visible(oplog.OwnerOf(tree))
	switch {
	case !oplog.IsTrail(tree):
		return "the log of tenant " + owner
	case owner == "":
		return "the access log of the installation"
	}
	return "the access log of tenant " + owner
}

// formatRecorded formats an entry as recorded, with a line per field.
func formatRecorded(e oplog.Entry) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	err := encoder.Encode(e)
	return visibleLines(strings.TrimSpace(b.String())), err
}
