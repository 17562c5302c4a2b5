package journal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sort"
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
)

// agreement is the record of an owner's word that a deletion may delete much more than the one before.
type agreement struct {
	RetentionDays int       `json:"retention_days"`
	Dates         int       `json:"dates"`
	By            string    `json:"by"`
	At            time.Time `json:"at"`
}

// agreementName returns the name of the record for a log.
func agreementName(log string) string { return "deletion/" + log }

// mayDelete reports whether a deletion may begin. If not, it is among Waiting until an owner agrees, or its reason is gone.
func (j *Journal) mayDelete(d *oplog.Deletion, before []oplog.Deletion) (bool, error) {
	clock, known, near := j.clock.check()
	w := oplog.Waiting{
		Tenant: oplog.OwnerOf(d.Tenant), Access: oplog.IsTrail(d.Tenant), Reason: oplog.WaitClock, Clock: clock.UTC().Truncate(time.Second),
		Known: known.UTC().Truncate(time.Second), Dates: d.Dates, Entries: d.Entries,
	}
	if !near {
		j.wait(w)
		return false, nil
	}
	if !d.IsMuchMore(before) {
		j.waitNoMore(d.Tenant)
		return true, nil
	}
	agreed, err := records.Read[agreement](j.store, oplog.RecordServer, agreementName(d.Tenant))
	if oplog.CodeOf(err) == oplog.CodeDamaged { // an owner can agree again
		if err = records.Mend[agreement](j.store, oplog.RecordServer, agreementName(d.Tenant), nil); err != nil {
			return false, err
		}
		agreed = agreement{}
	} else if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return false, err
	}
	if err == nil && agreed.Dates > 0 && agreed.RetentionDays == d.RetentionDays && d.Dates <= agreed.Dates+int(oplog.ClockTolerance/(24*time.Hour)) {
		j.waitNoMore(d.Tenant)
		return true, records.Remove(j.store, oplog.RecordServer, agreementName(d.Tenant))
	}
	last := before[len(before)-1]
	w.Reason, w.LastDates, w.LastEntries = oplog.WaitAmount, last.Dates, last.Entries
	j.wait(w)
	return false, nil
}

func logOf(w *oplog.Waiting) string {
	if w.Access {
		return oplog.TrailName(w.Tenant)
	}
	return w.Tenant
}

// wait adds a deletion to those that wait, and logs it if that is new.
func (j *Journal) wait(w oplog.Waiting) {
	j.waitingMu.Lock()
	defer j.waitingMu.Unlock()
	if before, known := j.waiting[logOf(&w)]; !known || before.Reason != w.Reason {
		slog.Warn("expired entries are not deleted", "why", w.String())
	}
	j.waiting[logOf(&w)] = w
}

// waitNoMore removes a log from those whose deletion waits.
func (j *Journal) waitNoMore(log string) {
	j.waitingMu.Lock()
	defer j.waitingMu.Unlock()
	delete(j.waiting, log)
}

// Waiting lists the deletions that wait for an owner, of a tenant or, for "", of all.
func (j *Journal) Waiting(tenant string) []oplog.Waiting {
	if j.place.Alone() {
		return j.waitingHere(tenant)
	}
	return slices.DeleteFunc(j.sharedWaiting(), func(w oplog.Waiting) bool { return tenant != "" && w.Tenant != tenant })
}

// waitingHere is Waiting by what this node found.
func (j *Journal) waitingHere(tenant string) []oplog.Waiting {
	j.waitingMu.Lock()
	defer j.waitingMu.Unlock()
	var list []oplog.Waiting
	for _, w := range j.waiting {
		if tenant == "" || w.Tenant == tenant {
			list = append(list, w)
		}
	}
	sort.Slice(list, func(i, j int) bool { return logOf(&list[i]) < logOf(&list[j]) })
	return list
}

// WaitingFor lists the deletions of a tenant that wait for an owner; for an owner, also that of the installation's trail, which no tenant has.
func (j *Journal) WaitingFor(tenant string, owner bool) []oplog.Waiting {
	return slices.DeleteFunc(j.Waiting(""), func(w oplog.Waiting) bool { return w.Tenant != tenant && (w.Tenant != "" || !owner) })
}

