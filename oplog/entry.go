package oplog

import (
	"encoding/json"
	"time"
)

// Entry is one operation of one user.
//
// The fields down to Details are the sender's, kept exactly as sent; times are
// kept to the microsecond. Tenant, Seq and ReceivedAt are given by the log
// when it records the entry.
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

// User is who did it, with the name and role of that moment.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
}

// Ref names a thing by its id and by the name of that moment.
type Ref struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Change is one field of the content before and after the operation. Before
// and After are any JSON values; absent where there was none.
type Change struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Where an operation came from, and how it ended.
const (
	OriginManual = "manual" // a person did it; recorded
	OriginAPI    = "api"    // a program did it; answered as skipped, never stored

	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
)

// Key returns the entry's place in the log.
func (e *Entry) Key() Key { return MakeKey(e.Time, e.Seq) }
