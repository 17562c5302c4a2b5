package archive

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"oplog/oplog"
)

// Servers of a shard should have equal rows. Where what one of them returns is not what was recorded, another may have that; and where none has, the sums that
// were recorded tell which entry it is.

// copies returns how many servers have a day, if another can be asked instead of one; else 0.
func (a *Archive) copies(d *oplog.ArchivedDay) int {
	engine, err := a.shardOf(d)
	if err != nil || len(engine.Servers()) < 2 {
		return 0
	}
	return len(engine.Servers())
}

// mostCopies returns the most copies that one of some days has.
func (a *Archive) mostCopies(days []oplog.ArchivedDay) (most int) {
	for _, shard := range onShards(days) {
		most = max(most, a.copies(&shard.days[0]))
	}
	return most
}

// otherCopies replaces tiles, of which those with the given numbers do not fit, by what other copies have of them, and returns the numbers of those that
// still do not.
func (a *Archive) otherCopies(ctx context.Context, v *view, firsts []uint64, tiles [][]oplog.Arrival, bad []int, fits oplog.Fits) []int {
	for number := 1; len(bad) > 0 && ctx.Err() == nil; number++ {
		asked := make([]uint64, len(bad))
		for j, i := range bad {
			asked[j] = firsts[i]
		}
		if number > a.mostCopies(touching(v.days, spansOf(asked))) {
			break
		}
		others, err := a.arrivalsOf(ctx, v, asked, number)
		if err != nil {
			continue // there may be further ones
		}
		var left []int
		for j, i := range bad {
			fit := func(tile []oplog.Arrival) bool { return fits(i, tile) }
			switch mixed := mix(tiles[i], others[j], fit); {
			case fit(others[j]):
				tiles[i] = others[j]
			case mixed != nil:
				tiles[i] = mixed
			default:
				left = append(left, i)
				if len(tiles[i]) != oplog.TileSize {
					tiles[i] = others[j]
				}
			}
		}
		bad = left
	}
	return bad
}

// maxMixed is the most arrivals in which two copies of a tile may differ for all mixtures to be tried.
const maxMixed = 8

// mix returns the mixture of two copies of a tile that fits; nil if there is none.
func mix(one, other []oplog.Arrival, fits func([]oplog.Arrival) bool) []oplog.Arrival {
	if len(one) != oplog.TileSize || len(other) != oplog.TileSize {
		return nil
	}
	var differ []int
	for i := range one {
		if one[i] != other[i] {
			differ = append(differ, i)
		}
	}
	if len(differ) < 2 || len(differ) > maxMixed {
		return nil
	}
	for which := 1; which < 1<<len(differ)-1; which++ {
		mixed := slices.Clone(one)
		for bit, i := range differ {
			if which>>bit&1 == 1 {
				mixed[i] = other[i]
			}
		}
		if fits(mixed) {
			return mixed
		}
	}
	return nil
}

// sumAgain is after which time it is tried again to find the changed entry of a tile by sums, which servers make of whole days.
const sumAgain = time.Minute

// bySum puts the recorded hash into a tile of which one entry was changed, the only one of its day, and reports whether it fits then: what the sum that was
// recorded differs from that of a server is what its hash does.
func (a *Archive) bySum(ctx context.Context, v *view, tile []oplog.Arrival, fits func([]oplog.Arrival) bool) bool {
	if len(tile) != oplog.TileSize {
		return false
	}
	of := tenantKey{v.tenant, tile[0].Key}
	if at, tried := a.summed.Load(of); tried && a.now().Sub(at.(time.Time)).Abs() < sumAgain {
		return false
	}
	a.summed.Store(of, a.now())
	for i := range tile {
		date := oplog.DateOf(tile[i].Key.Time())
		if !v.has(date) || i > 0 && date == oplog.DateOf(tile[i-1].Key.Time()) {
			continue
		}
		d := v.day(tile[i].Key)
		for _, sum := range a.sumsOf(ctx, &d) {
			if a.changedOne(tile, &d, &sum, fits) {
				return true
			}
		}
	}
	return false
}

// sumsOf returns the sums that differ from the recorded one, each once.
func (a *Archive) sumsOf(ctx context.Context, d *oplog.ArchivedDay) (differ []Sum) {
	engine, err := a.shardOf(d)
	if err != nil {
		return nil
	}
	held, err := engine.Verify(ctx, shipmentOf(d))
	if err != nil {
		return nil
	}
	for _, sum := range held {
		if sum.Rows == d.Rows && sum.Lanes != d.Sum && !slices.Contains(differ, sum) {
			differ = append(differ, sum)
		}
	}
	return differ
}

// changedOne looks for the entry of a day whose hash is to be another.
func (a *Archive) changedOne(tile []oplog.Arrival, d *oplog.ArchivedDay, held *Sum, fits func([]oplog.Arrival) bool) bool {
	for i := range tile {
		if oplog.DateOf(tile[i].Key.Time()) != d.Date {
			continue
		}
		before := tile[i].Hash
		for lane := range d.Sum {
			part := tile[i].Hash[8*lane : 8*lane+8]
			binary.LittleEndian.PutUint64(part, binary.LittleEndian.Uint64(part)+d.Sum[lane]-held.Lanes[lane])
		}
		if fits(tile) {
			return true
		}
		tile[i].Hash = before
	}
	return false
}

// leavesOfCopies calls take for what other copies have of the entries with some keys, as long as there are such.
func (a *Archive) leavesOfCopies(ctx context.Context, v *view, left func() []oplog.Key, take func(key oplog.Key, leaf []byte) error) error {
	for number := 1; ; number++ {
		keys := left()
		days := v.daysOf(keys)
		if len(keys) == 0 || number > a.mostCopies(days) {
			return nil
		}
		for _, shard := range onShards(days) {
			if number > a.copies(&shard.days[0]) {
				continue
			}
			var failed error
			of := slices.DeleteFunc(slices.Clone(keys), func(k oplog.Key) bool { return v.day(k).Shard != shard.number })
			_ = a.leaves(ctx, shard.days, Range{Tenant: v.tenant, Keys: of, Copy: number}, func(key oplog.Key, leaf []byte) error {
				failed = take(key, leaf)
				return failed
			}) // a copy that cannot be read has nothing better
			if failed != nil {
				return failed
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

// daysOf returns the days of keys, which are sorted.
func (v *view) daysOf(keys []oplog.Key) (days []oplog.ArchivedDay) {
	for _, key := range keys {
		if n := len(days); n == 0 || days[n-1].Date != oplog.DateOf(key.Time()) {
			days = append(days, v.day(key))
		}
	}
	return days
}
