package records

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"oplog/oplog"
)

// Store is what a Fallback needs of a store.
type Store interface {
	oplog.Records
	Failure() error
}

// Fallback is the records of a store, of which some changes are kept in memory while the store cannot be written: those made through
// InMemory. They are read like stored ones, are stored once that is possible, and end with the program otherwise.
type Fallback struct {
	Store

	some atomic.Bool // something is kept
	mu   sync.Mutex  // guards kept; held while kept changes are stored
	kept map[recordName]keptChange
}

type recordName struct {
	kind oplog.RecordKind
	name string
}

type keptChange struct {
	replaces oplog.Revision // of the stored record
	data     []byte         // nil if it was removed
}

// maxKept limits the number of changes in memory.
const maxKept = 10_000

// NewFallback returns the records of a store.
func NewFallback(s Store) *Fallback {
	return &Fallback{Store: s, kept: make(map[recordName]keptChange)}
}

// InMemory returns the same records for changes that may be kept in memory. through are these records, or those that also tell of a change
// that is stored.
func (f *Fallback) InMemory(through oplog.Records) oplog.Records { return inMemory{f, through} }

// Settle stores kept changes, if the store can be written again.
func (f *Fallback) Settle() {
	if !f.some.Load() || f.Failure() != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, change := range f.kept {
		err := f.PutRecords([]oplog.RecordChange{{Kind: at.kind, Name: at.name, Replaces: change.replaces, Data: change.data}})
		if err != nil && !errors.Is(err, oplog.ErrRevision) {
			slog.Warn("a change that was kept in memory could not be stored yet", "record", string(at.kind)+"/"+at.name, "err", err)
			return
		}
		delete(f.kept, at) // if the record was changed since, that is newer
	}
	f.some.Store(false)
}

// Record returns a record; see [oplog.Records].
func (f *Fallback) Record(kind oplog.RecordKind, name string) (data []byte, revision oplog.Revision, err error) {
	if f.Settle(); !f.some.Load() {
		return f.Store.Record(kind, name)
	}
	f.mu.Lock()
	change, known := f.kept[recordName{kind, name}]
	f.mu.Unlock()
	switch {
	case !known:
		return f.Store.Record(kind, name)
	case change.data == nil:
		return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
	}
	return slices.Clone(change.data), oplog.RevisionOf(change.data), nil
}

// Records returns the records whose names start with a prefix; see [oplog.Records].
func (f *Fallback) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	f.Settle()
	all, err := f.Store.Records(kind, prefix)
	if !f.some.Load() {
		return all, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all = slices.DeleteFunc(all, func(r oplog.Record) bool {
		_, changed := f.kept[recordName{kind, r.Name}]
		return changed
	})
	for at, change := range f.kept {
		if at.kind == kind && strings.HasPrefix(at.name, prefix) && change.data != nil {
			all = append(all, oplog.Record{Name: at.name, Data: slices.Clone(change.data)})
		}
	}
	slices.SortFunc(all, func(a, b oplog.Record) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// keep keeps changes in memory, all or none.
func (f *Fallback) keep(changes []oplog.RecordChange, failure error) error {
	for _, c := range changes {
		_, revision, err := f.Record(c.Kind, c.Name)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if revision != c.Replaces {
			return oplog.ErrRevision
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.kept)+len(changes) > maxKept {
		return failure
	}
	for _, c := range changes {
		at := recordName{c.Kind, c.Name}
		before, known := f.kept[at]
		switch replaces := c.Replaces; {
		case known && before.revision() != c.Replaces:
			return oplog.ErrRevision
		case known && before.replaces == (oplog.Revision{}) && c.Data == nil:
			delete(f.kept, at) // it never was in the store
		default:
			if known {
				replaces = before.replaces
			}
			f.kept[at] = keptChange{replaces, slices.Clone(c.Data)}
		}
	}
	f.some.Store(len(f.kept) > 0)
	return nil
}

func (c *keptChange) revision() oplog.Revision { return oplog.RevisionOf(c.data) }

// inMemory is a Fallback whose changes may be kept in memory.
type inMemory struct {
	*Fallback
	through oplog.Records
}

func (m inMemory) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return m.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (m inMemory) PutRecords(changes []oplog.RecordChange, told ...oplog.Entry) error {
	m.Settle()
	failure := m.Failure()
	if failure == nil {
		err := m.through.PutRecords(changes, told...)
		if failure = m.Failure(); err == nil || failure == nil || errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
	return m.keep(changes, failure)
}
