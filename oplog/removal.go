package oplog

import (
	"encoding/json"
	"strings"
	"time"
)

// Removal is what stays of a removed tenant, in its record: no other tenant gets its id, since the trees of its logs stay, without the entries.
type Removal struct {
	By         string    `json:"by"`
	At         time.Time `json:"at"`                   // when it began; the tenant does not exist for anybody from then on
	Statement  string    `json:"statement,omitempty"`  // the signed text of a RemovalStatement; "" until both logs are closed
	FinishedAt time.Time `json:"finished_at,omitzero"` // when everything was off the disk of the node that led
}

// RemovalStatement says what was removed.
type RemovalStatement struct {
	Tenant           string    `json:"tenant"`
	Name             string    `json:"name"`
	By               string    `json:"by"`
	At               time.Time `json:"at"`
	Entries          uint64    `json:"entries"`        // that were ever recorded
	Access           uint64    `json:"access_entries"` // of the access log
	Checkpoint       string    `json:"checkpoint"`     // the last one, of the entries
	AccessCheckpoint string    `json:"access_checkpoint"`
}

const removalTitle = "oplog tenant removal v1\n"

// Text returns the text to sign: a title, and a line of JSON.
func (s *RemovalStatement) Text() (string, error) {
	data, err := json.Marshal(s)
	return removalTitle + string(data) + "\n", err
}

// ParseRemoval parses the text of a statement, whose signature may follow.
func ParseRemoval(text string) (s RemovalStatement, err error) {
	data, is := strings.CutPrefix(text, removalTitle)
	if !is || json.NewDecoder(strings.NewReader(data)).Decode(&s) != nil {
		return s, Errorf(CodeMalformed, "This does not state that a tenant was removed.")
	}
	return s, nil
}

// LastDate is the last date that a deletion of everything names.
const LastDate = "9999-12-31"
