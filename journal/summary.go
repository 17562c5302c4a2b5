package journal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// Summary counts the matches of a query; facets carry names in a locale. Facets that need an archive which does not answer are left out, and the summary
// says so, if total and histogram are known without it.
func (j *Journal) Summary(ctx context.Context, tenant string, q oplog.Query, locale string) (oplog.Summary, error) {
	m, err := j.match(tenant, q)
	if err != nil {
		return oplog.Summary{}, err
	}
	t, err := j.directory.State(tenant)
	if err != nil {
		return oplog.Summary{}, err
	}
	defer j.timings.Summary.Since(time.Now())
	from, to, err := j.histogramPeriod(ctx, t, m)
	if err != nil {
		return oplog.Summary{}, err
	}
	name, starts := oplog.Buckets(from, to)
	if len(starts) == 0 {
		m.From, m.To = from, to // also for an empty log, which may get entries meanwhile
	}
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	counts, err := j.index.Count(ctx, tenant, m, starts)
	var uncounted *oplog.Uncounted
	if err != nil && !errors.As(err, &uncounted) {
		return oplog.Summary{}, oplog.DeadlineError(err)
	}
	s := oplog.Summary{Total: counts.Total, From: from.UTC(), To: to.UTC()}
	if uncounted != nil {
		s.Archive = oplog.ArchiveUnavailable
	}
	s.Histogram = oplog.Histogram{Interval: name, Buckets: make([]oplog.Bucket, len(starts))}
	for i, start := range starts {
		s.Histogram.Buckets[i] = oplog.Bucket{From: start.UTC(), Count: counts.Buckets[i]}
	}
	catalog := t.Catalog
	f := &s.Facets
	f.Module, f.More.Module = facet(counts.Modules, func(key string) string {
		module, _ := catalog.Module(key)
		return module.Title.In(locale)
	})
	f.Operation, f.More.Operation = facet(counts.Operations, func(key string) string {
		operation, _ := catalog.Operation(key)
		return operation.Title.In(locale)
	})
	f.Organization, f.More.Organization = facet(counts.Organizations, t.OrganizationName)
	f.Outcome, _ = facet(counts.Outcomes, func(string) string { return "" })
	f.Role, f.More.Role = facet(counts.Roles, func(string) string { return "" })
	f.More.Role += counts.MoreRoles
	f.User, f.More.User = counts.Users, counts.MoreUsers
	return s, nil
}

// The limits of histograms: as many years as they have buckets.
var (
	firstTime = time.Unix(0, 0)
	lastTime  = time.Date(1970+oplog.MaxBuckets-1, 1, 1, 0, 0, 0, 0, time.UTC)
)

// histogramPeriod returns the requested period; missing bounds are those of the log, up to now.
func (j *Journal) histogramPeriod(ctx context.Context, t oplog.TenantState, m oplog.Match) (from, to time.Time, err error) {
	from, to = m.From, m.To
	if from.IsZero() || to.IsZero() {
		first, last, ok, err := j.index.Bounds(ctx, t.ID)
		if err != nil {
			return from, to, err
		}
		now := j.now()
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
	// No entry is outside these limits, and the histogram stays short.
	from, to = oplog.Intersect(from, to, firstTime, lastTime)
	if to.Before(from) {
		to = from
	}
	loc := t.Location()
	return from.In(loc), to.In(loc), nil
}

// facet returns the values with the largest counts, and the number of the others.
func facet(counts map[string]int, name func(value string) string) (values []oplog.FacetValue, more int) {
	values = make([]oplog.FacetValue, 0, len(counts))
	for value, count := range counts {
		values = append(values, oplog.FacetValue{Value: value, Count: count})
	}
	slices.SortFunc(values, func(a, b oplog.FacetValue) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Value, b.Value)
	})
	size := 0
	for i := range values {
		v := &values[i]
		v.Name = cmp.Or(name(v.Value), v.Value)
		if size += len(v.Value) + len(v.Name); i == oplog.MaxFacetValues || size > oplog.MaxFacetBytes {
			return values[:i], len(values) - i
		}
	}
	return values, 0
}
