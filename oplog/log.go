package oplog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
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

	exports  *exportJobs
	arrivals arrivals
}

// tenantState is a tenant and what its entries are checked against, replaced as
// a whole when any of it changes.
type tenantState struct {
	Tenant
	tree Tree
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
	l := &Log{store: store, index: index, now: o.Now, tenants: make(map[string]tenantState)}
	store.OnAppend(func(tenant string, entries []Entry) {
		index.Add(tenant, entries)
		l.arrivals.tell(tenant)
	})
	l.exports = newExportJobs(l, o.ExportDir, o.Formats)
	if err := l.exports.recover(); err != nil {
		return nil, fmt.Errorf("exports of the last run: %w", err)
	}
	return l, nil
}

// Close ends running exports, and closes the index and the store.
func (l *Log) Close() error {
	l.exports.close()
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
// entry that breaks a rule, as "entries[3].user.id". The JSON values of changes
// lose their insignificant white space in place.
func (l *Log) Append(ctx context.Context, tenant string, entries []Entry) (Appended, error) {
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
		return Appended{}, err
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
	catalog := l.catalog(t.ID)
	now := l.now()
	var broken []FieldError
	manual := make([]Entry, 0, len(entries))
	for i := range entries {
		e := entries[i]
		for _, f := range e.Validate(catalog, now) {
			f.Location = fmt.Sprintf("entries[%d].%s", i, f.Location)
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
			places = append(places, i)
		}
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		var place int
		var field string
		if _, err := fmt.Sscanf(f.Location, "entries[%d].%s", &place, &field); err == nil && place < len(places) {
			f.Location = fmt.Sprintf("entries[%d].%s", places[place], field)
		}
	}
	return err
}

// Page is one page of entries, newest first.
type Page struct {
	Entries    []Entry `json:"entries"`
	NextCursor string  `json:"next_cursor,omitempty"` // of the next page; left out on the last
}

// The number of entries of a page.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// Page returns up to limit entries that the query lets through, newest first,
// from a cursor on ("" for the first page). Entries that arrive between two
// pages neither repeat nor hide any that were there before.
func (l *Log) Page(ctx context.Context, tenant string, q Query, limit int, cursor string) (Page, error) {
	if limit < 1 || limit > MaxPageSize {
		return Page{}, fieldError("query.limit", limit, "is not between 1 and %d", MaxPageSize)
	}
	before, err := parseCursor(tenant, cursor)
	if err != nil {
		return Page{}, err
	}
	m, err := l.match(tenant, q)
	if err != nil {
		return Page{}, err
	}
	keys, more, err := l.index.Page(ctx, tenant, m, before, limit)
	if err != nil {
		return Page{}, err
	}
	entries, err := l.store.Get(tenant, keys)
	if err != nil {
		return Page{}, err
	}
	page := Page{Entries: entries}
	if more {
		page.NextCursor = makeCursor(tenant, keys[len(keys)-1])
	}
	return page, nil
}

// Summary counts what the query lets through; facets carry names in a locale.
func (l *Log) Summary(ctx context.Context, tenant string, q Query, locale string) (Summary, error) {
	m, err := l.match(tenant, q)
	if err != nil {
		return Summary{}, err
	}
	t, err := l.tenant(tenant)
	if err != nil {
		return Summary{}, err
	}
	from, to, err := l.period(ctx, t, m)
	if err != nil {
		return Summary{}, err
	}
	name, starts := Buckets(from, to)
	if len(starts) == 0 {
		m.From, m.To = from, to // also of an empty log, which grows meanwhile
	}
	counts, err := l.index.Count(ctx, tenant, m, starts)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Total: counts.Total, From: from.UTC(), To: to.UTC()}
	s.Histogram = Histogram{Interval: name, Buckets: make([]Bucket, len(starts))}
	for i, start := range starts {
		s.Histogram.Buckets[i] = Bucket{start.UTC(), counts.Buckets[i]}
	}
	catalog := l.catalog(tenant)
	s.Facets = Facets{
		Module: facet(counts.Modules, func(key string) string {
			module, _ := catalog.Module(key)
			return module.Title.In(locale)
		}),
		Operation: facet(counts.Operations, func(key string) string {
			operation, _ := catalog.Operation(key)
			return operation.Title.In(locale)
		}),
		Organization: facet(counts.Organizations, func(id string) string {
			organization, _ := t.tree.Find(id)
			return organization.Name
		}),
		User: counts.Users,
	}
	return s, nil
}

// What histograms cover at most: as many years as they have bars.
var (
	firstTime = time.Unix(0, 0)
	lastTime  = time.Date(1970+maxBuckets-1, 1, 1, 0, 0, 0, 0, time.UTC)
)

