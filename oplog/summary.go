package oplog

import "time"

// Summary counts the matches of a query. All counts are exact and consistent: the histogram's buckets, and the counts of the facets of
// modules, operations and outcomes, each add up to Total.
type Summary struct {
	Total     int       `json:"total"`
	From      time.Time `json:"from"` // the period of the histogram
	To        time.Time `json:"to"`
	Histogram Histogram `json:"histogram"`
	Facets    Facets    `json:"facets"`
}

// Histogram counts operations over time.
type Histogram struct {
	Interval string   `json:"interval"` // width of a bucket: 1m … 12h, 1d, 7d, 1mo, 1y
	Buckets  []Bucket `json:"buckets"`  // contiguous
}

// Bucket is one bar of a histogram.
type Bucket struct {
	From  time.Time `json:"from"`
	Count int       `json:"count"`
}

// Facets counts operations by field value, most frequent first.
type Facets struct {
	Module       []FacetValue `json:"module"`
	Operation    []FacetValue `json:"operation"`
	User         []FacetValue `json:"user"`         // the top 50
	Organization []FacetValue `json:"organization"` // all; without descendants
	Outcome      []FacetValue `json:"outcome"`
	Role         []FacetValue `json:"role"` // all roles of users
}

// FacetValue is a filter value, its display name and its number of operations.
type FacetValue struct {
	Value string `json:"value"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// MaxUserFacets is the number of users that a summary lists.
const MaxUserFacets = 50
