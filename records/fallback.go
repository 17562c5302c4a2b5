package records

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"oplog/oplog"
)

// Store is what a Fallback needs of a store.
type Store interface {
	oplog.Records
	Failure() error
}

// Fallback is the records of a store, of which some changes are kept in memory while the store cannot be written: those made through
// InMemory. They are read like stored ones, are stored once that is possible, and end with the program otherwise.
type Fallback struct {
	Store

	tenantOf func(kind oplog.RecordKind, name string, data []byte) string
	onKept   func(kind oplog.RecordKind, name string, data []byte)

	flushMu   sync.Mutex  // held while kept changes are stored, acquired before mu; readers do not wait for it
	some      atomic.Bool // something is kept
	mu        sync.Mutex  // guards what follows; never held across a write
	kept      map[recordName]keptChange
	storing   map[recordName]keptChange // those that are being written, so the store may or may not have them
	changes   uint64                    // counts changes of kept
	ofTenants map[string]int            // kept changes by tenant
}

type recordName struct {
	kind oplog.RecordKind
	name string
}

type keptChange struct {
	replaces oplog.Revision // of the stored record
	data     []byte         // nil if it was removed
	tenant   string         // whose share it uses; "" for none
}

// Limits of the changes in memory. Those of tenants leave some to all others, and those of one tenant some to other tenants.
const (
	MaxKept          = 10_000
	MaxKeptOfTenants = MaxKept * 3 / 4
	MaxKeptOfTenant  = MaxKept / 4
)

// NewFallback returns the records of a store. tenantOf returns the tenant whose share of the memory a record uses, or "". onKept is called for
// each change that is kept in memory, with nil for a removal; it must not use the Fallback.
func NewFallback(s Store, tenantOf func(kind oplog.RecordKind, name string, data []byte) string, onKept func(kind oplog.RecordKind, name string, data []byte)) *Fallback {
	return &Fallback{Store: s, tenantOf: tenantOf, onKept: onKept, kept: make(map[recordName]keptChange), ofTenants: make(map[string]int)}
}

// InMemory returns the same records for changes that may be kept in memory. through are these records, or those that also tell of a change
// that is stored.
func (f *Fallback) InMemory(through oplog.Records) oplog.Records { return inMemory{f, through} }

// Flush stores kept changes, if the store can be written again.
func (f *Fallback) Flush() {
	if !f.some.Load() || f.Failure() != nil {
		return
	}
	f.flushMu.Lock()
	defer f.flushMu.Unlock()
	f.flushAll()
}

// tryFlush is Flush for a reader, who does not wait while another caller stores the changes: until they are stored, they are read from memory.
func (f *Fallback) tryFlush() {
	if !f.some.Load() || f.Failure() != nil || !f.flushMu.TryLock() {
		return
	}
	defer f.flushMu.Unlock()
	f.flushAll()
}

func (f *Fallback) flushAll() {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.some.Store(len(f.kept) > 0)
	}()
	f.mu.Lock()
	all := slices.Collect(maps.Keys(f.kept))
	f.mu.Unlock()
	for names := range slices.Chunk(all, flushedAtOnce) {
		err := f.flush(names)
		for i := 0; errors.Is(err, oplog.ErrRevision) && i < len(names); i++ {
			if one := f.flush(names[i : i+1]); one != nil && !errors.Is(one, oplog.ErrRevision) {
				err = one
			} else if one != nil { // the record was changed since, and that is newer
				f.mu.Lock()
				f.forget(names[i])
				f.mu.Unlock()
			}
		}
		if err != nil && !errors.Is(err, oplog.ErrRevision) {
			slog.Warn("changes that were kept in memory could not be stored yet", "err", err)
			return
		}
	}
}

// flushedAtOnce is how many kept changes are stored in one transaction: one for each would take as many syncs, while nobody signs in.
const flushedAtOnce = 500

// flush stores those of the changes that are kept, in one transaction, and forgets them.
func (f *Fallback) flush(names []recordName) error {
	var changes []oplog.RecordChange
	storing := make(map[recordName]keptChange, len(names))
	f.mu.Lock()
	for _, at := range names {
		if change, kept := f.kept[at]; kept {
			storing[at] = change
			changes = append(changes, oplog.RecordChange{Kind: at.kind, Name: at.name, Replaces: change.replaces, Data: change.data})
		}
	}
	f.storing = storing
	f.mu.Unlock()
	var err error
	if len(changes) > 0 {
		err = f.PutRecords(changes)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.storing = nil
	if err != nil {
		return err
	}
	for at, change := range storing {
		now, known := f.kept[at]
		switch stored := change.revision(); {
		case known && now.revision() == stored:
			f.forget(at)
		case known: // it was changed in memory meanwhile, as the store failed again
			now.replaces = stored
			f.kept[at] = now
		}
	}
	return nil
}

// Record returns a record; see [oplog.Records].
func (f *Fallback) Record(kind oplog.RecordKind, name string) (data []byte, revision oplog.Revision, err error) {
	if f.tryFlush(); !f.some.Load() {
		return f.Store.Record(kind, name)
	}
	f.mu.Lock()
	change, known := f.kept[recordName{kind, name}]
	f.mu.Unlock()
	switch {
	case !known:
		return f.Store.Record(kind, name)
	case change.data == nil:
		return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
	}
	return slices.Clone(change.data), oplog.RevisionOf(change.data), nil
}

// Records returns the records whose names start with a prefix; see [oplog.Records].
func (f *Fallback) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	if f.tryFlush(); !f.some.Load() {
		return f.Store.Records(kind, prefix)
	}
	for {
		f.mu.Lock()
		before := f.changes
		f.mu.Unlock()
		all, err := f.Store.Records(kind, prefix)
		f.mu.Lock()
		same := before == f.changes
		if same {
			all = f.merged(kind, prefix, all)
		}
		f.mu.Unlock()
		if same { // else a change may be neither in memory any more, nor in what was read
			return all, err
		}
	}
}

