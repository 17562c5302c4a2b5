// Package journal records entries and answers queries: it combines a store with an index that follows it.
package journal

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/timing"
	"oplog/trail"
)

// Journal records the entries of all tenants and answers queries. It combines a store, the source of truth, with an index that follows it.
// It is safe for concurrent use.
type Journal struct {
	store     oplog.Store
	index     oplog.Index
	directory *directory.Directory
	trail     *trail.Trail // records deletions
	place     oplog.Place
	now       func() time.Time
	arrivals  arrivals
	grown     atomic.Pointer[func(log string)] // see OnGrowth
	timings   Timings

	deletionMu sync.Mutex // one run of retention at a time; acquired before a tenant's locks (see Directory)
	clock      *Clock

	installationDays int // see KeepInstallationTrail

	agreed chan struct{} // receives after an owner agreed to a deletion
	begun  chan struct{} // of several nodes: receives after a deletion began

	waitingMu sync.Mutex               // guards waiting
	waiting   map[string]oplog.Waiting // deletions that wait for an owner, by log
}

// Timings are how long things take.
type Timings struct {
	Append               *timing.Histogram // of successful calls, from when they begin until the entries are on disk and can be found
	Page, Total, Summary *timing.Histogram
}

// Timings returns how long appends and queries take.
func (j *Journal) Timings() Timings { return j.timings }

// New returns a journal over a store and an index.
func New(
	store oplog.Store, index oplog.Index, directory *directory.Directory, trail *trail.Trail, clock *Clock, place oplog.Place, now func() time.Time,
) *Journal {
	j := &Journal{
		store: store, index: index, directory: directory, trail: trail, place: place, now: now,
		clock: clock, agreed: make(chan struct{}, 1), begun: make(chan struct{}, 1), waiting: make(map[string]oplog.Waiting),
		timings: Timings{timing.New(timing.Short), timing.New(timing.Short), timing.New(timing.Short), timing.New(timing.Short)},
	}
	store.OnAppend(func(tenant string, entries []oplog.Entry) {
		if grown := j.grown.Load(); grown != nil {
			(*grown)(tenant)
		}
		if oplog.IsTrail(tenant) {
			return
		}
		index.Add(tenant, entries)
		j.arrivals.notify(tenant)
	})
	if !place.Alone() {
		j.followDeletions()
	}
	return j
}

// OnGrowth registers a callback for each log in the store that has grown, trails included. It must not block.
func (j *Journal) OnGrowth(grown func(log string)) { j.grown.Store(&grown) }

// Appended is the response to a request that records entries.
type Appended struct {
	Recorded   int             `json:"recorded" doc:"Number of new entries."`
	Duplicates int             `json:"duplicates" doc:"Number of entries recorded before, which are not stored again."`
	Skipped    int             `json:"skipped" doc:"Number of operations that were not manual, which are only counted."`
	Entries    []oplog.Receipt `json:"entries" doc:"Result for each entry, in order of the request."`
}

