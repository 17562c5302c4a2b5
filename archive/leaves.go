package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oplog/oplog"
)

// Every leaf that comes from the archive is compared with the hash that the log kept of it. One that differs or is missing becomes a placeholder, like an entry
// that is damaged in the store; rows that the log never recorded, or that come out of order, fail the read.

// readDeadline limits how long one question to the archive may take, beside the deadline of its caller.
const readDeadline = 30 * time.Second

// lastKey is not before any key.
var lastKey = oplog.Key{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// told is which entries of the archive were told to be damaged.
type told struct {
	entries sync.Map // tenantKey -> struct{}
	count   atomic.Int64
}

type tenantKey struct {
	tenant string
	key    oplog.Key
}

// maxTold limits the damaged entries that are told one by one.
const maxTold = 1000

// tell logs something of a tenant's entry once.
func (a *Archive) tell(tenant string, key oplog.Key, what string) {
	if a.told.count.Load() >= maxTold {
		return
	}
	if _, known := a.told.entries.LoadOrStore(tenantKey{tenant, key}, struct{}{}); !known {
		a.told.count.Add(1)
		slog.Error(what+", so it is shown as damaged; oplog verify --archive lists all", "tenant", tenant, "date", oplog.DateOf(key.Time()), "seq", key.Seq())
	}
}

// damaged returns the placeholder of an entry that the archive does not have as it was recorded, and tells so once.
func (a *Archive) damaged(tenant string, key oplog.Key) oplog.Entry {
	a.tell(tenant, key, "the archive has an entry not as it was recorded")
	return placeholder(tenant, key)
}

// placeholder stands for an entry that cannot be shown.
func placeholder(tenant string, key oplog.Key) oplog.Entry {
	return oplog.Entry{
		Tenant: tenant, ID: key.ID(), Seq: key.Seq(), Time: key.Time(), ReceivedAt: key.Time(), Damaged: true,
		Outcome: oplog.OutcomeSuccess, Origin: oplog.OriginManual,
	}
}

// errForeign is the error of rows of days that the log did not record, or that come in a wrong order.
func errForeign(tenant string, days []oplog.ArchivedDay) error {
	return oplog.Errorf(oplog.CodeDamaged, "The archive has rows of %s to %s (UTC) of tenant %s that this log did not record, so nothing is read from these days. oplog verify --archive lists what differs.",
		days[0].Date, days[len(days)-1].Date, tenant)
}

// among returns those of the keys whose days are read from the archive, sorted, each once.
func (v *view) among(keys []oplog.Key) (away []oplog.Key) {
	if len(v.days) == 0 || len(keys) == 0 {
		return nil
	}
	first, last := slices.MinFunc(keys, oplog.Key.Compare), slices.MaxFunc(keys, oplog.Key.Compare)
	days := v.within(first, after(last))
	if len(days) == 0 {
		return nil
	}
	for _, key := range keys {
		if v.has(oplog.DateOf(key.Time())) {
			away = append(away, key)
		}
	}
	slices.SortFunc(away, oplog.Key.Compare)
	return slices.Compact(away)
}

// after returns the next key.
func after(key oplog.Key) oplog.Key { return oplog.MakeKey(key.Time(), key.Seq()+1) }

// day returns the day of a key that is read from the archive.
func (v *view) day(key oplog.Key) oplog.ArchivedDay { return v.within(key, after(key))[0] }

// shipped returns days as engines are asked for them.
func shipped(days []oplog.ArchivedDay) []Day {
	asked := make([]Day, len(days))
	for i, d := range days {
		asked[i] = Day{DayAttempt{d.Date, d.Attempt}, d.Rows}
	}
	return asked
}

// shardDays are days of one shard.
type shardDays struct {
	number int
	days   []oplog.ArchivedDay
}

// onShards groups days by their shards, each with its days in order.
func onShards(days []oplog.ArchivedDay) (shards []shardDays) {
	for _, d := range days {
		at := slices.IndexFunc(shards, func(s shardDays) bool { return s.number == d.Shard })
		if at < 0 {
			at = len(shards)
			shards = append(shards, shardDays{number: d.Shard})
		}
		shards[at].days = append(shards[at].days, d)
	}
	return shards
}

// leaves calls visit for the leaves of a range of days of one shard. Bytes are valid during the call. An error of visit ends it, and is returned as it is.
func (a *Archive) leaves(ctx context.Context, days []oplog.ArchivedDay, r Range, visit func(key oplog.Key, leaf []byte) error) error {
	engine, err := a.shardOf(&days[0])
	var stopped error
	if err == nil {
		asked, cancel := context.WithTimeout(ctx, readDeadline)
		defer cancel()
		r.Days = shipped(days)
		err = engine.Leaves(asked, &r, func(key oplog.Key, leaf []byte) error {
			stopped = visit(key, leaf)
			return stopped
		})
	}
	if err == nil || stopped != nil {
		return stopped
	}
	return a.unavailable(ctx, days, err)
}

// hashes returns the hashes that the log kept of entries. Where the archive should have them, too, and has others, nothing of the tile is known.
func (a *Archive) hashes(ctx context.Context, tenant string, keys []oplog.Key) (hashes [][sha256.Size]byte, known []bool, err error) {
	known = make([]bool, len(keys))
	hashes, err = a.store.LeafHashes(ctx, tenant, keys)
	if oplog.CodeOf(err) != oplog.CodeDamaged {
		for i := range known {
			known[i] = err == nil
		}
		return hashes, known, err
	}
	places := make(map[uint64][]int) // of keys, by tile
	for i, key := range keys {
		tile := (key.Seq() - 1) / oplog.TileSize
		places[tile] = append(places[tile], i)
	}
	hashes = make([][sha256.Size]byte, len(keys))
	for _, at := range places {
		some := make([]oplog.Key, len(at))
		for i := range at {
			some[i] = keys[at[i]]
		}
		found, err := a.store.LeafHashes(ctx, tenant, some)
		if oplog.CodeOf(err) == oplog.CodeDamaged {
			first := some[0].Seq() - (some[0].Seq()-1)%oplog.TileSize
			a.tell(tenant, oplog.MakeKey(some[0].Time(), first), "of 256 entries from this one the archive has one not as it was recorded")
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		for i := range at {
			hashes[at[i]], known[at[i]] = found[i], true
		}
	}
	return hashes, known, nil
}

// eachLeaf calls visit for the leaves with the given keys, sorted, that are as they were recorded, and reports which are not.
func (a *Archive) eachLeaf(ctx context.Context, v *view, keys []oplog.Key, visit func(key oplog.Key, leaf []byte) error) (missing []oplog.Key, err error) {
	want, known, err := a.hashes(ctx, v.tenant, keys)
	if err != nil {
		return nil, err
	}
	asked := make(map[int][]oplog.Key) // by shard
	for _, key := range keys {
		d := v.day(key)
		asked[d.Shard] = append(asked[d.Shard], key)
	}
	days := v.daysOf(keys)
	seen := make([]bool, len(keys))
	take := func(key oplog.Key, leaf []byte) error {
		at, isAsked := slices.BinarySearchFunc(keys, key, oplog.Key.Compare)
		if !isAsked || seen[at] || !known[at] || LeafHash(leaf) != want[at] {
			return nil
		}
		seen[at] = true
		return visit(key, leaf)
	}
	for _, shard := range onShards(days) {
		if err := a.leaves(ctx, shard.days, Range{Tenant: v.tenant, Keys: asked[shard.number]}, take); err != nil {
			return nil, err
		}
	}
	err = a.leavesOfCopies(ctx, v, func() (left []oplog.Key) {
		for i, key := range keys {
			if known[i] && !seen[i] {
				left = append(left, key)
			}
		}
		return left
	}, take)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if !seen[i] {
			missing = append(missing, key)
			if known[i] {
				a.tell(v.tenant, key, "the archive has an entry not as it was recorded")
			}
		}
	}
	return missing, nil
}

// fetch returns entries of the archive by their keys, which are sorted. Those that are not as they were recorded are placeholders.
func (a *Archive) fetch(ctx context.Context, v *view, keys []oplog.Key) (map[oplog.Key]oplog.Entry, error) {
	found := make(map[oplog.Key]oplog.Entry, len(keys))
	missing, err := a.eachLeaf(ctx, v, keys, func(key oplog.Key, leaf []byte) error {
		e, err := a.options.Decode(leaf)
		if err != nil { // recorded by a later version
			e = a.damaged(v.tenant, key)
		}
		found[key] = e
		return nil
	})
	for _, key := range missing {
		found[key] = placeholder(v.tenant, key)
	}
	return found, err
}

// fetchOne returns an entry of the archive; CodeDamaged if it is not as it was recorded.
func (a *Archive) fetchOne(v *view, key oplog.Key) (oplog.Entry, error) {
	found, err := a.fetch(context.Background(), v, []oplog.Key{key})
	if err == nil && found[key].Damaged {
		err = oplog.DamagedEntry(v.tenant, key)
	}
	if err != nil {
		return oplog.Entry{}, err
	}
	return found[key], nil
}

// fetchLeaf returns the recorded bytes of an entry of the archive; CodeDamaged if it has others.
func (a *Archive) fetchLeaf(v *view, key oplog.Key) (leaf []byte, err error) {
	missing, err := a.eachLeaf(context.Background(), v, []oplog.Key{key}, func(_ oplog.Key, found []byte) error {
		leaf = slices.Clone(found)
		return nil
	})
	if err == nil && len(missing) > 0 {
		err = oplog.DamagedEntry(v.tenant, key)
	}
	return leaf, err
}

// batch collects leaves of the archive until they are compared with what the log kept of them.
type batch struct {
	keys    []oplog.Key
	hashes  [][sha256.Size]byte
	entries []oplog.Entry // zero for one that cannot be decoded
}

func (b *batch) add(decode func([]byte) (oplog.Entry, error), key oplog.Key, leaf []byte) {
	e, err := decode(leaf)
	if err != nil {
		e = oplog.Entry{}
	}
	b.keys, b.hashes, b.entries = append(b.keys, key), append(b.hashes, LeafHash(leaf)), append(b.entries, e)
}

// verified returns the entries of a batch of some days. Those whose bytes are not as they were recorded are asked from other copies, or are placeholders.
func (a *Archive) verified(ctx context.Context, v *view, days []oplog.ArchivedDay, b *batch) ([]oplog.Entry, error) {
	want, known, err := a.hashes(ctx, v.tenant, b.keys)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return nil, errForeign(v.tenant, days)
	}
	if err != nil {
		return nil, err
	}
	var wrong []oplog.Key
	for i, key := range b.keys {
		switch {
		case !known[i]:
			b.entries[i] = placeholder(v.tenant, key)
		case b.hashes[i] != want[i]:
			wrong = append(wrong, key)
		case b.entries[i].Seq == 0:
			b.entries[i] = a.damaged(v.tenant, key)
		}
	}
	if len(wrong) == 0 {
		return b.entries, nil
	}
	slices.SortFunc(wrong, oplog.Key.Compare)
	found, err := a.fetch(ctx, v, wrong)
	if err != nil {
		return nil, err
	}
	for i, key := range b.keys {
		if e, asked := found[key]; asked {
			b.entries[i] = e
		}
	}
	return b.entries, nil
}

