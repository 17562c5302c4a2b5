package storage

import (
	"strings"
	"testing"

	"oplog/oplog"
)

// headOf agrees with the library, or returns false.
func TestHeadOf(t *testing.T) {
	longest := withID(strings.Repeat("i", oplog.MaxIDLength), entry(3, "c"))
	longest.Tenant, longest.Seq, longest.ReceivedAt = strings.Repeat("t", oplog.MaxIDLength)+"/access", 1<<62, morning
	given := entry(1, strings.Repeat("长", 1024))
	given.Seq, given.ReceivedAt = 70_000, morning
	given.ID = given.Key().ID()
	for _, e := range []oplog.Entry{longest, given} {
		data, err := encodeEntry(&e)
		if err != nil {
			t.Fatal(err)
		}
		var want entryHead
		if err := headDecoding.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if got, ok := headOf(data); !ok || got != want || got.id() != e.ID || got.key() != e.Key() {
			t.Errorf("%+v, %t; want %+v", got, ok, want)
		}
		for end := range 30 {
			if got, ok := headOf(data[:end]); ok && got != want && want.ID != "" {
				t.Errorf("of %d bytes it reads %+v", end, got)
			}
		}
	}
	for _, other := range []string{"", "\xa0", "\xa4\x02\x01", "{}", "\xa4\x01\x61t\x02\x01\x03\x01\x05\x61i", "\xa4\x01\x01\x02\x01\x03\x01\x04\x01"} {
		if got, ok := headOf([]byte(other)); ok {
			t.Errorf("%q: %+v", other, got)
		}
	}
}
