package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// requestNo returns a request that was first sent when the store was at a message.
func requestNo(n byte, after uint64) Request { return Request{ID: RequestID{15: n}, After: after} }

// sendOnce sends a request of tenant acme and returns its answer as "id seq status".
func sendOnce(t *testing.T, db *DB, r Request, skipped int, entries ...oplog.Entry) (string, error) {
	t.Helper()
	receipts, err := db.AppendOnce(t.Context(), r, "acme", entries, skipped)
	var b strings.Builder
	for i, receipt := range receipts {
		fmt.Fprintln(&b, receipt.ID, receipt.Seq, receipt.Status)
		if entries[i].ID != receipt.ID || receipt.Status == oplog.StatusRecorded && entries[i].Seq != receipt.Seq {
			t.Errorf("entry %d has id %q and seq %d, receipt %v", i, entries[i].ID, entries[i].Seq, receipt)
		}
	}
	return b.String(), err
}

// atLevel2 returns a store that leads and one that follows, whose messages have ids of requests.
func atLevel2(t *testing.T) (leader, follower *DB, log *replicatedLog) {
	t.Helper()
	leader, follower, log = twoCopies(t)
	if err := leader.RaiseLevel(requestsLevel, ""); err != nil {
		t.Fatal(err)
	}
	return leader, follower, log
}

