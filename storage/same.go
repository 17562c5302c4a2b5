package storage

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// sameAsSent reports whether two entries are the same but for what the log gave
// them, and but for how their JSON is written: who sends an entry again may
// have kept it in a store that reorders an object's members.
func sameAsSent(a, b *oplog.Entry) (bool, error) {
	x, y := *a, *b
	x.Seq, x.ReceivedAt = 0, time.Unix(0, 0)
	y.Seq, y.ReceivedAt = 0, time.Unix(0, 0)
	same, err := encodeAlike(&x, &y)
	if same || err != nil {
		return same, err
	}
	rewriteJSON(&x)
	rewriteJSON(&y)
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

// rewriteJSON writes the same values the same way. It changes nothing that the
// entry shares with another.
func rewriteJSON(e *oplog.Entry) {
	e.Details = rewritten(e.Details)
	changes := make([]oplog.Change, len(e.Changes))
	for i, c := range e.Changes {
		changes[i] = oplog.Change{Field: c.Field, Before: rewritten(c.Before), After: rewritten(c.After)}
	}
	e.Changes = changes
}

// rewritten orders an object's members and spells texts alike; numbers stay as
// they are, whose precision is their sender's. An object that has a name twice
// is left as it is: an order would lose one of them.
func rewritten(value json.RawMessage) json.RawMessage {
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
