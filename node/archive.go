package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"oplog/oplog"
	"oplog/trail"
)

// TenantStates returns everything about each tenant, by id; those that can be read together with an error.
func (l *Node) TenantStates() ([]oplog.TenantState, error) {
	tenants, err := l.Directory.Tenants()
	failed := []error{err}
	states := make([]oplog.TenantState, 0, len(tenants))
	for _, t := range tenants {
		state, err := l.Directory.State(t.ID)
		if err != nil {
			failed = append(failed, fmt.Errorf("tenant %s: %w", t.ID, err))
			continue
		}
		states = append(states, state)
	}
	return states, errors.Join(failed...)
}

// reportArchived returns the entry of the trail that tells what became of a day on its way to the archive. Verify compares the record of the day
// with it.
func (l *Node) reportArchived(operation string, d *oplog.ArchivedDay) (oplog.Entry, error) {
	details, err := json.Marshal(d)
	if err != nil {
		return oplog.Entry{}, err
	}
	at := d.ArchivedAt
	if d.State == oplog.DayRemoved {
		at = d.RemovedAt
	}
	return l.Trail.Following(oplog.Entry{
		Tenant: oplog.TrailName(d.Tenant), Time: at, User: trail.ServerUser, Module: "archive", Operation: operation,
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}), nil
}

// surelyNow returns the earlier of the machine's clock and the time that the log knows: by a clock that is ahead, days would be closed too early.
func (l *Node) surelyNow() time.Time {
	now, known := l.now(), l.Journal.KnownTime()
	if known.Before(now) {
		return known
	}
	return now
}
