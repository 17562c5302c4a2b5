// Package records stores typed JSON records beside the entries.
package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"

	"oplog/oplog"
)

// Audited returns records whose changes are recorded, in the same transaction, with the entries of the trail that report them.
func Audited(r oplog.Records, a oplog.Audit) oplog.Records { return audited{r, a} }

type audited struct {
	store
	audit oplog.Audit
}

type store interface{ oplog.Records }

func (a audited) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return a.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (a audited) PutRecords(changes []oplog.RecordChange, entries ...oplog.Entry) error {
	for _, c := range changes {
		if e, audited := a.audit.EntryOf(c); audited {
			if err := a.store.PutRecords(changes, append(entries, e)...); err != nil {
				return err
			}
			a.audit.Committed()
			return nil
		}
	}
	return a.store.PutRecords(changes, entries...)
}

// Read returns a record, or CodeNotFound.
func Read[T any](s oplog.Records, kind oplog.RecordKind, name string) (T, error) {
	var record T
	data, _, err := s.Record(kind, name)
	if err != nil {
		return record, err
	}
	return record, decode(data, &record, kind, name)
}

// decode decodes a record.
func decode(data []byte, record any, kind oplog.RecordKind, name string) error {
	if err := json.Unmarshal(data, record); err != nil {
		return oplog.DamagedRecord(kind, name)
	}
	return nil
}

// Sound is List without the records that are damaged; see [Damage].
func Sound[T any](s oplog.Records, kind oplog.RecordKind, prefix string) ([]T, error) {
	return WithoutDamage(List[T](s, kind, prefix))
}

// WithoutDamage takes damaged records of a list for missing; see [Damage].
func WithoutDamage[T any](found []T, err error) ([]T, error) {
	if oplog.IsDamagedRecord(err) {
		err = nil
	}
	return found, err
}

// Damage returns the error of a damaged record of a kind, or nil if there is none.
func Damage[T any](s oplog.Records, kind oplog.RecordKind) error {
	if _, err := List[T](s, kind, ""); oplog.IsDamagedRecord(err) {
		return err
	}
	return nil
}

// List returns the records of a kind whose names start with a prefix, by name; those that are not damaged together with a CodeDamaged error.
func List[T any](s oplog.Records, kind oplog.RecordKind, prefix string) ([]T, error) {
	found, err := s.Records(kind, prefix)
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return nil, err
	}
	records := make([]T, 0, len(found))
	for _, r := range found {
		var record T
		if damage := decode(r.Data, &record, kind, r.Name); damage != nil {
			err = damage
			continue
		}
		records = append(records, record)
	}
	return records, err
}

// batch is the number of records that Each reads at a time.
const batch = 500

// Each calls visit for the records of a kind whose names start with a prefix, by name, until it returns false. It reads some at a time, so that a
// long list is never in memory as a whole; those that change meanwhile are visited as they were, as they are, or not. Damaged ones are left out,
// and the error is CodeDamaged.
func Each(s oplog.Records, kind oplog.RecordKind, prefix string, visit func(oplog.Record) (more bool)) error {
	return each(s, kind, prefix, "", batch, visit)
}

// each is Each from a name on. It reads size records first, and then more and more at a time.
func each(s oplog.Records, kind oplog.RecordKind, prefix, after string, size int, visit func(oplog.Record) (more bool)) (damage error) {
	for {
		found, err := s.RecordsAfter(kind, prefix, after, size)
		if err != nil {
			if oplog.CodeOf(err) != oplog.CodeDamaged {
				return err
			}
			damage = err
		}
		for _, r := range found {
			if !visit(r) {
				return damage
			}
		}
		if len(found) < size {
			return damage
		}
		after = found[len(found)-1].Name
		size = min(2*size, batch)
	}
}

// Where is List of the records for which keep returns true. The others are not kept in memory; see [Each].
func Where[T any](s oplog.Records, kind oplog.RecordKind, prefix string, keep func(*T) bool) ([]T, error) {
	return After(s, kind, prefix, "", math.MaxInt, keep)
}

// After is Where of the first ones, at most limit, whose names come after a name; nil keeps all. It reads few others.
func After[T any](s oplog.Records, kind oplog.RecordKind, prefix, after string, limit int, keep func(*T) bool) ([]T, error) {
	records := []T{}
	var damage error
	err := each(s, kind, prefix, after, min(limit, batch), func(r oplog.Record) bool {
		var record T
		if err := decode(r.Data, &record, kind, r.Name); err != nil {
			damage = err
		} else if keep == nil || keep(&record) {
			records = append(records, record)
		}
		return len(records) < limit
	})
	if err == nil {
		err = damage
	}
	return records, err
}

// Change replaces a record with the value that change leaves in it. exists reports whether there was one; returning remove as true removes
// it. If others change it concurrently, change is called again with their value. An error from change is returned and leaves the record
// unchanged.
func Change[T any](s oplog.Records, kind oplog.RecordKind, name string, change func(record *T, exists bool) (remove bool, err error)) (T, error) {
	for {
		record, err := tryChange(s, kind, name, change)
		if !errors.Is(err, oplog.ErrRevision) {
			return record, err
		}
	}
}

func tryChange[T any](s oplog.Records, kind oplog.RecordKind, name string, change func(record *T, exists bool) (remove bool, err error)) (record T, err error) {
	old, revision, err := s.Record(kind, name)
	exists := err == nil
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return record, err
	}
	if exists {
		if err := decode(old, &record, kind, name); err != nil {
			return record, err
		}
	}
	remove, err := change(&record, exists)
	if err != nil || remove && !exists {
		return record, err
	}
	var data []byte
	if !remove {
		if data, err = json.Marshal(record); err != nil {
			return record, err
		}
		if exists && bytes.Equal(data, old) {
			return record, nil
		}
	}
	return record, s.PutRecord(kind, name, revision, data)
}

// Remove removes a record if it exists.
func Remove(s oplog.Records, kind oplog.RecordKind, name string) error {
	for {
		_, revision, err := s.Record(kind, name)
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			return nil
		}
		if err == nil {
			err = s.PutRecord(kind, name, revision, nil)
		}
		if !errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
}

// Mend replaces a record that is damaged, which Change refuses, by a value, or removes it if that is nil. It leaves any other record as it is.
func Mend[T any](s oplog.Records, kind oplog.RecordKind, name string, value *T) error {
	stored, revision, err := s.Record(kind, name)
	if err == nil {
		var record T
		err = decode(stored, &record, kind, name)
	}
	switch oplog.CodeOf(err) {
	case oplog.CodeDamaged:
	case oplog.CodeNotFound:
		return nil
	default:
		return err
	}
	var data []byte
	if value != nil {
		if data, err = json.Marshal(value); err != nil {
			return err
		}
	}
	return s.PutRecord(kind, name, revision, data)
}

// Create stores a record that must not exist yet. The checks are called last; if one returns an error, nothing is stored.
func Create[T any](s oplog.Records, kind oplog.RecordKind, name string, record T, checks ...func() error) error {
	_, err := Change(s, kind, name, func(r *T, exists bool) (bool, error) {
		if exists {
			return false, oplog.Refuse(oplog.CodeConflict, "record-exists", "{name} already exists.", name)
		}
		for _, check := range checks {
			if err := check(); err != nil {
				return false, err
			}
		}
		*r = record
		return false, nil
	})
	return err
}
