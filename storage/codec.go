package storage

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"oplog/oplog"
)

// entryRecord is the stored form of an entry: CBOR in Core Deterministic Encoding (RFC 8949, 4.2.1), a map with integer keys. Empty fields
// are omitted, and so are generated ids, which follow from time and seq. Times are microseconds since 1970, JSON values are text.
type entryRecord struct {
	Tenant           string         `cbor:"1,keyasint"`
	Seq              uint64         `cbor:"2,keyasint"`
	Time             int64          `cbor:"3,keyasint"`
	ReceivedAt       int64          `cbor:"4,keyasint"`
	ID               string         `cbor:"5,keyasint,omitempty"`
	UserID           string         `cbor:"6,keyasint"`
	UserName         string         `cbor:"7,keyasint"`
	UserRole         string         `cbor:"8,keyasint,omitempty"`
	OrganizationID   string         `cbor:"9,keyasint,omitempty"`
	OrganizationName string         `cbor:"10,keyasint,omitempty"`
	Module           string         `cbor:"11,keyasint"`
	Operation        string         `cbor:"12,keyasint"`
	ContentID        string         `cbor:"13,keyasint,omitempty"`
	ContentName      string         `cbor:"14,keyasint,omitempty"`
	Outcome          string         `cbor:"15,keyasint,omitempty"` // omitted: success
	Origin           string         `cbor:"16,keyasint,omitempty"` // omitted: manual
	IP               string         `cbor:"17,keyasint,omitempty"`
	UserAgent        string         `cbor:"18,keyasint,omitempty"`
	Changes          []changeRecord `cbor:"19,keyasint,omitempty"`
	Details          string         `cbor:"20,keyasint,omitempty"`
	APIKey           string         `cbor:"21,keyasint,omitempty"` // omitted: imported, or recorded by an older build
}

type changeRecord struct {
	Field  string `cbor:"1,keyasint"`
	Before string `cbor:"2,keyasint,omitempty"`
	After  string `cbor:"3,keyasint,omitempty"`
}

var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	decoding = must(cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // constant options
	}
	return v
}

// Encode returns the bytes of an entry, which its leaf hashes.
func Encode(e *oplog.Entry) ([]byte, error) { return encodeEntry(e) }

// encodeEntry returns the bytes of an entry, which are deterministic.
func encodeEntry(e *oplog.Entry) ([]byte, error) {
	r := recordOf(e)
	if data, ok := fastEncode(&r); ok {
		return data, nil
	}
	return encodeGeneric(r)
}

// encodeGeneric encodes any record, which escapes to the heap.
func encodeGeneric(r entryRecord) ([]byte, error) { return encoding.Marshal(&r) }

func recordOf(e *oplog.Entry) entryRecord {
	r := entryRecord{
		Tenant: e.Tenant, Seq: e.Seq, Time: e.Time.UnixMicro(), ReceivedAt: e.ReceivedAt.UnixMicro(),
		UserID: e.User.ID, UserName: e.User.Name, UserRole: e.User.Role,
		OrganizationID: e.Organization.ID, OrganizationName: e.Organization.Name,
		Module: e.Module, Operation: e.Operation, ContentID: e.Content.ID, ContentName: e.Content.Name,
		IP: e.IP, UserAgent: e.UserAgent, Details: string(e.Details), APIKey: e.KeyID,
	}
	if key, given := oplog.KeyOfID(e.ID); !given || key != e.Key() {
		r.ID = e.ID
	}
	if e.Outcome != oplog.OutcomeSuccess {
		r.Outcome = e.Outcome
	}
	if e.Origin != oplog.OriginManual {
		r.Origin = e.Origin
	}
	for _, c := range e.Changes {
		r.Changes = append(r.Changes, changeRecord{c.Field, string(c.Before), string(c.After)})
	}
	return r
}

// Decode decodes the recorded bytes of an entry, which does not alias them.
func Decode(leaf []byte) (oplog.Entry, error) { return decodeEntry(leaf) }

// decodeEntry is the inverse of encodeEntry; the entry does not alias data.
func decodeEntry(data []byte) (e oplog.Entry, err error) {
	err = decodeInto(&e, string(data))
	return e, err
}

// decodeInto decodes into an empty entry whose strings alias data.
func decodeInto(e *oplog.Entry, data string) error {
	if !fastDecode(data, e) {
		var err error
		if *e, err = decodeRecord([]byte(data)); err != nil {
			return err
		}
	}
	setDefaults(e)
	return nil
}

// setDefaults sets the fields that records omit.
func setDefaults(e *oplog.Entry) {
	if e.ID == "" {
		e.ID = e.Key().ID()
	}
	if e.Outcome == "" {
		e.Outcome = oplog.OutcomeSuccess
	}
	if e.Origin == "" {
		e.Origin = oplog.OriginManual
	}
}

// decodeRecord decodes any record.
func decodeRecord(data []byte) (oplog.Entry, error) {
	var r entryRecord
	if err := decoding.Unmarshal(data, &r); err != nil {
		return oplog.Entry{}, fmt.Errorf("decode entry: %w", err)
	}
	e := oplog.Entry{
		Tenant: r.Tenant, Seq: r.Seq, Time: time.UnixMicro(r.Time).UTC(), ReceivedAt: time.UnixMicro(r.ReceivedAt).UTC(),
		ID: r.ID, User: oplog.User{ID: r.UserID, Name: r.UserName, Role: r.UserRole},
		Organization: oplog.Ref{ID: r.OrganizationID, Name: r.OrganizationName},
		Module:       r.Module, Operation: r.Operation, Content: oplog.Ref{ID: r.ContentID, Name: r.ContentName},
		Outcome: r.Outcome, Origin: r.Origin, IP: r.IP, UserAgent: r.UserAgent, KeyID: r.APIKey,
	}
	if r.Details != "" {
		e.Details = json.RawMessage(r.Details)
	}
	for _, c := range r.Changes {
		change := oplog.Change{Field: c.Field}
		if c.Before != "" {
			change.Before = json.RawMessage(c.Before)
		}
		if c.After != "" {
			change.After = json.RawMessage(c.After)
		}
		e.Changes = append(e.Changes, change)
	}
	return e, nil
}
