package storage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"oplog/oplog"
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

// TestFoundSignerKeepsALaterKey: what was found to sign for the log's key does not bring that back if a message has replaced it meanwhile.
func TestFoundSignerKeepsALaterKey(t *testing.T) {
	leader, follower, log := twoCopies(t)
	mustAppend(t, leader, entry(1, "first"))
	found, now := follower.key.Load(), leader.VerifierKey()
	if err := leader.Rotate(Rotation{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	follower.setSigner(found, found.signer)
	if leader.VerifierKey() == now || follower.VerifierKey() != leader.VerifierKey() || follower.HasKey() {
		t.Errorf("the log's key is %s, and the copy has %s, with a signer: %t", leader.VerifierKey(), follower.VerifierKey(), follower.HasKey())
	}
}

// TestRotationOfAReplacedKey: a rotation is refused if another one was applied since it began, whose statement it would remove.
func TestRotationOfAReplacedKey(t *testing.T) {
	one, other, before := twoCopies(t)
	mustAppend(t, one, entry(1, "first"))
	if err := other.Apply(before.messages); err != nil {
		t.Fatal(err)
	}
	theirs := &replicatedLog{messages: before.messages}
	other.Replicate(theirs.propose)
	if err := other.Rotate(Rotation{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	err := one.Rotate(Rotation{Now: time.Now, Tell: func(string, string) ([]oplog.Entry, error) {
		return nil, one.Apply(theirs.messages)
	}})
	if !errors.Is(err, errKeyReplaced) {
		t.Errorf("%v", err)
	}
	history, err := one.KeyHistory("")
	if err != nil || history.Key != other.VerifierKey() || len(history.Changes) != 1 {
		t.Errorf("%+v, %v; the log's key is %s", history, err, other.VerifierKey())
	}
}
