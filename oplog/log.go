package oplog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Log is the operation log of all tenants: a store, and an index that follows
// it. Its methods may be called by many goroutines at once.
type Log struct {
	store Store
	index Index
	now   func() time.Time

	mu      sync.RWMutex
	tenants map[string]tenantState // what has been read of tenants, by id

	keysMu sync.Mutex
	keys   map[string]APIKey // that were used and are not revoked, by hash

	accounts sync.Mutex // held by who changes accounts
	views    sync.Mutex // held by who changes views

	appending sync.RWMutex // held for reading by who appends
	deleting  sync.Mutex   // held by who deletes days
	retaining sync.Mutex   // held by who decides which, or changes the rule or a hold

	exports  *exportJobs
	arrivals arrivals
	later    *background
	trail    trail
}

// tenantState is a tenant and what its entries are checked against, replaced as
// a whole when any of it changes.
type tenantState struct {
	Tenant
	zone          *time.Location
	tree          Tree
	organizations map[string]string // names of those in the tree, by id
	catalog       *Catalog
	holds         []Hold
	deletions     []Deletion // in order of time
}

// Options are what a Log needs besides its engines.
type Options struct {
	Now       func() time.Time // the clock; nil for time.Now
	ExportDir string           // where export files go
	Formats   []ExportFormat   // what exports can be written as
}

// New joins a store and an index. Exports that ran when the store was last
// closed are marked as failed.
func New(store Store, index Index, o Options) (*Log, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{store: store, index: index, now: o.Now, tenants: make(map[string]tenantState), keys: make(map[string]APIKey)}
	l.trail.last, l.trail.lost = make(map[[sha256.Size]byte]time.Time), make(map[string]int)
	l.trail.visits, l.trail.held = make(map[[sha256.Size]byte]*visit), make(map[*act]bool)
	store.OnAppend(func(tenant string, entries []Entry) {
		if isTrail(tenant) {
			return
		}
		index.Add(tenant, entries)
		l.arrivals.tell(tenant)
	})
	l.exports = newExportJobs(l, o.ExportDir, o.Formats)
	if err := l.exports.recover(); err != nil {
		return nil, fmt.Errorf("exports of the last run: %w", err)
	}
	l.later = newBackground()
	if err := l.recoverActs(); err != nil {
		l.later.close()
		return nil, fmt.Errorf("acts that the trails do not tell yet: %w", err)
	}
	return l, nil
}

// Close ends running exports, and closes the index and the store.
func (l *Log) Close() error {
	l.exports.close()
	l.endActs()
	l.later.close()
	return errors.Join(l.index.Close(), l.store.Close())
}

// Appended is the answer to a request that records entries.
type Appended struct {
	Recorded   int       `json:"recorded"`
	Duplicates int       `json:"duplicates"`
	Skipped    int       `json:"skipped"`
	Entries    []Receipt `json:"entries"` // in order of the request
}

// Append records entries, all or none, and returns once they are on disk and
// found by the next query. A CodeInvalid error names every field of every
// entry that breaks a rule, by its place among them. The JSON values of changes
// lose their insignificant white space in place.
func (l *Log) Append(ctx context.Context, tenant string, entries []Entry) (Appended, error) {
	l.appending.RLock()
	defer l.appending.RUnlock()
	t, err := l.tenant(tenant)
	if err != nil {
		return Appended{}, err
	}
	if len(entries) > MaxEntriesPerRequest {
		return Appended{}, Errorf(CodeTooLarge, "%d entries are too many for one request; send at most %d.", len(entries), MaxEntriesPerRequest)
	}
	answer := Appended{Entries: make([]Receipt, len(entries))}
	manual, err := l.check(t, entries, &answer)
	if err != nil {
		return Appended{}, err
	}
	if err := l.learnOrganizations(t, manual); err != nil {
		return Appended{}, inRequest(err, answer.Entries)
	}
	if err := l.index.Open(ctx, tenant); err != nil {
		return Appended{}, err
	}
	receipts, err := l.store.Append(ctx, tenant, manual, answer.Skipped)
	if err != nil {
		return Appended{}, inRequest(err, answer.Entries)
	}
	for i := range answer.Entries {
		r := &answer.Entries[i]
		if r.Status == StatusSkipped {
			continue
		}
		*r, receipts = receipts[0], receipts[1:]
		if r.Status == StatusDuplicate {
			answer.Duplicates++
		} else {
			answer.Recorded++
		}
	}
	return answer, nil
}

