// Package search answers queries from Bleve segments with bitmaps.
//
// A tenant's index is a list of immutable segments (files in zapx format; zapx reads them, write.go writes them) and a tail: the newest
// arrivals, in memory, scanned by every query, so that acknowledged entries are found immediately. Documents of a segment are numbered in
// key order, so that a period is a range of numbers and a page is read backwards from the end. In the background the tail becomes segments,
// and adjacent segments are merged.
//
// Every filter yields a bitmap of documents (roaring, from the postings of a vellum dictionary). The intersection is the result: its last
// members are the page, its cardinality the total, one pass over it the histogram and the facets. If segments overlap in time, a page
// merges them by key.
//
// The manifest, a record in the store, lists the segments and the last arrival that they contain. Anything else is rebuilt from the store.
package search
