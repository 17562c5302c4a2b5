package journal

import (
	"context"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// A removed tenant's logs end as days under retention do: they are closed, with an entry of a trail that reports it, and each node takes the entries off
// its disk. The hashes of the trees stay, so that every checkpoint can still be compared. The installation's trail reports it, as the tenant's own goes.

// CloseLogs closes all days of a removed tenant's log and access log, once.
func (j *Journal) CloseLogs(ctx context.Context, tenant string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	for _, log := range []string{tenant, oplog.TrailName(tenant)} {
		d, err := j.lastDeletion(log)
		if err == nil && d == nil {
			err = j.closeLog(ctx, log)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// FinishLogs takes the entries of closed logs off the index and the disk.
func (j *Journal) FinishLogs(ctx context.Context, tenant string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	for _, log := range []string{tenant, oplog.TrailName(tenant)} {
		d, err := j.lastDeletion(log)
		if err == nil && d != nil && d.FinishedAt.IsZero() {
			err = j.finishDeletion(ctx, *d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lastDeletion returns the deletion of everything in a log; nil if there is none.
func (j *Journal) lastDeletion(log string) (*oplog.Deletion, error) {
	all, err := records.List[oplog.Deletion](j.store, oplog.RecordDeletion, log+"/")
	for i := range all {
		if d := &all[i]; d.Tenant == log && slices.ContainsFunc(d.Days, func(days oplog.Days) bool { return days.To == oplog.LastDate }) {
			return d, nil
		}
	}
	return nil, err
}

// firstDate is the first date of a deletion of everything, unless the log has earlier ones.
const firstDate = "1970-01-01"

func (j *Journal) closeLog(ctx context.Context, log string) error {
	term := j.place.Term() // before anything is read
	days, err := j.store.DaysBefore(ctx, log, oplog.LastDate)
	if err != nil {
		return err
	}
	d := oplog.Deletion{Tenant: log, At: j.now().UTC().Truncate(time.Microsecond), Dates: len(days), Days: []oplog.Days{{From: firstDate, To: oplog.LastDate}}}
	for _, day := range days {
		d.Entries += day.Entries
		d.Days[0].From = min(d.Days[0].From, day.Date)
	}
	if d.Through, _, err = j.store.Counts(log); err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	return j.reportDeletionIn(oplog.TrailName(""), &d, term)
}
