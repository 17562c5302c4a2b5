package archive

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oplog/oplog"
)

// A day of which the record is damaged may be here, in the archive, or deleted. Views have it among the days that are read from the archive, on a shard that
// nobody has: what needs it fails, and nothing else does.

// unknownShard is the shard of such days.
const unknownShard = -1

// isUnknown reports whether nobody knows where the entries of a day are.
func isUnknown(d *oplog.ArchivedDay) bool { return d.State == oplog.DayUnknown }

// unknownDay returns what a view has of an unknown day. One that was deleted has no attempts.
func unknownDay(u *oplog.UnknownDay) oplog.ArchivedDay {
	d := oplog.ArchivedDay{Tenant: u.Tenant, Date: u.Date, State: oplog.DayUnknown, Shard: unknownShard, MinSeq: 1, MaxSeq: math.MaxUint64}
	if u.Deleted {
		d.State, d.MinSeq, d.MaxSeq = oplog.DayDeleted, 0, 0
	}
	return d
}

// errUnknown is the error of a day of which the record is damaged.
type errUnknown struct{ tenant, date string }

func (e *errUnknown) Error() string {
	return fmt.Sprintf("the record that says where the entries of day %s of tenant %s are is damaged; restore the log from a backup to a new directory", e.date, e.tenant)
}

// unknownAmong returns the error of the first of some days of which the record is damaged, or nil.
func unknownAmong(days []oplog.ArchivedDay) error {
	for i := range days {
		if d := &days[i]; d.Shard == unknownShard {
			return &errUnknown{d.Tenant, d.Date}
		}
	}
	return nil
}

// withUnknown adds the days of damaged records to those that could be read, by tenant.
func (b *dayBook) withUnknown(byTenant map[string][]oplog.ArchivedDay) error {
	unknown, err := b.store.UnknownDays()
	for i := range unknown {
		u := &unknown[i]
		others := slices.DeleteFunc(byTenant[u.Tenant], func(d oplog.ArchivedDay) bool { return d.Date == u.Date })
		byTenant[u.Tenant] = append(others, unknownDay(u))
	}
	for tenant, all := range byTenant {
		slices.SortFunc(all, func(a, b oplog.ArchivedDay) int { return strings.Compare(a.Date, b.Date) })
		byTenant[tenant] = all
	}
	return err
}

// Unknown returns the days of a tenant of which the record is damaged, by date.
func (a *Archive) Unknown(tenant string) (dates []string) {
	for _, d := range a.Days(tenant) {
		if d.Shard == unknownShard {
			dates = append(dates, d.Date)
		}
	}
	return dates
}
