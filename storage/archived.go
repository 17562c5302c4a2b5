package storage

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// archivedDays are the days of a tenant that are in the archive, or on their way there; see [oplog.ArchivedDay].
type archivedDays struct {
	states map[int64]oplog.ArchiveState // by days since 1970
	end    int64                        // microseconds; of the last of them

	unknownBefore int64  // microseconds; earlier days without a state are unknown
	unknownBy     string // name of the record of the deletion that may have deleted them
}

// of returns the state of the day of a time in microseconds; "" if it is not archived.
func (a *archivedDays) of(micros int64) oplog.ArchiveState {
	if a == nil || micros >= a.end {
		return ""
	}
	if s := a.states[micros/microsPerDay]; s != "" || micros >= a.unknownBefore {
		return s
	}
	return oplog.DayUnknown
}

// ofDate is of for a date.
func (a *archivedDays) ofDate(date []byte) oplog.ArchiveState {
	t, err := time.Parse(time.DateOnly, string(date))
	if a == nil || err != nil {
		return ""
	}
	return a.of(t.UnixMicro())
}

// hasUnknown reports whether there are days of which nobody knows where their entries are.
func (a *archivedDays) hasUnknown() bool {
	if a == nil {
		return false
	}
	for _, s := range a.states {
		if s == oplog.DayUnknown {
			return true
		}
	}
	return a.unknownBefore > 0
}

// mayLack reports whether entries of that time may be missing, since the archive has them, had them, or may have them.
func (a *archivedDays) mayLack(micros int64) bool {
	s := a.of(micros)
	return isRemoved(s) || s == oplog.DayUnknown
}

// isRemoved reports whether a store need not have all entries of a day.
func isRemoved(s oplog.ArchiveState) bool { return s == oplog.DayRemoved || s == oplog.DayDeleted }

// with returns the days with some others, or without them where the state is "". Those before stay as they are.
func (a *archivedDays) with(changed map[int64]oplog.ArchiveState) *archivedDays {
	b := &archivedDays{states: make(map[int64]oplog.ArchiveState)}
	if a != nil {
		maps.Copy(b.states, a.states)
		b.unknownBefore, b.unknownBy, b.end = a.unknownBefore, a.unknownBy, a.unknownBefore
	}
	maps.Copy(b.states, changed)
	maps.DeleteFunc(b.states, func(_ int64, s oplog.ArchiveState) bool { return s == "" })
	for day := range b.states {
		b.end = max(b.end, (day+1)*microsPerDay)
	}
	return b
}

// archivedOf returns a tenant's archived days; nil if there are none.
func (db *DB) archivedOf(tenant string) *archivedDays { return (*db.archivedByTenant.Load())[tenant] }

// readArchivedDays reads the archived days. Those of damaged records are unknown.
func (db *DB) readArchivedDays(tx *bolt.Tx, all map[string]*archivedDays) error {
	changed := make(map[string]map[int64]oplog.ArchiveState)
	err := db.forEachRecord(tx, oplog.RecordArchive, func(name, data []byte, damage error) error {
		if damage == nil {
			damage = noteArchived(changed, string(name), data)
		}
		if damage != nil && noteUnknown(changed, string(name)) != nil {
			db.reportRecord(oplog.RecordArchive, string(name), "its name is not that of a tenant's day, so no day takes it for its record")
		} else if damage != nil {
			db.reportRecord(oplog.RecordArchive, string(name), "nobody knows where the entries of the day are, so it takes none, is not read, and stays as it is")
		}
		return nil
	})
	for tenant, days := range changed {
		all[tenant] = all[tenant].with(days)
	}
	return err
}

// noteUnknown notes that the record of a day is damaged; an error if its name is.
func noteUnknown(changed map[string]map[int64]oplog.ArchiveState, name string) error {
	d, err := readArchived(name, nil)
	if err == nil {
		d.State = oplog.DayUnknown
		noteState(changed, &d)
	}
	return err
}

// noteArchived notes the state that a record gives its day; nil data removes it.
func noteArchived(changed map[string]map[int64]oplog.ArchiveState, name string, data []byte) error {
	d, err := readArchived(name, data)
	if err != nil {
		return err
	}
	noteState(changed, &d)
	return nil
}

func noteState(changed map[string]map[int64]oplog.ArchiveState, d *oplog.ArchivedDay) {
	day, _ := oplog.Days{From: d.Date, To: d.Date}.Bounds()
	if changed[d.Tenant] == nil {
		changed[d.Tenant] = make(map[int64]oplog.ArchiveState)
	}
	changed[d.Tenant][day.UnixMicro()/microsPerDay] = d.State
}

// readArchived reads the record of an archived day. One that is removed has no state.
func readArchived(name string, data []byte) (d oplog.ArchivedDay, err error) {
	damaged := oplog.DamagedRecord(oplog.RecordArchive, name)
	if at := len(name) - dateSize - 1; data == nil && at > 0 {
		d = oplog.ArchivedDay{Tenant: name[:at], Date: name[at+1:]}
	} else if json.Unmarshal(data, &d) != nil || !slices.Contains(archiveStates, d.State) {
		return d, damaged
	}
	if _, err := time.Parse(time.DateOnly, d.Date); err != nil || d.Name() != name || d.Tenant == "" || oplog.IsTrail(d.Tenant) {
		return d, damaged
	}
	return d, nil
}

var archiveStates = []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved, oplog.DayDeleted}

