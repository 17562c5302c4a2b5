package storage

import (
	"testing"

	"oplog/oplog"
)

// BenchmarkDecode decodes an entry with all fields.
func BenchmarkDecode(b *testing.B) {
	e := fullEntry()
	encoded, err := encodeEntry(&e)
	if err != nil {
		b.Fatal(err)
	}
	data := string(encoded)
	b.ReportAllocs()
	for b.Loop() {
		var decoded oplog.Entry
		if !fastDecode(data, &decoded) {
			b.Fatal("not decoded")
		}
	}
}
