package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// closedDays are a tenant's days whose entries are deleted: ordered, disjoint spans of microseconds.
type closedDays []span

type span struct{ from, to int64 } // to is exclusive

func (c closedDays) has(micros int64) bool {
	i, found := slices.BinarySearchFunc(c, micros, func(s span, micros int64) int {
		switch {
		case micros < s.from:
			return 1
		case micros >= s.to:
			return -1
		}
		return 0
	})
	return found && i < len(c)
}

// contain reports whether all of the days are closed.
func (c closedDays) contain(days oplog.Days) bool {
	from, to := days.Bounds()
	return slices.ContainsFunc(c, func(s span) bool { return s.from <= from.UnixMicro() && to.UnixMicro() <= s.to })
}

func (c closedDays) hasDate(date []byte) bool {
	t, err := time.Parse(time.DateOnly, string(date))
	return err == nil && c.has(t.UnixMicro())
}

// with returns the days together with those of a deletion.
func (c closedDays) with(d *oplog.Deletion) closedDays {
	all := slices.Clone(c)
	for _, days := range d.Days {
		from, to := days.Bounds()
		all = append(all, span{from.UnixMicro(), to.UnixMicro()})
	}
	slices.SortFunc(all, func(a, b span) int { return int(min(1, max(-1, a.from-b.from))) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// closedOf returns a tenant's closed days.
func (db *DB) closedOf(tenant string) closedDays { return (*db.closedByTenant.Load())[tenant] }

// readDeletions reads the closed days.
func (db *DB) readDeletions(tx *bolt.Tx, closed map[string]closedDays, archived map[string]*archivedDays) error {
	return db.forEachRecord(tx, oplog.RecordDeletion, func(name, data []byte, damage error) error {
		if d := soundDeletion(name, data, damage); d != nil {
			closed[d.Tenant] = closed[d.Tenant].with(d)
		} else {
			db.noteDeletion(tx, string(name), closed, archived)
		}
		return nil
	})
}

// soundDeletion returns what the record of a deletion has; nil if it is damaged.
func soundDeletion(name, data []byte, damage error) *oplog.Deletion {
	if damage != nil {
		return nil
	}
	d, err := readDeletion(name, data)
	if err != nil {
		return nil
	}
	return d
}

func readDeletion(name, data []byte) (*oplog.Deletion, error) {
	var d oplog.Deletion
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, oplog.DamagedRecord(oplog.RecordDeletion, string(name))
	}
	return &d, nil
}

// BeginDeletion writes the record of a deletion and closes its days; see [oplog.Store].
func (db *DB) BeginDeletion(d *oplog.Deletion, report ...oplog.Entry) error {
	return db.BeginDeletionIf(nil, d, report...)
}

// BeginDeletionIf is BeginDeletion, unless a function that is called in the transaction returns an error.
func (db *DB) BeginDeletionIf(may func() error, d *oplog.Deletion, report ...oplog.Entry) error {
	r := &appendRequest{deletion: d, entries: report, may: may}
	if len(report) > 0 {
		r.tenant = report[0].Tenant
	}
	_, err := db.submit(context.Background(), r)
	db.tried(append(r.changes, oplog.RecordChange{Kind: oplog.RecordDeletion, Name: d.Tenant + "/" + d.ID}), err)
	return err
}

// applyDeletion writes the record of a deletion, and closes its days before the transaction is written, so that no later request appends to
// them. Records of archived days among them are changes of the request, so that other copies get the same bytes.
func (db *DB) applyDeletion(tx *bolt.Tx, writers map[string]*tenantWriter, r *appendRequest) error {
	d := r.deletion
	if d == nil {
		return nil
	}
	if len(r.entries) > 0 {
		d.ID = r.entries[0].ID
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	r.deletionData = data
	if r.changes, err = db.deleteArchived(tx, d); err != nil {
		return err
	}
	return errors.Join(putRecords(tx, r.changes), db.sealDays(writers, r.changes), db.putDeletion(tx, writers, d, data))
}

// putDeletion writes the record of a deletion, and closes its days.
func (db *DB) putDeletion(tx *bolt.Tx, writers map[string]*tenantWriter, d *oplog.Deletion, data []byte) error {
	closed := maps.Clone(*db.closedByTenant.Load())
	closed[d.Tenant] = closed[d.Tenant].with(d)
	db.closedByTenant.Store(&closed)
	if w := writers[d.Tenant]; w != nil {
		w.closed = closed[d.Tenant]
	}
	return putRecord(tx, oplog.RecordDeletion, d.Tenant+"/"+d.ID, data)
}

// DaysBefore lists dates and their numbers of entries; see [oplog.Store].
func (db *DB) DaysBefore(ctx context.Context, tenant, before string) ([]oplog.DayCount, error) {
	closed := db.closedOf(tenant)
	var days []oplog.DayCount
	for date, more := []byte(nil), true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := db.view(func(tx *bolt.Tx) error {
			more = false
			b := entriesBucket(tx, tenant)
			if b == nil {
				return nil
			}
			at, _ := b.Cursor().Seek(date)
			if at == nil || string(at) >= before {
				return nil
			}
			more, date = true, append(bytes.Clone(at), 0)
			if closed.hasDate(at) || db.archivedOf(tenant).ofDate(at) == oplog.DayUnknown {
				return nil
			}
			if n := bucketIn(b, at).Stats().KeyN; n > 0 {
				days = append(days, oplog.DayCount{Date: string(at), Entries: n})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return days, nil
}

// deletesPerTx limits the entries deleted per transaction.
const deletesPerTx = 10_000

// DeleteDays removes entries from disk; see [oplog.Store].
func (db *DB) DeleteDays(ctx context.Context, tenant string, days oplog.Days) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		err := db.update(func(tx *bolt.Tx) (err error) {
			if topBucket(tx, bucketTenants).Bucket([]byte(tenant)) != nil && !db.mayRemove(tenant, days) { // their deletion was seen before it became void
				return fmt.Errorf("the days %s to %s of tenant %s are not being deleted, nor removed to the archive", days.From, days.To, tenant)
			}
			more, err = deleteSome(tx, tenant, days)
			return err
		})
		if err != nil {
			return err
		}
		select { // give appends as much time as they had to wait
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
		}
	}
	return nil
}

// mayRemove reports whether entries of all of the days may be removed from disk.
func (db *DB) mayRemove(tenant string, days oplog.Days) bool {
	closed, archived := db.closedOf(tenant), db.archivedOf(tenant)
	if closed.contain(days) {
		return true
	}
	from, to := days.Bounds()
	for at := from.UnixMicro(); at < to.UnixMicro(); at += microsPerDay {
		if !closed.has(at) && !isRemoved(archived.of(at)) {
			return false
		}
	}
	return true
}

// Undeleted returns the closed days that are still on disk, and those that the archive has alone; see [oplog.Store].
func (db *DB) Undeleted(tenant string) (left []oplog.Days, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
		if b == nil {
			return nil
		}
		for _, s := range db.closedOf(tenant) {
			days := oplog.Days{From: dateOf(time.UnixMicro(s.from)), To: dateOf(time.UnixMicro(s.to - 1))}
			id, _ := bucketIn(b, []byte(nameIDs)).Cursor().Seek([]byte(days.From))
			date, _ := bucketIn(b, []byte(nameEntries)).Cursor().Seek([]byte(days.From))
			if id != nil && days.Contains(string(dateIn(id))) || date != nil && days.Contains(string(date)) {
				left = append(left, days)
			}
		}
		for _, date := range append(db.unremoved(tenant, b), db.unbrought(tenant, b)...) {
			if !slices.ContainsFunc(left, func(d oplog.Days) bool { return d.Contains(date) }) {
				left = append(left, oplog.Days{From: date, To: date})
			}
		}
		return nil
	})
	slices.SortFunc(left, func(a, b oplog.Days) int { return strings.Compare(a.From, b.From) })
	return left, err
}

// deleteSome deletes some entries or senders' ids of the days, and reports whether there may be more.
func deleteSome(tx *bolt.Tx, tenant string, days oplog.Days) (more bool, err error) {
	b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
	if b == nil {
		return false, nil
	}
	ids := bucketIn(b, []byte(nameIDs))
	if name, _ := ids.Cursor().Seek([]byte(days.From)); name != nil && days.Contains(string(dateIn(name))) {
		return true, ids.DeleteBucket(bytes.Clone(name))
	}
	entries := bucketIn(b, []byte(nameEntries))
	for left := deletesPerTx; left > 0; {
		date, _ := entries.Cursor().Seek([]byte(days.From))
		if date == nil || !days.Contains(string(date)) {
			return false, nil
		}
		date = bytes.Clone(date)
		c := bucketIn(entries, date).Cursor()
		n := 0
		for k, _ := c.First(); k != nil && n < left; k, _ = c.Next() {
			n++
		}
		if n < left {
			if err := entries.DeleteBucket(date); err != nil {
				return false, err
			}
			left -= n + 1
			continue
		}
		for k, _ := c.First(); k != nil && left > 0; k, _ = c.First() {
			if err := c.Delete(); err != nil {
				return false, err
			}
			left--
		}
	}
	return true, nil
}

// Arrived reports whether an entry was ever recorded; see [oplog.Store].
func (db *DB) Arrived(tenant string, key oplog.Key) (bool, error) {
	arrived := false
	err := db.viewTree(context.Background(), tenant, func(tx *bolt.Tx, m *movedTiles) error {
		t, err := m.readTree(tx)
		if oplog.CodeOf(err) == oplog.CodeNotFound || key.Seq() == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if size, err := t.size(); err != nil || key.Seq() > size {
			return err
		}
		if !t.mayHold(key) {
			return nil
		}
		at, _, err := t.arrival(key.Seq())
		arrived = at == key
		return err
	})
	return arrived, err
}

// provenDeletions returns a tenant's deletions that its trail confirms exactly: a record alone could have been forged to explain removed
// entries.
func (db *DB) provenDeletions(tx *bolt.Tx, tenant string) (proven []*oplog.Deletion) {
	prefix := []byte(tenant + "/")
	c := recordBucket(tx, oplog.RecordDeletion).Cursor()
	for name, stored := c.Seek(prefix); bytes.HasPrefix(name, prefix); name, stored = c.Next() {
		data, err := db.openRecord(oplog.RecordDeletion, name, stored)
		d := soundDeletion(name, data, err)
		if d == nil { // a finding of its own, see DamagedRecords
			if owner, id, ok := splitName(string(name)); ok && owner == tenant {
				if d := deletionInTrail(tx, tenant, id); d != nil {
					proven = append(proven, d)
				}
			}
			continue
		}
		own := oplog.TrailName(oplog.OwnerOf(tenant))
		if d.Tenant == tenant && (isInTrail(tx, own, d) || isInTrail(tx, oplog.TrailName(""), d)) { // others are of its trail; the last one of a removed tenant is in the installation's
			proven = append(proven, d)
		}
	}
	if d := db.provenRemoval(tx, tenant); d != nil {
		proven = append(proven, d)
	}
	return proven
}

// isInTrail reports whether a deletion is as the entry of a trail that reports it has it.
func isInTrail(tx *bolt.Tx, trail string, d *oplog.Deletion) bool {
	logged, _ := loggedDeletion(tx, trail, d.ID)
	return logged != nil && logged.Tenant == d.Tenant && logged.Through == d.Through && slices.Equal(logged.Days, d.Days)
}

// loggedDeletion returns what the entry with an id, in the trail of a log, reports of a deletion, and its key; nil if there is no such entry, or it is not
// the one that was recorded.
func loggedDeletion(tx *bolt.Tx, log, id string) (*oplog.Deletion, oplog.Key) {
	trail := log
	if !oplog.IsTrail(trail) { // a trail reports its own
		trail = oplog.TrailName(trail)
	}
	key, known := oplog.KeyOfID(id)
	t, err := readTree(tx, trail)
	if !known || err != nil {
		return nil, key
	}
	at, leaf, err := t.arrival(key.Seq())
	if err != nil || at != key {
		return nil, key
	}
	data, err := entryAt(tx, trail, key)
	if err != nil || tlog.RecordHash(data) != leaf {
		return nil, key
	}
	e, err := decodeEntry(data)
	var logged oplog.Deletion
	if err != nil || e.Module != "retention" || e.Operation != "delete" || json.Unmarshal(e.Details, &logged) != nil {
		return nil, key
	}
	return &logged, key
}

// deletions returns the tenant's proven deletions.
func (v *verification) deletions() (proven []*oplog.Deletion, err error) {
	err = v.db.view(func(tx *bolt.Tx) error {
		proven = v.db.provenDeletions(tx, v.tenant)
		return nil
	})
	return proven, err
}

// isDeleted reports whether the entry with a key was deleted.
func isDeleted(deletions []*oplog.Deletion, key oplog.Key) bool {
	if len(deletions) == 0 {
		return false
	}
	date := dateOf(key.Time())
	return slices.ContainsFunc(deletions, func(d *oplog.Deletion) bool { return key.Seq() <= d.Through && d.Contains(date) })
}

// deletedDate reports whether senders' ids of a date were deleted, or may have been.
func (v *verification) deletedDate(date string) bool {
	return slices.ContainsFunc(v.proven, func(d *oplog.Deletion) bool { return d.Contains(date) })
}
