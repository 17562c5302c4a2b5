// Package search answers queries from Bleve's segments with bitmaps.
//
// A tenant's index is a list of immutable segments (files of the form of zapx,
// which reads them; write.go writes them) and a tail: the
// newest arrivals, in memory, scanned by every query, so that what the store
// has acknowledged is found at once. A segment's documents are numbered in the
// order of their keys, so that a period is a range of numbers and a page is read
// backwards from the end. In the background the tail becomes segments, and
// neighbouring segments become larger ones.
//
// Every filter gives a bitmap of documents (roaring, from the postings of a
// vellum dictionary); their intersection is the answer: its last members are
// the page, its cardinality the total, one pass over it the histogram and the
// facets. Where several segments overlap in time a page merges them by key.
//
// The manifest, a record in the store, lists the segments and the last arrival
// that they hold. What is not in it is rebuilt from the store.
package search
