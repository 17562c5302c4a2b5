package oplog

import (
	"encoding/json"
	"time"
)

// Entry is one operation of one user.
//
// The sender sets the fields down to Details; they are kept exactly as sent, with times to the microsecond. The log sets Tenant, Seq,
// ReceivedAt and KeyID when it records the entry.
type Entry struct {
	ID           string          `json:"id" doc:"The sender's id, or a generated one: 26 characters that sort by time."`
	Seq          uint64          `json:"seq" doc:"Number of the entry in its tenant: 1, 2, 3 … in order of arrival."`
	Time         time.Time       `json:"time" doc:"Time of the operation, to the microsecond, in UTC."`
	ReceivedAt   time.Time       `json:"received_at" doc:"When the log recorded it."`
	User         User            `json:"user"`
	Organization Ref             `json:"organization,omitzero"`
	Module       string          `json:"module" doc:"Key of the functional module."`
	Operation    string          `json:"operation" doc:"Key of the operation type."`
	Content      Ref             `json:"content,omitzero"`
	Origin       string          `json:"origin" enum:"manual" doc:"Always manual: operations through an API are not recorded."`
	Outcome      string          `json:"outcome" enum:"success,failure" doc:"Failed attempts are recorded, too."`
	IP           string          `json:"ip,omitempty" doc:"IP address of the client."`
	UserAgent    string          `json:"user_agent,omitempty" doc:"The User-Agent header."`
	KeyID        string          `json:"key,omitempty" doc:"Id of the API key that recorded it; omitted for imported entries and those recorded before keys were."`
	Damaged      bool            `json:"damaged,omitempty" doc:"The stored bytes are not those that were recorded: only id, seq and time are returned. Restore a backup."`
	Changes      []Change        `json:"changes,omitempty" doc:"Fields of the content before and after, at most 100."`
	Details      json.RawMessage `json:"details,omitempty" type:"object" doc:"Any JSON object, as sent."`
	Tenant       string          `json:"-"`
}

// User is the acting user, with the name and role at the time of the operation.
type User struct {
	ID   string `json:"id" doc:"Id in the host system."`
	Name string `json:"name" doc:"Name at the time of the operation."`
	Role string `json:"role,omitempty" doc:"Role in the host system at the time of the operation."`
}

// Ref identifies an object by its id and its name at the time of the operation.
type Ref struct {
	ID   string `json:"id,omitempty" doc:"Id in the host system."`
	Name string `json:"name,omitempty" doc:"Name at the time of the operation."`
}

// Change is one field of the content before and after the operation. Before and After are any JSON values; absent if the field had no
// value.
type Change struct {
	Field  string          `json:"field" doc:"Name of the field."`
	Before json.RawMessage `json:"before,omitempty" doc:"Any JSON value; omitted if there was none."`
	After  json.RawMessage `json:"after,omitempty" doc:"Any JSON value; omitted if there is none."`
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