// sealDays takes over changes of the records of archived days before the transaction is written, so that no later request appends to them.
func (db *DB) sealDays(writers map[string]*tenantWriter, changes []oplog.RecordChange) error {
	changed := make(map[string]map[int64]oplog.ArchiveState)
	for _, c := range changes {
		if c.Kind == oplog.RecordArchive {
			if err := noteArchived(changed, c.Name, c.Data); err != nil {
				return err
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	all := maps.Clone(*db.archivedByTenant.Load())
	for tenant, days := range changed {
		all[tenant] = all[tenant].with(days)
		if w := writers[tenant]; w != nil {
			w.archived = all[tenant]
		}
	}
	db.archivedByTenant.Store(&all)
	return nil
}

// hasArchived reports whether changes are of records of archived days.
func hasArchived(changes []oplog.RecordChange) bool {
	return slices.ContainsFunc(changes, func(c oplog.RecordChange) bool { return c.Kind == oplog.RecordArchive })
}

// checkArchive returns why changes of records of the archive cannot be made, or nil: what has left the store cannot come back to it, and what
// is deleted stays so.
func (db *DB) checkArchive(changes []oplog.RecordChange) error {
	for _, c := range changes {
		isDay := c.Kind == oplog.RecordArchive
		if (isDay || c.Kind == oplog.RecordArchiveCounts) && db.position.Load() != nil && db.Level() < archiveLevel {
			return oplog.Errorf(oplog.CodeUnavailable, "Days are archived only once all nodes of the log run a version of oplog that knows archived days; oplog cluster status tells which do not yet.")
		}
		if !isDay {
			continue
		}
		d, err := readArchived(c.Name, c.Data)
		if err != nil {
			return oplog.Errorf(oplog.CodeInvalid, "The record of the archived day %s is invalid.", c.Name)
		}
		day, _ := oplog.Days{From: d.Date, To: d.Date}.Bounds()
		closed, before := db.closedOf(d.Tenant).has(day.UnixMicro()), db.archivedOf(d.Tenant).of(day.UnixMicro())
		switch {
		case closed && d.State != oplog.DayDeleted:
			return oplog.Errorf(oplog.CodeInvalid, "%s of tenant %s was deleted; it cannot be archived.", d.Date, d.Tenant)
		case !closed && d.State == oplog.DayDeleted:
			return oplog.Errorf(oplog.CodeInvalid, "%s of tenant %s was not deleted.", d.Date, d.Tenant)
		case (isRemoved(before) || before == oplog.DayUnknown) && !isRemoved(d.State):
			return oplog.Errorf(oplog.CodeInvalid, "%s of tenant %s was removed from the store; its record stays.", d.Date, d.Tenant)
		}
	}
	return nil
}

// deleteArchived returns the changes by which the records of archived days say that a deletion has deleted these.
func (db *DB) deleteArchived(tx *bolt.Tx, d *oplog.Deletion) (changes []oplog.RecordChange, err error) {
	if db.archivedOf(d.Tenant) == nil {
		return nil, nil
	}
	prefix := []byte(d.Tenant + "/")
	c := recordBucket(tx, oplog.RecordArchive).Cursor()
	for name, stored := c.Seek(prefix); bytes.HasPrefix(name, prefix); name, stored = c.Next() {
		data, err := db.openRecord(oplog.RecordArchive, name, stored)
		if err != nil {
			continue // no deletion has days that are unknown; see checkDeletion
		}
		day, err := readArchived(string(name), data)
		if err != nil || day.State == oplog.DayDeleted || !d.Contains(day.Date) {
			continue
		}
		change := oplog.RecordChange{Kind: oplog.RecordArchive, Name: string(name), Replaces: oplog.RevisionOf(data)}
		day.State = oplog.DayDeleted
		if change.Data, err = json.Marshal(day); err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	return changes, nil
}

// unremoved returns the dates that the archive has alone, and of which the bucket of their tenant has something.
func (db *DB) unremoved(tenant string, b *bolt.Bucket) (dates []string) {
	closed, archived := db.closedOf(tenant), db.archivedOf(tenant)
	if archived == nil {
		return nil
	}
	for _, parent := range []string{nameEntries, nameIDs} {
		c := bucketIn(b, []byte(parent)).Cursor()
		for name, _ := c.First(); name != nil; {
			date := bytes.Clone(dateIn(name))
			if isRemoved(archived.ofDate(date)) && !closed.hasDate(date) && !slices.Contains(dates, string(date)) {
				dates = append(dates, string(date))
			}
			name, _ = c.Seek(append(date, 0xff)) // of the next date
		}
	}
	return dates
}

// appendArchived appends the error of a new entry if its day is archived, in whatever state, and takes no entries.
func appendArchived(late []oplog.FieldError, state oplog.ArchiveState, i int, e *oplog.Entry) []oplog.FieldError {
	switch state {
	case "":
		return late
	case oplog.DayUnknown:
		return append(late, oplog.FieldError{
			Item: i + 1, Field: "time", Value: e.Time.Format(time.RFC3339),
			Violation: oplog.Violates("day_unknown", "is on a day of which the record is damaged in the store, so that it accepts no entries; restore the log from a backup"),
		})
	}
	return append(late, oplog.FieldError{
		Item: i + 1, Field: "time", Value: e.Time.Format(time.RFC3339),
		Violation: oplog.Violates("day_archived", "is on a day that is in the archive or on its way there and accepts no more entries; send operations before their day is archived, or have days archived later with oplog tenant set --archive-after"),
	})
}