// keptOf returns what a store keeps of requests, as text.
func keptOf(t *testing.T, db *DB) string {
	t.Helper()
	var b strings.Builder
	err := db.view(func(tx *bolt.Tx) error {
		requests := tx.Bucket(bucketRequests)
		if requests == nil {
			return nil
		}
		fmt.Fprintln(&b, requests.Sequence())
		return requests.ForEach(func(key, data []byte) error {
			_, err := fmt.Fprintf(&b, "%x %x\n", key, data)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRequestSentAgain: requests of all kinds have the answer of the first time, on the store that led and on the one that leads afterwards, also after
// it was opened again and if the entries have got another time meanwhile.
func TestRequestSentAgain(t *testing.T) {
	leader, follower, log := atLevel2(t)
	mustAppend(t, leader, withID("known", entry(0, "known")))
	after := log.messages[len(log.messages)-1].Index
	requests := []func(db *DB, minutes int) (string, error){
		func(db *DB, minutes int) (string, error) {
			return sendOnce(t, db, requestNo(1, after), 0, entry(minutes, "a"), entry(minutes, "b"))
		},
		func(db *DB, minutes int) (string, error) {
			return sendOnce(t, db, requestNo(2, after), 3, entry(minutes, "c"), withID("known", entry(0, "known")), withID("new", entry(1, "d")), withID("new", entry(1, "d")), entry(minutes, "e"))
		},
		func(db *DB, _ int) (string, error) { return sendOnce(t, db, requestNo(3, after), 5) },
		func(db *DB, minutes int) (string, error) {
			audit := []oplog.Entry{entry(minutes, "changed")}
			err := db.PutRecordsOnce(requestNo(4, after), []oplog.RecordChange{{Kind: oplog.RecordView, Name: "v", Data: []byte(`{}`)}}, audit...)
			return fmt.Sprint(audit[0].Seq, audit[0].ID), err
		},
	}
	var answers []string
	for i, send := range requests {
		answer, err := send(leader, 7)
		if err != nil {
			t.Fatal(i, err)
		}
		answers = append(answers, answer)
	}
	messages := len(log.messages)
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	want := contents(t, leader)
	check := func(name string, db *DB) {
		for i, send := range requests {
			if got, err := send(db, 9); err != nil || got != answers[i] {
				t.Errorf("%s, request %d: %v, %q instead of %q", name, i, err, got, answers[i])
			}
		}
		if got := contents(t, db); got != want || len(log.messages) != messages {
			t.Errorf("%s: %d messages more, and the store has\n%s\ninstead of\n%s", name, len(log.messages)-messages, got, want)
		}
		if keptOf(t, db) != keptOf(t, leader) {
			t.Errorf("%s keeps\n%s\nand the leader\n%s", name, keptOf(t, db), keptOf(t, leader))
		}
	}
	check("leader", leader)
	follower.Replicate(log.propose)
	check("follower", follower)
	follower = reopen(t, follower)
	follower.Replicate(log.propose)
	check("follower, opened again", follower)
}

// TestRequestOfALostLeader: a store does not know whether its message was accepted. It was, and comes by Apply: the request is not stored again.
func TestRequestOfALostLeader(t *testing.T) {
	leader, follower, log := atLevel2(t)
	lost := errors.New("lost")
	after := log.messages[0].Index
	leader.propose = func(message []byte) (uint64, error) {
		_, err := log.propose(message)
		return 0, errors.Join(err, lost)
	}
	if _, err := sendOnce(t, leader, requestNo(1, after), 0, entry(0, "a")); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	if err := errors.Join(follower.Apply(log.messages), leader.Apply(log.messages)); err != nil {
		t.Fatal(err)
	}
	follower.Replicate(log.propose)
	for _, db := range []*DB{follower, leader} {
		if answer, err := sendOnce(t, db, requestNo(1, after), 0, entry(0, "a")); err != nil || answer != entryID(0, 1)+" 1 recorded\n" {
			t.Errorf("%q, %v", answer, err)
		}
	}
	if n, _, err := leader.Counts("acme"); n != 1 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestRequestTwiceAtOnce: a request that comes twice, in one transaction or in two, is stored once; one that is refused is refused twice.
func TestRequestTwiceAtOnce(t *testing.T) {
	leader, _, log := atLevel2(t)
	mustAppend(t, leader, withID("taken", entry(0, "a")))
	after := log.messages[0].Index
	var sending sync.WaitGroup
	answers := make([]string, 40)
	for i := range answers {
		sending.Go(func() {
			answer, err := sendOnce(t, leader, requestNo(byte(i%4), after), 0, entry(i%4, "b")) //nolint:gosec // small
			if i%4 == 3 {
				_, err = sendOnce(t, leader, requestNo(99, after), 0, withID("taken", entry(0, "other")))
				if oplog.CodeOf(err) != oplog.CodeConflict {
					t.Error(err)
				}
			} else if err != nil {
				t.Error(err)
			}
			answers[i] = answer
		})
	}
	sending.Wait()
	for i := 4; i < len(answers); i++ {
		if i%4 != 0 && answers[i] != answers[i%4] {
			t.Errorf("answers %q and %q", answers[i%4], answers[i])
		}
	}
	const distinct, withoutID = 3 + 1, 10 // request 0 has no id, as that is zero
	if n, _, err := leader.Counts("acme"); n != distinct+withoutID || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestRequestsAreDropped: what is kept is limited by number and by age, the same on all copies. Who asks for what was dropped is told so.
func TestRequestsAreDropped(t *testing.T) {
	before, messages := maxKeptRequests, maxDropped
	maxKeptRequests, maxDropped = 20, 3
	t.Cleanup(func() { maxKeptRequests, maxDropped = before, messages })
	leader, follower, log := atLevel2(t)
	after := log.messages[0].Index
	send := func(n byte, received time.Time) {
		e := entry(0, fmt.Sprint(n))
		e.ReceivedAt = received
		if _, err := sendOnce(t, leader, requestNo(n, after), 0, e); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int { return strings.Count(keptOf(t, leader), "\n") - 1 }
	for n := byte(1); n <= 60; n++ {
		send(n, morning)
		after = log.messages[len(log.messages)-1].Index
	}
	if n := count(); n != int(maxKeptRequests) { //nolint:gosec // small
		t.Errorf("%d are kept", n)
	}
	size := func() uint64 { n, _, _ := leader.Counts("acme"); return n }
	entries := size()
	if _, err := sendOnce(t, leader, requestNo(1, log.messages[0].Index), 0, entry(0, "1")); !errors.Is(err, ErrForgotten) || size() != entries {
		t.Errorf("error %v, and %d more are stored", err, size()-entries)
	}
	if _, err := sendOnce(t, leader, requestNo(60, log.messages[len(log.messages)-3].Index), 0, entry(0, "60")); err != nil || size() != entries {
		t.Errorf("error %v, and %d more are stored", err, size()-entries)
	}
	for n := byte(61); n < 70; n++ { // at most 3 each time
		send(n, morning.Add(25*time.Hour))
	}
	if n := count(); n != 9 {
		t.Errorf("%d are kept, of which 9 are not old", n)
	}
	if err := follower.Apply(log.messages); err != nil {
		t.Fatal(err)
	}
	if got, want := keptOf(t, follower), keptOf(t, leader); got != want {
		t.Errorf("the copy keeps\n%s\nand the leader\n%s", got, want)
	}
}

// TestNoRequestIDsBelowTheirLevel: a single store, and one whose other copies may be of an earlier version, do as before.
func TestNoRequestIDsBelowTheirLevel(t *testing.T) {
	single := openStore(t, t.TempDir())
	leader, _, log := twoCopies(t)
	for _, db := range []*DB{single, leader} {
		for range 2 {
			if _, err := sendOnce(t, db, requestNo(1, 0), 0, entry(0, "a")); err != nil {
				t.Fatal(err)
			}
		}
		if n, _, err := db.Counts("acme"); n != 2 || err != nil || keptOf(t, db) != "" {
			t.Errorf("%d entries, %v; it keeps %q", n, err, keptOf(t, db))
		}
	}
	for _, m := range log.messages {
		operations, err := decodeOperations(m.Data)
		if err != nil || len(operations) != 1 || operations[0].Request != nil || operations[0].Seqs != nil {
			t.Errorf("%+v, %v", operations, err)
		}
	}
}

// TestDamagedRequests: a flipped bit in what is kept is found by the checks, and by who needs it: then nothing is stored.
func TestDamagedRequests(t *testing.T) {
	leader, _, log := atLevel2(t)
	after := log.messages[0].Index
	for n := byte(1); n < 4; n++ {
		if _, err := sendOnce(t, leader, requestNo(n, after), 0, entry(0, fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	damaged := log.messages[len(log.messages)-2].Index
	err := leader.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketRequests)
		data := append([]byte(nil), b.Get(keyOfRequests(damaged))...)
		data[keptHead] ^= 4 // of the id
		return b.Put(keyOfRequests(damaged), data)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sendOnce(t, leader, requestNo(2, after), 0, entry(0, "2")); !errors.Is(err, ErrForgotten) {
		t.Errorf("error %v", err)
	}
	if _, err := sendOnce(t, leader, requestNo(2, damaged), 0, entry(0, "2")); err != nil { // it was sent after that
		t.Error(err)
	}
	want := fmt.Sprintf("requests of message %d is damaged", damaged)
	if found, err := leader.DamagedRecords(); err != nil || len(found) != 1 || !strings.Contains(found[0].Error(), want) {
		t.Errorf("%v, %v", found, err)
	}
	if _, _, found := pass(t, leader, func(int) {}); len(found) != 1 || !strings.Contains(found[0], want) {
		t.Errorf("a pass finds %q", found)
	}
}

// TestSingleStoreKeepsNoRequests: a store that is made a single one again, as by a restore, has none, and may be replicated again.
func TestSingleStoreKeepsNoRequests(t *testing.T) {
	leader, _, log := atLevel2(t)
	if _, err := sendOnce(t, leader, requestNo(1, log.messages[0].Index), 0, entry(0, "a")); err != nil || keptOf(t, leader) == "" {
		t.Fatal(err)
	}
	if err := leader.EndReplication(); err != nil || keptOf(t, leader) != "" {
		t.Errorf("it keeps %q, %v", keptOf(t, leader), err)
	}
	checkStore(t, leader, "acme")
}
