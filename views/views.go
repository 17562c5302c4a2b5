// Package views keeps saved views.
package views

import (
	"cmp"
	"crypto/rand"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"oplog/directory"
	"oplog/identity"
	"oplog/oplog"
	"oplog/records"
)

// View is a saved view of a tenant's log: filters as in a page's URL, and the table's layout. A shared view is listed for everyone who may
// see the log. It is only a query: its results are limited to what its reader may see.
type View struct {
	ID        string       `json:"id"`
	Tenant    string       `json:"tenant"`
	Name      string       `json:"name"`
	Query     string       `json:"query"` // as in a URL, without the question mark
	Table     *TableLayout `json:"table,omitempty"`
	Shared    bool         `json:"shared,omitempty"`
	Person    string       `json:"person"` // the owner; see [identity.Account.Owner]
	MadeBy    string       `json:"made_by"`
	ChangedAt time.Time    `json:"changed_at"`
}

// TableLayout is the layout of a view's table, in the console's terms.
type TableLayout struct {
	Density string   `json:"density,omitempty"`
	Hidden  []string `json:"hidden,omitempty"` // columns
}

// start is the view that a person starts with.
type start struct {
	View string `json:"view"`
}

// Limits of views.
const (
	MaxViewName  = 128
	MaxViewQuery = 4096
	MaxViews     = 100 // per person and tenant

	MaxViewsOfTenant = 5000
	MaxLaunchedViews = MaxViewsOfTenant / 2 // of people whom host systems sign in, who are as many as these name
	MaxLaunchedStart = MaxLaunchedViews     // of them who start with a view
)

// Owns reports whether a view belongs to the account.
func (v *View) Owns(a identity.Account) bool { return v.Person == a.Owner() }

func (v *View) validate() []oplog.FieldError {
	check := oplog.Validation{}
	check.Name("name", v.Name, 1, MaxViewName)
	check.Text("query", v.Query, 0, MaxViewQuery)
	if strings.TrimSpace(v.Name) == "" && v.Name != "" {
		check.Fail("name", v.Name, "required", "is blank")
	}
	if _, err := url.ParseQuery(v.Query); err != nil {
		check.Fail("query", v.Query, "not_a_query", "is not a valid URL query: {reason}", err.Error())
	}
	return check.Errors
}

// visibleTo reports whether an account's list includes the view. A shared view with organizations outside the account's scope is hidden:
// its result would be empty, and its filters would disclose them.
func (v *View) visibleTo(a identity.Account, tree *oplog.OrganizationTree) bool {
	if v.Owns(a) {
		return true
	}
	if !v.Shared || a.Organization == "" {
		return v.Shared
	}
	query, _ := url.ParseQuery(v.Query) // validated when it was saved
	named := slices.Concat(query["organization"], query[oplog.Not+"organization"])
	return !slices.ContainsFunc(named, func(id string) bool { return !tree.Contains(a.Organization, id) })
}

// Views keeps saved views.
type Views struct {
	*common
	changes oplog.Records // the records, for changes that the trail tells of; see Audited
}

// common is what is common to Views and those that tell.
type common struct {
	records   oplog.Records
	directory *directory.Directory
	now       func() time.Time

	changing sync.Map // *sync.Mutex by tenant; see lock
}

// New returns the views of a store.
func New(records oplog.Records, directory *directory.Directory, now func() time.Time) *Views {
	return &Views{changes: records, common: &common{records: records, directory: directory, now: now}}
}

// Audited returns the same Views, whose next change is recorded together with the entry that tells of it.
func (s *Views) Audited(a oplog.Audit) *Views {
	return &Views{s.common, records.Audited(s.records, a)}
}

// List lists an account's own and shared views in a tenant, by name.
func (s *Views) List(tenant string, a identity.Account) ([]View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return nil, err
	}
	views, err := records.Where(s.records, oplog.RecordView, tenant+"/", func(v *View) bool { return v.visibleTo(a, t.Tree) })
	if err != nil {
		return nil, err
	}
	sort.Slice(views, func(i, j int) bool {
		a, b := &views[i], &views[j]
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID)) < 0
	})
	return views, nil
}

// View returns one of these views, or CodeNotFound.
func (s *Views) View(tenant, id string, a identity.Account) (View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return View{}, err
	}
	v, err := records.Read[View](s.records, oplog.RecordView, tenant+"/"+id)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !v.visibleTo(a, t.Tree) {
		return View{}, noView(id)
	}
	return v, err
}

// lock takes the lock that serializes a tenant's changes, so that a person's views have distinct names, and all are within their limits.
func (s *Views) lock(tenant string) (unlock func()) {
	of, _ := s.changing.LoadOrStore(tenant, &sync.Mutex{})
	mu := of.(*sync.Mutex)
	mu.Lock()
	return mu.Unlock
}

