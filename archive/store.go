package archive

import (
	"context"
	"slices"

	"oplog/oplog"
)

// joinedStore is the store with its archived days: what is here comes from here, and the rest from the archive. A date is on one side or the other, as the
// view of a read says. Long reads take a new view for each chunk, since days are removed only when reads by earlier views have ended.
type joinedStore struct {
	oplog.Store
	archive *Archive
}

// Get returns the entries with the given keys; see [oplog.Reader].
func (s *joinedStore) Get(tenant string, keys []oplog.Key, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	for {
		v := s.archive.days.read(tenant)
		found, err := s.get(v, keys, into)
		v.release()
		if err == nil && len(found) == len(keys) || !s.changedSides(v, keys, found) {
			return found, err
		}
	}
}

// changedSides reports whether days of entries that were not found have changed sides since a view was taken.
func (s *joinedStore) changedSides(v *view, keys []oplog.Key, found []oplog.Entry) bool {
	if s.archive.days.pointer(v.tenant).Load() != v {
		return true
	}
	if len(v.all) == 0 {
		return false
	}
	// Of several nodes, this one may have taken over a copy without days that its view has here.
	here := make(map[oplog.Key]bool, len(found))
	for i := range found {
		here[found[i].Key()] = true
	}
	asked := make(map[string]bool)
	for _, key := range keys {
		date := oplog.DateOf(key.Time())
		if here[key] || asked[date] || v.has(date) {
			continue
		}
		asked[date] = true
		name := v.tenant + "/" + date
		data, _, err := s.Record(oplog.RecordArchive, name)
		if err != nil {
			continue
		}
		if d, err := readDay(oplog.Record{Name: name, Data: data}); err == nil && d.State == oplog.DayRemoved {
			s.archive.days.changed(name)
			return true
		}
	}
	return false
}

// get is Get by a view.
func (s *joinedStore) get(v *view, keys []oplog.Key, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	away := v.among(keys)
	if len(away) == 0 {
		return s.Store.Get(v.tenant, keys, into)
	}
	isAway := make(map[oplog.Key]bool, len(away))
	for _, key := range away {
		isAway[key] = true
	}
	here, err := s.Store.Get(v.tenant, slices.DeleteFunc(slices.Clone(keys), func(k oplog.Key) bool { return isAway[k] }), into)
	if err != nil {
		return nil, err
	}
	fetched, err := s.archive.fetch(context.Background(), v, away)
	if err != nil {
		return nil, err
	}
	found := make([]oplog.Entry, 0, len(keys))
	for _, key := range keys {
		if isAway[key] {
			found = append(found, fetched[key])
		} else if len(here) > 0 && here[0].Key() == key {
			found, here = append(found, here[0]), here[1:]
		}
	}
	return collected(found, into), nil
}

// collected hands over entries of both sides in a buffer, if there is one.
func collected(found []oplog.Entry, into *oplog.ReadBuffer) []oplog.Entry {
	if into != nil {
		into.Entries = found
	}
	return found
}

// Find returns an entry by its id; see [oplog.Reader].
func (s *joinedStore) Find(tenant, id string, keep func(*oplog.Entry) bool) (oplog.Entry, error) {
	for {
		v := s.archive.days.read(tenant)
		found, err := s.find(v, id, keep)
		v.release()
		if err == nil || s.archive.days.pointer(tenant).Load() == v {
			return found, err
		}
	}
}

// find is Find by a view.
func (s *joinedStore) find(v *view, id string, keep func(*oplog.Entry) bool) (oplog.Entry, error) {
	if len(v.days) == 0 {
		return s.Store.Find(v.tenant, id, keep)
	}
	is := func(e *oplog.Entry) bool { return e.ID == id && (keep == nil || keep(e)) }
	key, generated := oplog.KeyOfID(id)
	if generated && v.has(oplog.DateOf(key.Time())) {
		arrived, err := s.Arrived(v.tenant, key)
		if err != nil {
			return oplog.Entry{}, err
		}
		if arrived {
			if e, err := s.archive.fetchOne(v, key); err != nil || is(&e) {
				return e, err
			}
		}
	}
	// What is left here of a day that is being removed is found in the archive.
	here, err := s.Store.Find(v.tenant, id, func(e *oplog.Entry) bool { return !v.has(oplog.DateOf(e.Time)) && (keep == nil || keep(e)) })
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound || err == nil && generated && here.Key() == key {
		return here, err
	}
	newer := v.days
	if err == nil {
		newer = v.within(here.Key(), lastKey)
	}
	if e, found, failed := s.archive.findNewest(v, newer, id, is); failed != nil || found {
		return e, failed
	}
	return here, err
}

// Prove returns the inclusion proof of an entry; see [oplog.Prover].
func (s *joinedStore) Prove(tenant string, key oplog.Key, size uint64) (oplog.Proof, error) {
	v := s.archive.days.read(tenant)
	defer v.release()
	if len(v.among([]oplog.Key{key})) == 0 {
		return s.Store.Prove(tenant, key, size)
	}
	leaf, err := s.archive.fetchLeaf(v, key)
	if err != nil {
		return oplog.Proof{}, err
	}
	return s.ProveLeaf(tenant, key, leaf, size)
}
