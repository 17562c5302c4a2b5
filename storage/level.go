package storage

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"
	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// The nodes of a cluster are upgraded one by one, so for a while some do not understand what others could write. Messages therefore have a level: the
// one in force is part of the replicated state, begins with 1, and is raised by a message of the new level once all nodes understand that. Only then do
// messages have what the level brought. It is never lowered: a program that does not understand it neither opens the store nor applies a message.

// HighestLevel is the highest level of messages that this build understands. Level 2 brings that messages may raise the level, and have ids of requests;
// level 3 that days are archived.
const HighestLevel = 3

const (
	firstLevel   = 1
	archiveLevel = 3 // from which there are records of archived days
)

// level is a level of messages, and what it was raised with. Programs read this in messages of levels that they do not understand, so its form stays.
type level struct {
	Number  int    `cbor:"1,keyasint" json:"level"`
	Program string `cbor:"2,keyasint,omitempty" json:"program,omitempty"` // version of oplog on the node that led
}

// LevelError means that a level of messages is above those that this program understands.
type LevelError struct {
	What    string // has it
	Level   int
	Highest int    // that is understood
	Program string // version of oplog that understands it; "" if unknown
}

func (e *LevelError) Error() string {
	program := "the version of oplog that the other nodes have"
	if e.Program != "" {
		program = fmt.Sprintf("version %s of oplog, with which the cluster was upgraded, or a newer one", e.Program)
	}
	return fmt.Sprintf("%s has level %d of the messages between nodes, but this version of oplog understands levels up to %d; use %s",
		e.What, e.Level, e.Highest, program)
}

func (l level) check(what string, highest int) error {
	if l.Number <= highest {
		return nil
	}
	return &LevelError{what, l.Number, highest, l.Program}
}

// Level returns the level of messages that is in force on disk; 1 for a store that is not replicated. The committer alone changes it, so within a
// transaction it is that of the message which is being written.
func (db *DB) Level() int {
	if db.position.Load() == nil {
		return firstLevel
	}
	return db.level.Load().Number
}

// Highest returns the highest level of messages that this store understands.
func (db *DB) Highest() int { return db.highest }

// CheckLevel returns a [LevelError] about something if its messages have a level above the highest that another program understands.
func (db *DB) CheckLevel(what string, highest int) error {
	if db.position.Load() == nil {
		return nil
	}
	return db.level.Load().check(what, highest)
}

// RaiseLevel raises the level of messages, once the programs of all copies understand it; program is this one's version. A level that is in force already,
// or a higher one, stays.
func (db *DB) RaiseLevel(to int, program string) error {
	switch {
	case to <= db.Level():
		return nil
	case to > db.highest:
		return level{to, program}.check("the store", db.highest)
	case db.position.Load() == nil:
		return errors.New("the store is not replicated")
	}
	_, err := db.submit(context.Background(), &appendRequest{level: &level{to, program}})
	return err
}

// levelOf returns the level of the message of a group of requests.
func (db *DB) levelOf(group []*appendRequest) int {
	number := db.Level()
	for _, r := range group {
		if r.level != nil {
			number = max(number, r.level.Number)
		}
	}
	return number
}

// raise stores a level that is above the one that a transaction sees.
func (l level) raise(tx *bolt.Tx) error {
	before, err := readLevel(tx)
	if err != nil || l.Number <= before.Number {
		return err
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli))
	return tx.Bucket(bucketMeta).Put(keyLevel, append(sum, data...))
}

// noteLevel notes that a level is on disk.
func (db *DB) noteLevel(l *level) {
	if l != nil && l.Number > db.level.Load().Number {
		db.level.Store(l)
	}
}

var keyLevel = []byte("level")

func readLevel(tx *bolt.Tx) (l level, err error) {
	data := tx.Bucket(bucketMeta).Get(keyLevel)
	if data == nil {
		return level{Number: firstLevel}, nil
	}
	if len(data) >= sumSize && binary.BigEndian.Uint32(data) == crc32.Checksum(data[sumSize:], castagnoli) {
		err = json.Unmarshal(data[sumSize:], &l)
		return l, err
	}
	return l, oplog.Errorf(oplog.CodeDamaged, "The store does not say which level its messages have: the record of that is damaged.")
}

// checkMessage returns a LevelError if a message has a level that this store does not understand.
func (db *DB) checkMessage(m Message) error {
	l := level{Number: int(m.Data[len(messageMark)])}
	if l.Number <= db.highest {
		return nil
	}
	var operations []struct {
		Level *level `cbor:"8,keyasint"`
	}
	_ = cbor.Unmarshal(m.Data[messageHead:], &operations) // what cannot be read says nothing
	for _, o := range operations {
		if o.Level != nil {
			l.Program = o.Level.Program
		}
	}
	return l.check(fmt.Sprintf("message %d", m.Index), db.highest)
}