// Add saves a view of the account. Its name must be unique among the account's views, without regard to case and width.
func (s *Views) Add(v View, a identity.Account, checks ...directory.May) (View, error) {
	defer s.lock(v.Tenant)()
	v.ID = rand.Text()[:16]
	v.Person, v.MadeBy, v.ChangedAt = a.Owner(), a.Username, s.now().UTC()
	if a.Name != "" {
		v.MadeBy = a.Name
	}
	if a.Launched {
		v.MadeBy += " (" + a.Person() + ")"
	}
	if err := s.checkView(v); err != nil {
		return v, err
	}
	return v, records.Create(s.changes, oplog.RecordView, v.Tenant+"/"+v.ID, v, func() error { return directory.Allowed(checks) })
}

// Change changes a view that is visible to an account, except its owner, or returns CodeNotFound. The callback gets the stored view while
// no other change is in progress; if it returns an error, nothing changes.
func (s *Views) Change(tenant, id string, a identity.Account, change func(*View) error, checks ...directory.May) (View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return View{}, err
	}
	defer s.lock(tenant)()
	return records.Change(s.changes, oplog.RecordView, tenant+"/"+id, func(v *View, exists bool) (bool, error) {
		if !exists || !v.visibleTo(a, t.Tree) {
			return false, noView(id)
		}
		if err := change(v); err != nil {
			return false, err
		}
		v.ChangedAt = s.now().UTC()
		if err := s.checkView(*v); err != nil {
			return false, err
		}
		return false, directory.Allowed(checks)
	})
}

func noView(id string) error { return oplog.Errorf(oplog.CodeNotFound, "There is no view %s.", id) }

// checkView validates a view and checks it against the owner's other views.
func (s *Views) checkView(v View) error {
	if errs := v.validate(); len(errs) > 0 {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The view is invalid.", Fields: errs}
	}
	views, err := records.List[View](s.records, oplog.RecordView, v.Tenant+"/")
	if err != nil {
		return err
	}
	own, launched := 0, 0
	views = slices.DeleteFunc(views, func(other View) bool { return other.ID == v.ID })
	for _, other := range views {
		if identity.IsLaunched(other.Person) {
			launched++
		}
		if other.Person != v.Person {
			continue
		}
		if own++; own >= MaxViews {
			return oplog.Refuse(oplog.CodeInvalid, "too-many-views", "The limit is {max} views per person and tenant; delete one first.", MaxViews)
		}
		if identity.NameKey(other.Name) == identity.NameKey(v.Name) {
			return oplog.Refuse(oplog.CodeConflict, "view-exists", "A view named {name} already exists.", other.Name)
		}
	}
	if len(views) >= MaxViewsOfTenant || identity.IsLaunched(v.Person) && launched >= MaxLaunchedViews {
		return errManyViews()
	}
	return nil
}

func errManyViews() error {
	return oplog.Refuse(oplog.CodeInvalid, "too-many-views-of-tenant", "The limit is {max} views per tenant, half of them of people whom a host system signs in; delete some first.", MaxViewsOfTenant)
}

// Remove deletes a view that is visible to an account, or returns CodeNotFound. The callback decides on the stored view; if it returns an
// error, nothing changes. People who started with the view start without one.
func (s *Views) Remove(tenant, id string, a identity.Account, may func(View) error, checks ...directory.May) (View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return View{}, err
	}
	defer s.lock(tenant)()
	return records.Change(s.changes, oplog.RecordView, tenant+"/"+id, func(v *View, exists bool) (bool, error) {
		if !exists || !v.visibleTo(a, t.Tree) {
			return false, noView(id)
		}
		if err := may(*v); err != nil {
			return false, err
		}
		return true, directory.Allowed(checks)
	})
}

// SetStart sets the view that an account starts with in a tenant; "" for none.
func (s *Views) SetStart(tenant, id string, a identity.Account, checks ...directory.May) error {
	defer s.lock(tenant)()
	_, err := records.Change(s.changes, oplog.RecordStart, tenant+"/"+a.Owner(), func(begin *start, exists bool) (bool, error) {
		if a.Launched && id != "" && !exists {
			if err := s.checkRoomForStart(tenant); err != nil {
				return false, err
			}
		}
		begin.View = id
		return id == "", directory.Allowed(checks)
	})
	return err
}

// checkRoomForStart returns CodeInvalid if as many people of host systems start with a view as may do so.
func (s *Views) checkRoomForStart(tenant string) error {
	starts, err := s.records.Records(oplog.RecordStart, tenant+"/"+identity.LaunchedPrefix)
	if err == nil && len(starts) >= MaxLaunchedStart {
		err = errManyViews()
	}
	return err
}

// Start returns the view that an account starts with in a tenant, or CodeNotFound.
func (s *Views) Start(tenant string, a identity.Account) (View, error) {
	begin, err := records.Read[start](s.records, oplog.RecordStart, tenant+"/"+a.Owner())
	if err != nil {
		return View{}, err
	}
	return s.View(tenant, begin.View, a)
}
