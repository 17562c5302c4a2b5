package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/journal"
	"oplog/oplog"
	"oplog/server/wire"
)

// TestPageBytes compares the hand-written encoder with encoding/json.
func TestPageBytes(t *testing.T) {
	full := oplog.Entry{
		ID: "e1", Seq: 1<<63 + 1, Time: time.Date(2026, 11, 22, 7, 0, 0, 120000, time.UTC), ReceivedAt: clock,
		User: oplog.User{ID: "u", Name: "李雷 <b> & \"q\" \\ \t\n\x01\x7f é", Role: "r"}, Organization: oplog.Ref{ID: "o", Name: "O"},
		Module: "customer", Operation: "merge", Content: oplog.Ref{ID: "c", Name: "C"}, Origin: "manual", Outcome: "failure",
		IP: "::1", UserAgent: "x", KeyID: "oplog_write_1", Damaged: true, Tenant: "acme",
		Changes: []oplog.Change{{Field: "f", Before: json.RawMessage(`{"a":[1,null]}`), After: json.RawMessage(`"<"`)}, {Field: "g"}},
		Details: json.RawMessage(`{"a":1.50}`),
	}
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is new: write it in encode.go, and fill it in here", v.Type().Field(i).Name)
		}
	}
	same := func(page pageBody, truncated ...bool) {
		t.Helper()
		var got, want bytes.Buffer
		if err := wire.Format.Marshal(&got, page); err != nil {
			t.Fatal(err)
		}
		for i := range truncated {
			short := *page.Entries[i].Entry
			if truncated[i] {
				short.Changes, short.Details = nil, nil
			}
			page.Entries[i] = entryBody{&short, truncated[i]}
		}
		if err := huma.DefaultJSONFormat.Marshal(&want, page); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got  %.5000swant %.5000s", got.String(), want.String())
		}
	}
	page := func(entries ...oplog.Entry) pageBody { return newPageBody(oplog.Page{Entries: entries}) }
	bare := oplog.Entry{ID: "e2", User: oplog.User{ID: "u", Name: "n"}, Module: "m", Operation: "o", Origin: "manual", Outcome: "success"}
	same(page())
	same(newPageBody(oplog.Page{Entries: []oplog.Entry{bare}, NextCursor: "abc"}))
	same(newPageBody(oplog.Page{Entries: []oplog.Entry{bare}, NextCursor: "abc", Archive: oplog.ArchiveUnavailable, ArchiveBefore: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)}))
	feed := page(full, bare, full)
	feed.NextAfterSeq, feed.LastSeq = new(uint64), &full.Seq
	same(feed)
	bare.Content.Name, bare.Organization.ID = "only a name", "o"
	same(page(bare))

	// The limit applies to the encoded bytes of the whole entry.
	padded := func(to oplog.Entry, bytes int) oplog.Entry {
		bytes -= len(appendListed(nil, &to)) + len(`,"details":{"pad":""}`)
		to.Details = json.RawMessage(`{"pad":"` + strings.Repeat("x", bytes) + `"}`)
		return to
	}
	full.Details = nil
	same(page(padded(full, maxListed), padded(full, maxListed+1), padded(bare, maxListed), padded(bare, maxListed+1)), false, true, false, true)
	long := bare
	long.Changes = []oplog.Change{{Field: "f", After: json.RawMessage(`"` + strings.Repeat("é", 5000) + `"`)}}
	bare.Content.Name = strings.Repeat("\x01", 1024)
	bare.User.Name = strings.Repeat("\x01", 128)
	bare.Organization.Name = strings.Repeat("界", 1024) // long, with nothing to omit
	same(page(long, bare), true, false)
}

// TestAppendedBytes does the same for the response to recorded entries.
func TestAppendedBytes(t *testing.T) {
	receipts := []oplog.Receipt{{Status: oplog.StatusSkipped}, {ID: `a"<b>`, Seq: 1<<63 + 1, Status: oplog.StatusRecorded}, {ID: "b", Seq: 2, Status: oplog.StatusDuplicate}}
	for _, answer := range []journal.Appended{{Entries: []oplog.Receipt{}}, {Recorded: 1, Duplicates: 2, Skipped: 3, Entries: receipts}} {
		var got, want bytes.Buffer
		if err := errors.Join(wire.Format.Marshal(&got, appendedBody(answer)), huma.DefaultJSONFormat.Marshal(&want, answer)); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got  %swant %s", got.String(), want.String())
		}
	}
	for _, part := range []reflect.Type{reflect.TypeFor[journal.Appended](), reflect.TypeFor[oplog.Receipt]()} {
		if want := map[string]int{"Appended": 4, "Receipt": 3}[part.Name()]; part.NumField() != want {
			t.Errorf("%v has a new field: write it in encode.go, and add it here", part)
		}
	}
}
