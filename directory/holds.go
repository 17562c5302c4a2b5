package directory

import (
	"crypto/rand"
	"slices"
	"sort"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// Retention returns a tenant's retention rule, holds and deletions.
func (d *Directory) Retention(tenant string) (oplog.Retention, error) {
	t, err := d.State(tenant)
	if err != nil {
		return oplog.Retention{}, err
	}
	now := d.now()
	r := oplog.Retention{
		TimeZone: t.Zone.String(), Days: t.RetentionDays, BelowMinimum: t.BelowMinimum, SetBy: t.RetentionBy, SetAt: t.RetentionAt, KeptFrom: t.KeptFrom(now),
		Holds: slices.Clone(t.Holds), Deletions: slices.Clone(t.Deletions),
	}
	access := t.OfAccess()
	r.AccessDays, r.AccessKeptFrom, r.AccessDeletions = access.RetentionDays, access.KeptFrom(now), slices.Clone(access.Deletions)
	slices.Reverse(r.AccessDeletions)
	if r.KeptFrom != "" {
		r.KeptDay = t.Today(t.KeptDay(now))
	}
	sort.SliceStable(r.Holds, func(i, j int) bool { return r.Holds[j].SetAt.Before(r.Holds[i].SetAt) })
	slices.Reverse(r.Deletions)
	return r, nil
}

// maxHolds limits the holds of a tenant, including lifted ones.
const maxHolds = 200

// AddHold adds a legal hold on days in the tenant's time zone.
func (d *Directory) AddHold(tenant string, h oplog.Hold, checks ...May) (oplog.Hold, error) {
	if errs := h.Validate(); len(errs) > 0 {
		return h, &oplog.Error{Code: oplog.CodeInvalid, Message: "The hold is invalid.", Fields: errs}
	}
	h.ID, h.SetAt, h.LiftedBy, h.LiftedAt = rand.Text()[:12], d.now().UTC().Truncate(time.Second), "", time.Time{}
	err := d.WithRulesLocked(tenant, func(t oplog.TenantState) error {
		if err := Allowed(checks); err != nil {
			return err
		}
		if len(t.Holds) >= maxHolds {
			return oplog.Refuse(oplog.CodeInvalid, "too-many-holds", "This tenant has reached the limit of {max} holds, including lifted ones; use one longer hold in place of several.", maxHolds)
		}
		h.SetZone(t.Zone)
		return records.Create(d.changes, oplog.RecordHold, tenant+"/"+h.ID, h.Record())
	})
	return h, err
}

// LiftHold lifts a legal hold. The next run of retention deletes expired entries that no other hold covers.
func (d *Directory) LiftHold(tenant, id, by string, checks ...May) (h oplog.Hold, err error) {
	err = d.WithRulesLocked(tenant, func(oplog.TenantState) error {
		if err := Allowed(checks); err != nil {
			return err
		}
		r, err := records.Change(d.changes, oplog.RecordHold, tenant+"/"+id, func(h *oplog.HoldRecord, exists bool) (bool, error) {
			switch {
			case !exists:
				return false, oplog.Errorf(oplog.CodeNotFound, "There is no hold %s.", id)
			case !h.LiftedAt.IsZero():
				return false, oplog.Refuse(oplog.CodeConflict, "hold-lifted", "Hold {id} is already lifted.", id)
			}
			h.LiftedBy, h.LiftedAt = by, d.now().UTC().Truncate(time.Second)
			return false, nil
		})
		h = r.Decode()
		return err
	})
	return h, err
}

// FinishDeletion records that a deletion's entries are off the disk; of several nodes, off that of the one that leads.
func (d *Directory) FinishDeletion(of oplog.Deletion) error {
	finish := func() error {
		_, err := records.Change(d.records, oplog.RecordDeletion, of.Tenant+"/"+of.ID, func(stored *oplog.Deletion, exists bool) (bool, error) {
			if stored.FinishedAt.IsZero() { // else another node was first
				stored.FinishedAt = d.now().UTC().Truncate(time.Microsecond)
			}
			return !exists, nil
		})
		return err
	}
	if owner := oplog.OwnerOf(of.Tenant); owner != "" {
		return d.change(owner, finish)
	}
	return finish() // nothing else changes what is of the installation
}

// InstallationDeletions lists the deletions of the installation's trail.
func (d *Directory) InstallationDeletions() ([]oplog.Deletion, error) {
	return records.Sound[oplog.Deletion](d.records, oplog.RecordDeletion, oplog.TrailName("")+"/")
}
