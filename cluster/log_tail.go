package cluster

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/raft"
	bolt "go.etcd.io/bbolt"

	"oplog/durable"
)

// logTail is raft.tail: the last records, before they are moved to raft.db together. A transaction of raft.db takes two syncs, one here a single one, of
// data alone: the file has a fixed size, and is written from its start again after each move. A frame is what was stored at once. It begins at a
// multiple of frameAlign, so that no other is written again with it, and is
//
//	mark (8 bytes), length of the rest (4), CRC-32C (4), of mark, length and rest, records
//
// where a record is its index (8), the length of the rest (4), and the value that raft.db is to have. raft.db has the mark of the frames that were not
// moved; others are from before. A frame that is damaged is not there: the last one was interrupted, and the records of any other are missing.
type logTail struct {
	f    *os.File
	mark []byte
	at   int64 // where the next frame begins
	size int64 // of the file

	mu          sync.Mutex
	logs        map[uint64]*raft.Log // what the frames have
	first, last uint64               // of logs, 0 if there are none
}

const (
	tailFile     = "raft.tail"
	tailBytes    = 8 << 20
	maxFrame     = 256 << 10 // longer ones are written to raft.db at once, and only once
	frameAlign   = 4 << 10
	frameHead    = markSize + 4 + 4
	tailItemHead = 8 + 4
	markSize     = 8
)

func newMark() []byte {
	mark := make([]byte, markSize)
	_, _ = rand.Read(mark) // it never fails
	return mark
}

// createTail writes an empty raft.tail, in place of an earlier one.
func createTail(folder string) error {
	return durable.WriteFile(filepath.Join(folder, tailFile), 0o600, func(w io.Writer) error {
		zeros := make([]byte, maxFrame)
		for range tailBytes / len(zeros) {
			if _, err := w.Write(zeros); err != nil {
				return err
			}
		}
		return nil
	})
}

// openTail reads raft.tail.
func openTail(folder string, mark []byte) (t *logTail, err error) {
	f, err := os.OpenFile(filepath.Join(folder, tailFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is damaged: there is no such file", tailFile)
	}
	if err != nil {
		return nil, err
	}
	t = &logTail{f: f, mark: mark, logs: make(map[uint64]*raft.Log)}
	if err := t.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// read reads the frames, one at a time: the file is longer than what a node at rest has in memory.
func (t *logTail) read() error {
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tailBytes {
		return fmt.Errorf("%s is damaged: it has %d bytes", tailFile, info.Size())
	}
	t.size = tailBytes
	frame := make([]byte, frameHead, frameAlign)
	for at := int64(0); at < t.size; {
		if frame, err = t.readFrame(frame[:frameHead], at); err != nil {
			return err
		}
		logs, length, ok := decodeFrame(frame, t.mark)
		if !ok {
			at += frameAlign
			continue
		}
		t.keep(logs)
		at += int64(length)
		t.at = at
	}
	return nil
}

// readFrame reads the bytes from an offset that may be a frame: its head alone if that is none.
func (t *logTail) readFrame(into []byte, at int64) ([]byte, error) {
	if _, err := t.f.ReadAt(into, at); err != nil || !bytes.Equal(into[:markSize], t.mark) {
		return into, err
	}
	length := int64(binary.BigEndian.Uint32(into[markSize:]))
	if at+frameHead+length > t.size {
		return into, nil
	}
	into = slices.Grow(into, int(length))[:frameHead+length]
	_, err := t.f.ReadAt(into, at)
	return into, err
}

// encodeFrame returns a frame, up to the beginning of the next one.
func encodeFrame(mark []byte, logs []*raft.Log) ([]byte, error) {
	b := append(make([]byte, 0, frameAlign), mark...)
	b = append(b, make([]byte, frameHead-markSize)...)
	for _, l := range logs {
		value, err := encodeRecord(l)
		if err != nil {
			return nil, err
		}
		b = binary.BigEndian.AppendUint64(b, l.Index)
		b = binary.BigEndian.AppendUint32(b, uint32(len(value))) //nolint:gosec // at most maxFrame
		b = append(b, value...)
	}
	binary.BigEndian.PutUint32(b[markSize:], uint32(len(b)-frameHead)) //nolint:gosec // at most maxFrame
	binary.BigEndian.PutUint32(b[markSize+4:], sumOfFrame(b))
	return append(b, make([]byte, -len(b)&(frameAlign-1))...), nil
}

func sumOfFrame(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:markSize+4], castagnoli), castagnoli, b[frameHead:])
}

