package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// archiveCheck is what a verification knows of a log's archived days.
type archiveCheck struct {
	db     *DB
	tenant string
	began  *archivedDays // when the verification began
	sums   daySums       // of the arrivals so far; nil if they are not wanted

	mu        sync.Mutex      // guards confirmed
	confirmed map[string]bool // by date: whether the trail confirms that it was removed to the archive
}

// daySums holds a sum for each day since 1970.
type daySums map[int64]daySum

// daySum tells which entries a day has; see [oplog.ArchivedDay].
type daySum struct {
	rows, minSeq, maxSeq uint64
	sum                  [4]uint64
}

func (s daySum) add(o daySum) daySum {
	if s.rows == 0 || o.rows > 0 && o.minSeq < s.minSeq {
		s.minSeq = o.minSeq
	}
	s.rows, s.maxSeq = s.rows+o.rows, max(s.maxSeq, o.maxSeq)
	for i := range s.sum {
		s.sum[i] += o.sum[i]
	}
	return s
}

// sumOf returns the sum of one entry.
func sumOf(seq uint64, leaf tlog.Hash) daySum {
	s := daySum{rows: 1, minSeq: seq, maxSeq: seq}
	for i := range s.sum {
		s.sum[i] = binary.LittleEndian.Uint64(leaf[8*i:])
	}
	return s
}

func newArchiveCheck(db *DB, tenant string) *archiveCheck {
	return &archiveCheck{db: db, tenant: tenant, began: db.archivedOf(tenant), confirmed: make(map[string]bool)}
}

// wantsSum reports whether the entries of a time in microseconds are to be compared with the record of their day.
func (c *archiveCheck) wantsSum(micros int64) bool {
	state := c.began.of(micros)
	return c.sums != nil && state != "" && state != oplog.DayShipping && state != oplog.DayUnknown
}

// isUnknown reports whether a damaged record does not say any more where the entries of a time in microseconds are.
func (c *archiveCheck) isUnknown(micros int64) bool {
	return c.db.archivedOf(c.tenant).of(micros) == oplog.DayUnknown
}

// hasUnknown reports whether there are such times between two.
func (c *archiveCheck) hasUnknown(first, last int64) bool {
	for at := first - first%microsPerDay; at <= last; at += microsPerDay {
		if c.isUnknown(at) {
			return true
		}
	}
	return false
}

