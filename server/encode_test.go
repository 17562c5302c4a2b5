package server

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
)

// TestPageBytes holds the writing by hand to what encoding/json writes.
func TestPageBytes(t *testing.T) {
	full := oplog.Entry{
		ID: "e1", Seq: 1<<63 + 1, Time: time.Date(2026, 11, 22, 7, 0, 0, 120000, time.UTC), ReceivedAt: clock,
		User: oplog.User{ID: "u", Name: "李雷 <b> & \"q\" \\ \t\n\x01\x7f é", Role: "r"}, Organization: oplog.Ref{ID: "o", Name: "O"},
		Module: "customer", Operation: "merge", Content: oplog.Ref{ID: "c", Name: "C"}, Origin: "manual", Outcome: "failure",
		IP: "::1", UserAgent: "x", Tenant: "acme",
		Changes: []oplog.Change{{Field: "f", Before: json.RawMessage(`{"a":[1,null]}`), After: json.RawMessage(`"<"`)}, {Field: "g"}},
		Details: json.RawMessage(`{"a":1.50}`),
	}
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is new: write it in encode.go, and fill it in here", v.Type().Field(i).Name)
		}
	}
	same := func(page pageBody) {
		t.Helper()
		var got, want bytes.Buffer
		if err := marshal(&got, page); err != nil {
			t.Fatal(err)
		}
		if err := huma.DefaultJSONFormat.Marshal(&want, page); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got  %swant %s", got.String(), want.String())
		}
	}
	bare := oplog.Entry{ID: "e2", User: oplog.User{ID: "u", Name: "n"}, Module: "m", Operation: "o", Origin: "manual", Outcome: "success"}
	same(pageBody{Page: oplog.Page{Entries: []oplog.Entry{}}})
	same(pageBody{Page: oplog.Page{Entries: []oplog.Entry{bare}, NextCursor: "abc"}})
	same(pageBody{Page: oplog.Page{Entries: []oplog.Entry{full, bare, full}}, NextAfterSeq: new(uint64), LastSeq: &full.Seq})
	bare.Content.Name, bare.Organization.ID = "only a name", "o"
	same(pageBody{Page: oplog.Page{Entries: []oplog.Entry{bare}}})
}
