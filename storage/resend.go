package storage

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// equalContent reports whether two entries are equal except for fields that the log assigns and the formatting of JSON: a sender that
// retries may have kept the entry in a store that reorders members.
func equalContent(a, b *oplog.Entry) (bool, error) {
	x, y := *a, *b
	x.Seq, x.ReceivedAt, x.KeyID = 0, time.Unix(0, 0), ""
	y.Seq, y.ReceivedAt, y.KeyID = 0, time.Unix(0, 0), ""
	same, err := encodeAlike(&x, &y)
	if same || err != nil {
		return same, err
	}
	canonicalizeJSON(&x)
	canonicalizeJSON(&y)
	return encodeAlike(&x, &y)
}

func encodeAlike(a, b *oplog.Entry) (bool, error) {
	one, err := encodeEntry(a)
	if err != nil {
		return false, err
	}
	other, err := encodeEntry(b)
	return bytes.Equal(one, other), err
}

// canonicalizeJSON rewrites an entry's JSON values in canonical form. It does not modify memory shared with other entries.
func canonicalizeJSON(e *oplog.Entry) {
	e.Details = canonicalJSON(e.Details)
	changes := make([]oplog.Change, len(e.Changes))
	for i, c := range e.Changes {
		changes[i] = oplog.Change{Field: c.Field, Before: canonicalJSON(c.Before), After: canonicalJSON(c.After)}
	}
	e.Changes = changes
}

// canonicalJSON sorts an object's members and normalizes strings; numbers stay as they are, since their precision is the sender's. Objects
// with duplicate names are left unchanged: sorting would lose one of them.
func canonicalJSON(value json.RawMessage) json.RawMessage {
	var read any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if d.Decode(&read) != nil || !jsontext.Value(value).IsValid() {
		return value
	}
	text, err := json.Marshal(read)
	if err != nil {
		return value
	}
	return text
}
