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
	ID           string          `json:"id" doc:"The sender's own, or the one that the log gave: 26 characters that sort by time."`
	Seq          uint64          `json:"seq" doc:"Number of the entry in its tenant: 1, 2, 3 … in order of arrival."`
	Time         time.Time       `json:"time" doc:"When it happened, to the microsecond, in UTC."`
	ReceivedAt   time.Time       `json:"received_at" doc:"When the log recorded it."`
	User         User            `json:"user"`
	Organization Ref             `json:"organization,omitzero"`
	Module       string          `json:"module" doc:"Key of the functional module."`
	Operation    string          `json:"operation" doc:"Key of the operation type."`
	Content      Ref             `json:"content,omitzero"`
	Origin       string          `json:"origin" enum:"manual" doc:"Always manual: what came through an API is not recorded."`
	Outcome      string          `json:"outcome" enum:"success,failure" doc:"Failed attempts are operations, too."`
	IP           string          `json:"ip,omitempty" doc:"Where from."`
	UserAgent    string          `json:"user_agent,omitempty" doc:"What the client said it is."`
	Changes      []Change        `json:"changes,omitempty" doc:"Fields of the content before and after, 100 at most."`
	Details      json.RawMessage `json:"details,omitempty" type:"object" doc:"Any JSON object, as it was sent."`
	Tenant       string          `json:"-"`
}

// User is the acting user, with the name and role at the time of the operation.
type User struct {
	ID   string `json:"id" doc:"Id in the host system."`
	Name string `json:"name" doc:"As it was at the time."`
	Role string `json:"role,omitempty" doc:"As the host system called it at the time."`
}

// Ref identifies an object by its id and its name at the time of the operation.
type Ref struct {
	ID   string `json:"id,omitempty" doc:"Id in the host system."`
	Name string `json:"name,omitempty" doc:"As it was at the time."`
}

// Change is one field of the content before and after the operation. Before and After are any JSON values; absent if the field had no
// value.
type Change struct {
	Field  string          `json:"field" doc:"Name of the field."`
	Before json.RawMessage `json:"before,omitempty" doc:"Any JSON value; left out where there was none."`
	After  json.RawMessage `json:"after,omitempty" doc:"Any JSON value; left out where there is none."`
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