// merged returns stored records with the changes in memory.
func (f *Fallback) merged(kind oplog.RecordKind, prefix string, all []oplog.Record) []oplog.Record {
	all = slices.DeleteFunc(all, func(r oplog.Record) bool {
		_, changed := f.kept[recordName{kind, r.Name}]
		return changed
	})
	for at, change := range f.kept {
		if at.kind == kind && strings.HasPrefix(at.name, prefix) && change.data != nil {
			all = append(all, oplog.Record{Name: at.name, Data: slices.Clone(change.data)})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// RecordsAfter returns some of these records; see [oplog.Records].
func (f *Fallback) RecordsAfter(kind oplog.RecordKind, prefix, after string, limit int) ([]oplog.Record, error) {
	if f.tryFlush(); !f.some.Load() {
		return f.Store.RecordsAfter(kind, prefix, after, limit)
	}
	all, err := f.Records(kind, prefix)
	all = slices.DeleteFunc(all, func(r oplog.Record) bool { return r.Name <= after })
	return all[:min(limit, len(all))], err
}

// keep keeps changes in memory, all or none.
func (f *Fallback) keep(changes []oplog.RecordChange, failure error) error {
	tenants := make([]string, len(changes))
	for i, c := range changes {
		data, revision, err := f.Record(c.Kind, c.Name)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if revision != c.Replaces {
			return oplog.ErrRevision
		}
		if c.Data != nil {
			data = c.Data
		}
		tenants[i] = f.tenantOf(c.Kind, c.Name, data)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.hasRoom(changes, tenants) {
		return failure
	}
	f.changes++
	for i, c := range changes {
		at := recordName{c.Kind, c.Name}
		before, known := f.kept[at]
		_, storing := f.storing[at]
		switch {
		case known && before.revision() != c.Replaces:
			return oplog.ErrRevision
		case known && !storing && before.replaces == (oplog.Revision{}) && c.Data == nil:
			f.forget(at) // it never was in the store
		case known:
			f.kept[at] = keptChange{before.replaces, slices.Clone(c.Data), before.tenant}
		default:
			f.kept[at] = keptChange{c.Replaces, slices.Clone(c.Data), tenants[i]}
			f.ofTenants[tenants[i]]++
		}
		f.onKept(c.Kind, c.Name, c.Data)
	}
	f.some.Store(len(f.kept) > 0)
	return nil
}

// hasRoom reports whether changes that use the shares of tenants can be kept.
func (f *Fallback) hasRoom(changes []oplog.RecordChange, tenants []string) bool {
	more, moreOf := 0, make(map[string]int)
	for i, c := range changes {
		if _, known := f.kept[recordName{c.Kind, c.Name}]; !known {
			more++
			moreOf[tenants[i]]++
		}
	}
	for tenant, n := range moreOf {
		if tenant != "" && f.ofTenants[tenant]+n > MaxKeptOfTenant {
			return false
		}
	}
	others := more - moreOf[""]
	return len(f.kept)+more <= MaxKept && (others == 0 || len(f.kept)-f.ofTenants[""]+others <= MaxKeptOfTenants)
}

// forget removes a change from memory.
func (f *Fallback) forget(at recordName) {
	if _, known := f.kept[at]; !known {
		return
	}
	f.changes++
	tenant := f.kept[at].tenant
	delete(f.kept, at)
	if f.ofTenants[tenant]--; f.ofTenants[tenant] == 0 {
		delete(f.ofTenants, tenant)
	}
}

func (c *keptChange) revision() oplog.Revision { return oplog.RevisionOf(c.data) }

// inMemory is a Fallback whose changes may be kept in memory.
type inMemory struct {
	*Fallback
	through oplog.Records
}

func (m inMemory) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return m.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (m inMemory) PutRecords(changes []oplog.RecordChange, entries ...oplog.Entry) error {
	m.Flush()
	failure := m.Failure()
	if failure == nil {
		err := m.through.PutRecords(changes, entries...)
		if failure = m.Failure(); err == nil || failure == nil || errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
	return m.keep(changes, failure)
}
