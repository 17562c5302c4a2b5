// Package directory knows the tenants: their settings, trees of organizations,
// catalogs, legal holds and deletions.
package directory

import (
	"context"
	"strings"
	"sync"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// Directory knows the tenants: their settings, trees of organizations, catalogs,
// legal holds and deletions. It keeps what it has read, as a whole for each
// tenant, until the store tells that a record of it was changed.
type Directory struct {
	records oplog.Records
	index   oplog.Index // says what of a tree or a catalog is in use
	now     func() time.Time

	mu      sync.RWMutex // guards the map
	tenants map[string]*cachedTenant
}

// cachedTenant is what is known of a tenant that exists. Of its locks, ruling is
// taken before changing, and changing before mu.
type cachedTenant struct {
	ruling   sync.Mutex // held while the retention rule or a hold changes, or days to delete are chosen by them
	changing sync.Mutex // held while its records change

	mu      sync.Mutex         // guards those below
	state   *oplog.TenantState // nil where it is to be read
	changes uint64             // how often it was forgotten
}

// New returns the directory of the tenants in a store.
func New(records oplog.Records, index oplog.Index, now func() time.Time) *Directory {
	d := &Directory{records: records, index: index, now: now, tenants: make(map[string]*cachedTenant)}
	records.OnRecord(d.recordChanged)
	return d
}

// recordChanged forgets what a changed record was part of.
func (d *Directory) recordChanged(kind oplog.RecordKind, name string) {
	switch kind {
	case oplog.RecordTenant, oplog.RecordOrganizations, oplog.RecordCatalog, oplog.RecordHold, oplog.RecordDeletion:
	default:
		return
	}
	tenant, _, _ := strings.Cut(name, "/")
	d.mu.RLock()
	c := d.tenants[tenant]
	d.mu.RUnlock()
	if c != nil {
		c.forget()
	}
}

// State returns what is known of a tenant, which must not be changed, or
// CodeNotFound.
func (d *Directory) State(id string) (oplog.TenantState, error) {
	c, err := d.cached(id)
	if err != nil {
		return oplog.TenantState{}, err
	}
	c.mu.Lock()
	state, changes := c.state, c.changes
	c.mu.Unlock()
	if state != nil {
		return *state, nil
	}
	read, err := d.read(id)
	if err != nil {
		return oplog.TenantState{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == changes { // else it may be older than the change
		c.state = &read
	}
	return read, nil
}

// cached returns the place of what is known of a tenant.
func (d *Directory) cached(id string) (*cachedTenant, error) {
	d.mu.RLock()
	c := d.tenants[id]
	d.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	// Before a place is made for it: any name may be asked for.
	_, err := records.Read[oplog.Tenant](d.records, oplog.RecordTenant, id)
	if err != nil {
		return nil, noTenant(id, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tenants[id] == nil {
		d.tenants[id] = &cachedTenant{}
	}
	return d.tenants[id], nil
}

// noTenant names the tenant in the error of one that does not exist.
func noTenant(id string, err error) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return oplog.Errorf(oplog.CodeNotFound, "There is no tenant %s.", id)
	}
	return err
}

// forget has the tenant read again.
func (c *cachedTenant) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = nil
	c.changes++
}

// read reads all that is known of a tenant.
func (d *Directory) read(id string) (oplog.TenantState, error) {
	tenant, err := records.Read[oplog.Tenant](d.records, oplog.RecordTenant, id)
	if err != nil {
		return oplog.TenantState{}, noTenant(id, err)
	}
	t := oplog.TenantState{Tenant: tenant, Zone: tenant.Location(), Catalog: oplog.BuiltInCatalog()}
	tree, err := records.Read[oplog.Tree](d.records, oplog.RecordOrganizations, id)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return oplog.TenantState{}, err
	}
	t.SetTree(tree)
	own, err := records.Read[oplog.Catalog](d.records, oplog.RecordCatalog, id)
	switch {
	case err == nil:
		t.Catalog = oplog.ExtendCatalog(own)
	case oplog.CodeOf(err) != oplog.CodeNotFound:
		return oplog.TenantState{}, err
	}
	holds, err := records.List[oplog.HoldRecord](d.records, oplog.RecordHold, id+"/")
	if err != nil {
		return oplog.TenantState{}, err
	}
	for _, h := range holds {
		t.Holds = append(t.Holds, h.Decode())
	}
	if t.Deletions, err = records.List[oplog.Deletion](d.records, oplog.RecordDeletion, id+"/"); err != nil {
		return oplog.TenantState{}, err
	}
	return t, nil
}

// change changes a tenant's records while nobody else does.
func (d *Directory) change(tenant string, change func() error) error {
	c, err := d.cached(tenant)
	if err != nil {
		return err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	return change()
}

// Rule does something while neither the retention rule nor a hold of the tenant
// changes but by it: once a hold has been answered, it holds. What it is given is
// as they stand.
func (d *Directory) Rule(tenant string, do func(oplog.TenantState) error) error {
	c, err := d.cached(tenant)
	if err != nil {
		return err
	}
	c.ruling.Lock()
	defer c.ruling.Unlock()
	t, err := d.State(tenant)
	if err != nil {
		return err
	}
	return do(t)
}

// Tenant returns a tenant.
func (d *Directory) Tenant(id string) (oplog.Tenant, error) {
	t, err := d.State(id)
	return t.Tenant, err
}

// Tenants lists all tenants, by id.
func (d *Directory) Tenants() ([]oplog.Tenant, error) {
	return records.List[oplog.Tenant](d.records, oplog.RecordTenant, "")
}

// AddTenant makes a tenant.
func (d *Directory) AddTenant(t oplog.Tenant) (oplog.Tenant, error) {
	if broken := t.Validate(); len(broken) > 0 {
		return t, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tenant is invalid.", Fields: broken}
	}
	if err := records.Create(d.records, oplog.RecordTenant, t.ID, t); err != nil {
		if oplog.CodeOf(err) == oplog.CodeConflict {
			return t, oplog.Errorf(oplog.CodeConflict, "Tenant %s already exists.", t.ID)
		}
		return t, err
	}
	return t, nil
}

// ChangeTenant changes a tenant's settings; its id stays.
func (d *Directory) ChangeTenant(id string, change func(*oplog.Tenant)) (oplog.Tenant, error) {
	c, err := d.cached(id)
	if err != nil {
		return oplog.Tenant{}, err
	}
	c.ruling.Lock()
	defer c.ruling.Unlock()
	var t oplog.Tenant
	err = d.change(id, func() error {
		t, err = records.Change(d.records, oplog.RecordTenant, id, func(t *oplog.Tenant, exists bool) (bool, error) {
			if !exists {
				return false, noTenant(id, oplog.Errorf(oplog.CodeNotFound, ""))
			}
			change(t)
			t.ID = id
			if broken := t.Validate(); len(broken) > 0 {
				return false, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tenant is invalid.", Fields: broken}
			}
			return false, nil
		})
		return err
	})
	return t, err
}

// Catalog returns the catalog of a tenant.
func (d *Directory) Catalog(tenant string) (*oplog.Catalog, error) {
	t, err := d.State(tenant)
	return t.Catalog, err
}

// Organizations returns a tenant's tree, or the part of it that a scope (an
// organization, "" for all) lets see. Where data permission is off there is
// none: CodeInvalid.
func (d *Directory) Organizations(tenant, scope string) (oplog.Tree, error) {
	t, err := d.State(tenant)
	if err != nil {
		return nil, err
	}
	if !t.DataPermission {
		return nil, oplog.Errorf(oplog.CodeInvalid, "This tenant's data permission is off, so it has no tree of organizations.")
	}
	if scope != "" {
		return t.Tree.Subtree(scope), nil
	}
	return t.Tree, nil
}

// changeTree replaces a tenant's tree by what change makes of it.
func (d *Directory) changeTree(tenant string, change func(oplog.Tree) (oplog.Tree, error)) (tree oplog.Tree, err error) {
	err = d.change(tenant, func() error {
		tree, err = records.Change(d.records, oplog.RecordOrganizations, tenant, func(tree *oplog.Tree, _ bool) (bool, error) {
			next, err := change(*tree)
			*tree = next
			return false, err
		})
		return err
	})
	return tree, err
}

// SetOrganizations replaces a tenant's tree. An organization that is left out
// and still has entries stays, marked as archived. A tenant has at most
// [MaxOrganizations], those included.
func (d *Directory) SetOrganizations(ctx context.Context, tenant string, next oplog.Tree) (oplog.Tree, error) {
	if broken := next.Validate(); len(broken) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tree of organizations is invalid; it was not changed.", Fields: broken}
	}
	if _, err := d.State(tenant); err != nil {
		return nil, err
	}
	counts, err := d.index.Count(ctx, tenant, oplog.Match{}, nil)
	if err != nil {
		return nil, err
	}
	return d.changeTree(tenant, func(tree oplog.Tree) (oplog.Tree, error) {
		result := tree.Replace(next, func(id string) bool { return counts.Organizations[id] > 0 })
		if n := len(result); n > oplog.MaxOrganizations && n > len(tree) {
			v := oplog.Validation{}
			v.Fail("", n, "makes %d organizations with the %d that it leaves out and that stay, archived, for their entries; a tenant may have %d",
				n, n-len(next), oplog.MaxOrganizations)
			return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tree of organizations is invalid; it was not changed.", Fields: v.Errors}
		}
		return result, nil
	})
}

// Learn adds organizations that entries name to a tenant's tree, or none where
// there is no room for all.
func (d *Directory) Learn(tenant string, unknown []oplog.Ref, entries []oplog.Entry) error {
	_, err := d.changeTree(tenant, func(tree oplog.Tree) (oplog.Tree, error) {
		if broken := tree.NoRoomFor(entries); len(broken) > 0 {
			return nil, oplog.TooManyOrganizationsError(broken)
		}
		return tree.With(unknown), nil
	})
	return err
}