// errEnough ends a read that has what it needs.
var errEnough = errors.New("there is enough")

// stretch returns entries of a run of days of one shard, in the order of the range, which has a limit. Where a copy has rows that were never recorded, the
// others are asked.
func (a *Archive) stretch(ctx context.Context, v *view, days []oplog.ArchivedDay, r Range) ([]oplog.Entry, error) {
	found, err := a.stretchOf(ctx, v, days, r)
	for r.Copy = 1; oplog.CodeOf(err) == oplog.CodeDamaged && r.Copy <= a.copies(&days[0]); r.Copy++ {
		if others, failed := a.stretchOf(ctx, v, days, r); failed == nil {
			return others, nil
		}
	}
	return found, err
}

// stretchOf is stretch of one copy.
func (a *Archive) stretchOf(ctx context.Context, v *view, days []oplog.ArchivedDay, r Range) ([]oplog.Entry, error) {
	var b batch
	r.Tenant = v.tenant
	err := a.leaves(ctx, days, r, func(key oplog.Key, leaf []byte) error {
		if n := len(b.keys); n == r.Limit {
			return errEnough
		} else if n > 0 && !r.follows(b.keys[n-1], key) || !r.has(key) || !v.has(oplog.DateOf(key.Time())) {
			return errForeign(v.tenant, days)
		}
		b.add(a.options.Decode, key, leaf)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return a.verified(ctx, v, days, &b)
}

// follows reports whether a key comes after another in the order of the range.
func (r *Range) follows(key, next oplog.Key) bool {
	switch {
	case r.BySeq:
		return next.Seq() > key.Seq()
	case r.OldestFirst:
		return next.Compare(key) > 0
	}
	return next.Compare(key) < 0
}

// has reports whether a key is within the bounds of the range.
func (r *Range) has(key oplog.Key) bool {
	return key.Compare(r.From) >= 0 && (r.To.IsZero() || key.Compare(r.To) < 0) && key.Seq() >= r.FirstSeq && (r.EndSeq == 0 || key.Seq() < r.EndSeq)
}
