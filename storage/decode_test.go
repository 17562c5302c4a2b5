package storage

import (
	"encoding/json"
	"reflect"
	"testing"

	"oplog/oplog"
)

// What is decoded quickly is what the library decodes.
func FuzzDecodeQuickly(f *testing.F) {
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
		quick, ok := decodeQuickly(data)
		if !ok {
			return
		}
		want, err := decodeRecord(data)
		if err != nil || !reflect.DeepEqual(quick, want) {
			t.Errorf("%x: %+v, want %+v, %v", data, quick, want, err)
		}
	})
}
