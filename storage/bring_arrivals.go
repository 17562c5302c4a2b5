package storage

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// BringArrivals takes tiles back; see [oplog.Retainer].
func (db *DB) BringArrivals(ctx context.Context, tenant string, days []oplog.Days) error {
	var all []oplog.ArchivedDay
	err := db.view(func(tx *bolt.Tx) error {
		all = db.archiveRecords(tx, tenant)
		return nil
	})
	for _, d := range all {
		if err == nil && d.MaxSeq > 0 && slices.ContainsFunc(days, func(in oplog.Days) bool { return in.Contains(d.Date) }) {
			err = db.bringDay(ctx, tenant, d)
		}
	}
	return err
}

// unbrought returns the dates that were in the archive alone, were deleted, and of which tiles may still be there.
func (db *DB) unbrought(tenant string, b *bolt.Bucket) (dates []string) {
	done, archived := b.Bucket([]byte(nameMoved)), db.archivedOf(tenant)
	if done == nil || archived == nil {
		return nil
	}
	for day, state := range archived.states {
		date := dateOf(time.UnixMicro(day * microsPerDay))
		if state == oplog.DayDeleted && !bytes.Equal(done.Get([]byte(date)), wasBrought) {
			dates = append(dates, date)
		}
	}
	slices.Sort(dates)
	return dates
}

// bringDay takes the moved tiles back that have arrivals of a day.
func (db *DB) bringDay(ctx context.Context, tenant string, d oplog.ArchivedDay) error {
	day := closedDays(nil).with(&oplog.Deletion{Days: []oplog.Days{{From: d.Date, To: d.Date}}})
	last := (d.MaxSeq - 1) / tileSize
	for from := (d.MinSeq - 1) / tileSize; from <= last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := from
		var tiles map[uint64][]byte
		err := db.viewTree(ctx, tenant, func(tx *bolt.Tx, m *movedTiles) error {
			t, err := m.readTree(tx)
			if err != nil {
				return err
			}
			next, err = t.collectMoved(from, last, day)
			tiles = m.tiles
			return err
		})
		if err != nil {
			return err
		}
		from = next
		for number, tile := range tiles {
			if !hasDay(tile, day) {
				delete(tiles, number)
			}
		}
		if len(tiles) == 0 {
			continue
		}
		if err := db.update(func(tx *bolt.Tx) error { return putTiles(tx, tenant, tiles) }); err != nil {
			return err
		}
	}
	left := false // to note, as none of its tiles can move again
	err := db.view(func(tx *bolt.Tx) error {
		b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
		left = b != nil && slices.Contains(db.unbrought(tenant, b), d.Date)
		return nil
	})
	if err != nil || !left {
		return err
	}
	return db.update(func(tx *bolt.Tx) error { return noteMoved(tx, tenant, d.Date, wasBrought) })
}

// collectMoved reads the moved tiles that may have arrivals of a day, as many as are fetched at once, and returns the number after those that it has
// looked at.
func (t tree) collectMoved(from, last uint64, day closedDays) (next uint64, err error) {
	found := 0
	for end := from + looksPerTx; from <= last && from < end && found < maxFetched; from++ {
		left := stub(t.arrivals.Get(tileKey(from)))
		if !isStub(left) || !left.overlaps(day) {
			continue
		}
		found++
		if _, e := t.moved.tile(t, from, left); isMoved(e) {
			err = e
		} else if e != nil {
			return from, e
		}
	}
	return from, err
}

// hasDay reports whether a tile has an arrival of a day.
func hasDay(tile []byte, day closedDays) bool {
	for arrival := range slices.Chunk(tile, arrivalSize) {
		if day.has(microsOf(arrival[:timeSize])) {
			return true
		}
	}
	return false
}

// putTiles puts tiles in place of their stubs.
func putTiles(tx *bolt.Tx, tenant string, tiles map[uint64][]byte) error {
	arrivals := bucketIn(topBucket(tx, bucketTenants).Bucket([]byte(tenant)), []byte(nameArrivals))
	arrivals.FillPercent = appendFill
	for number, tile := range tiles {
		if isStub(arrivals.Get(tileKey(number))) {
			if err := arrivals.Put(tileKey(number), tile); err != nil {
				return err
			}
		}
	}
	return nil
}
