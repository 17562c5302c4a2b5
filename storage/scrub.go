package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A pass over the store checks all pages as Open does, then all records by their CRCs, then all entries as Verify does: each with its leaf, the leaves with the tree. It is made
// of slices, each of which takes a few milliseconds and a read transaction of its own, so that pages are free to be used again.
const (
	sliceLeaves   = 128
	sliceRequests = 4096 // messages
	sliceEntries  = 4 * tileSize
)

// scrubPosition is where a slice ended.
type scrubPosition struct {
	Pages  [][]byte `json:"pages,omitempty"`  // names of buckets and a key; see pages_walk.go
	Kept   []byte   `json:"kept,omitempty"`   // key in the bucket of requests, once all pages were checked
	Tenant string   `json:"tenant,omitempty"` // whose entries were checked, once all pages were
	Seq    uint64   `json:"seq,omitempty"`    // of the last entry that was checked
}

// CheckNext checks the next slice of the store; see [oplog.Store].
func (db *DB) CheckNext(after []byte) (oplog.Checked, error) {
	var at scrubPosition
	if after != nil {
		if err := json.Unmarshal(after, &at); err != nil {
			return oplog.Checked{}, fmt.Errorf("the position of the check is damaged: %w", err)
		}
	}
	switch {
	case at.Tenant != "":
		return db.checkEntries(at), nil
	case at.Kept != nil:
		return db.checkRequests(at.Kept), nil
	}
	return db.checkSlice(at)
}

func (at scrubPosition) encode() []byte {
	b, err := json.Marshal(at)
	if err != nil {
		panic(err) // it has no values that JSON cannot hold
	}
	return b
}

// checkSlice checks the pages of some leaves.
func (db *DB) checkSlice(at scrubPosition) (done oplog.Checked, err error) {
	const tries = 10
	for range tries {
		var c *pageCheck
		var all bool
		err := db.view(func(tx *bolt.Tx) (err error) {
			c, all, err = db.walkSlice(tx, at)
			return err
		})
		if errors.Is(err, errOvertaken) {
			continue
		}
		if err != nil {
			return done, err
		}
		done.Pages = uint64(c.checked) //nolint:gosec // a number of things
		done.Damage = c.first
		if !all {
			done.Next = scrubPosition{Pages: c.last}.encode()
			return done, nil
		}
		db.checkRecords(&done)
		requests := db.checkRequests(nil)
		done.Damage, done.Next = cmp.Or(done.Damage, requests.Damage), requests.Next
		return done, nil
	}
	return oplog.Checked{Next: at.encode()}, nil // later
}

// errOvertaken says that later transactions have replaced the meta page of the one that reads.
var errOvertaken = errors.New("the meta page was replaced")

// walkSlice walks pages of a transaction, and reports whether these were the last. They are read from the file: while the transaction is open, none
// of them is used again.
func (db *DB) walkSlice(tx *bolt.Tx, at scrubPosition) (c *pageCheck, all bool, err error) {
	f, err := openPages(db.path(), 0, 0)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p, err := readMetaPages(f, db.bolt.Load().Info().PageSize)
	if err != nil {
		return nil, false, err
	}
	i := slices.IndexFunc(p.metas[:], func(m meta) bool { return m.txid == uint64(tx.ID()) }) //nolint:gosec // bbolt counts from 1
	if i < 0 || !p.valid[i] {
		return nil, false, errOvertaken
	}
	c = newPageCheck(f, p.pageSize, p.metas[i], sliceLeaves)
	c.readFree()
	c.checked = 0
	return c, c.bucket(c.meta.root, 0, at.Pages), nil
}

// checkRecords compares all records with their CRCs. They are few beside the entries.
func (db *DB) checkRecords(done *oplog.Checked) {
	damaged, err := db.damagedRecords()
	if len(damaged) > 0 {
		err = damaged[0]
	}
	done.Damage = cmp.Or(done.Damage, err)
}

// checkRequests compares some of what is kept of requests with its CRCs, from a key on.
func (db *DB) checkRequests(from []byte) (done oplog.Checked) {
	damaged, next, err := db.damagedRequests(from, sliceRequests)
	if len(damaged) > 0 {
		err = damaged[0]
	}
	if done.Damage = err; next != nil {
		done.Next = scrubPosition{Kept: next}.encode()
		return done
	}
	db.beginTenant(&done, "")
	return done
}

// beginTenant sets the position to the entries of the first tenant after another, if there is one.
func (db *DB) beginTenant(done *oplog.Checked, after string) {
	var next string
	err := db.view(func(tx *bolt.Tx) error {
		c := topBucket(tx, bucketTenants).Cursor()
		name, _ := c.Seek([]byte(after))
		if string(name) == after {
			name, _ = c.Next()
		}
		next = string(name)
		return nil
	})
	done.Damage = cmp.Or(done.Damage, err)
	if next != "" {
		done.Next = scrubPosition{Tenant: next}.encode()
	}
}

// checkEntries checks some entries of a tenant. What is found is looked at twice: entries may be deleted meanwhile. What other copies have is put
// back, and is no damage any more. Where pages cannot be read, the check goes on after them.
func (db *DB) checkEntries(at scrubPosition) (done oplog.Checked) {
	v, err := db.verifySome(at)
	if err == nil && v.Bad > 0 {
		if v, err = db.verifySome(at); err == nil && v.Bad > 0 {
			v, err = db.healFound(at, v)
		}
	}
	switch {
	case err != nil:
		done.Damage = err
	case v.Bad > 0:
		done.Damage = fmt.Errorf("entry %d of tenant %s is damaged; oplog verify tells more", v.Findings[0].Seq, at.Tenant)
	}
	end := min(at.Seq+sliceEntries, v.Size)
	if end > at.Seq {
		done.Entries = end - at.Seq
	}
	if end < v.Size {
		done.Next = scrubPosition{Tenant: at.Tenant, Seq: end}.encode()
		return done
	}
	db.beginTenant(&done, at.Tenant)
	return done
}

// verifySome verifies the entries after a position, with the subtrees that they complete.
func (db *DB) verifySome(at scrubPosition) (*verification, error) {
	v := &verification{db: db, tenant: at.Tenant, size: at.Seq, ids: make(idSums), archive: newArchiveCheck(db, at.Tenant)}
	var err error
	if v.Size, _, err = db.Counts(at.Tenant); err != nil || v.Size <= at.Seq {
		v.Size = min(v.Size, at.Seq)
		return v, err
	}
	if v.proven, err = v.deletions(); err != nil {
		return v, err
	}
	err = v.view(func(b *bolt.Bucket) error {
		stored := treeIn(b)
		for level := range v.edge {
			if v.size>>level&1 == 0 {
				continue
			}
			number := int64(v.size>>level) - 1 //nolint:gosec // a number of entries
			if hash, err := stored.hash(level, number); err != nil {
				v.findSubtree(stored, level, number)
			} else {
				v.edge[level] = hash
			}
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	p := v.check(at.Seq+1, min(at.Seq+sliceEntries, v.Size))
	if p.err != nil {
		return v, p.err
	}
	return v, v.add(p)
}
