package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"oplog/oplog"
)

// A later version of the program may analyse texts in another way, and then words cannot be searched in what was shipped before. Days that are here are
// shipped again as ever; a removed one is read from the archive, under its present attempt, and sent to it under the next one.

// shipStale ships the newest day again whose texts were analysed by another version, and reports whether there are more.
func (a *Archive) shipStale(ctx context.Context, t *oplog.TenantState) (more bool, err error) {
	stale := a.stale(t.ID)
	if len(stale) == 0 {
		return false, nil
	}
	date := stale[len(stale)-1]
	_, err = a.inTurn(ctx, t.ID, func() (uint64, error) { return 0, a.shipAgain(ctx, t.ID, date) })
	return len(stale) > 1, err
}

// stale returns the dates of removed days whose texts were analysed by another version.
func (a *Archive) stale(tenant string) (dates []string) {
	for _, d := range a.Days(tenant) {
		if d.State == oplog.DayRemoved && d.Analysis != a.options.Analysis {
			dates = append(dates, d.Date)
		}
	}
	return dates
}

// shipAgain ships a removed day again, from the archive.
func (a *Archive) shipAgain(ctx context.Context, tenant, date string) error {
	s, err := a.beginAgain(ctx, tenant, date)
	if err != nil || s == nil {
		return err
	}
	a.work.shipping(tenant, date)
	before := sumOf(&s.day)
	sum, _, err := a.send(ctx, s)
	if err == nil && sum != before {
		err = errDiffers
	}
	if err == nil {
		err = a.compare(ctx, s.engine, s.of, before)
	}
	if err == nil {
		err = a.leads(s.term)
	}
	if err == nil {
		d := s.day
		d.Attempts, d.Replaced, d.Attempt, d.Next = append(slices.Clone(d.Attempts), d.Attempt), d.Attempt, d.Next, 0
		d.Analysis, d.RemovedAt = a.options.Analysis, a.now() // the trail confirms each attempt that is read
		d.VerifiedAt = d.RemovedAt
		err = a.put(&d, s.revision, "remove")
	}
	if err != nil {
		return fmt.Errorf("ship day %s of tenant %s again, attempt %d: %w", date, tenant, s.day.Next, err)
	}
	return nil
}

// beginAgain records the attempt that is to take the place of a removed day's; nil if it needs none.
func (a *Archive) beginAgain(ctx context.Context, tenant, date string) (*shipping, error) {
	s := &shipping{term: a.options.Place.Term()}
	if err := a.leads(s.term); err != nil {
		return nil, err
	}
	d, replaces, err := a.record(tenant, date)
	if err != nil || d.State != oplog.DayRemoved || d.Analysis == a.options.Analysis {
		return nil, err
	}
	if s.engine, err = a.shardOf(&d); err != nil {
		return nil, err
	}
	highest, err := s.engine.Highest(ctx, tenant, date)
	if err != nil {
		return nil, engineError(err)
	}
	if d.Next > 0 {
		d.Attempts = append(slices.Clone(d.Attempts), d.Next)
	}
	d.Next = 1 + max(highest, d.Attempt, slices.Max(append(d.Attempts, 0)))
	data, err := json.Marshal(&d)
	if err == nil {
		err = a.leads(s.term)
	}
	if err == nil {
		err = a.store.PutRecord(oplog.RecordArchive, d.Name(), replaces, data)
	}
	s.day, s.revision = d, oplog.RevisionOf(data)
	s.of = Shipment{tenant, DayAttempt{date, d.Next}}
	from := &Range{Tenant: tenant, Days: []Day{{DayAttempt{date, d.Attempt}, d.Rows}}}
	s.leaves = func(ctx context.Context, visit func(oplog.Key, []byte) error) error {
		return s.engine.Leaves(ctx, from, visit)
	}
	return s, inWords(err)
}