// period returns the bounds of a summary's histogram: those asked for, or
// where none is given those of the log, up to now.
func (l *Log) period(ctx context.Context, t tenantState, m Match) (from, to time.Time, err error) {
	from, to = m.From, m.To
	if from.IsZero() || to.IsZero() {
		first, last, ok, err := l.index.Bounds(ctx, t.ID)
		if err != nil {
			return from, to, err
		}
		now := l.now()
		if from.IsZero() {
			if from = now; ok && first.Time().Before(now) {
				from = first.Time()
			}
		}
		if to.IsZero() {
			if to = now; ok && !last.Time().Before(now) {
				to = last.Time().Add(time.Microsecond)
			}
		}
	}
	// No entry lies outside of these, and a histogram stays short.
	from, to = Intersect(from, to, firstTime, lastTime)
	if to.Before(from) {
		to = from
	}
	loc := t.Location()
	return from.In(loc), to.In(loc), nil
}

func facet(counts map[string]int, name func(value string) string) []FacetValue {
	values := make([]FacetValue, 0, len(counts))
	for value, count := range counts {
		n := name(value)
		if n == "" {
			n = value
		}
		values = append(values, FacetValue{value, n, count})
	}
	slices.SortFunc(values, func(a, b FacetValue) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Value, b.Value)
	})
	return values
}

// match resolves a query: its search, its period in the tenant's time zone,
// and the organizations that it lets through in today's tree.
func (l *Log) match(tenant string, q Query) (Match, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Match{}, err
	}
	m := Match{
		Catalog: l.catalog(tenant), Users: q.Users, Modules: q.Modules, Operations: q.Operations,
		ContentIDs: q.ContentIDs, From: q.From, To: q.To,
	}
	if m.Words, err = ParseSearch(q.Search); err != nil {
		return Match{}, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return Match{}, fieldError("query.from", q.From.Format(time.RFC3339), "is after to, %s", q.To.Format(time.RFC3339))
	}
	if q.Range != "" && q.Range != RangeCustom {
		from, to, ok := q.Range.Period(l.now().In(t.Location()))
		if !ok {
			return Match{}, fieldError("query.range", string(q.Range), "is not one of today, last_7_days, last_30_days, last_90_days")
		}
		m.From, m.To = Intersect(q.From, q.To, from, to)
	}
	if len(q.Organizations) > 0 && !t.DataPermission {
		return Match{}, fieldError("query.organization", q.Organizations[0], "cannot filter, because this tenant's data permission is off")
	}
	m.Organizations = t.tree.visible(q.Organizations, q.Scope)
	return m, nil
}

// visible returns the organizations that a filter and a scope let through,
// each with all below; nil where neither is given.
func (t Tree) visible(filter []string, scope string) []string {
	if len(filter) == 0 && scope == "" {
		return nil
	}
	if len(filter) == 0 {
		filter = []string{scope}
	}
	visible := []string{}
	for _, id := range filter {
		visible = append(visible, t.Below(id)...)
	}
	if scope != "" {
		allowed := t.Below(scope)
		visible = slices.DeleteFunc(visible, func(id string) bool { return !slices.Contains(allowed, id) })
	}
	slices.Sort(visible)
	return slices.Compact(visible)
}

// Entry returns the newest entry with that id which the scope (an
// organization, "" for all) lets see.
func (l *Log) Entry(tenant, id, scope string) (Entry, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Entry{}, err
	}
	e, err := l.store.Find(tenant, id)
	if err != nil {
		return Entry{}, err
	}
	if scope != "" && !slices.Contains(t.tree.Below(scope), e.Organization.ID) {
		return Entry{}, Errorf(CodeNotFound, "There is no entry %s.", id)
	}
	return e, nil
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

func fieldError(location string, value any, format string, args ...any) *Error {
	v := validation{}
	v.fail(location, value, format, args...)
	return &Error{Code: CodeInvalid, Message: "The request breaks a rule.", Fields: v.errors}
}

// A cursor is the key of the last entry of a page, and a sum that binds it to
// its tenant: what was made up or belongs elsewhere is refused, not followed.

func makeCursor(tenant string, k Key) string {
	return base64.RawURLEncoding.EncodeToString(append(k[:], cursorSum(tenant, k)...))
}

func cursorSum(tenant string, k Key) []byte {
	sum := sha256.Sum256([]byte("cursor\x00" + tenant + "\x00" + string(k[:])))
	return sum[:8]
}

func parseCursor(tenant, cursor string) (Key, error) {
	var k Key
	if cursor == "" {
		return k, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != len(k)+8 {
		return k, fieldError("query.cursor", cursor, "is not a cursor; take next_cursor of the page before, or leave it out")
	}
	copy(k[:], raw)
	if string(cursorSum(tenant, k)) != string(raw[len(k):]) {
		return k, fieldError("query.cursor", cursor, "is not a cursor of this tenant")
	}
	return k, nil
}
