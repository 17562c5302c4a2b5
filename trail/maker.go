package trail

import (
	"context"
	"time"

	"oplog/oplog"
)

// around is how far the entry of a change may be from the time that its record has.
const around = 10 * time.Minute

// MakerOfKey returns the person who made a key of a tenant at a time, as the trail tells; "" if it does not, or if no person did.
func (t *Trail) MakerOfKey(ctx context.Context, tenant, id string, at time.Time) (string, error) {
	page, err := t.Page(ctx, tenant, oplog.Query{
		From: at.Add(-around), To: at.Add(around),
		Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"key"}, Operations: []string{"create"}, ContentIDs: []string{id}}},
	}, 1, "")
	if err != nil || len(page.Entries) == 0 || page.Entries[0].User.Role == "" { // of a command
		return "", err
	}
	return page.Entries[0].User.ID, nil
}
