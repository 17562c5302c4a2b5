package oplog

import (
	"context"
)

// tenant returns a tenant's state, reading it on first use.
func (l *Log) tenant(id string) (tenantState, error) {
	l.mu.RLock()
	t, ok := l.tenants[id]
	l.mu.RUnlock()
	if ok {
		return t, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readTenant(id)
}

// readTenant reads a tenant's state, and is called with the lock held.
func (l *Log) readTenant(id string) (tenantState, error) {
	record, err := readRecord[Tenant](l.store, RecordTenant, id)
	if CodeOf(err) == CodeNotFound {
		return tenantState{}, Errorf(CodeNotFound, "There is no tenant %s.", id)
	}
	if err != nil {
		return tenantState{}, err
	}
	t := tenantState{Tenant: record, zone: record.Location()}
	tree, err := readRecord[Tree](l.store, RecordOrganizations, id)
	if err != nil && CodeOf(err) != CodeNotFound {
		return tenantState{}, err
	}
	t.setTree(tree)
	own, err := readRecord[Catalog](l.store, RecordCatalog, id)
	switch {
	case CodeOf(err) == CodeNotFound:
		t.catalog = BuiltInCatalog()
	case err != nil:
		return tenantState{}, err
	default:
		t.catalog = extended(own)
	}
	if t.holds, err = readHolds(l.store, id); err != nil {
		return tenantState{}, err
	}
	if t.deletions, err = listRecords[Deletion](l.store, RecordDeletion, id+"/"); err != nil {
		return tenantState{}, err
	}
	l.tenants[id] = t
	return t, nil
}

func (t *tenantState) setTree(tree Tree) {
	t.tree, t.organizations = tree, make(map[string]string, len(tree))
	for _, o := range tree {
		t.organizations[o.ID] = o.Name
	}
}

// Tenant returns a tenant.
func (l *Log) Tenant(id string) (Tenant, error) {
	t, err := l.tenant(id)
	return t.Tenant, err
}

// Tenants lists all tenants, by id.
func (l *Log) Tenants() ([]Tenant, error) { return listRecords[Tenant](l.store, RecordTenant, "") }

// AddTenant makes a tenant.
func (l *Log) AddTenant(t Tenant) (Tenant, error) {
	if broken := t.validate(); len(broken) > 0 {
		return t, &Error{Code: CodeInvalid, Message: "The tenant breaks a rule.", Fields: broken}
	}
	if err := createRecord(l.store, RecordTenant, t.ID, t); err != nil {
		if CodeOf(err) == CodeConflict {
			return t, Errorf(CodeConflict, "Tenant %s already exists.", t.ID)
		}
		return t, err
	}
	return t, nil
}

// ChangeTenant changes a tenant's settings; its id stays.
func (l *Log) ChangeTenant(id string, change func(*Tenant)) (Tenant, error) {
	l.retaining.Lock()
	defer l.retaining.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := changeRecord(l.store, RecordTenant, id, func(t *Tenant, exists bool) (bool, error) {
		if !exists {
			return false, Errorf(CodeNotFound, "There is no tenant %s.", id)
		}
		change(t)
		t.ID = id
		if broken := t.validate(); len(broken) > 0 {
			return false, &Error{Code: CodeInvalid, Message: "The tenant breaks a rule.", Fields: broken}
		}
		return false, nil
	})
	delete(l.tenants, id)
	return t, err
}

// Catalog returns the catalog of a tenant.
func (l *Log) Catalog(tenant string) (*Catalog, error) {
	t, err := l.tenant(tenant)
	return t.catalog, err
}

// Organizations returns a tenant's tree, or the part of it that a scope (an
// organization, "" for all) lets see. Where data permission is off there is
// none: CodeInvalid.
func (l *Log) Organizations(tenant, scope string) (Tree, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return nil, err
	}
	if !t.DataPermission {
		return nil, Errorf(CodeInvalid, "This tenant's data permission is off, so it has no tree of organizations.")
	}
	if scope != "" {
		return t.tree.Subtree(scope), nil
	}
	return t.tree, nil
}

// CountByOrganization returns how many entries name each organization that a
// scope lets see; those without any are left out.
func (l *Log) CountByOrganization(ctx context.Context, tenant, scope string) (map[string]int, error) {
	m, err := l.match(tenant, Query{Scope: scope})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	counts, err := l.index.Count(ctx, tenant, m, nil)
	return counts.Organizations, tooSlow(err)
}

// changeTree replaces a tenant's tree by what change makes of it.
func (l *Log) changeTree(tenant string, change func(Tree) (Tree, error)) (Tree, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := l.readTenant(tenant)
	if err != nil {
		return nil, err
	}
	tree, err := changeRecord(l.store, RecordOrganizations, tenant, func(tree *Tree, _ bool) (bool, error) {
		next, err := change(*tree)
		*tree = next
		return false, err
	})
	if err != nil {
		return nil, err
	}
	t.setTree(tree)
	l.tenants[tenant] = t
	return tree, nil
}

// SetOrganizations replaces a tenant's tree. An organization that is left out
// and still has entries stays, marked as archived. A tenant has at most
// [MaxOrganizations], those included.
func (l *Log) SetOrganizations(ctx context.Context, tenant string, next Tree) (Tree, error) {
	if broken := next.validate(); len(broken) > 0 {
		return nil, &Error{Code: CodeInvalid, Message: "The tree of organizations breaks a rule; it was not changed.", Fields: broken}
	}
	if _, err := l.tenant(tenant); err != nil {
		return nil, err
	}
	counts, err := l.index.Count(ctx, tenant, Match{}, nil)
	if err != nil {
		return nil, err
	}
	return l.changeTree(tenant, func(tree Tree) (Tree, error) {
		result := tree.replacedBy(next, func(id string) bool { return counts.Organizations[id] > 0 })
		if n := len(result); n > MaxOrganizations && n > len(tree) {
			v := validation{}
			v.fail("", n, "makes %d organizations with the %d that it leaves out and that stay, archived, for their entries; a tenant may have %d",
				n, n-len(next), MaxOrganizations)
			return nil, &Error{Code: CodeInvalid, Message: "The tree of organizations breaks a rule; it was not changed.", Fields: v.errors}
		}
		return result, nil
	})
}

// unknownOf returns the organizations that entries name and a tenant does not
// know, each once.
func (t *tenantState) unknownOf(entries []Entry) []Ref {
	var unknown []Ref
	met := make(map[string]bool)
	for i := range entries {
		ref := entries[i].Organization
		if _, known := t.organizations[ref.ID]; ref.ID != "" && !known && !met[ref.ID] {
			met[ref.ID] = true
			unknown = append(unknown, ref)
		}
	}
	return unknown
}

// learnOrganizations adds organizations that entries name and the tree does
// not know, or none where there is no room for all.
func (l *Log) learnOrganizations(t tenantState, entries []Entry) error {
	unknown := t.unknownOf(entries)
	if len(unknown) == 0 {
		return nil
	}
	// Before the entries are stored, so that none has an organization that the
	// tree does not know; but nothing is learned of a request that is refused.
	if err := l.store.Conflicts(t.ID, entries); err != nil {
		return err
	}
	_, err := l.changeTree(t.ID, func(tree Tree) (Tree, error) {
		if broken := tree.noRoomFor(entries); len(broken) > 0 {
			return nil, tooManyOrganizations(broken)
		}
		return tree.with(unknown), nil
	})
	return err
}

func tooManyOrganizations(broken []FieldError) error {
	return &Error{Code: CodeInvalid, Message: "Nothing was stored, because the tenant would have too many organizations.", Fields: broken}
}
