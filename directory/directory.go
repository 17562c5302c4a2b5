// Package directory manages tenants: settings, organization trees, catalogs, legal holds and deletions.
package directory

import (
	"context"
	"math"
	"strings"
	"sync"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// Directory manages tenants: settings, organization trees, catalogs, legal holds and deletions. It caches each tenant's state as a whole
// until one of its records changes.
type Directory struct {
	*common
	changes oplog.Records // the records, for changes that the trail tells of; see Audited
}

// common is what is common to a Directory and those that tell.
type common struct {
	records oplog.Records
	index   oplog.Index // knows which organizations and catalog items are in use
	now     func() time.Time

	mu      sync.RWMutex // guards tenants
	tenants map[string]*cachedTenant
}

// cachedTenant caches the state of an existing tenant. Lock order: rulesMu, useMu, changeMu, mu.
type cachedTenant struct {
	rulesMu  sync.Mutex   // held while the retention rule or a hold changes, or while they select days to delete
	useMu    sync.RWMutex // read-locked from the validation of entries until they are stored; locked while unused organizations or modules are removed
	changeMu sync.Mutex   // held while the tenant's records change

	mu         sync.Mutex         // guards the fields below
	state      *oplog.TenantState // nil if it has to be loaded
	tree       *loadedTree        // nil if it has to be loaded
	generation uint64             // counts changes
}

// New returns a directory of the tenants in a store.
func New(records oplog.Records, index oplog.Index, now func() time.Time) *Directory {
	d := &Directory{changes: records, common: &common{records: records, index: index, now: now, tenants: make(map[string]*cachedTenant)}}
	records.OnRecord(d.onRecord)
	return d
}

// Audited returns the same Directory, whose next change is recorded together with the entry that tells of it.
func (d *Directory) Audited(a oplog.Audit) *Directory {
	return &Directory{d.common, records.Audited(d.records, a)}
}

// onRecord invalidates the state that a changed record belongs to.
func (d *Directory) onRecord(kind oplog.RecordKind, name string) {
	switch kind {
	case oplog.RecordTenant, oplog.RecordOrganizations, oplog.RecordLearned, oplog.RecordCatalog, oplog.RecordHold, oplog.RecordDeletion:
	default:
		return
	}
	tenant, _, _ := strings.Cut(name, "/")
	d.mu.RLock()
	c := d.tenants[tenant]
	d.mu.RUnlock()
	switch {
	case c == nil:
	case kind == oplog.RecordLearned:
		d.growTree(c, name)
	default:
		c.invalidate(kind == oplog.RecordOrganizations)
	}
}

// State returns a tenant's state, which must not be modified, or CodeNotFound.
func (d *Directory) State(id string) (oplog.TenantState, error) {
	c, err := d.cached(id)
	if err != nil {
		return oplog.TenantState{}, err
	}
	for range maxReloads {
		c.mu.Lock()
		state, tree, changes := c.state, c.tree, c.generation
		c.mu.Unlock()
		if state != nil {
			return *state, nil
		}
		read, tree, err := d.load(id, tree)
		if err != nil {
			return oplog.TenantState{}, err
		}
		c.mu.Lock()
		if c.generation == changes { // otherwise the state may mix what was before a change and after it
			c.state, c.tree = &read, tree
			c.mu.Unlock()
			return read, nil
		}
		c.mu.Unlock()
	}
	return oplog.TenantState{}, oplog.Errorf(oplog.CodeUnavailable, "The settings of tenant %s change too fast; retry in a moment.", id)
}

// maxReloads limits how often a state is read because it changes meanwhile.
const maxReloads = 100

// cached returns the cache entry of a tenant.
func (d *Directory) cached(id string) (*cachedTenant, error) {
	d.mu.RLock()
	c := d.tenants[id]
	d.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	// Checked before the cache entry is created: callers may ask for any name.
	_, err := records.Read[oplog.Tenant](d.records, oplog.RecordTenant, id)
	if err != nil {
		return nil, notFoundError(id, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tenants[id] == nil {
		d.tenants[id] = &cachedTenant{}
	}
	return d.tenants[id], nil
}

// notFoundError replaces the CodeNotFound error of a tenant's record by one that names the tenant.
func notFoundError(id string, err error) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return oplog.Errorf(oplog.CodeNotFound, "There is no tenant %s.", id)
	}
	return err
}

// invalidate discards the cached state, and the tree if it was replaced.
func (c *cachedTenant) invalidate(tree bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = nil
	if tree {
		c.tree = nil
	}
	c.generation++
}

// load reads a tenant's state from its records, and the tree unless it is known.
func (d *Directory) load(id string, tree *loadedTree) (oplog.TenantState, *loadedTree, error) {
	stored, err := records.Read[RemovedTenant](d.records, oplog.RecordTenant, id)
	if err == nil && stored.Removal != nil {
		err = oplog.Errorf(oplog.CodeNotFound, "")
	}
	if err != nil {
		return oplog.TenantState{}, nil, notFoundError(id, err)
	}
	tenant := stored.Tenant
	if tree == nil {
		if tree, err = d.loadTree(id); err != nil {
			return oplog.TenantState{}, nil, err
		}
	}
	t := oplog.TenantState{Tenant: tenant, Zone: tenant.Location(), Tree: tree.OrganizationTree, Catalog: oplog.BuiltInCatalog()}
	own, err := records.Read[oplog.Catalog](d.records, oplog.RecordCatalog, id)
	switch {
	case err == nil:
		t.Catalog = oplog.ExtendCatalog(own)
	case oplog.CodeOf(err) != oplog.CodeNotFound:
		return oplog.TenantState{}, nil, err
	}
	holds, err := records.List[oplog.HoldRecord](d.records, oplog.RecordHold, id+"/")
	if err != nil {
		return oplog.TenantState{}, nil, err
	}
	for _, h := range holds {
		t.Holds = append(t.Holds, h.Decode())
	}
	deletions, err := records.Sound[oplog.Deletion](d.records, oplog.RecordDeletion, id+"/") // the store knows what else is closed
	if err != nil {
		return oplog.TenantState{}, nil, err
	}
	for _, one := range deletions {
		if one.Tenant == id {
			t.Deletions = append(t.Deletions, one)
		} else {
			t.AccessDeletions = append(t.AccessDeletions, one)
		}
	}
	return t, tree, nil
}

// change runs a change of a tenant's records, one at a time.
func (d *Directory) change(tenant string, change func() error) error {
	c, err := d.cached(tenant)
	if err != nil {
		return err
	}
	c.changeMu.Lock()
	defer c.changeMu.Unlock()
	return change()
}

// WithRulesLocked calls do with the tenant's state while no other caller can change the retention rule or a hold: once a hold is
// acknowledged, it is effective.
func (d *Directory) WithRulesLocked(tenant string, do func(oplog.TenantState) error) error {
	c, err := d.cached(tenant)
	if err != nil {
		return err
	}
	c.rulesMu.Lock()
	defer c.rulesMu.Unlock()
	t, err := d.State(tenant)
	if err != nil {
		return err
	}
	return do(t)
}

// Use returns a tenant's state and keeps the organizations and modules in it from being removed until release is called: entries are
// validated against the state and stored in between.
func (d *Directory) Use(id string) (t oplog.TenantState, release func(), err error) {
	c, err := d.cached(id)
	if err != nil {
		return t, nil, err
	}
	c.useMu.RLock()
	if t, err = d.State(id); err != nil {
		c.useMu.RUnlock()
		return t, nil, err
	}
	return t, c.useMu.RUnlock, nil
}

// AwaitUses waits for the uses of a tenant in progress: entries that were validated before are stored.
func (d *Directory) AwaitUses(id string) error {
	c, err := d.cached(id)
	if err != nil {
		return err
	}
	c.useMu.Lock()
	c.useMu.Unlock() //nolint:staticcheck // waits for its readers
	return nil
}

// May returns an error if the caller may no longer make a change, for which locks and counts can take long to wait.
type May func() error

// Allowed returns the first error of the checks.
func Allowed(checks []May) error {
	for _, may := range checks {
		if err := may(); err != nil {
			return err
		}
	}
	return nil
}

// changeUnused calls change with the number of entries that name each organization and module of a tenant, unless the caller may no longer
// make it. No entry is stored until change returns.
func (d *Directory) changeUnused(ctx context.Context, tenant string, m oplog.Match, checks []May, change func(oplog.Counts) error) error {
	c, err := d.cached(tenant)
	if err != nil {
		return err
	}
	// Load the index before appends have to wait for the lock.
	if _, err := d.index.Count(ctx, tenant, m, nil); err != nil {
		return err
	}
	c.useMu.Lock()
	defer c.useMu.Unlock()
	counts, err := d.index.Count(ctx, tenant, m, nil)
	if err == nil {
		err = Allowed(checks)
	}
	if err != nil {
		return err
	}
	return change(counts)
}

// Tenant returns a tenant.
func (d *Directory) Tenant(id string) (oplog.Tenant, error) {
	t, err := d.State(id)
	return t.Tenant, err
}

// Tenants lists all tenants, by id. It leaves out those whose records are damaged, which keep nobody from the others; see Damage.
func (d *Directory) Tenants() ([]oplog.Tenant, error) {
	return d.tenantsAfter("", math.MaxInt)
}

// Damage returns the error of a tenant whose record is damaged, or nil if there is none.
func (d *Directory) Damage() error {
	return records.Damage[oplog.Tenant](d.records, oplog.RecordTenant)
}

// TenantsAfter lists the first tenants, at most limit, after an id ("" for none), by id, as Tenants does; CodeNotFound if there is none with that
// id.
func (d *Directory) TenantsAfter(id string, limit int) ([]oplog.Tenant, error) {
	if id != "" {
		if _, err := d.cached(id); err != nil {
			return nil, err
		}
	}
	return d.tenantsAfter(id, limit)
}

func (d *Directory) tenantsAfter(id string, limit int) ([]oplog.Tenant, error) {
	found, err := records.WithoutDamage(records.After(d.records, oplog.RecordTenant, "", id, limit, func(t *RemovedTenant) bool { return t.Removal == nil }))
	tenants := make([]oplog.Tenant, len(found))
	for i := range found {
		tenants[i] = found[i].Tenant
	}
	return tenants, err
}

// AddTenant creates a tenant.
func (d *Directory) AddTenant(t oplog.Tenant, checks ...May) (oplog.Tenant, error) {
	if errs := t.Validate(); len(errs) > 0 {
		return t, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tenant is invalid.", Fields: errs}
	}
	if err := records.Create(d.changes, oplog.RecordTenant, t.ID, t, func() error { return Allowed(checks) }); err != nil {
		switch {
		case oplog.CodeOf(err) == oplog.CodeConflict && d.IsRemoved(t.ID):
			return t, oplog.Refuse(oplog.CodeConflict, "tenant-removed", "A tenant {id} was removed, and its id is not given again; choose another one.", t.ID)
		case oplog.CodeOf(err) == oplog.CodeConflict:
			return t, TenantExists(t.ID)
		}
		return t, err
	}
	return t, nil
}

// TenantExists returns the error for a new tenant with the id of another.
func TenantExists(id string) error {
	return oplog.Refuse(oplog.CodeConflict, "tenant-exists", "Tenant {id} already exists.", id)
}

// ChangeTenant changes a tenant's settings, except the id.
func (d *Directory) ChangeTenant(id string, change func(*oplog.Tenant), checks ...May) (oplog.Tenant, error) {
	c, err := d.cached(id)
	if err != nil {
		return oplog.Tenant{}, err
	}
	c.rulesMu.Lock()
	defer c.rulesMu.Unlock()
	if err := Allowed(checks); err != nil {
		return oplog.Tenant{}, err
	}
	var t oplog.Tenant
	err = d.change(id, func() error {
		if _, err := d.State(id); err != nil {
			return err // it was removed
		}
		t, err = records.Change(d.changes, oplog.RecordTenant, id, func(t *oplog.Tenant, exists bool) (bool, error) {
			if !exists {
				return false, notFoundError(id, oplog.Errorf(oplog.CodeNotFound, ""))
			}
			change(t)
			t.ID = id
			if errs := t.Validate(); len(errs) > 0 {
				return false, &oplog.Error{Code: oplog.CodeInvalid, Message: "The tenant is invalid.", Fields: errs}
			}
			return false, nil
		})
		return err
	})
	return t, err
}

// Catalog returns a tenant's catalog.
func (d *Directory) Catalog(tenant string) (*oplog.Catalog, error) {
	t, err := d.State(tenant)
	return t.Catalog, err
}
