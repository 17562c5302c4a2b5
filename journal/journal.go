// Package journal records entries and answers what is asked of them: it joins a
// store and an index that follows it.
package journal

import (
	"context"
	"errors"
	"sync"
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/trail"
)

// Journal records the entries of all tenants and answers what is asked of them:
// it joins a store, which is the truth, and an index that follows it. Its methods
// may be called by many goroutines at once.
type Journal struct {
	store     oplog.Store
	index     oplog.Index
	directory *directory.Directory
	trail     *trail.Trail // is told of deletions
	now       func() time.Time
	arrivals  arrivals

	// Of these locks, deleting is taken before a tenant's ruling (see Directory),
	// and that before appending.
	deleting  sync.Mutex   // held while days are deleted: one run at a time
	appending sync.RWMutex // held for reading from the check of entries until they are stored, so that none is taken of a day that is being closed
}

// New joins a store and an index.
func New(store oplog.Store, index oplog.Index, directory *directory.Directory, trail *trail.Trail, now func() time.Time) *Journal {
	j := &Journal{store: store, index: index, directory: directory, trail: trail, now: now}
	store.OnAppend(func(tenant string, entries []oplog.Entry) {
		if oplog.IsTrail(tenant) {
			return
		}
		index.Add(tenant, entries)
		j.arrivals.tell(tenant)
	})
	return j
}

// Appended is the answer to a request that records entries.
type Appended struct {
	Recorded   int             `json:"recorded"`
	Duplicates int             `json:"duplicates"`
	Skipped    int             `json:"skipped"`
	Entries    []oplog.Receipt `json:"entries"` // in order of the request
}

// Append records entries, all or none, and returns once they are on disk and
// found by the next query. A CodeInvalid error names every field of every
// entry that is invalid, by its place among them. The JSON values of changes
// lose their insignificant white space in place.
func (j *Journal) Append(ctx context.Context, tenant string, entries []oplog.Entry) (Appended, error) {
	j.appending.RLock()
	defer j.appending.RUnlock()
	t, err := j.directory.State(tenant)
	if err != nil {
		return Appended{}, err
	}
	if len(entries) > oplog.MaxEntriesPerRequest {
		return Appended{}, oplog.Errorf(oplog.CodeTooLarge, "%d entries are too many for one request; send at most %d.", len(entries), oplog.MaxEntriesPerRequest)
	}
	answer := Appended{Entries: make([]oplog.Receipt, len(entries))}
	manual, err := j.check(t, entries, &answer)
	if err != nil {
		return Appended{}, err
	}
	if unknown := t.UnknownOrganizations(manual); len(unknown) > 0 {
		// Before the entries are stored, so that none has an organization that the
		// tree does not know; but nothing is learned of a request that is refused.
		if err = j.store.Conflicts(t.ID, manual); err == nil {
			err = j.directory.Learn(t.ID, unknown, manual)
		}
		if err != nil {
			return Appended{}, inRequest(err, answer.Entries)
		}
	}
	if err := j.index.Open(ctx, tenant); err != nil {
		return Appended{}, err
	}
	receipts, err := j.store.Append(ctx, tenant, manual, answer.Skipped)
	if err != nil {
		return Appended{}, inRequest(err, answer.Entries)
	}
	for i := range answer.Entries {
		r := &answer.Entries[i]
		if r.Status == oplog.StatusSkipped {
			continue
		}
		*r, receipts = receipts[0], receipts[1:]
		if r.Status == oplog.StatusDuplicate {
			answer.Duplicates++
		} else {
			answer.Recorded++
		}
	}
	return answer, nil
}

// check validates entries and returns those to be stored; the others are
// answered as skipped.
func (j *Journal) check(t oplog.TenantState, entries []oplog.Entry, answer *Appended) ([]oplog.Entry, error) {
	now := j.now()
	var broken []oplog.FieldError
	manual := make([]oplog.Entry, 0, len(entries))
	for i := range entries {
		e := entries[i]
		for _, f := range t.Validate(&e, now) {
			f.Item = i + 1
			broken = append(broken, f)
		}
		if e.Origin == oplog.OriginAPI {
			answer.Entries[i] = oplog.Receipt{ID: e.ID, Status: oplog.StatusSkipped}
			answer.Skipped++
			continue
		}
		e.Tenant, e.Seq, e.ReceivedAt = t.ID, 0, now.UTC().Truncate(time.Microsecond)
		manual = append(manual, e)
	}
	if len(broken) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "No entries were stored: some are invalid.", Fields: broken}
	}
	return manual, nil
}

// inRequest names the entries of a store's error by their places in the
// request, of which the store saw those alone that were not skipped.
func inRequest(err error, receipts []oplog.Receipt) error {
	var e *oplog.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	var places []int
	for i, r := range receipts {
		if r.Status != oplog.StatusSkipped {
			places = append(places, i+1)
		}
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Item > 0 {
			f.Item = places[f.Item-1]
		}
	}
	return err
}

// Proof returns the proof that an entry is in its tenant's tree as it stands.
func (j *Journal) Proof(e oplog.Entry) (oplog.Proof, error) { return j.store.Prove(e.Tenant, e.Key()) }

// Checkpoint returns the signed head of a tenant's tree.
func (j *Journal) Checkpoint(tenant string) (string, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return "", err
	}
	return j.store.Checkpoint(tenant)
}

// Consistency returns the proof that a tenant's log only grew from one size to
// another, 0 for that of now.
func (j *Journal) Consistency(tenant string, from, to uint64) (oplog.Consistency, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return oplog.Consistency{}, err
	}
	return j.store.ProveConsistency(tenant, from, to)
}

// VerifierKey returns the public key that checkpoints are signed for.
func (j *Journal) VerifierKey() string { return j.store.VerifierKey() }

// Ready returns nil where the index has caught up with the store, or
// CodeUnavailable with how far it is.
func (j *Journal) Ready() error { return j.index.Ready() }

// Reindex rebuilds a tenant's index from the store, telling how far it is.
func (j *Journal) Reindex(ctx context.Context, tenant string, progress func(done, total uint64)) error {
	if _, err := j.directory.State(tenant); err != nil {
		return err
	}
	return j.index.Rebuild(ctx, tenant, progress)
}

// Counts returns how many entries a tenant has recorded, and how many
// operations it has skipped.
func (j *Journal) Counts(tenant string) (entries, skipped uint64, err error) {
	if _, err := j.directory.State(tenant); err != nil {
		return 0, 0, err
	}
	return j.store.Counts(tenant)
}
