package oplog

import "time"

// Summary counts what a query lets through. All counts are exact and agree
// with each other: the buckets of the histogram, and the counts of the facets
// of modules, of operations and of outcomes, each add up to Total.
type Summary struct {
	Total     int       `json:"total"`
	From      time.Time `json:"from"` // the period that the histogram covers
	To        time.Time `json:"to"`
	Histogram Histogram `json:"histogram"`
	Facets    Facets    `json:"facets"`
}

// Histogram counts operations over time.
type Histogram struct {
	Interval string   `json:"interval"` // width of a bucket: 1m … 12h, 1d, 7d, 1mo, 1y
	Buckets  []Bucket `json:"buckets"`  // without holes; one ends where the next begins
}

// Bucket is one bar of a histogram.
type Bucket struct {
	From  time.Time `json:"from"`
	Count int       `json:"count"`
}

// Facets counts operations by the values of a field, the most frequent first.
type Facets struct {
	Module       []FacetValue `json:"module"`
	Operation    []FacetValue `json:"operation"`
	User         []FacetValue `json:"user"`         // the top 50
	Organization []FacetValue `json:"organization"` // every one, its own entries only
	Outcome      []FacetValue `json:"outcome"`
	Role         []FacetValue `json:"role"` // every one that users had
}

// FacetValue is a value that a filter takes, its name for people, and how many
// operations have it.
type FacetValue struct {
	Value string `json:"value"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// MaxUserFacets is how many users a summary lists.
const MaxUserFacets = 50
