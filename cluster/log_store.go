package cluster

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	bolt "go.etcd.io/bbolt"

	durations "oplog/timing"
)

// logStore is raft.db: Raft's log, and what it must remember of elections. It has records (see encodeRecord)
// by their index (8 bytes, big-endian). A record whose checksum is wrong is not there: a
// leader that misses one sends a copy of its store instead. The last records are in raft.tail; see logTail.
type logStore struct {
	db     *bolt.DB
	tail   *logTail
	recent *recentLogs
	closed chan struct{}
	syncs  *durations.Histogram // of records

	// damaged is called with the index of a damaged record, by the goroutine that wants to read it; it may end that goroutine.
	damaged func(index uint64)

	writing sync.Mutex // held while records are stored, or moved from raft.tail to raft.db

	mu      sync.Mutex
	failure error         // of the last write; nil once one succeeded
	grown   chan struct{} // closed and replaced when records were stored
}

const logFile = "raft.db"

var (
	bucketLog    = []byte("log")
	bucketStable = []byte("stable")
	bucketTail   = []byte("tail")
	keyMark      = []byte("mark") // of raft.tail's frames; missing until raft.tail was made
)

// errNotFound is what Raft expects of a StableStore; it compares the text.
var errNotFound = errors.New("not found")

func openLogStore(folder string) (*logStore, error) {
	path := filepath.Join(folder, logFile)
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second, FreelistType: bolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &logStore{db: db, recent: newRecentLogs(), closed: make(chan struct{}), grown: make(chan struct{}), syncs: durations.New(quickBounds), damaged: func(uint64) {}}
	if err = s.open(folder); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return s, nil
}

// open makes what is missing in a new raft.db, and opens raft.tail.
func (s *logStore) open(folder string) error {
	var mark []byte
	err := s.update(func(tx *bolt.Tx) error {
		for _, bucket := range [][]byte{bucketLog, bucketStable, bucketTail} {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		mark = bytes.Clone(tx.Bucket(bucketTail).Get(keyMark))
		return nil
	})
	if err == nil && mark == nil {
		mark = newMark()
		if err = createTail(folder); err == nil {
			err = s.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketTail).Put(keyMark, mark) })
		}
	}
	if err == nil {
		s.tail, err = openTail(folder, mark)
	}
	return err
}

// stop ends the retries of Set.
func (s *logStore) stop() { close(s.closed) }

// close moves the last records to raft.db. If that fails they are in raft.tail, as after a crash.
func (s *logStore) close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if len(s.tail.indexes()) > 0 {
		_ = s.move(nil)
	}
	return errors.Join(s.tail.f.Close(), s.db.Close())
}

// view runs a read. Damaged pages make bbolt panic.
func (s *logStore) view(read func(tx *bolt.Tx) error) (err error) {
	defer recoverDamage(debug.SetPanicOnFault(true), &err)
	return s.db.View(read)
}

// update runs a write, which is on disk when it returns nil.
func (s *logStore) update(write func(tx *bolt.Tx) error) (err error) {
	return s.note(s.try(write))
}

// note notes whether a write has failed.
func (s *logStore) note(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failure == nil {
		slog.Error("the replicated log cannot be written", "file", s.db.Path(), "err", err)
	}
	s.failure = err
	return err
}

func (s *logStore) try(write func(tx *bolt.Tx) error) (err error) {
	defer recoverDamage(debug.SetPanicOnFault(true), &err)
	return s.db.Update(write)
}

func recoverDamage(before bool, err *error) {
	debug.SetPanicOnFault(before)
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s is damaged: %v", logFile, p)
	}
}

// Failure returns why the last write failed, or nil.
func (s *logStore) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func keyOf(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

// FirstIndex returns the index of the first record, 0 for none.
func (s *logStore) FirstIndex() (uint64, error) {
	first, _ := s.tail.edges()
	moved, err := s.edge((*bolt.Cursor).First)
	if moved != 0 && (first == 0 || moved < first) {
		first = moved
	}
	return first, err
}

// LastIndex returns the index of the last record, 0 for none.
func (s *logStore) LastIndex() (uint64, error) {
	_, last := s.tail.edges()
	moved, err := s.edge((*bolt.Cursor).Last)
	return max(last, moved), err
}

func (s *logStore) edge(of func(*bolt.Cursor) (key, value []byte)) (index uint64, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		if key, _ := of(tx.Bucket(bucketLog).Cursor()); len(key) == 8 {
			index = binary.BigEndian.Uint64(key)
		}
		return nil
	})
	return index, err
}

// GetLog reads a record, or returns raft.ErrLogNotFound.
func (s *logStore) GetLog(index uint64, l *raft.Log) error {
	if s.recent.get(index, l) {
		return nil
	}
	err := s.read(index, l)
	if err == nil || errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	s.damaged(index)
	return raft.ErrLogNotFound
}