// Append records entries, all or none, and returns once they are on disk and visible to queries. A CodeInvalid error lists every invalid
// field of every entry. Insignificant white space in the JSON values of changes is removed in place. It ends with the context until the
// entries are queued. The checks are made after it has waited for the index; if one returns an error, nothing is stored.
func (j *Journal) Append(ctx context.Context, tenant string, entries []oplog.Entry, checks ...directory.May) (Appended, error) {
	start := time.Now()
	if _, err := j.directory.State(tenant); err != nil {
		return Appended{}, err
	}
	// It may wait for a long time, so before any lock is held.
	if err := j.index.Open(ctx, tenant); err != nil {
		return Appended{}, err
	}
	t, release, err := j.directory.Use(tenant)
	if err != nil {
		return Appended{}, err
	}
	defer release()
	if err := directory.Allowed(checks); err != nil {
		return Appended{}, err
	}
	if len(entries) > oplog.MaxEntriesPerRequest {
		return Appended{}, oplog.Refuse(oplog.CodeTooLarge, "too-many-entries", "{count} entries are too many for one request; send at most {max}.", len(entries), oplog.MaxEntriesPerRequest)
	}
	answer := Appended{Entries: make([]oplog.Receipt, len(entries))}
	manual, err := j.validate(t, entries, &answer)
	if err != nil {
		return Appended{}, err
	}
	if unknown := t.UnknownOrganizations(manual); len(unknown) > 0 {
		// Before the entries are stored, so that the tree knows their organizations; but a rejected request must not add any.
		if err = j.store.Conflicts(t.ID, manual); err == nil {
			err = j.directory.LearnOrganizations(t.ID, unknown, manual)
		}
		if err != nil {
			return Appended{}, inRequest(err, answer.Entries)
		}
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
	j.timings.Append.Since(start)
	return answer, nil
}

// validate validates entries and returns those to store; the others get skipped receipts.
func (j *Journal) validate(t oplog.TenantState, entries []oplog.Entry, answer *Appended) ([]oplog.Entry, error) {
	now, rules := j.now(), j.clock.forRules()
	var errs []oplog.FieldError
	manual := make([]oplog.Entry, 0, len(entries))
	for i := range entries {
		e := entries[i]
		for _, f := range t.Validate(&e, now, rules) {
			f.Item = i + 1
			errs = append(errs, f)
		}
		if e.Origin == oplog.OriginAPI {
			answer.Entries[i] = oplog.Receipt{ID: e.ID, Status: oplog.StatusSkipped}
			answer.Skipped++
			continue
		}
		e.Tenant, e.Seq, e.ReceivedAt = t.ID, 0, now.UTC().Truncate(time.Microsecond)
		manual = append(manual, e)
	}
	if len(errs) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "No entries were stored: some are invalid.", Fields: errs}
	}
	return manual, nil
}

// inRequest translates item numbers of a store's error into numbers in the request: the store did not see skipped entries.
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

// Proof returns the inclusion proof of an entry in the tree of its tenant's first entries, 0 for all.
func (j *Journal) Proof(e oplog.Entry, size uint64) (oplog.Proof, error) {
	return j.store.Prove(e.Tenant, e.Key(), size)
}

// Checkpoint returns the signed head of a tenant's tree.
func (j *Journal) Checkpoint(tenant string) (string, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return "", err
	}
	return j.store.Checkpoint(tenant)
}

// Consistency returns the proof that a tenant's log only grew from one size to another; 0 stands for the current size.
func (j *Journal) Consistency(tenant string, from, to uint64) (oplog.Consistency, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return oplog.Consistency{}, err
	}
	return j.store.ProveConsistency(tenant, from, to)
}

// VerifierKey returns the public key of checkpoints.
func (j *Journal) VerifierKey() string { return j.store.VerifierKey() }

// KeyHistory returns the key of checkpoints with how it replaced earlier ones, for verifiers of a tenant's log ("" for none).
func (j *Journal) KeyHistory(tenant string) (oplog.KeyHistory, error) {
	return j.store.KeyHistory(tenant)
}

// Ready returns nil if the index has caught up with the store; otherwise CodeUnavailable with its progress.
func (j *Journal) Ready() error { return j.index.Ready() }

// Reindex rebuilds a tenant's index from the store and reports progress.
func (j *Journal) Reindex(ctx context.Context, tenant string, progress func(done, total uint64)) error {
	if _, err := j.directory.State(tenant); err != nil {
		return err
	}
	return j.index.Rebuild(ctx, tenant, progress)
}

// Counts returns a tenant's number of recorded entries and of skipped operations.
func (j *Journal) Counts(tenant string) (entries, skipped uint64, err error) {
	if _, err := j.directory.State(tenant); err != nil {
		return 0, 0, err
	}
	return j.store.Counts(tenant)
}
