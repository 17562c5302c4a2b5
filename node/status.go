package node

import (
	"errors"
	"time"

	"oplog/oplog"
	"oplog/records"
	"oplog/scrub"
)

// SystemStatus describes the whole log.
type SystemStatus struct {
	Tenants      int
	Recorded     uint64 // entries recorded so far, of all tenants
	Skipped      uint64
	StoreBytes   int64
	IndexBytes   int64
	ValueBytes   int64     // memory of the index; see [oplog.Index]
	LastBackupAt time.Time // zero for none
	CatchingUp   error     // see TenantStatus
	Failure      error     // why nothing can be written, or nil
	Damage       error     // found when the store was opened, or of records of tenants, accounts and keys; or nil
	Scrub        scrub.State
}

// Status describes the whole log.
func (l *Node) Status() (SystemStatus, error) {
	var s SystemStatus
	tenants, err := l.Directory.Tenants()
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
	s.ValueBytes = l.index.ValueBytes()
	s.CatchingUp = l.index.Ready()
	s.Failure, s.Scrub = l.store.Failure(), l.Scrub.State()
	s.Damage = errors.Join(l.store.Damage(), l.Directory.Damage(), l.Identity.Damage())
	s.LastBackupAt, err = LastBackup(l.store)
	return s, err
}

// LastBackup returns the time of the last completed backup; zero for none.
func LastBackup(s oplog.Records) (time.Time, error) {
	at, err := records.Read[time.Time](s, oplog.RecordServer, lastBackup)
	if code := oplog.CodeOf(err); code == oplog.CodeNotFound || code == oplog.CodeDamaged { // the next backup replaces it
		err = nil
	}
	return at, err
}

const lastBackup = "last_backup"

// RecordBackup records the time of a completed backup.
func RecordBackup(s oplog.Records, at time.Time) error {
	if err := records.Mend[time.Time](s, oplog.RecordServer, lastBackup, nil); err != nil {
		return err
	}
	_, err := records.Change(s, oplog.RecordServer, lastBackup, func(stored *time.Time, _ bool) (remove bool, err error) {
		*stored = at.UTC()
		return false, nil
	})
	return err
}
