// Package records gives the small JSON records that a store keeps beside its
// entries their types.
package records

import (
	"bytes"
	"encoding/json"
	"fmt"

	"oplog/oplog"
)

// Records are JSON documents; these functions give them their types.

// Read returns a record, or CodeNotFound.
func Read[T any](s oplog.Records, kind oplog.RecordKind, name string) (T, error) {
	var record T
	data, err := s.Record(kind, name)
	if err != nil {
		return record, err
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("record %s/%s is damaged: %w", kind, name, err)
	}
	return record, nil
}

// List returns the records of a kind whose names start with a prefix, by name.
func List[T any](s oplog.Records, kind oplog.RecordKind, prefix string) ([]T, error) {
	found, err := s.Records(kind, prefix)
	if err != nil {
		return nil, err
	}
	records := make([]T, len(found))
	for i, r := range found {
		if err := json.Unmarshal(r.Data, &records[i]); err != nil {
			return nil, fmt.Errorf("record %s/%s is damaged: %w", kind, r.Name, err)
		}
	}
	return records, nil
}

// Change replaces a record by what change leaves in it. Exists tells
// whether there was one; remove, returned as true, removes it.
func Change[T any](s oplog.Records, kind oplog.RecordKind, name string, change func(record *T, exists bool) (remove bool, err error)) (T, error) {
	var record T
	err := s.ChangeRecord(kind, name, func(old []byte) ([]byte, error) {
		record = *new(T)
		if old != nil {
			if err := json.Unmarshal(old, &record); err != nil {
				return nil, fmt.Errorf("record %s/%s is damaged: %w", kind, name, err)
			}
		}
		remove, err := change(&record, old != nil)
		if err != nil || remove {
			return nil, err
		}
		data, err := json.Marshal(record)
		if bytes.Equal(data, old) {
			return old, nil
		}
		return data, err
	})
	return record, err
}

// Create makes a record that must not exist yet.
func Create[T any](s oplog.Records, kind oplog.RecordKind, name string, record T) error {
	_, err := Change(s, kind, name, func(r *T, exists bool) (bool, error) {
		if exists {
			return false, oplog.Errorf(oplog.CodeConflict, "%s already exists.", name)
		}
		*r = record
		return false, nil
	})
	return err
}
