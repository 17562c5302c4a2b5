package journal

import (
	"context"
	"time"

	"oplog/oplog"
)

// TenantStatus is how much a tenant's log holds.
type TenantStatus struct {
	Recorded uint64 // entries ever
	Skipped  uint64 // operations that were not manual, ever

	// Of the entries that are there; zero while the index catches up.
	Entries        int
	Oldest, Newest time.Time
	CatchingUp     error // CodeUnavailable with how far the index is; nil where it is ready
}

// Status tells how much a tenant's log holds, and whether its index is
// ready.
func (j *Journal) Status(ctx context.Context, tenant string) (TenantStatus, error) {
	var s TenantStatus
	var err error
	if s.Recorded, s.Skipped, err = j.Counts(tenant); err != nil {
		return s, err
	}
	first, last, some, err := j.index.Bounds(ctx, tenant)
	if err == nil {
		s.Entries, err = j.index.Total(ctx, tenant, oplog.Match{})
	}
	if oplog.CodeOf(err) == oplog.CodeUnavailable {
		s.CatchingUp = err
		return s, nil
	}
	if some {
		s.Oldest, s.Newest = first.Time(), last.Time()
	}
	return s, err
}
