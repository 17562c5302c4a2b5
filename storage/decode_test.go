package storage

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"oplog/oplog"
)

// FuzzFastDecode: fastDecode agrees with the library, except that it accepts text that is not valid UTF-8, which the library rejects.
func FuzzFastDecode(f *testing.F) {
	for _, content := range []string{"", "a", "双11返场主会场"} {
		e := entry(1, content)
		e.Changes = []oplog.Change{{Field: "status", Before: json.RawMessage(`"draft"`)}, {Field: "", After: json.RawMessage(`{"a":[1]}`)}}
		data, err := encodeEntry(&e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{})
	f.Add([]byte{0xa1, 0x01, 0x61, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var quick oplog.Entry
		if !fastDecode(string(data), &quick) {
			return
		}
		want, err := decodeRecord(data)
		if err != nil && hasInvalidText(quick) {
			return
		}
		if err != nil || !reflect.DeepEqual(quick, want) {
			t.Errorf("%x: %+v, want %+v, %v", data, quick, want, err)
		}
	})
}

func hasInvalidText(e oplog.Entry) bool {
	texts := []string{
		e.Tenant, e.ID, e.User.ID, e.User.Name, e.User.Role, e.Organization.ID, e.Organization.Name, e.Module, e.Operation,
		e.Content.ID, e.Content.Name, e.Outcome, e.Origin, e.IP, e.UserAgent, string(e.Details),
	}
	for _, c := range e.Changes {
		texts = append(texts, c.Field, string(c.Before), string(c.After))
	}
	return slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) })
}
