package cluster

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"oplog/oplog"
)

// TestWritesSurviveTheTrip: what a node sends to the leader arrives as it was.
func TestWritesSurviveTheTrip(t *testing.T) {
	e := testEntry("a")
	e.Time = e.Time.Add(123456 * time.Microsecond)
	e.Changes = []oplog.Change{{Field: "title", Before: []byte(`"<b>"`), After: []byte(` {"b" : 1.0} `)}}
	e.Details = []byte("{ \"a\":\t1e3}")
	sent := write{
		Tenant: "acme", Entries: []oplog.Entry{e}, Skipped: 3,
		Changes: []oplog.RecordChange{
			{Kind: oplog.RecordTenant, Name: "a", Data: []byte{}}, {Kind: oplog.RecordKey, Name: "k", Replaces: oplog.RevisionOf([]byte("x"))},
		},
	}
	text, err := encoding.Marshal(&sent)
	if err != nil {
		t.Fatal(err)
	}
	var got write
	if err := decoding.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	got.Entries[0].Tenant = got.Tenant
	if !reflect.DeepEqual(got, sent) {
		t.Errorf("got  %+v\nwant %+v", got, sent)
	}
}

// TestErrorsSurviveTheTrip: a node answers with the leader's error as the leader would.
func TestErrorsSurviveTheTrip(t *testing.T) {
	full := oplog.Refuse(oplog.CodeTooMany, "too-many", "At most {max} of {kinds}.", 5, []string{"a", "b"})
	full.Wait = time.Minute
	full.Fields = []oplog.FieldError{{
		Part: oplog.InQuery, Item: 3, Field: "time", Value: "x", Violation: oplog.Violates("too_long", "is longer than {max} of {list}", 10, []string{"c"}),
	}}
	for _, want := range []error{
		oplog.ErrRevision, errNotLeading, full, oplog.Errorf(oplog.CodeDiskFull, "The disk is full."), errors.New("internal"), errUncertain,
	} {
		text, err := encoding.Marshal(&answer{Failed: failureOf(fmt.Errorf("wrapped: %w", want))})
		if err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := decoding.Unmarshal(text, &a); err != nil {
			t.Fatal(err)
		}
		got := a.Failed.err()
		for _, same := range []error{oplog.ErrRevision, errNotLeading} {
			if errors.Is(got, same) != errors.Is(want, same) {
				t.Errorf("%v became %v", want, got)
			}
		}
		var was, is *oplog.Error
		if errors.As(want, &was) && !errors.Is(want, errNotLeading) && (!errors.As(got, &is) || !reflect.DeepEqual(*was, *is)) {
			t.Errorf("%+v became %+v", was, is)
		}
		if oplog.CodeOf(got) != oplog.CodeOf(want) {
			t.Errorf("%v became %v", want, got)
		}
	}
}
