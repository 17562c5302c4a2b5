package archive

import (
	"context"
	"slices"
	"strings"

	"oplog/oplog"
)

// DaysBefore returns the dates before one with their numbers of entries; see [oplog.Retainer]. Of days in the archive, the record says it.
func (s *joinedStore) DaysBefore(ctx context.Context, tenant, date string) ([]oplog.DayCount, error) {
	v := s.archive.days.read(tenant)
	defer v.release()
	days, err := s.Store.DaysBefore(ctx, tenant, date)
	if err != nil || len(v.days) == 0 {
		return days, err
	}
	days = slices.DeleteFunc(days, func(d oplog.DayCount) bool { return v.has(d.Date) }) // what is left of them
	for _, d := range v.days {
		if d.Date < date && !isUnknown(&d) {
			days = append(days, oplog.DayCount{Date: d.Date, Entries: int(d.Rows)}) //nolint:gosec // far below 2^63
		}
	}
	slices.SortFunc(days, func(a, b oplog.DayCount) int { return strings.Compare(a.Date, b.Date) })
	return days, nil
}

// DeleteDays removes the entries of deleted days; see [oplog.Retainer]. It returns once every server of the archive has confirmed that it has none of them.
func (s *joinedStore) DeleteDays(ctx context.Context, tenant string, days oplog.Days) error {
	if err := s.Store.DeleteDays(ctx, tenant, days); err != nil {
		return err
	}
	v := s.archive.days.read(tenant)
	touched := slices.ContainsFunc(v.all, func(d oplog.ArchivedDay) bool { return days.Contains(d.Date) })
	v.release()
	if !touched {
		return nil
	}
	// Reads with earlier views may still ask for these days.
	if err := s.archive.days.settle(ctx, tenant); err != nil {
		return err
	}
	// Proofs of the entries beside them need their hashes.
	if err := s.BringArrivals(ctx, tenant, []oplog.Days{days}); err != nil {
		return err
	}
	return s.archive.dropDeleted(ctx, tenant, days)
}

// Undeleted returns the deleted days of which this copy still has something; see [oplog.Retainer]. Days that are read from the archive are closed, too, but
// removed by the archive, once no read needs them here.
func (s *joinedStore) Undeleted(tenant string) ([]oplog.Days, error) {
	closed, err := s.Store.Undeleted(tenant)
	if err != nil {
		return nil, err
	}
	v := s.archive.days.read(tenant)
	defer v.release()
	if len(v.days) == 0 {
		return closed, nil
	}
	dates := make([]string, len(v.days))
	for i := range v.days {
		dates[i] = v.days[i].Date
	}
	return oplog.WithoutDates(closed, dates), nil
}
