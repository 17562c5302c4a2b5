package archive

import (
	"cmp"
	"context"
	"slices"

	"oplog/oplog"
)

// fetchArrivals returns the arrivals of whole tiles, given by their first seqs; see [oplog.FetchArrivals]. It asks each shard once, for all tiles, and then the
// other copies of those that do not fit.
func (a *Archive) fetchArrivals(ctx context.Context, tenant string, firsts []uint64, fits oplog.Fits) ([][]oplog.Arrival, error) {
	v := a.days.read(tenant)
	defer v.release()
	tiles, err := a.arrivalsOf(ctx, v, firsts, 0)
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return nil, err
	}
	if err != nil {
		tiles = make([][]oplog.Arrival, len(firsts))
	}
	var bad []int
	for i := range tiles {
		if !fits(i, tiles[i]) {
			bad = append(bad, i)
		}
	}
	bad = a.otherCopies(ctx, v, firsts, tiles, bad, fits)
	bad = slices.DeleteFunc(bad, func(i int) bool {
		return a.bySum(ctx, v, tiles[i], func(tile []oplog.Arrival) bool { return fits(i, tile) })
	})
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil && len(bad) > 0 {
		return nil, err
	}
	return tiles, nil
}

// arrivalsOf returns the arrivals of whole tiles as one copy has them; see [Range] for its number.
func (a *Archive) arrivalsOf(ctx context.Context, v *view, firsts []uint64, number int) ([][]oplog.Arrival, error) {
	spans := spansOf(firsts)
	found := make(map[uint64]oplog.Arrival, len(firsts)*oplog.TileSize)
	if err := a.addArrivals(ctx, v.days, spans, number, found); err != nil {
		return nil, err
	}
	if missing := missingOf(spans, found); len(missing) > 0 {
		deleted, err := a.undropped(ctx, v, missing)
		if err == nil {
			err = a.addArrivals(ctx, deleted, missing, number, found)
		}
		if err == nil && len(missingOf(missing, found)) > 0 { // those may be of a day whose record is damaged
			if err = unknownAmong(v.days); err != nil {
				err = a.unavailable(ctx, v.days, err)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	tiles := make([][]oplog.Arrival, len(firsts))
	for i, first := range firsts {
		tiles[i] = make([]oplog.Arrival, 0, oplog.TileSize)
		for seq := first; seq < first+oplog.TileSize; seq++ {
			if arrival, ok := found[seq]; ok {
				tiles[i] = append(tiles[i], arrival)
			}
		}
	}
	return tiles, nil
}

// spansOf returns the seqs of tiles; those of neighbours together.
func spansOf(firsts []uint64) (spans []Span) {
	for _, first := range slices.Compact(slices.Sorted(slices.Values(firsts))) {
		if n := len(spans); n > 0 && spans[n-1].End == first {
			spans[n-1].End += oplog.TileSize
		} else {
			spans = append(spans, Span{first, first + oplog.TileSize})
		}
	}
	return spans
}

// missingOf returns the parts of spans that were not found.
func missingOf(spans []Span, found map[uint64]oplog.Arrival) (missing []Span) {
	for _, s := range spans {
		for seq := s.First; seq < s.End; seq++ {
			if _, ok := found[seq]; ok {
				continue
			}
			if n := len(missing); n > 0 && missing[n-1].End == seq {
				missing[n-1].End++
			} else {
				missing = append(missing, Span{seq, seq + 1})
			}
		}
	}
	return missing
}

// touching returns the days that may have entries with seqs of the spans.
func touching(days []oplog.ArchivedDay, spans []Span) (touched []oplog.ArchivedDay) {
	for i := range days {
		d := &days[i]
		if !isUnknown(d) && slices.ContainsFunc(spans, func(s Span) bool { return d.MinSeq < s.End && d.MaxSeq >= s.First }) {
			touched = append(touched, *d)
		}
	}
	return touched
}

// undropped returns the deleted days with entries within spans that a server still has.
func (a *Archive) undropped(ctx context.Context, v *view, spans []Span) ([]oplog.ArchivedDay, error) {
	deleted := slices.DeleteFunc(touching(v.all, spans), func(d oplog.ArchivedDay) bool { return d.State != oplog.DayDeleted })
	var held []oplog.ArchivedDay
	for _, shard := range onShards(deleted) {
		engine, err := a.shardOf(&shard.days[0])
		var servers []map[DayAttempt]uint64
		if err == nil {
			servers, err = engine.Holdings(ctx, v.tenant)
		}
		if err != nil {
			return nil, a.unavailable(ctx, shard.days, err)
		}
		for _, d := range shard.days {
			if slices.ContainsFunc(servers, func(rows map[DayAttempt]uint64) bool { return rows[DayAttempt{d.Date, d.Attempt}] == d.Rows }) {
				held = append(held, d)
			}
		}
	}
	return held, nil
}

// addArrivals adds the arrivals that a copy of days of the archive has within spans. The store compares them with what it kept.
func (a *Archive) addArrivals(ctx context.Context, days []oplog.ArchivedDay, spans []Span, number int, found map[uint64]oplog.Arrival) error {
	for _, shard := range onShards(touching(days, spans)) {
		days := shard.days
		err := a.leaves(ctx, days, Range{Tenant: days[0].Tenant, Spans: spans, BySeq: true, Copy: min(number, a.copies(&days[0]))}, func(key oplog.Key, leaf []byte) error {
			_, within := slices.BinarySearchFunc(spans, key.Seq(), func(s Span, seq uint64) int {
				if s.End <= seq {
					return -1
				}
				return max(0, cmp.Compare(s.First, seq))
			})
			if _, twice := found[key.Seq()]; twice || !within {
				return errForeign(days[0].Tenant, days)
			}
			found[key.Seq()] = oplog.Arrival{Key: key, Hash: LeafHash(leaf)}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
