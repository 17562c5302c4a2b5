package archive

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"oplog/oplog"
)

const (
	scanSize     = 2000    // entries of a chunk
	arrivalsSize = 128_000 // arrivals of a chunk, if none of its entries is in the archive
)

// newest returns the days of the archive that the newest keys before one are of, consecutive and of one shard, and where they begin; no days if those keys are
// here, and where what is here begins. Neither is before from.
func (v *view) newest(from, before oplog.Key) (days []oplog.ArchivedDay, start oplog.Key) {
	days = v.within(from, before)
	if len(days) == 0 {
		return nil, from
	}
	last := len(days) - 1
	if _, end := boundsOf(&days[last]); end.Compare(before) < 0 {
		return nil, end
	}
	first := last
	for first > 0 && isNext(&days[first-1], &days[first]) {
		first--
	}
	if start, _ = boundsOf(&days[first]); start.Compare(from) < 0 {
		start = from
	}
	return days[first:], start
}

// oldest is newest for the oldest keys from one, and where they end, which is not after to.
func (v *view) oldest(from, to oplog.Key) (days []oplog.ArchivedDay, end oplog.Key) {
	days = v.within(from, to)
	if len(days) == 0 {
		return nil, to
	}
	if start, _ := boundsOf(&days[0]); start.Compare(from) > 0 {
		return nil, start
	}
	n := 1
	for n < len(days) && isNext(&days[n-1], &days[n]) {
		n++
	}
	if _, end = boundsOf(&days[n-1]); end.Compare(to) > 0 {
		end = to
	}
	return days[:n], end
}

// boundsOf returns the bounds of a day's keys; end is exclusive.
func boundsOf(d *oplog.ArchivedDay) (start, end oplog.Key) {
	from, to := oplog.Days{From: d.Date, To: d.Date}.Bounds()
	return oplog.MakeKey(from, 0), oplog.MakeKey(to, 0)
}

// isNext reports whether a day comes right after another on the same shard.
func isNext(d, next *oplog.ArchivedDay) bool {
	_, end := boundsOf(d)
	start, _ := boundsOf(next)
	return end == start && d.Shard == next.Shard
}

// Older returns up to n entries before a key, newest first; see [oplog.Reader].
func (s *joinedStore) Older(tenant string, before, from oplog.Key, n int, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	v := s.archive.days.read(tenant)
	defer v.release()
	if len(v.within(from, before)) == 0 {
		return s.Store.Older(tenant, before, from, n, into)
	}
	var found []oplog.Entry
	for len(found) < n && from.Compare(before) < 0 {
		days, start := v.newest(from, before)
		var some []oplog.Entry
		var err error
		switch {
		case len(days) > 0:
			some, err = s.archive.stretchAhead(v, days, Range{From: start, To: before, Limit: n - len(found)}, into)
		case len(found) == 0:
			some, err = s.Store.Older(tenant, before, start, n, into)
		default:
			some, err = s.Store.Older(tenant, before, start, n-len(found), nil)
		}
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = some
		} else {
			found = append(found, some...)
		}
		before = start
	}
	return collected(found, into), nil
}

