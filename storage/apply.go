package storage

import (
	"cmp"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// applyAll writes a group of requests, each completely or not at all.
func (db *DB) applyAll(tx *bolt.Tx, writers map[string]*tenantWriter, group []*appendRequest) error {
	if err := db.findAnswered(tx, group); err != nil {
		return err
	}
	for _, r := range group {
		if answered, err := db.answer(tx, writers, r); answered || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if r.may != nil {
			r.refused = r.may()
		}
		if r.refused == nil {
			r.refused = cmp.Or(db.checkRevisions(tx, r.changes), db.checkArchive(r.changes), db.checkDeletion(tx, r.deletion))
		}
		if r.refused != nil {
			continue
		}
		if err := db.applyEntries(tx, writers, r); err != nil {
			return fmt.Errorf("append to tenant %s: %w", r.tenant, err)
		}
		if r.refused != nil {
			continue
		}
		r.seqs = seqsOf(r)
		if err := errors.Join(putRecords(tx, r.changes), db.sealDays(writers, r.changes), db.applyDeletion(tx, writers, r), db.applyOthers(tx, writers, r)); err != nil {
			return err
		}
		if err := r.putMeta(tx); err != nil {
			return err
		}
	}
	return db.saveWriters(writers)
}

// putMeta stores what a request changes of the store as a whole.
func (r *appendRequest) putMeta(tx *bolt.Tx) (err error) {
	if r.key != nil {
		err = r.key.put(tx)
	}
	if r.level != nil {
		err = errors.Join(err, r.level.raise(tx))
	}
	return err
}

// saveWriters writes what the writers of a transaction still hold, after its last entry.
func (db *DB) saveWriters(writers map[string]*tenantWriter) error {
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
	w, err := db.writerOf(tx, writers, r.tenant)
	if err != nil {
		return err
	}
	return w.apply(r)
}

// writerOf returns the writer of a log in a transaction, which it makes if there is none.
func (db *DB) writerOf(tx *bolt.Tx, writers map[string]*tenantWriter, name string) (*tenantWriter, error) {
	if w := writers[name]; w != nil {
		return w, nil
	}
	w, err := newTenantWriter(tx, name, db.heads[name])
	if err != nil {
		return nil, err
	}
	w.closed, w.archived, w.replicated, w.healer = db.closedOf(name), db.archivedOf(name), db.propose != nil, db.healer.Load()
	writers[name] = w
	return w, nil
}
