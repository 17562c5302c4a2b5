package storage

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A damaged record of an archived day, or of a deletion, does not say any more where the entries of its days are. The days of a deletion are read from the
// entry that reports it; if that cannot be read either, the days of its log up to that time are unknown, as is an archived day. See [oplog.DayUnknown].

// readDays loads which days are deleted or archived when the file is opened.
func (db *DB) readDays() error {
	closed := make(map[string]closedDays)
	archived := make(map[string]*archivedDays)
	err := db.view(func(tx *bolt.Tx) error {
		if err := db.readDeletions(tx, closed, archived); err != nil {
			return err
		}
		return db.readArchivedDays(tx, archived)
	})
	db.closedByTenant.Store(&closed)
	db.archivedByTenant.Store(&archived)
	return err
}

// reportRecord logs that a record is damaged. It is called each time that the file is opened.
func (db *DB) reportRecord(kind oplog.RecordKind, name, what string) {
	slog.Error("a record is damaged: "+what+"; oplog verify lists all that is damaged", "file", db.path(), "record", string(kind)+"/"+name)
}

// deletionInTrail returns the deletion with an id as the entry that reports it has it, if that is as it was recorded; nil otherwise.
func deletionInTrail(tx *bolt.Tx, tenant, id string) *oplog.Deletion {
	logged, key := loggedDeletion(tx, tenant, id)
	if logged == nil || logged.Tenant != tenant || key.ID() != id {
		return nil
	}
	logged.ID = id
	return logged
}

// splitName returns the log and the rest of the name of a record; false if it has not both.
func splitName(name string) (log, rest string, ok bool) {
	at := strings.LastIndexByte(name, '/')
	if at <= 0 || at == len(name)-1 {
		return "", "", false
	}
	return name[:at], name[at+1:], true
}

// noteDeletion notes a deletion of which the record is damaged.
func (db *DB) noteDeletion(tx *bolt.Tx, name string, closed map[string]closedDays, archived map[string]*archivedDays) {
	tenant, id, ok := splitName(name)
	if !ok {
		db.reportRecord(oplog.RecordDeletion, name, "its name does not say of which tenant it is, so its days count as not deleted")
		return
	}
	if d := deletionInTrail(tx, tenant, id); d != nil {
		closed[tenant] = closed[tenant].with(d)
		db.reportRecord(oplog.RecordDeletion, name, "the days that it deleted are read from the access log instead")
		return
	}
	key, ok := oplog.KeyOfID(id)
	if !ok {
		db.reportRecord(oplog.RecordDeletion, name, "its name does not say when it was, so its days count as not deleted")
		return
	}
	before := db.deletedBefore(tx, tenant, key.Time())
	days := archived[tenant].with(nil)
	if micros := before.UnixMicro(); micros > days.unknownBefore {
		days.unknownBefore, days.unknownBy = micros, name
		days.end = max(days.end, micros)
	}
	archived[tenant] = days
	db.reportRecord(oplog.RecordDeletion, name, "days before "+dateOf(before)+" take no entries and are not read, since nobody knows which of them it deleted")
}

// deletedBefore returns the end of the days that a deletion at some time may have deleted.
func (db *DB) deletedBefore(tx *bolt.Tx, log string, at time.Time) time.Time {
	end := at.UTC().Truncate(24 * time.Hour)
	owner := oplog.OwnerOf(log)
	data, err := db.openRecord(oplog.RecordTenant, []byte(owner), storedRecord(tx, oplog.RecordTenant, owner))
	var t oplog.Tenant
	if err != nil || data == nil || json.Unmarshal(data, &t) != nil {
		return end
	}
	state := oplog.TenantState{Tenant: t, Zone: t.Location()}
	if oplog.IsTrail(log) {
		state = state.OfAccess()
	}
	if state.RetentionDays > 0 && !state.RetentionAt.After(at) { // the rule by which it was
		return state.KeptSince(at)
	}
	return end
}

// UnknownDays returns the days that a damaged record tells of; see [oplog.Retainer].
func (db *DB) UnknownDays() (days []oplog.UnknownDay, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		all := *db.archivedByTenant.Load()
		for _, tenant := range slices.Sorted(maps.Keys(all)) {
			if of := all[tenant]; of.hasUnknown() {
				days = append(days, db.unknownOf(tx, tenant, of)...)
			}
		}
		return nil
	})
	return days, err
}

func (db *DB) unknownOf(tx *bolt.Tx, tenant string, of *archivedDays) (days []oplog.UnknownDay) {
	why := make(map[string]error)
	for day, state := range of.states {
		if state == oplog.DayUnknown {
			date := dateOf(time.UnixMicro(day * microsPerDay))
			why[date] = oplog.DamagedRecord(oplog.RecordArchive, tenant+"/"+date)
		}
	}
	closed := db.closedOf(tenant)
	// Of days that a damaged deletion may have deleted, those count of which something is here.
	if b := entriesBucket(tx, tenant); b != nil && of.unknownBefore > 0 {
		c := b.Cursor()
		for date, _ := c.First(); date != nil && string(date) < dateOf(time.UnixMicro(of.unknownBefore)); date, _ = c.Next() {
			if why[string(date)] == nil && of.ofDate(date) == oplog.DayUnknown && !closed.hasDate(date) {
				why[string(date)] = oplog.DamagedRecord(oplog.RecordDeletion, of.unknownBy)
			}
		}
	}
	for _, date := range slices.Sorted(maps.Keys(why)) {
		days = append(days, oplog.UnknownDay{Tenant: tenant, Date: date, Deleted: closed.hasDate([]byte(date)), Why: why[date]})
	}
	return days
}

// checkDeletion returns why a deletion cannot be begun, or nil: days of which nobody knows where their entries are stay as they are.
func (db *DB) checkDeletion(tx *bolt.Tx, d *oplog.Deletion) error {
	if d == nil || !db.archivedOf(d.Tenant).hasUnknown() {
		return nil
	}
	for _, u := range db.unknownOf(tx, d.Tenant, db.archivedOf(d.Tenant)) {
		if !u.Deleted && d.Contains(u.Date) {
			return oplog.Errorf(oplog.CodeUnavailable, "Day %s of %s cannot be deleted, since a record is damaged that says where its entries are: %w", u.Date, d.Tenant, u.Why)
		}
	}
	return nil
}