// decodeFrame returns the records of the frame at the beginning of some data, and its length; false if there is none.
func decodeFrame(data, mark []byte) (logs []*raft.Log, length int, ok bool) {
	if len(data) < frameHead || !bytes.Equal(data[:markSize], mark) {
		return nil, 0, false
	}
	end := frameHead + int64(binary.BigEndian.Uint32(data[markSize:]))
	if end > int64(len(data)) || binary.BigEndian.Uint32(data[markSize+4:]) != sumOfFrame(data[:end]) {
		return nil, 0, false
	}
	for rest := data[frameHead:end]; len(rest) > 0; {
		if len(rest) < tailItemHead {
			return nil, 0, false
		}
		index, size := binary.BigEndian.Uint64(rest), int64(binary.BigEndian.Uint32(rest[8:]))
		rest = rest[tailItemHead:]
		l := new(raft.Log)
		if size > int64(len(rest)) || decodeRecord(index, rest[:size], l) != nil {
			return nil, 0, false
		}
		logs, rest = append(logs, l), rest[size:]
	}
	return logs, (int(end) + frameAlign - 1) &^ (frameAlign - 1), true
}

// fits reports whether records can be appended, without encoding them.
func (t *logTail) fits(logs []*raft.Log) bool {
	length := frameHead
	for _, l := range logs {
		length += tailItemHead + recordHead + len(l.Extensions) + len(l.Data)
	}
	return length <= maxFrame && t.at+int64(length)+frameAlign <= t.size
}

// append stores records durably. They must fit.
func (t *logTail) append(logs []*raft.Log) error {
	frame, err := encodeFrame(t.mark, logs)
	if err != nil {
		return err
	}
	if _, err := durable.WriteAt(t.f, frame, t.at); err != nil {
		return err
	}
	if err := durable.SyncData(t.f); err != nil {
		return err
	}
	t.at += int64(len(frame))
	t.keep(logs)
	return nil
}

func (t *logTail) keep(logs []*raft.Log) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range logs {
		kept := *l
		t.logs[l.Index] = &kept
		if t.first == 0 || l.Index < t.first {
			t.first = l.Index
		}
		t.last = max(t.last, l.Index)
	}
}

// begin begins again at the start of the file, with another mark: all records are in raft.db.
func (t *logTail) begin(mark []byte) {
	t.mark, t.at = mark, 0
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.logs)
	t.first, t.last = 0, 0
}

func (t *logTail) get(index uint64, l *raft.Log) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.logs[index]
	if found == nil {
		return false
	}
	*l = *found
	return true
}

// indexes returns the indexes of the records, in order.
func (t *logTail) indexes() (indexes []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for index := range t.logs {
		indexes = append(indexes, index)
	}
	slices.Sort(indexes)
	return indexes
}

// edges returns the first and the last index, 0 if there is no record.
func (t *logTail) edges() (first, last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first, t.last
}

// move stores what raft.tail has, and more, in raft.db. It is called with writing locked.
func (s *logStore) move(more []*raft.Log) error {
	mark := newMark()
	err := s.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketLog)
		b.FillPercent = 1 // they are stored in order
		put := func(l *raft.Log) error {
			value, err := encodeRecord(l)
			if err != nil {
				return err
			}
			return b.Put(keyOf(l.Index), value)
		}
		for _, index := range s.tail.indexes() {
			var l raft.Log
			if s.tail.get(index, &l) {
				if err := put(&l); err != nil {
					return err
				}
			}
		}
		for _, l := range more {
			if err := put(l); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketTail).Put(keyMark, mark)
	})
	if err == nil {
		s.tail.begin(mark)
	}
	return err
}

// moveIfWithin moves the records of raft.tail if some of them are within a range.
func (s *logStore) moveIfWithin(from, to uint64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if first, last := s.tail.edges(); last == 0 || first > to || last < from {
		return nil
	}
	return s.move(nil)
}
