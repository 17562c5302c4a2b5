package storage

import (
	"bytes"
	"cmp"
	"context"
	"hash/maphash"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// idSums holds an order-independent sum of senders' ids for each date.
type idSums map[string]idSum

type idSum struct{ count, sum uint64 }

var idSeed = maphash.MakeSeed()

func (s idSums) add(date string, r idRecord) {
	s[date] = idSum{s[date].count + 1, s[date].sum + maphash.Comparable(idSeed, r)}
}

func (s idSums) addAll(other idSums) {
	for date, more := range other {
		s[date] = idSum{s[date].count + more.count, s[date].sum + more.sum}
	}
}

// checkIDs compares the stored ids with those of the entries: by sums per date, and individually if these differ.
func (v *verification) checkIDs(ctx context.Context) error {
	stored := make(idSums)
	for date := range v.ids {
		stored[date] = idSum{}
	}
	err := v.eachRun(ctx, func(date string, run idRun) {
		for i := range run.len() {
			stored.add(date, run.at(i))
		}
	})
	if err != nil {
		return err
	}
	for _, date := range slices.Sorted(maps.Keys(stored)) {
		if stored[date] == v.ids[date] || v.deletedDate(date) {
			continue
		}
		removed, err := v.removedDate(date)
		if err == nil && !removed {
			err = v.compareIDs(ctx, date)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRun calls visit for the runs of senders' ids, each in its own transaction.
func (v *verification) eachRun(ctx context.Context, visit func(date string, run idRun)) error {
	for from := []byte{0}; from != nil; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := v.view(func(b *bolt.Bucket) error {
			ids := bucketIn(b, []byte(nameIDs))
			name, _ := ids.Cursor().Seek(from)
			if name == nil {
				from = nil
				return nil
			}
			from = append(bytes.Clone(name), 0)
			visit(string(dateIn(name)), readRun(ids, name).idRun)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compareIDs finds entries of a date whose ids do not lead to them, and ids that lead to no matching entry.
func (v *verification) compareIDs(ctx context.Context, date string) error {
	stored := make(map[idRecord]bool)
	err := v.eachRun(ctx, func(of string, run idRun) {
		for i := range run.len() {
			if of == date {
				stored[run.at(i)] = true
			}
		}
	})
	if err != nil {
		return err
	}
	err = v.eachEntry(ctx, date, func(_ *bolt.Bucket, pairs []pair) {
		for _, p := range pairs {
			var head entryHead
			if headDecoding.Unmarshal(p.value, &head) != nil || head.ID == "" || len(p.key) != keySize || head.key() != oplog.Key(p.key) {
				continue // already found, or without a sender's id
			}
			record := idRecord{hashID(head.ID), head.Seq}
			if !stored[record] && head.Seq <= v.Size { // later ones may have been recorded since the ids were read
				v.find(Finding{Kind: FoundID, Seq: head.Seq, Time: head.key().Time(), ID: head.ID})
			}
			delete(stored, record)
		}
	})
	if err != nil {
		return err
	}
	return v.view(func(b *bolt.Bucket) error {
		arrivals := tree{arrivals: bucketIn(b, []byte(nameArrivals))}
		beside := slices.SortedFunc(maps.Keys(stored), func(a, b idRecord) int { return cmp.Compare(a.seq, b.seq) })
		for _, record := range beside {
			f := Finding{Kind: FoundID, Seq: record.seq}
			key, _, err := arrivals.arrival(record.seq)
			switch {
			case isMoved(err): // the entries of a moved tile have no ids here
			case err != nil:
				f.Kind = FoundBeyondEnd
			case hashID(key.ID()) == record.hash:
				continue // the sender's id equals the generated id, which is not stored
			default:
				f.Time, f.ID = key.Time(), key.ID()
			}
			v.find(f)
		}
		return nil
	})
}
