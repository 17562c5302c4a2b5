package oplog_test

import (
	"testing"
	"time"

	"oplog/oplog"
)

// A backup does not know which launch tokens were used after it was taken.
func TestLaunchTokensFromBeforeARestore(t *testing.T) {
	l := newLog(t)
	now := l.clock.at
	if err := l.SpendLaunch("acme", "a", now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := oplog.NoteRestore(l.store, now); err != nil {
		t.Fatal(err)
	}
	if err := l.SpendLaunch("acme", "b", now.Add(oplog.MaxLaunchLife)); oplog.CodeOf(err) != oplog.CodeUnauthenticated {
		t.Errorf("a token that may be from before is taken: %v", err)
	}
	if err := l.SpendLaunch("acme", "c", now.Add(oplog.MaxLaunchLife+time.Second)); err != nil {
		t.Errorf("a token from after is refused: %v", err)
	}
}
