package oplog

import (
	"context"
	"time"
)

// Index answers queries. It follows the store: acknowledged entries are visible immediately, and the index rebuilds itself from the store
// if it has to. While a long rebuild runs, queries return CodeUnavailable with its progress.
type Index interface {
	// Open prepares a tenant's index for new entries, and blocks while too many are unflushed. A tenant that is far behind the store
	// catches up in the background.
	Open(ctx context.Context, tenant string) error

	// Ready returns nil if all open tenants have caught up with the store; otherwise CodeUnavailable with the progress of those that have
	// not.
	Ready() error

	// Rebuild rebuilds a tenant's index from the store and reports progress. It waits, until ctx ends, for writes and loads of that index
	// in progress.
	Rebuild(ctx context.Context, tenant string, progress func(done, total uint64)) error

	// Drop removes the entries from a time (inclusive) to another (exclusive), which the store has deleted.
	Drop(ctx context.Context, tenant string, from, to time.Time) error

	// Add adds entries that the store has just acknowledged, in order of arrival; the next Page or Count finds them. It only buffers them:
	// segments are built in the background.
	Add(tenant string, entries []Entry)

	// Page returns the keys of up to limit matching entries older than before (zero for no bound), newest first, and whether there are
	// more. Keys that come with an [Incomplete] error are valid.
	Page(ctx context.Context, tenant string, m Match, before Key, limit int) (keys []Key, more bool, err error)

	// Count counts matching entries per bucket and per value. Buckets are given by their start times in ascending order; a match before the
	// first start counts in the first bucket. The total and the buckets that come with an [Uncounted] error are valid.
	Count(ctx context.Context, tenant string, m Match, buckets []time.Time) (Counts, error)

	// Total counts matching entries.
	Total(ctx context.Context, tenant string, m Match) (int, error)

	// Matcher returns a function that reports whether a single entry matches.
	Matcher(m Match) (func(e *Entry) bool, error)

	// Bytes returns the size of the index on disk.
	Bytes() (int64, error)

	// ValueBytes returns the memory that telling apart the users, roles and organizations of all tenants takes, in bytes.
	ValueBytes() int64

	// Bounds returns the tenant's first and last key; ok is false if it has no entries.
	Bounds(ctx context.Context, tenant string) (first, last Key, ok bool, err error)

	Close() error
}

// Match is a query in the form that the index takes: organizations are resolved to sets, and the catalog provides module titles.
type Match struct {
	Words     []Word
	Catalog   *Catalog
	Values                     // Organizations: any of these ids; nil for all, empty for none
	Not       Values           // Organizations: none of these ids
	Within    *OrganizationSet // only entries of these organizations; nil for all
	NotWithin *OrganizationSet // no entries of these organizations; nil for none
	AllValues bool             // Count names all users and roles, however many, so that its counts can be added to others
	From      time.Time
	To        time.Time
}

// IsPeriod reports whether the match selects every entry of its period.
func (m *Match) IsPeriod() bool {
	return len(m.Words) == 0 && m.empty() && m.Organizations == nil && m.Not.empty() && m.Within == nil && m.NotWithin == nil
}

// First returns the lower bound of the period's keys, inclusive.
func (m *Match) First() Key { return keyAt(m.From) }

// Last returns the upper bound of the period's keys, exclusive.
func (m *Match) Last() Key {
	if m.To.IsZero() {
		return keyAt(maxTime)
	}
	return keyAt(m.To)
}

// maxTime is later than any entry.
var maxTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// keyAt returns the lowest possible key at a time; times before 1970, which have no entries, count as 1970.
func keyAt(t time.Time) Key {
	if t.Before(time.Unix(0, 0)) {
		return Key{}
	}
	return MakeKey(t.Add(time.Microsecond-time.Nanosecond), 0) // entries have whole microseconds
}

// Counts holds an index's counts for a summary.
type Counts struct {
	Total         int
	Buckets       []int
	Modules       map[string]int
	Operations    map[string]int
	Organizations map[string]int
	Outcomes      map[string]int
	Roles         map[string]int // the MaxFacetValues most frequent
	MoreRoles     int            // that are not among them
	Users         []FacetValue   // the MaxUserFacets most frequent, with their latest names
	MoreUsers     int            // that are not among them

	// With Match.AllValues: by place in Users, which are in any order, the key of the user's latest match, whose name counts; of an archived day perhaps
	// another key of that date.
	Latest []Key
}

// Incomplete is the error of a page that ends early, since entries before a time cannot be read for now. The keys that come with it are the newest that
// match, all of them after that time.
type Incomplete struct {
	Before time.Time
	Err    error // why
}

func (e *Incomplete) Error() string { return e.Err.Error() }

func (e *Incomplete) Unwrap() error { return e.Err }

// Uncounted is the error of counts without values, which cannot be counted for now. The total and the buckets that come with it are exact.
type Uncounted struct {
	Err error // why
}

func (e *Uncounted) Error() string { return e.Err.Error() }

func (e *Uncounted) Unwrap() error { return e.Err }
