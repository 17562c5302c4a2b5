package storage

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Tiles moved, and tiles looked at, per transaction; tests have fewer.
var (
	movesPerTx        = 256
	looksPerTx uint64 = 64 * 256
)

// nameMoved is the bucket of the dates with which MoveArrivals is done: a tile that it left then has arrivals of another date, which comes later. Dates
// that were deleted since, and of which BringArrivals has taken back all tiles, have the value wasBrought.
const nameMoved = "moved"

var wasBrought = []byte("brought")

// MoveArrivals leaves whole tiles to the archive; see [oplog.Retainer].
func (db *DB) MoveArrivals(ctx context.Context, tenant string) error {
	var due []oplog.ArchivedDay
	err := db.view(func(tx *bolt.Tx) error {
		m, err := db.newMover(tx, tenant)
		if m == nil || err != nil {
			return err
		}
		for _, d := range db.archiveRecords(tx, tenant) {
			if !m.isDone(d.Date) && m.isGone(d.Date) {
				due = append(due, d)
			}
		}
		return nil
	})
	for _, d := range due {
		if err == nil {
			err = db.moveDay(ctx, tenant, d)
		}
	}
	return err
}

// moveDay moves the tiles among a day's seqs that can be moved.
func (db *DB) moveDay(ctx context.Context, tenant string, d oplog.ArchivedDay) error {
	last := (max(d.MaxSeq, 1) - 1) / tileSize
	for number := (max(d.MinSeq, 1) - 1) / tileSize; number <= last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		found := false
		err := db.view(func(tx *bolt.Tx) error {
			m, err := db.newMover(tx, tenant)
			if err == nil {
				number, found = m.find(number, last)
			}
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		began := time.Now()
		err = db.update(func(tx *bolt.Tx) error {
			m, err := db.newMover(tx, tenant)
			if err == nil {
				number, err = m.move(tx, number, last)
			}
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
	return db.update(func(tx *bolt.Tx) error { return noteMoved(tx, tenant, d.Date, []byte{}) })
}

func noteMoved(tx *bolt.Tx, tenant, date string, value []byte) error {
	done, err := topBucket(tx, bucketTenants).Bucket([]byte(tenant)).CreateBucketIfNotExists([]byte(nameMoved))
	if err != nil {
		return err
	}
	return done.Put([]byte(date), value)
}

// mover moves tiles in one transaction.
type mover struct {
	tenant *bolt.Bucket
	tree   tree
	last   uint64 // number of the tree's last tile, which is never moved

	archived *archivedDays
	gone     map[string]bool // by date: whether it is removed, and nothing of it is here; as far as that was asked
}

// newMover returns nil for a tenant that has nothing.
func (db *DB) newMover(tx *bolt.Tx, tenant string) (*mover, error) {
	b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
	if b == nil {
		return nil, nil //nolint:nilnil // there is nothing to move
	}
	m := &mover{tenant: b, tree: treeIn(b), archived: db.archivedOf(tenant), gone: make(map[string]bool)}
	size, err := m.tree.size()
	m.last = (max(size, 1) - 1) / tileSize
	return m, err
}

// isGone reports whether a date is removed, and nothing of it is here.
func (m *mover) isGone(date string) bool {
	gone, known := m.gone[date]
	if !known {
		t, err := time.Parse(time.DateOnly, date)
		gone = err == nil && m.archived.of(t.UnixMicro()) == oplog.DayRemoved && !m.hasEntries(date)
		m.gone[date] = gone
	}
	return gone
}

// hasEntries reports whether entries or senders' ids of a date are here.
func (m *mover) hasEntries(date string) bool {
	run, _ := bucketIn(m.tenant, []byte(nameIDs)).Cursor().Seek([]byte(date))
	return bucketIn(m.tenant, []byte(nameEntries)).Bucket([]byte(date)) != nil || bytes.HasPrefix(run, []byte(date))
}

func (m *mover) isDone(date string) bool {
	done := m.tenant.Bucket([]byte(nameMoved))
	return done != nil && done.Get([]byte(date)) != nil
}

// find returns the first tile from a number on that can be moved, or the number after those that it has looked at.
func (m *mover) find(number, last uint64) (next uint64, found bool) {
	for end := number + looksPerTx; number <= last && number < end; number++ {
		if m.isMovable(number) {
			return number, true
		}
	}
	return number, false
}

// isMovable reports whether all arrivals of a tile are of removed days. Leaves that are not those of the tree stay, for verify to be found.
func (m *mover) isMovable(number uint64) bool {
	tile := m.tree.arrivals.Get(tileKey(number))
	if number >= m.last || len(tile) != tileSize*arrivalSize {
		return false
	}
	day := int64(-1)
	for arrival := range slices.Chunk(tile, arrivalSize) {
		micros := microsOf(arrival[:timeSize])
		if micros/microsPerDay == day {
			continue
		}
		if day = micros / microsPerDay; !m.isGone(dateOf(time.UnixMicro(micros))) {
			return false
		}
	}
	root, err := m.tree.hash(tileLevel, int64(number)) //nolint:gosec // a number of tiles
	return err == nil && root == rootOfTile(tile)
}

// move moves some tiles from a number on, and returns the number after those that it has looked at.
func (m *mover) move(tx *bolt.Tx, number, last uint64) (next uint64, err error) {
	m.tree.arrivals.FillPercent = appendFill
	moved := 0
	for end := number + looksPerTx; number <= last && number < end && moved < movesPerTx; number++ {
		if !m.isMovable(number) {
			continue
		}
		key := tileKey(number)
		left := makeStub(m.tree.arrivals.Get(key))
		if err := m.tree.arrivals.Delete(key); err != nil { // bbolt joins pages only where something was deleted
			return number, err
		}
		if err := m.tree.arrivals.Put(key, left); err != nil {
			return number, err
		}
		moved++
	}
	if moved == 0 {
		return number, nil
	}
	if _, err := m.tenant.CreateBucketIfNotExists([]byte(nameMoved)); err != nil {
		return number, err
	}
	return number, tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(movedFormat)))
}

// archiveRecords returns the records of a tenant's archived days, by date, but for damaged ones.
func (db *DB) archiveRecords(tx *bolt.Tx, tenant string) (days []oplog.ArchivedDay) {
	if db.archivedOf(tenant) == nil {
		return nil
	}
	prefix := []byte(tenant + "/")
	c := recordBucket(tx, oplog.RecordArchive).Cursor()
	for name, stored := c.Seek(prefix); bytes.HasPrefix(name, prefix); name, stored = c.Next() {
		data, err := db.openRecord(oplog.RecordArchive, name, stored)
		if err != nil {
			continue
		}
		if d, err := readArchived(string(name), data); err == nil {
			days = append(days, d)
		}
	}
	return days
}
