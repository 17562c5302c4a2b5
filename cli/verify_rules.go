package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"oplog/oplog"
	"oplog/records"
	"oplog/storage"
)

// checkRecords reports damaged records, and retention rules that differ from what the trail says was set, of a tenant ("" for all).
func checkRecords(ctx context.Context, w io.Writer, db *storage.DB, tenant string) error {
	damaged, err := db.DamagedRecords()
	if err != nil {
		return err
	}
	var bad []error
	for _, damage := range damaged {
		bad = append(bad, fmt.Errorf("NOT INTACT: %w", damage))
	}
	tenants, err := records.List[oplog.Tenant](db, oplog.RecordTenant, "")
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged { // damage was reported above
		return err
	}
	if err == nil { // otherwise a log may be of a tenant whose record is damaged
		bad = append(bad, checkOwners(db, tenants))
	}
	removed, removals := checkRemovals(w, db, tenant)
	bad = append(bad, removals)
	for _, t := range tenants {
		if tenant != "" && t.ID != tenant || removed[t.ID] {
			continue
		}
		set, err := ruleInTrail(ctx, db, t.ID)
		for err == nil && set != nil && rulesOf(*set) != rulesOf(t) { // unless it changed in between, beside a server
			now, changed := records.Read[oplog.Tenant](db, oplog.RecordTenant, t.ID)
			if changed != nil || rulesOf(now) == rulesOf(t) {
				break
			}
			t = now
			set, err = ruleInTrail(ctx, db, t.ID)
		}
		switch {
		case err != nil:
			bad = append(bad, fmt.Errorf("%s: %w", treeTitle(oplog.TrailName(t.ID)), err))
		case set == nil && t.RetentionDays+t.AccessDays > 0:
			fmt.Fprintf(w, "%s: its retention rule cannot be compared with its access log, which does not say what was set\n", treeTitle(t.ID))
		case set != nil && rulesOf(*set) != rulesOf(t):
			bad = append(bad, fmt.Errorf("%s: NOT INTACT: its retention rule is not what its access log says was set: it is %s, and was set to %s", treeTitle(t.ID), rulesOf(t), rulesOf(*set)))
		}
	}
	return errors.Join(bad...)
}

// checkOwners reports logs of no tenant: a bit that turned in the name of a log leaves its tenant with none.
func checkOwners(db *storage.DB, tenants []oplog.Tenant) error {
	logs, err := db.Tenants()
	bad := []error{err}
	for _, log := range logs {
		owner := oplog.OwnerOf(log)
		if owner != "" && !slices.ContainsFunc(tenants, func(t oplog.Tenant) bool { return t.ID == owner }) {
			bad = append(bad, fmt.Errorf("NOT INTACT: the store has a log %q, but no such tenant: its name is damaged, and the log of another tenant is missing; restore a backup to a new directory", log))
		}
	}
	return errors.Join(bad...)
}

// ruleInTrail returns a tenant's settings as its trail last recorded them; nil if it does not have the last ones.
func ruleInTrail(ctx context.Context, db *storage.DB, tenant string) (*oplog.Tenant, error) {
	var last *oplog.Tenant
	err := db.Arrivals(ctx, oplog.TrailName(tenant), 1, 0, func(e oplog.Entry) error {
		if e.Module != "tenant" || !slices.Contains([]string{"create", "change"}, e.Operation) || e.Outcome != oplog.OutcomeSuccess {
			return nil
		}
		var set struct{ Tenant *oplog.Tenant }
		_ = json.Unmarshal(e.Details, &set) // earlier versions recorded no details of commands
		last = set.Tenant
		return nil
	})
	return last, err
}

// rules are the settings by which entries are deleted.
type rules struct {
	days, access int
	below        bool
}

func rulesOf(t oplog.Tenant) rules { return rules{t.RetentionDays, t.AccessDays, t.BelowMinimum} }

func (r rules) String() string {
	below := ""
	if r.below {
		below = ", confirmed to be below the legal minimum"
	}
	return fmt.Sprintf("%s for entries%s, and %s for the access log", retention(r.days), below, retention(r.access))
}
