package oplog

import "time"

// Summary counts the matches of a query. All counts are exact and consistent: the histogram's buckets, and the counts of the facets of
// modules, operations and outcomes, each add up to Total
// if all of their values are listed.
type Summary struct {
	Total     int       `json:"total" doc:"Number of matching operations."`
	From      time.Time `json:"from" doc:"Start of the period: as requested, or the start of the log."`
	To        time.Time `json:"to" doc:"End of the period, exclusive: as requested, or now."`
	Histogram Histogram `json:"histogram"`
	Facets    Facets    `json:"facets"`

	Archive ArchiveAccess `json:"archive,omitempty" enum:"unavailable" doc:"unavailable: facets are empty, because they need the archive, which does not answer in time; total and histogram are exact. Omitted otherwise."`
}

// Histogram counts operations over time.
type Histogram struct {
	Interval string   `json:"interval" enum:"1m,5m,15m,1h,3h,6h,12h,1d,7d,1mo,1y" doc:"Width of the buckets."`
	Buckets  []Bucket `json:"buckets" doc:"In order, contiguous."`
}

// Bucket is one bar of a histogram.
type Bucket struct {
	From  time.Time `json:"from" doc:"Start of the bucket; the first may start before the period."`
	Count int       `json:"count" doc:"Number of operations."`
}

// Facets counts operations by field value, most frequent first.
type Facets struct {
	Module       []FacetValue `json:"module" doc:"Counts by module, largest first."`
	Operation    []FacetValue `json:"operation" doc:"Counts by operation type, largest first."`
	User         []FacetValue `json:"user" doc:"The 50 users with the most operations, by their latest names."`
	Organization []FacetValue `json:"organization" doc:"Counts by organization, without those below it, largest first."`
	Outcome      []FacetValue `json:"outcome" doc:"Counts by outcome, largest first."`
	Role         []FacetValue `json:"role" doc:"Counts by the role that users had, largest first."`
	More         MoreValues   `json:"more,omitzero" doc:"Numbers of values that are not listed."`
}

// MoreValues are the numbers of values that facets do not list: a facet lists those with the most operations.
type MoreValues struct {
	Module       int `json:"module,omitempty" doc:"Modules that are not listed."`
	Operation    int `json:"operation,omitempty" doc:"Operation types that are not listed."`
	User         int `json:"user,omitempty" doc:"Users that are not listed."`
	Organization int `json:"organization,omitempty" doc:"Organizations that are not listed."`
	Role         int `json:"role,omitempty" doc:"Roles that are not listed."`
}

// FacetValue is a filter value, its display name and its number of operations.
type FacetValue struct {
	Value string `json:"value" doc:"Key or id, as in filters."`
	Name  string `json:"name" doc:"Display name in the caller's language."`
	Count int    `json:"count" doc:"Number of matching operations."`
}

// MaxUserFacets is the number of users that a summary lists.
const MaxUserFacets = 50

// Limits of every other facet of a summary, in values and in bytes of their ids and names.
const (
	MaxFacetValues = 10_000
	MaxFacetBytes  = 2 << 20
)
