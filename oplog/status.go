package oplog

import (
	"context"
	"time"
)

// TenantStatus is how much a tenant's log holds.
type TenantStatus struct {
	Recorded uint64 // entries ever
	Skipped  uint64 // operations that were not manual, ever

	// Of the entries that are there; zero while the index catches up.
	Entries        int
	Oldest, Newest time.Time
	CatchingUp     error // CodeUnavailable with how far the index is; nil where it is ready
}

// TenantStatus tells how much a tenant's log holds, and whether its index is
// ready.
func (l *Log) TenantStatus(ctx context.Context, tenant string) (TenantStatus, error) {
	var s TenantStatus
	var err error
	if s.Recorded, s.Skipped, err = l.Counts(tenant); err != nil {
		return s, err
	}
	first, last, some, err := l.index.Bounds(ctx, tenant)
	if err == nil {
		s.Entries, err = l.index.Total(ctx, tenant, Match{})
	}
	if CodeOf(err) == CodeUnavailable {
		s.CatchingUp = err
		return s, nil
	}
	if some {
		s.Oldest, s.Newest = first.Time(), last.Time()
	}
	return s, err
}

// SystemStatus is how much the whole log holds.
type SystemStatus struct {
	Tenants      int
	Recorded     uint64 // entries ever, of all tenants
	Skipped      uint64
	StoreBytes   int64
	IndexBytes   int64
	LastBackupAt time.Time // zero where there was none
	CatchingUp   error     // see TenantStatus
}

// SystemStatus tells how much the whole log holds.
func (l *Log) SystemStatus() (SystemStatus, error) {
	var s SystemStatus
	tenants, err := l.Tenants()
	if err != nil {
		return s, err
	}
	s.Tenants = len(tenants)
	for _, t := range tenants {
		recorded, skipped, err := l.store.Counts(t.ID)
		if err != nil {
			return s, err
		}
		s.Recorded += recorded
		s.Skipped += skipped
	}
	if s.StoreBytes, err = l.store.Bytes(); err != nil {
		return s, err
	}
	if s.IndexBytes, err = l.index.Bytes(); err != nil {
		return s, err
	}
	s.CatchingUp = l.index.Ready()
	s.LastBackupAt, err = readRecord[time.Time](l.store, RecordServer, lastBackup)
	if CodeOf(err) == CodeNotFound {
		err = nil
	}
	return s, err
}

const lastBackup = "last_backup"

// NoteBackup notes when a backup was taken away whole.
func NoteBackup(s Store, at time.Time) error {
	_, err := changeRecord(s, RecordServer, lastBackup, func(stored *time.Time, _ bool) (remove bool, err error) {
		*stored = at.UTC()
		return false, nil
	})
	return err
}

const lastRestore = "last_restore"

// NoteRestore notes when the store was made of a backup.
func NoteRestore(s Store, at time.Time) error {
	_, err := changeRecord(s, RecordServer, lastRestore, func(stored *time.Time, _ bool) (remove bool, err error) {
		*stored = at.UTC()
		return false, nil
	})
	return err
}