// AgreeToDeletion lets the deletions of a tenant and of the installation's trail begin that wait for the given reason, and returns them. An
// agreement to the clock is one for all tenants. It is stored together with the entry that tells of it, in the trail of the tenant and in the
// installation's, each with its own deletions if it has any; the checks are called last before. The next run of retention, which RetainDaily
// starts at once, deletes.
func (j *Journal) AgreeToDeletion(
	tenant string, reason oplog.WaitReason, by string, tell func(tenant string, agreed []oplog.Waiting) oplog.Audit, checks ...directory.May,
) ([]oplog.Waiting, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return nil, err
	}
	waiting := slices.DeleteFunc(j.WaitingFor(tenant, true), func(w oplog.Waiting) bool { return w.Reason != reason })
	if len(waiting) == 0 {
		return nil, oplog.Refuse(oplog.CodeConflict, "nothing-waits", "No deletion waits for this agreement any more.")
	}
	now := j.now()
	for _, of := range []string{tenant, ""} {
		agreed := slices.DeleteFunc(slices.Clone(waiting), func(w oplog.Waiting) bool { return w.Tenant != of })
		if len(agreed) == 0 {
			continue
		}
		if err := j.storeAgreement(agreed, by, now, tell(of, agreed), checks); err != nil {
			return nil, err
		}
	}
	if reason == oplog.WaitClock {
		j.clock.confirm(now)
	}
	select {
	case j.agreed <- struct{}{}:
	default: // a run is about to begin
	}
	return waiting, nil
}

// storeAgreement stores an agreement to some deletions with the entry that tells of it.
func (j *Journal) storeAgreement(agreed []oplog.Waiting, by string, now time.Time, told oplog.Audit, checks []directory.May) error {
	agreements := make(map[string]any) // the records, by name
	for i := range agreed {
		name, record, err := j.agreementTo(&agreed[i], by, now)
		if err != nil {
			return err
		}
		agreements[name] = record
	}
	return j.storeAgreements(records.Audited(j.store, told), agreements, checks)
}

// agreementTo returns the record of an agreement.
func (j *Journal) agreementTo(w *oplog.Waiting, by string, now time.Time) (name string, record any, err error) {
	if w.Reason == oplog.WaitClock {
		return clockRecord, now.Round(0).UTC(), nil
	}
	t, err := j.directory.State(w.Tenant)
	if err != nil {
		return "", nil, err
	}
	days := t.RetentionDays
	if w.Access {
		days = t.AccessDays
	}
	return agreementName(logOf(w)), agreement{days, w.Dates, by, now.UTC().Truncate(time.Second)}, nil
}

// storeAgreements stores the records of agreements, all or none.
func (j *Journal) storeAgreements(through oplog.Records, agreements map[string]any, checks []directory.May) error {
	for {
		var changes []oplog.RecordChange
		for _, name := range slices.Sorted(maps.Keys(agreements)) {
			data, err := json.Marshal(agreements[name])
			if err != nil {
				return err
			}
			_, replaces, err := j.store.Record(oplog.RecordServer, name)
			if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
				return err
			}
			changes = append(changes, oplog.RecordChange{Kind: oplog.RecordServer, Name: name, Replaces: replaces, Data: data})
		}
		if err := directory.Allowed(checks); err != nil {
			return err
		}
		if err := through.PutRecords(changes); !errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
}

// FindWaiting looks for deletions of a tenant and of the installation's trail that wait, and deletes nothing.
func (j *Journal) FindWaiting(ctx context.Context, tenant string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	err := j.directory.WithRulesLocked(tenant, func(t oplog.TenantState) error {
		if _, err := j.planDeletion(ctx, t); err != nil {
			return err
		}
		_, err := j.planTrailDeletion(ctx, t)
		return err
	})
	if err != nil {
		return err
	}
	t, err := j.installation()
	if err != nil {
		return err
	}
	if _, err = j.planTrailDeletion(ctx, t); err != nil || j.place.Alone() || !j.place.Leads() {
		return err
	}
	return j.shareWaiting()
}
