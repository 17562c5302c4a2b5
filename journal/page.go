package journal

import (
	"context"
	"errors"
	"time"

	"oplog/oplog"
)

// Page returns up to limit matching entries, newest first, after a cursor ("" for the first page). Entries that arrive between two pages
// neither repeat nor hide earlier ones. A page ends early, and says so, if the rest is in the archive, which cannot be read for now; without any entry that is
// an error.
func (j *Journal) Page(ctx context.Context, tenant string, q oplog.Query, limit int, cursor string) (oplog.Page, error) {
	if limit < 1 || limit > oplog.MaxPageSize {
		return oplog.Page{}, oplog.InvalidQuery("limit", limit, "out_of_range", "is not between {min} and {max}", 1, oplog.MaxPageSize)
	}
	before, err := oplog.ParseCursor(tenant, cursor)
	if err != nil {
		return oplog.Page{}, err
	}
	m, err := j.match(tenant, q)
	if err != nil {
		return oplog.Page{}, err
	}
	defer j.timings.Page.Since(time.Now())
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	keys, more, err := j.index.Page(ctx, tenant, m, before, limit)
	var incomplete *oplog.Incomplete
	if err != nil && (len(keys) == 0 || !errors.As(err, &incomplete)) {
		return oplog.Page{}, oplog.DeadlineError(err)
	}
	entries, err := j.store.Get(tenant, keys, nil)
	if err != nil {
		return oplog.Page{}, err
	}
	page := oplog.Page{Entries: entries}
	if incomplete != nil {
		more, page.Archive, page.ArchiveBefore = true, oplog.ArchiveUnavailable, incomplete.Before
	}
	if more {
		page.NextCursor = oplog.MakeCursor(tenant, keys[len(keys)-1])
	}
	return page, nil
}

// Total counts the matches of a query, at a fraction of the cost of a Summary.
func (j *Journal) Total(ctx context.Context, tenant string, q oplog.Query) (int, error) {
	m, err := j.match(tenant, q)
	if err != nil {
		return 0, err
	}
	defer j.timings.Total.Since(time.Now())
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	total, err := j.index.Total(ctx, tenant, m)
	return total, oplog.DeadlineError(err)
}

// CountByOrganization returns the number of entries of each organization visible in a scope, without zeros.
func (j *Journal) CountByOrganization(ctx context.Context, tenant, scope string) (map[string]int, error) {
	m, err := j.match(tenant, oplog.Query{Scope: scope})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	counts, err := j.index.Count(ctx, tenant, m, nil)
	return counts.Organizations, oplog.DeadlineError(err)
}

// match resolves a tenant's query.
func (j *Journal) match(tenant string, q oplog.Query) (oplog.Match, error) {
	t, err := j.directory.State(tenant)
	if err != nil {
		return oplog.Match{}, err
	}
	return t.Match(q, j.now())
}
