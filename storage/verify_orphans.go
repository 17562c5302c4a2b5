package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// checkOrphans looks for entries, ids and subtrees that no arrival accounts for.
func (v *verification) checkOrphans(ctx context.Context) error {
	if err := v.eachEntry(ctx, "", v.checkKeys); err != nil {
		return err
	}
	if err := v.checkIDs(ctx); err != nil {
		return err
	}
	return v.view(func(b *bolt.Bucket) error {
		size := v.Size
		if grown, err := (tree{arrivals: bucketIn(b, []byte(nameArrivals))}).size(); err == nil {
			size = max(size, grown) // by entries recorded since the beginning, which are not verified
		}
		return bucketIn(b, []byte(nameTree)).ForEach(func(k, _ []byte) error {
			if len(k) != 9 || (binary.BigEndian.Uint64(k[1:])+1)<<k[0] > size {
				v.find(Finding{Kind: FoundBeyondEnd, Seq: v.Size})
			}
			return nil
		})
	})
}

// pair is a key and value of a bucket, valid within the transaction.
type pair struct{ key, value []byte }

// eachEntry calls visit for all stored entries, of one date or of all (""), in short transactions, with the tenant's bucket.
func (v *verification) eachEntry(ctx context.Context, only string, visit func(b *bolt.Bucket, pairs []pair)) error {
	date, from := []byte(only), []byte(nil)
	for ctx.Err() == nil {
		var pairs []pair
		err := v.view(func(b *bolt.Bucket) error {
			parent := bucketIn(b, []byte(nameEntries))
			dates := parent.Cursor()
			at, _ := dates.Seek(date)
			if at == nil || only != "" && string(at) != only {
				date = nil
				return nil
			}
			if !bytes.Equal(at, date) {
				from = nil
			}
			date = bytes.Clone(at)
			c := bucketIn(parent, at).Cursor()
			for k, value := c.Seek(from); k != nil && len(pairs) < verifyChunk; k, value = c.Next() {
				pairs = append(pairs, pair{k, value})
			}
			visit(b, pairs)
			if len(pairs) < verifyChunk {
				date, from = append(date, 0), nil
				return nil
			}
			from = append(bytes.Clone(pairs[len(pairs)-1].key), 0)
			return nil
		})
		if err != nil || date == nil {
			return err
		}
	}
	return ctx.Err()
}

// checkKeys looks for entries that were never recorded.
func (v *verification) checkKeys(b *bolt.Bucket, pairs []pair) {
	t := tileReader{arrivals: bucketIn(b, []byte(nameArrivals))}
	for _, p := range pairs {
		if len(p.key) != keySize {
			v.find(Finding{Kind: FoundInserted})
			continue
		}
		key := oplog.Key(p.key)
		arrived, _, err := t.arrival(key.Seq())
		switch {
		case err != nil && key.Seq() > v.Size:
			v.find(orphan(FoundBeyondEnd, key, p.value))
		case err == nil && arrived != key, isMoved(err): // whose entries were removed
			// If arrivals are swapped, both are among them.
			f := orphan(FoundInserted, key, p.value)
			if !slices.ContainsFunc(v.Findings, func(s Finding) bool { return s.Kind == FoundReplaced && s.Time.Equal(f.Time) && s.ID == f.ID }) {
				v.find(f)
			}
		}
	}
}

// orphan returns the finding of an entry that was never recorded.
func orphan(kind FindingKind, key oplog.Key, data []byte) Finding {
	f := Finding{Kind: kind, Seq: key.Seq(), Time: key.Time(), ID: key.ID()}
	var head entryHead
	if headDecoding.Unmarshal(data, &head) == nil {
		f.ID = head.id()
	}
	return f
}