// Scan calls visit for entries in key order; see [oplog.Reader].
func (s *joinedStore) Scan(ctx context.Context, tenant string, from, to oplog.Key, visit func(oplog.Entry) error) error {
	if to.IsZero() {
		to = lastKey
	}
	for from.Compare(to) < 0 {
		chunk, next, err := s.scanChunk(ctx, tenant, from, to)
		if err != nil {
			return err
		}
		if err := visitAll(ctx, chunk, visit); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// scanChunk returns the first entries from a key, and the key of the next chunk.
func (s *joinedStore) scanChunk(ctx context.Context, tenant string, from, to oplog.Key) (chunk []oplog.Entry, next oplog.Key, err error) {
	v := s.archive.days.read(tenant)
	defer v.release()
	days, end := v.oldest(from, to)
	if len(days) > 0 {
		chunk, err = s.archive.stretch(ctx, v, days, Range{From: from, To: end, OldestFirst: true, Limit: scanSize})
	} else if err = s.Store.Scan(ctx, tenant, from, end, collect(&chunk, nil)); errors.Is(err, errEnough) {
		err = nil
	}
	if len(chunk) == scanSize {
		end = after(chunk[scanSize-1].Key())
	}
	return chunk, end, err
}

// collect returns a function that collects the entries of a chunk, but for those that skip says.
func collect(chunk *[]oplog.Entry, skip func(*oplog.Entry) bool) func(oplog.Entry) error {
	return func(e oplog.Entry) error {
		if skip != nil && skip(&e) {
			return nil
		}
		if *chunk = append(*chunk, e); len(*chunk) == scanSize {
			return errEnough
		}
		return nil
	}
}

func visitAll(ctx context.Context, chunk []oplog.Entry, visit func(oplog.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range chunk {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// Arrivals calls visit for entries in order of arrival; see [oplog.Reader].
func (s *joinedStore) Arrivals(ctx context.Context, tenant string, from, to uint64, visit func(oplog.Entry) error) error {
	for from = max(from, 1); ; {
		chunk, next, all, err := s.arrivalsChunk(ctx, tenant, from, to, visit)
		if err == nil && !all {
			err = visitAll(ctx, chunk, visit)
		}
		if err != nil || all || next == from {
			return err
		}
		from = next
	}
}

// arrivalsChunk returns the first entries from a seq, and the seq of the next chunk, which is the same at the end. Of a tenant without archived days it visits
// all entries.
func (s *joinedStore) arrivalsChunk(ctx context.Context, tenant string, from, to uint64, visit func(oplog.Entry) error) (chunk []oplog.Entry, next uint64, all bool, err error) {
	v := s.archive.days.read(tenant)
	defer v.release()
	if len(v.all) == 0 {
		return nil, 0, true, s.Store.Arrivals(ctx, tenant, from, to, visit)
	}
	last, _, err := s.Counts(tenant)
	if err != nil {
		return nil, 0, false, err
	}
	end := last + 1
	if to > 0 {
		end = min(end, to)
	}
	if from >= end {
		return nil, from, false, nil
	}
	if days := arrivedWithin(v.days, from, min(end, from+scanSize)); len(days) > 0 {
		end = min(end, from+scanSize)
		chunk, err = s.joinArrivals(ctx, v, days, Span{from, end})
		return chunk, end, false, err
	}
	end = min(end, from+arrivalsSize)
	for i := range v.days {
		if first := v.days[i].MinSeq; first > from {
			end = min(end, first)
		}
	}
	if err = s.Store.Arrivals(ctx, tenant, from, end, collect(&chunk, nil)); errors.Is(err, errEnough) {
		return chunk, chunk[len(chunk)-1].Seq + 1, false, nil
	}
	return chunk, end, false, err
}

// arrivedWithin returns the days that may have entries with seqs from one to another, which is exclusive.
func arrivedWithin(days []oplog.ArchivedDay, from, to uint64) (within []oplog.ArchivedDay) {
	for i := range days {
		if d := &days[i]; d.MinSeq < to && d.MaxSeq >= from {
			within = append(within, *d)
		}
	}
	return within
}

// joinArrivals returns the entries with some seqs, of which some may be of the given days of the archive.
func (s *joinedStore) joinArrivals(ctx context.Context, v *view, days []oplog.ArchivedDay, of Span) ([]oplog.Entry, error) {
	var chunk []oplog.Entry
	err := s.Store.Arrivals(ctx, v.tenant, of.First, of.End, collect(&chunk, func(e *oplog.Entry) bool { return v.has(oplog.DateOf(e.Time)) }))
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	for _, shard := range onShards(days) {
		if shard.number == unknownShard { // see withMissing
			continue
		}
		some, err := s.archive.stretch(ctx, v, shard.days, Range{FirstSeq: of.First, EndSeq: of.End, BySeq: true, Limit: scanSize})
		if err != nil {
			return nil, err
		}
		chunk = append(chunk, some...)
	}
	slices.SortFunc(chunk, func(a, b oplog.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := 1; i < len(chunk); i++ {
		if chunk[i].Seq == chunk[i-1].Seq {
			return nil, errForeign(v.tenant, days)
		}
	}
	return s.withMissing(v, days, of, chunk)
}

// withMissing adds entries that the archive should have and did not return, from other copies, or placeholders of them. Others are missing because they were deleted.
func (s *joinedStore) withMissing(v *view, days []oplog.ArchivedDay, of Span, chunk []oplog.Entry) ([]oplog.Entry, error) {
	if uint64(len(chunk)) == of.End-of.First {
		return chunk, nil
	}
	var missing []oplog.Key
	present := chunk
	for seq := of.First; seq < of.End; seq++ {
		if len(present) > 0 && present[0].Seq == seq {
			present = present[1:]
			continue
		}
		if len(arrivedWithin(days, seq, seq+1)) == 0 {
			continue
		}
		key, err := s.KeyOfSeq(v.tenant, seq)
		if err != nil {
			return nil, err
		}
		if v.has(oplog.DateOf(key.Time())) {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return chunk, nil
	}
	slices.SortFunc(missing, oplog.Key.Compare)
	found, err := s.archive.fetch(context.Background(), v, missing) // another copy may have them
	if err != nil {
		return nil, err
	}
	for _, key := range missing {
		chunk = append(chunk, found[key])
	}
	slices.SortFunc(chunk, func(a, b oplog.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return chunk, nil
}
