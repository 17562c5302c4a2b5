package journal

import (
	"context"
	"time"

	"oplog/oplog"
)

// A trail reports its own deletions. The report of an early one is deleted in its turn, so each deletion lists all days deleted so far: the
// newest one, which is in the trail, explains everything that is missing.

// retainTrail deletes the expired days of a tenant's trail, after finishing a deletion that an earlier run began.
func (j *Journal) retainTrail(ctx context.Context, tenant string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	t, err := j.directory.State(tenant)
	if err != nil {
		return err
	}
	if err := j.finishDeletions(ctx, t.AccessDeletions); err != nil {
		return err
	}
	d, err := j.beginTrailDeletion(ctx, tenant)
	if err != nil || len(d.Days) == 0 {
		return err
	}
	return j.finishDeletion(ctx, d)
}

// beginTrailDeletion closes the expired days of a tenant's trail, of which there may be none.
func (j *Journal) beginTrailDeletion(ctx context.Context, tenant string) (d oplog.Deletion, err error) {
	term := j.place.Term() // before the rules are read
	err = j.directory.WithRulesLocked(tenant, func(t oplog.TenantState) error {
		if d, err = j.planTrailDeletion(ctx, t); err != nil || len(d.Days) == 0 {
			return err
		}
		if d.Through, _, err = j.store.Counts(d.Tenant); err != nil {
			return err
		}
		return j.reportDeletion(&d, term)
	})
	return d, err
}

// planTrailDeletion is planDeletion for the trail of a tenant, or of the installation.
func (j *Journal) planTrailDeletion(ctx context.Context, t oplog.TenantState) (d oplog.Deletion, err error) {
	t = t.OfAccess()
	now, name := j.now(), oplog.TrailName(t.ID)
	if t.RetentionDays == 0 {
		j.waitNoMore(name)
		return d, nil
	}
	found, err := j.store.DaysBefore(ctx, name, t.KeptFrom(now))
	if err != nil {
		return d, err
	}
	expired, dates, entries := t.Expired(found, now)
	if len(expired) == 0 {
		j.waitNoMore(name)
		return d, nil
	}
	d = oplog.Deletion{
		Tenant: name, At: now.UTC().Truncate(time.Microsecond), Dates: dates, Entries: entries,
		RetentionDays: t.RetentionDays, SetBy: t.RetentionBy, SetAt: t.RetentionAt,
	}
	compared := t.Deletions
	if t.ID == "" {
		compared = nil
	}
	if may, err := j.mayDelete(&d, compared); !may {
		return oplog.Deletion{}, err
	}
	if n := len(t.Deletions); n > 0 {
		expired = append(expired, t.Deletions[n-1].Days...)
	}
	d.Days, err = j.known(name, t.JoinDays(expired))
	return d, err
}
