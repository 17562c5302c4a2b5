package oplog

import (
	"time"
)

// TenantState is a tenant with everything that entries and queries are checked against.
type TenantState struct {
	Tenant
	Zone      *time.Location // of TimeZone
	Tree      *OrganizationTree
	Catalog   *Catalog // the built-in catalog with the tenant's additions
	Holds     []Hold
	Deletions []Deletion // by time

	AccessDeletions []Deletion // of the access log, by time
}

// OrganizationName returns the name of an organization of the tree, or "".
func (t *TenantState) OrganizationName(id string) string {
	o, _ := t.Tree.Find(id)
	return o.Name
}

// UnknownOrganizations returns the organizations of entries that the tenant does not know, without duplicates.
func (t *TenantState) UnknownOrganizations(entries []Entry) []Ref {
	var unknown []Ref
	met := make(map[string]bool)
	for i := range entries {
		ref := entries[i].Organization
		if _, known := t.Tree.Find(ref.ID); ref.ID != "" && !known && !met[ref.ID] {
			met[ref.ID] = true
			unknown = append(unknown, ref)
		}
	}
	return unknown
}

// TooManyOrganizationsError returns the error of entries whose organizations would exceed the tenant's limit.
func TooManyOrganizationsError(errs []FieldError) error {
	return &Error{Code: CodeInvalid, Message: "No entries were stored: the tenant would have too many organizations.", Fields: errs}
}

// Validate is [Entry.Validate] with the rules of the tenant. Entries are too old or not by another clock than now if that is wrong.
func (t *TenantState) Validate(e *Entry, now, rules time.Time) []FieldError {
	errs := e.Validate(t.Catalog, now)
	if f, late := t.tooOld(e, rules); late && e.Origin != OriginAPI {
		errs = append(errs, f)
	}
	return errs
}

// Visible returns a function that reports whether an entry is in a scope; nil if all entries are.
func (t *TenantState) Visible(scope string) func(*Entry) bool {
	if scope == "" {
		return nil
	}
	return func(e *Entry) bool { return t.Tree.Contains(scope, e.Organization.ID) }
}

// Match resolves a query: its search, its period in the tenant's time zone, and its organizations in the current tree.
func (t *TenantState) Match(q Query, now time.Time) (Match, error) {
	m, err := q.Match(t.Catalog, now.In(t.Zone))
	if err != nil {
		return Match{}, err
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"organization", q.Organizations}, {Not + "organization", q.Not.Organizations}} {
		if len(f.values) > 0 && !t.DataPermission {
			return Match{}, InvalidQuery(""+f.name, f.values[0], "no_data_permission", "is not available: this tenant's data permission is off")
		}
	}
	m.Organizations, m.Not.Organizations = nil, nil
	m.Within, m.NotWithin = t.Tree.set(q.Organizations, q.Scope), t.Tree.set(q.Not.Organizations, "")
	return m, nil
}
