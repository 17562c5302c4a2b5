package oplog

import (
	"context"
	"time"
)

// Index answers queries. It follows the store: it holds what the store has
// acknowledged, at once, and rebuilds itself from the store where it must; while
// that takes long, its questions answer CodeUnavailable with the progress.
type Index interface {
	// Open makes a tenant's index ready to be told of new entries, and waits
	// while it is too far behind to take more. A tenant that must catch up with
	// much of the store does so in the background.
	Open(ctx context.Context, tenant string) error

	// Ready returns nil where all open tenants have caught up with the store, or
	// CodeUnavailable with how far those are that have not.
	Ready() error

	// Rebuild rebuilds a tenant's index from the store, telling how far it is.
	// It waits, until ctx ends, for writes and loads of that index in progress.
	Rebuild(ctx context.Context, tenant string, progress func(done, total uint64)) error

	// Drop forgets the entries from a time, inclusive, to another, exclusive,
	// which the store has deleted.
	Drop(ctx context.Context, tenant string, from, to time.Time) error

	// Add takes entries that the store has just acknowledged, in order of
	// arrival; the next Page or Summary finds them. It only notes them: building
	// segments happens in the background.
	Add(tenant string, entries []Entry)

	// Page returns the keys of up to limit entries that match, newest first,
	// all older than before (zero for the newest), and whether there are more.
	Page(ctx context.Context, tenant string, m Match, before Key, limit int) (keys []Key, more bool, err error)

	// Count counts what matches, in each bucket and for each value. Buckets are
	// given by where they start, in ascending order; a match before the first
	// counts in the first.
	Count(ctx context.Context, tenant string, m Match, buckets []time.Time) (Counts, error)

	// Total counts what matches.
	Total(ctx context.Context, tenant string, m Match) (int, error)

	// Matcher returns what tells whether a single entry matches.
	Matcher(m Match) (func(e *Entry) bool, error)

	// Bytes returns how much the index takes on disk.
	Bytes() (int64, error)

	// Bounds returns the first and the last key of the tenant; ok is false where
	// there is none.
	Bounds(ctx context.Context, tenant string) (first, last Key, ok bool, err error)

	Close() error
}

// Match is a query as the index takes it: organizations are resolved to those
// that count, and the catalog tells what modules are called.
type Match struct {
	Words   []Word
	Catalog *Catalog
	Values         // Organizations: any of these ids; nil for all, empty for none
	Not     Values // Organizations: none of these ids
	From    time.Time
	To      time.Time
}

// IsPeriod tells whether a match lets through all entries of its period.
func (m *Match) IsPeriod() bool {
	return len(m.Words) == 0 && m.empty() && m.Organizations == nil && m.Not.empty()
}

// First returns the key before which no entry of the period is.
func (m *Match) First() Key { return keyAt(m.From) }

// Last returns the key before which all entries of the period are.
func (m *Match) Last() Key {
	if m.To.IsZero() {
		return keyAt(maxTime)
	}
	return keyAt(m.To)
}

// maxTime is later than any entry.
var maxTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// keyAt returns the key before all entries of a time; of a time before 1970,
// when there are none, that of 1970.
func keyAt(t time.Time) Key {
	if t.Before(time.Unix(0, 0)) {
		return Key{}
	}
	return MakeKey(t.Add(time.Microsecond-time.Nanosecond), 0) // entries have whole microseconds
}

// Counts is what an index counts for a summary.
type Counts struct {
	Total         int
	Buckets       []int
	Modules       map[string]int
	Operations    map[string]int
	Organizations map[string]int
	Outcomes      map[string]int
	Roles         map[string]int
	Users         []FacetValue // the most frequent, with their latest names
}
