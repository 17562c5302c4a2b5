package archive

import (
	"context"
	"slices"

	"oplog/oplog"
)

// foundAtOnce is how many entries with a sender's id are read at once, after the newest.
const foundAtOnce = 100

// findNewest returns the newest entry with a sender's id, of the given days of the archive, for which is returns true. Where a copy has rows that were never
// recorded, the others are asked.
func (a *Archive) findNewest(v *view, days []oplog.ArchivedDay, id string, is func(*oplog.Entry) bool) (e oplog.Entry, found bool, err error) {
	e, found, err = a.findNewestOf(v, days, id, 0, is)
	for number := 1; oplog.CodeOf(err) == oplog.CodeDamaged && number <= a.mostCopies(days); number++ {
		if other, isThere, failed := a.findNewestOf(v, days, id, number, is); failed == nil {
			return other, isThere, nil
		}
	}
	return e, found, err
}

// findNewestOf is findNewest of one copy.
func (a *Archive) findNewestOf(v *view, days []oplog.ArchivedDay, id string, number int, is func(*oplog.Entry) bool) (e oplog.Entry, found bool, err error) {
	var keys []oplog.Key
	for _, shard := range onShards(days) {
		engine, err := a.shardOf(&shard.days[0])
		var some []oplog.Key
		if err == nil {
			asked, cancel := context.WithTimeout(context.Background(), readDeadline)
			some, err = engine.Find(asked, v.tenant, shipped(shard.days), id, min(number, a.copies(&shard.days[0])))
			cancel()
		}
		if err != nil {
			return e, false, a.unavailable(context.Background(), shard.days, err)
		}
		for _, key := range some {
			if !slices.ContainsFunc(shard.days, func(d oplog.ArchivedDay) bool { return d.Date == oplog.DateOf(key.Time()) }) {
				return e, false, errForeign(v.tenant, shard.days)
			}
		}
		keys = append(keys, some...)
	}
	slices.SortFunc(keys, oplog.Key.Compare)
	keys = slices.Compact(keys)
	for size := 1; len(keys) > 0; size = foundAtOnce {
		from := max(0, len(keys)-size)
		some, err := a.fetch(context.Background(), v, keys[from:])
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			err = errForeign(v.tenant, days)
		}
		if err != nil {
			return e, false, err
		}
		for _, key := range slices.Backward(keys[from:]) {
			switch e := some[key]; {
			case e.Damaged:
				return e, false, oplog.DamagedEntry(v.tenant, key)
			case is(&e):
				return e, true, nil
			}
		}
		keys = keys[:from]
	}
	return e, false, nil
}
