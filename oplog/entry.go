package oplog

import (
	"encoding/json"
	"time"
)

// Entry is one operation of one user.
//
// The sender sets the fields down to Details; they are kept exactly as sent, with times to the microsecond. The log sets Tenant, Seq and
// ReceivedAt when it records the entry.
type Entry struct {
	ID           string          `json:"id"`
	Seq          uint64          `json:"seq"`
	Time         time.Time       `json:"time"`
	ReceivedAt   time.Time       `json:"received_at"`
	User         User            `json:"user"`
	Organization Ref             `json:"organization,omitzero"`
	Module       string          `json:"module"`
	Operation    string          `json:"operation"`
	Content      Ref             `json:"content,omitzero"`
	Origin       string          `json:"origin"`
	Outcome      string          `json:"outcome"`
	IP           string          `json:"ip,omitempty"`
	UserAgent    string          `json:"user_agent,omitempty"`
	Changes      []Change        `json:"changes,omitempty"`
	Details      json.RawMessage `json:"details,omitempty"`
	Tenant       string          `json:"-"`
}

// User is the acting user, with the name and role at the time of the operation.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
}

// Ref identifies an object by its id and its name at the time of the operation.
type Ref struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Change is one field of the content before and after the operation. Before and After are any JSON values; absent if the field had no
// value.
type Change struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Origins and outcomes of operations.
const (
	OriginManual = "manual" // performed by a person; recorded
	OriginAPI    = "api"    // performed by a program; acknowledged as skipped, never stored

	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
)

// Key returns the entry's key.
func (e *Entry) Key() Key { return MakeKey(e.Time, e.Seq) }
