package storage

import (
	"testing"

	"oplog/oplog"
)

// TestPositionComesLast: a copy says that it has a message once its followers have been told of it, so that what waits for the position finds it
// in indexes and caches.
func TestPositionComesLast(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(0, "some"))
	if err := leader.PutRecord(oplog.RecordTenant, "acme", oplog.Revision{}, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	told := 0
	early := func() {
		told++
		if at, _ := follower.Replicated(); at.Index != 1 {
			t.Errorf("it says that it is at %d", at.Index)
		}
	}
	follower.OnAppend(func(string, []oplog.Entry) { early() })
	follower.OnRecord(func(oplog.RecordKind, string) { early() })
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	if at, _ := follower.Replicated(); told != 2 || at.Index != log.messages[1].Index {
		t.Errorf("%d were told, and it is at %d", told, at.Index)
	}
}