// isRemoved reports whether a date is recorded as one that the archive has alone, and whether the trail confirms that: a record could have been forged to
// explain entries that are missing.
func (c *archiveCheck) isRemoved(tx *bolt.Tx, date string) (recorded, confirmed bool) {
	if c.db.archivedOf(c.tenant) == nil {
		return false, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if confirmed, known := c.confirmed[date]; known {
		return true, confirmed
	}
	name := c.tenant + "/" + date
	data, err := c.db.openRecord(oplog.RecordArchive, []byte(name), storedRecord(tx, oplog.RecordArchive, name))
	if err != nil || data == nil {
		return false, false
	}
	d, err := readArchived(name, data)
	if err != nil || d.State != oplog.DayRemoved {
		return false, false
	}
	c.confirmed[date] = c.db.isConfirmed(tx, &d)
	return true, c.confirmed[date]
}

// confirmedWithin is how far the time of a removal that a record has may be from that of the trail's entry, which is recorded with it.
const confirmedWithin = time.Minute

// isConfirmed reports whether the tenant's trail has an entry of the removal of a day, with the same entries in the archive. If the trail's own
// retention has deleted the entries of that time, the sums alone count.
func (db *DB) isConfirmed(tx *bolt.Tx, d *oplog.ArchivedDay) bool {
	trail := oplog.TrailName(d.Tenant)
	days := entriesBucket(tx, trail)
	t, err := readTree(tx, trail)
	if err != nil || days == nil || d.RemovedAt.IsZero() {
		return false
	}
	from, to := oplog.MakeKey(d.RemovedAt.Add(-confirmedWithin), 0), oplog.MakeKey(d.RemovedAt.Add(confirmedWithin), 0)
	for date := from.Time().UTC().Truncate(24 * time.Hour); !date.After(to.Time()); date = date.AddDate(0, 0, 1) {
		day := days.Bucket([]byte(dateOf(date)))
		if day == nil {
			continue
		}
		c := day.Cursor()
		for k, data := c.Seek(from[:]); k != nil && bytes.Compare(k, to[:]) < 0; k, data = c.Next() {
			if confirms(t, oplog.Key(k), data, d) {
				return true
			}
		}
	}
	return slices.ContainsFunc(db.provenDeletions(tx, trail), func(of *oplog.Deletion) bool { return of.Contains(dateOf(d.RemovedAt)) })
}

// confirms reports whether an entry of a trail, as it was recorded, says that a day was removed to the archive.
func confirms(trail tree, key oplog.Key, data []byte, d *oplog.ArchivedDay) bool {
	if !bytes.Contains(data, []byte(d.Date)) {
		return false
	}
	at, leaf, err := trail.arrival(key.Seq())
	if err != nil || at != key || tlog.RecordHash(data) != leaf {
		return false
	}
	e, err := decodeEntry(data)
	var logged oplog.ArchivedDay
	if err != nil || e.Module != "archive" || e.Operation != "remove" || json.Unmarshal(e.Details, &logged) != nil {
		return false
	}
	return logged.Name() == d.Name() && logged.Attempt == d.Attempt &&
		logged.Rows == d.Rows && logged.MinSeq == d.MinSeq && logged.MaxSeq == d.MaxSeq && logged.Sum == d.Sum
}

// missing tells of an entry that is not in the store, and was not deleted.
func (r *arrivalReader) missing(seq uint64, key oplog.Key) {
	recorded, confirmed := r.archive.isRemoved(r.tx, r.entries.date)
	switch {
	case r.archive.isUnknown(key.Micros()):
		r.part.unknown++
	case confirmed:
		r.part.archived++
	case recorded:
		r.find(FoundUnconfirmed, seq, key, key.ID())
	default:
		r.find(FoundRemoved, seq, key, key.ID())
	}
}

// removedDate reports whether senders' ids of a date were removed to the archive, are being removed, or may have been.
func (v *verification) removedDate(date string) (removed bool, err error) {
	err = v.db.view(func(tx *bolt.Tx) error {
		_, removed = v.archive.isRemoved(tx, date)
		return nil
	})
	return removed || v.archive.began.ofDate([]byte(date)) == oplog.DayUnknown, err
}

// checkArchive compares the entries that arrived with the records of archived days.
func (v *verification) checkArchive() error {
	if v.archive.began == nil {
		return nil
	}
	missing := uint64(0) // arrivals of removed days, in the tiles that are here
	found, err := v.db.Records(oplog.RecordArchive, v.tenant+"/")
	if err != nil && !oplog.IsDamagedRecord(err) { // a finding of its own, see DamagedRecords
		return err
	}
	for _, r := range found {
		d, err := readArchived(r.Name, r.Data)
		if err != nil {
			continue
		}
		start, _ := oplog.Days{From: d.Date, To: d.Date}.Bounds()
		if d.Rows == 0 || !v.archive.wantsSum(start.UnixMicro()) {
			continue
		}
		of, all := v.archive.sums[start.UnixMicro()/microsPerDay], daySum{d.Rows, d.MinSeq, d.MaxSeq, d.Sum}
		switch {
		case of == all:
		case d.State == oplog.DayRemoved && of.isPartOf(all): // the rest was moved
			missing += all.rows - of.rows
		case d.State == oplog.DayDeleted && of.isPartOf(all):
		default:
			v.find(Finding{Kind: FoundArchived, Seq: d.MinSeq, Last: d.MaxSeq, Time: start})
		}
	}
	v.countMoved(missing)
	return nil
}
