package journal

import (
	"context"
	"time"

	"oplog/oplog"
)

// The installation's access log has the events of no tenant: its owners' sign-ins, changes of tenants and accounts, refused attempts. How long it
// is kept is a setting of the server, not a record that somebody could change; so a run of it waits for the clock, but not for an amount.

// settingUser stands for the server's settings, as who has set a rule.
const settingUser = "setting"

// KeepInstallationTrail sets for how many days the installation's access log is kept, in UTC; 0 for ever. It is called before RetainDaily.
func (j *Journal) KeepInstallationTrail(days int) { j.installationDays = days }

// installation returns the state of the installation as far as retention needs one.
func (j *Journal) installation() (oplog.TenantState, error) {
	deletions, err := j.directory.InstallationDeletions()
	t := oplog.TenantState{Zone: time.UTC, AccessDeletions: deletions}
	t.AccessDays, t.AccessBy = j.installationDays, settingUser
	return t, err
}

// retainInstallation deletes the expired days of the installation's trail, after finishing a deletion that an earlier run began.
func (j *Journal) retainInstallation(ctx context.Context) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	term := j.place.Term() // before the deletions are read
	t, err := j.installation()
	if err != nil {
		return err
	}
	if err := j.finishDeletions(ctx, t.AccessDeletions); err != nil {
		return err
	}
	d, err := j.planTrailDeletion(ctx, t)
	if err != nil || len(d.Days) == 0 {
		return err
	}
	if d.Through, _, err = j.store.Counts(d.Tenant); err != nil {
		return err
	}
	if err := j.reportDeletion(&d, term); err != nil {
		return err
	}
	return j.finishDeletion(ctx, d)
}

// finishDeletions finishes those of a log's deletions that an earlier run began.
func (j *Journal) finishDeletions(ctx context.Context, deletions []oplog.Deletion) error {
	for _, d := range deletions {
		if d.FinishedAt.IsZero() {
			if err := j.finishDeletion(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}