// check validates entries and returns those to be stored; the others are
// answered as skipped.
func (l *Log) check(t tenantState, entries []Entry, answer *Appended) ([]Entry, error) {
	now := l.now()
	var broken []FieldError
	manual := make([]Entry, 0, len(entries))
	for i := range entries {
		e := entries[i]
		for _, f := range t.validate(&e, now) {
			f.Item = i + 1
			broken = append(broken, f)
		}
		if e.Origin == OriginAPI {
			answer.Entries[i] = Receipt{ID: e.ID, Status: StatusSkipped}
			answer.Skipped++
			continue
		}
		e.Tenant, e.Seq = t.ID, 0
		manual = append(manual, e)
	}
	if len(broken) > 0 {
		return nil, &Error{Code: CodeInvalid, Message: "Nothing was stored, because some entries break a rule.", Fields: broken}
	}
	return manual, nil
}

// validate is [Entry.Validate] by the rules of the tenant.
func (t *tenantState) validate(e *Entry, now time.Time) []FieldError {
	broken := e.Validate(t.catalog, now)
	if f, late := t.tooOld(e, now); late && e.Origin != OriginAPI {
		broken = append(broken, f)
	}
	return broken
}

// inRequest names the entries of a store's error by their places in the
// request, of which the store saw those alone that were not skipped.
func inRequest(err error, receipts []Receipt) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	var places []int
	for i, r := range receipts {
		if r.Status != StatusSkipped {
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
func (l *Log) Proof(e Entry) (Proof, error) { return l.store.Prove(e.Tenant, e.Key()) }

// Checkpoint returns the signed head of a tenant's tree.
func (l *Log) Checkpoint(tenant string) (string, error) {
	if _, err := l.tenant(tenant); err != nil {
		return "", err
	}
	return l.store.Checkpoint(tenant)
}

// Consistency returns the proof that a tenant's log only grew from one size to
// another, 0 for that of now.
func (l *Log) Consistency(tenant string, from, to uint64) (Consistency, error) {
	if _, err := l.tenant(tenant); err != nil {
		return Consistency{}, err
	}
	return l.store.ProveConsistency(tenant, from, to)
}

// VerifierKey returns the public key that checkpoints are signed for.
func (l *Log) VerifierKey() string { return l.store.VerifierKey() }

// Ready returns nil where the index has caught up with the store, or
// CodeUnavailable with how far it is.
func (l *Log) Ready() error { return l.index.Ready() }

// Reindex builds a tenant's index anew from the store, telling how far it is.
func (l *Log) Reindex(ctx context.Context, tenant string, progress func(done, total uint64)) error {
	if _, err := l.tenant(tenant); err != nil {
		return err
	}
	return l.index.Rebuild(ctx, tenant, progress)
}

// Counts returns how many entries a tenant has recorded, and how many
// operations it has skipped.
func (l *Log) Counts(tenant string) (entries, skipped uint64, err error) {
	if _, err := l.tenant(tenant); err != nil {
		return 0, 0, err
	}
	return l.store.Counts(tenant)
}

func fieldError(field string, value any, format string, args ...any) *Error {
	return invalidIn(InBody, field, value, format, args...)
}

func queryError(field string, value any, format string, args ...any) *Error {
	return invalidIn(InQuery, field, value, format, args...)
}

func invalidIn(part Part, field string, value any, format string, args ...any) *Error {
	v := validation{part: part}
	v.fail(field, value, format, args...)
	return &Error{Code: CodeInvalid, Message: "The request breaks a rule.", Fields: v.errors}
}
