package oplog

import (
	"context"
	"time"
)

// Index answers queries. It follows the store: it holds what the store has
// acknowledged, at once, and rebuilds itself from the store where it must.
type Index interface {
	// Open makes a tenant's index ready to be told of new entries and to be
	// asked, catching up with the store, and waits while the index is too far
	// behind to take more. Every call for a tenant opens it where it is not.
	Open(ctx context.Context, tenant string) error

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

	// Bounds returns the first and the last key of the tenant; ok is false where
	// there is none.
	Bounds(ctx context.Context, tenant string) (first, last Key, ok bool, err error)

	Close() error
}

// Match is a query as the index takes it: organizations are resolved to those
// that count, and the catalog tells what modules are called.
type Match struct {
	Words         []Word
	Catalog       *Catalog
	Users         []string
	Modules       []string
	Operations    []string
	ContentIDs    []string
	Organizations []string // any of these ids; nil for all, empty for none
	From, To      time.Time
}

// Counts is what an index counts for a summary.
type Counts struct {
	Total         int
	Buckets       []int
	Modules       map[string]int
	Operations    map[string]int
	Organizations map[string]int
	Users         []FacetValue // the most frequent, with their latest names
}
