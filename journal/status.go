package journal

import (
	"context"
	"time"

	"oplog/oplog"
)

// TenantStatus describes a tenant's log.
type TenantStatus struct {
	Recorded uint64 // entries recorded so far
	Skipped  uint64 // operations skipped so far

	// Entries present; zero while the index catches up.
	Entries        int
	Oldest, Newest time.Time
	CatchingUp     error // CodeUnavailable with the index's progress; nil if it is ready
}

// Status describes a tenant's log and the readiness of its index.
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
