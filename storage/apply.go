package storage

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// applyAll writes a group of requests, each completely or not at all.
func (db *DB) applyAll(tx *bolt.Tx, writers map[string]*tenantWriter, group []*appendRequest) error {
	for _, r := range group {
		if r.refused = db.checkRevisions(tx, r.changes); r.refused != nil {
			continue
		}
		if err := db.applyEntries(tx, writers, r); err != nil {
			return fmt.Errorf("append to tenant %s: %w", r.tenant, err)
		}
		if r.refused != nil {
			continue
		}
		if err := errors.Join(putRecords(tx, r.changes), db.applyDeletion(tx, writers, r), db.applyOthers(tx, writers, r)); err != nil {
			return err
		}
		if r.key != nil {
			if err := r.key.put(tx); err != nil {
				return err
			}
		}
	}
	for tenant, w := range writers {
		if err := errors.Join(w.saveTile(), w.saveIDs()); err != nil {
			return fmt.Errorf("append to tenant %s: %w", tenant, err)
		}
		if added := w.head.size - w.began; added > 0 {
			db.adds += added
			db.extends.add(w.before)
			db.extends.add(w.head.sum(tenant))
		}
	}
	db.beginCommit(writers)
	return nil
}

// applyOthers writes the entries of other tenants that belong to a request. If one is rejected, the transaction fails.
func (db *DB) applyOthers(tx *bolt.Tx, writers map[string]*tenantWriter, r *appendRequest) error {
	for _, one := range r.others {
		if err := db.applyEntries(tx, writers, one); err != nil {
			return fmt.Errorf("append to tenant %s: %w", one.tenant, err)
		}
		if one.refused != nil {
			return one.refused
		}
	}
	return nil
}

// applyEntries writes the entries of one request, or rejects it without writing anything.
func (db *DB) applyEntries(tx *bolt.Tx, writers map[string]*tenantWriter, r *appendRequest) (err error) {
	if len(r.entries) == 0 && r.skipped == 0 {
		return nil
	}
	w := writers[r.tenant]
	if w == nil {
		if w, err = newTenantWriter(tx, r.tenant, db.heads[r.tenant]); err != nil {
			return err
		}
		w.closed = db.closedOf(r.tenant)
		writers[r.tenant] = w
	}
	return w.apply(r)
}
