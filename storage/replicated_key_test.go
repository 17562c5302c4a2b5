package storage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestUncertainRotation: the private key of a rotation that failed on the node which made it is kept, as the others may have it: once it comes back, the
// node signs with it, also if it was opened again in between.
func TestUncertainRotation(t *testing.T) {
	leader, _, _ := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	at, _ := leader.Replicated()
	var taken []Message
	leader = reopen(t, leader)
	leader.Replicate(func(message []byte) (uint64, error) {
		taken = append(taken, Message{at.Index + 1, bytes.Clone(message)})
		return 0, errors.New("the lead was lost")
	})
	old := leader.VerifierKey()
	if err := leader.Rotate(Rotation{Now: time.Now}); err == nil || len(taken) != 1 {
		t.Fatalf("%d messages, %v", len(taken), err)
	}
	if _, err := leader.Checkpoint("acme"); err != nil || leader.VerifierKey() != old {
		t.Fatal(err)
	}
	leader = reopen(t, leader)
	if err := leader.AdoptNextKey(); err != nil || leader.VerifierKey() != old {
		t.Fatal(err)
	}
	if err := leader.Apply(taken); err != nil {
		t.Fatal(err)
	}
	if leader.HasKey() || leader.VerifierKey() == old {
		t.Fatal("the rotation was not applied")
	}
	if err := leader.AdoptNextKey(); err != nil || !leader.HasKey() {
		t.Fatal(err)
	}
	if _, err := leader.Checkpoint("acme"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(leader.dir, nextKeyName)); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