// read reads a record from disk: raft.ErrLogNotFound, or another error if it is damaged.
func (s *logStore) read(index uint64, l *raft.Log) error {
	if s.tail.get(index, l) {
		return nil
	}
	return s.view(func(tx *bolt.Tx) error {
		value := tx.Bucket(bucketLog).Get(keyOf(index))
		if value == nil {
			return raft.ErrLogNotFound
		}
		return decodeRecord(index, value, l)
	})
}

// StoreLog stores a record.
func (s *logStore) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores records durably.
func (s *logStore) StoreLogs(logs []*raft.Log) (err error) {
	defer s.syncs.Since(time.Now())
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.tail.fits(logs) {
		err = s.note(s.tail.append(logs))
	} else {
		err = s.move(logs)
	}
	if err == nil {
		s.recent.add(logs)
		s.mu.Lock()
		defer s.mu.Unlock()
		close(s.grown)
		s.grown = make(chan struct{})
	}
	return err
}

// awaitStored returns true once the log has come to an index.
func (s *logStore) awaitStored(ctx context.Context, index uint64) bool {
	for {
		s.mu.Lock()
		grown := s.grown
		s.mu.Unlock()
		if _, last := s.tail.edges(); last >= index {
			return true
		}
		if last, err := s.LastIndex(); err != nil || last >= index {
			return err == nil
		}
		select {
		case <-grown:
		case <-s.closed:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// deletesPerUpdate limits the records deleted in a transaction, so that others need not wait for it.
const deletesPerUpdate = 2000

// DeleteRange deletes the records from one index to another, inclusive.
func (s *logStore) DeleteRange(from, to uint64) error {
	s.recent.drop(from, to)
	if err := s.moveIfWithin(from, to); err != nil {
		return err
	}
	for more := true; more; {
		err := s.update(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketLog).Cursor()
			key, _ := c.Seek(keyOf(from))
			for n := 0; key != nil && binary.BigEndian.Uint64(key) <= to && n < deletesPerUpdate; n++ {
				if err := c.Delete(); err != nil {
					return err
				}
				key, _ = c.Seek(keyOf(from))
			}
			more = key != nil && binary.BigEndian.Uint64(key) <= to
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Set stores a value. Raft ends the program if it cannot remember a vote or a term, so a full disk is waited for: this node takes no part meanwhile.
func (s *logStore) Set(key, value []byte) error {
	for {
		err := s.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketStable).Put(key, value) })
		if err == nil {
			return nil
		}
		select {
		case <-time.After(retryInterval):
		case <-s.closed:
			runtime.Goexit() // of Raft's goroutine, which would end the program
		}
	}
}

// Get returns a value, or errNotFound.
func (s *logStore) Get(key []byte) (value []byte, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		value = append([]byte(nil), tx.Bucket(bucketStable).Get(key)...)
		return nil
	})
	if err == nil && len(value) == 0 {
		err = errNotFound
	}
	return value, err
}

// SetUint64 stores a number.
func (s *logStore) SetUint64(key []byte, value uint64) error { return s.Set(key, keyOf(value)) }

// GetUint64 returns a number, or errNotFound.
func (s *logStore) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%s has a number of %d bytes", logFile, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

// bytes returns about how much the log holds, and its number of records.
func (s *logStore) bytes() (held, records uint64, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		page := int64(s.db.Info().PageSize)
		free := int64(s.db.Stats().FreePageN) * page
		held = uint64(max(0, tx.Size()-free)) //nolint:gosec // not negative
		c := tx.Bucket(bucketLog).Cursor()
		if first, _ := c.First(); first != nil {
			last, _ := c.Last()
			records = binary.BigEndian.Uint64(last) - binary.BigEndian.Uint64(first) + 1
		}
		return nil
	})
	return held, records, err
}

// firstBad returns the first index from one to another whose record is missing or damaged, 0 if there is none.
func (s *logStore) firstBad(from, to uint64) uint64 {
	var l raft.Log
	for index := from; index <= to; index++ {
		if s.read(index, &l) != nil {
			return index
		}
	}
	return 0
}

// conflicts reports whether the log has another record at an index than a leader has there, and so others after it.
func (s *logStore) conflicts(index, term uint64) bool {
	var l raft.Log
	return s.read(index, &l) == nil && l.Term != term
}

// lastCommand returns the last command from an index downwards; false if there is none, or one that cannot be read comes first.
func (s *logStore) lastCommand(from uint64) (l raft.Log, found bool) {
	for index := from; index > 0; index-- {
		if err := s.read(index, &l); err != nil {
			return raft.Log{}, false
		}
		if l.Type == raft.LogCommand && !isVoid(&l) {
			return l, true
		}
	}
	return raft.Log{}, false
}
