package oplog

import (
	"slices"
	"time"
)

// TenantState is a tenant with all that its entries and queries are checked
// against.
type TenantState struct {
	Tenant
	Zone              *time.Location // of TimeZone
	Tree              Tree
	OrganizationNames map[string]string // by id, of those in the tree
	Catalog           *Catalog          // the built-in one with what the tenant adds
	Holds             []Hold
	Deletions         []Deletion // in order of time
}

// SetTree puts another tree in the place of the tenant's.
func (t *TenantState) SetTree(tree Tree) {
	t.Tree, t.OrganizationNames = tree, make(map[string]string, len(tree))
	for _, o := range tree {
		t.OrganizationNames[o.ID] = o.Name
	}
}

// UnknownOrganizations returns the organizations that entries name and
// the tenant does not know, each once.
func (t *TenantState) UnknownOrganizations(entries []Entry) []Ref {
	var unknown []Ref
	met := make(map[string]bool)
	for i := range entries {
		ref := entries[i].Organization
		if _, known := t.OrganizationNames[ref.ID]; ref.ID != "" && !known && !met[ref.ID] {
			met[ref.ID] = true
			unknown = append(unknown, ref)
		}
	}
	return unknown
}

// TooManyOrganizations is the error of entries whose organizations have no room
// in the tenant's tree.
func TooManyOrganizations(broken []FieldError) error {
	return &Error{Code: CodeInvalid, Message: "Nothing was stored, because the tenant would have too many organizations.", Fields: broken}
}

// Validate is [Entry.Validate] by the rules of the tenant.
func (t *TenantState) Validate(e *Entry, now time.Time) []FieldError {
	broken := e.Validate(t.Catalog, now)
	if f, late := t.tooOld(e, now); late && e.Origin != OriginAPI {
		broken = append(broken, f)
	}
	return broken
}

// Visible tells the entries of a scope; nil stands for all.
func (t *TenantState) Visible(scope string) func(*Entry) bool {
	if scope == "" {
		return nil
	}
	below := t.Tree.Below(scope)
	return func(e *Entry) bool { return slices.Contains(below, e.Organization.ID) }
}

// Match resolves a query: its search, its period in the tenant's time zone,
// and the organizations that it lets through in today's tree.
func (t *TenantState) Match(q Query, now time.Time) (Match, error) {
	m, err := q.Match(t.Catalog, now.In(t.Location()))
	if err != nil {
		return Match{}, err
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"organization", q.Organizations}, {Not + "organization", q.Not.Organizations}} {
		if len(f.values) > 0 && !t.DataPermission {
			return Match{}, InvalidQuery(""+f.name, f.values[0], "cannot filter, because this tenant's data permission is off")
		}
	}
	m.Organizations = t.Tree.visible(q.Organizations, q.Scope)
	m.Not.Organizations = t.Tree.Below(q.Not.Organizations...)
	return m, nil
}
