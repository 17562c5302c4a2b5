// Package views keeps the ways to look at a log that people gave a name.
package views

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"oplog/directory"
	"oplog/identity"
	"oplog/oplog"
	"oplog/records"
)

// View is a way to look at a tenant's log that somebody gave a name: filters, as
// the address of a page has them, and how the table looked. A shared one is seen
// by everybody who may see the log. It is a query and no more: what it shows is
// what its reader may see.
type View struct {
	ID        string     `json:"id"`
	Tenant    string     `json:"tenant"`
	Name      string     `json:"name"`
	Query     string     `json:"query"` // as in an address, without its question mark
	Table     *TableLook `json:"table,omitempty"`
	Shared    bool       `json:"shared,omitempty"`
	Person    string     `json:"person"` // whose it is; see [Account.person]
	MadeBy    string     `json:"made_by"`
	ChangedAt time.Time  `json:"changed_at"`
}

// TableLook is how the table of a view looks, in the console's own words.
type TableLook struct {
	Density string   `json:"density,omitempty"`
	Hidden  []string `json:"hidden,omitempty"` // columns
}

// start is the view that a person begins with.
type start struct {
	View string `json:"view"`
}

// Limits of views.
const (
	MaxViewName  = 128
	MaxViewQuery = 4096
	MaxViews     = 100 // of one person in one tenant
)

// Owns reports whether a view is somebody's own.
func (v *View) Owns(a identity.Account) bool { return v.Person == a.Person() }

func (v *View) validate() []oplog.FieldError {
	check := oplog.Validation{}
	check.Text("name", v.Name, 1, MaxViewName)
	check.Text("query", v.Query, 0, MaxViewQuery)
	if strings.TrimSpace(v.Name) == "" && v.Name != "" {
		check.Fail("name", v.Name, "is blank")
	}
	if _, err := url.ParseQuery(v.Query); err != nil {
		check.Fail("query", v.Query, "is not the query of an address: %v", err)
	}
	return check.Errors
}

// seenBy reports whether a view is in somebody's list. One that is shared and
// names organizations beyond what its reader may see would be empty, or would
// tell of them.
func (v *View) seenBy(a identity.Account, tree oplog.Tree) bool {
	if v.Owns(a) {
		return true
	}
	if !v.Shared || a.Organization == "" {
		return v.Shared
	}
	query, _ := url.ParseQuery(v.Query) // checked when it was saved
	within := tree.Descendants(a.Organization)
	named := slices.Concat(query["organization"], query[oplog.Not+"organization"])
	return !slices.ContainsFunc(named, func(id string) bool { return !slices.Contains(within, id) })
}

// Views keeps the views of people.
type Views struct {
	records   oplog.Records
	directory *directory.Directory
	now       func() time.Time

	changing sync.Mutex // held while views change, so that a person has no two of one name
}

// New returns the views of a store.
func New(records oplog.Records, directory *directory.Directory, now func() time.Time) *Views {
	return &Views{records: records, directory: directory, now: now}
}

// List lists the views that somebody has in a tenant, own and shared, by name.
func (s *Views) List(tenant string, a identity.Account) ([]View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return nil, err
	}
	views, err := records.List[View](s.records, oplog.RecordView, tenant+"/")
	if err != nil {
		return nil, err
	}
	views = slices.DeleteFunc(views, func(v View) bool { return !v.seenBy(a, t.Tree) })
	slices.SortFunc(views, func(a, b View) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return views, nil
}

// View returns one of them, or CodeNotFound.
func (s *Views) View(tenant, id string, a identity.Account) (View, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return View{}, err
	}
	v, err := records.Read[View](s.records, oplog.RecordView, tenant+"/"+id)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !v.seenBy(a, t.Tree) {
		return View{}, oplog.Errorf(oplog.CodeNotFound, "There is no view %s.", id)
	}
	return v, err
}

// Add saves a view of somebody's own. Its name must be new among theirs.
func (s *Views) Add(v View, a identity.Account) (View, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	v.ID = rand.Text()[:16]
	v.Person, v.MadeBy, v.ChangedAt = a.Person(), a.Username, s.now().UTC()
	if a.Name != "" {
		v.MadeBy = a.Name
	}
	if err := s.checkView(v); err != nil {
		return v, err
	}
	return v, records.Create(s.records, oplog.RecordView, v.Tenant+"/"+v.ID, v)
}

// Change changes a view; whose it is stays.
func (s *Views) Change(v View, change func(*View)) (View, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	name := v.Tenant + "/" + v.ID
	v, err := records.Read[View](s.records, oplog.RecordView, name)
	if err != nil {
		return v, err
	}
	change(&v)
	v.ChangedAt = s.now().UTC()
	if err := s.checkView(v); err != nil {
		return v, err
	}
	return records.Change(s.records, oplog.RecordView, name, func(stored *View, _ bool) (bool, error) {
		*stored = v
		return false, nil
	})
}

// checkView checks a view as it is going to be, among its person's others.
func (s *Views) checkView(v View) error {
	if broken := v.validate(); len(broken) > 0 {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The view is invalid.", Fields: broken}
	}
	views, err := records.List[View](s.records, oplog.RecordView, v.Tenant+"/")
	if err != nil {
		return err
	}
	own := 0
	for _, other := range views {
		if other.Person != v.Person || other.ID == v.ID {
			continue
		}
		if own++; own >= MaxViews {
			return oplog.Errorf(oplog.CodeInvalid, "%d views are as many as one person has in a tenant; remove one first.", MaxViews)
		}
		if strings.EqualFold(other.Name, v.Name) {
			return oplog.Errorf(oplog.CodeConflict, "There is a view %s already.", other.Name)
		}
	}
	return nil
}

// Remove removes a view. Who began with it begins as usual.
func (s *Views) Remove(v View) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	return records.Remove(s.records, oplog.RecordView, v.Tenant+"/"+v.ID)
}

// StartWith makes a view the one that somebody begins with in a tenant; "" is
// none.
func (s *Views) StartWith(tenant, id string, a identity.Account) error {
	_, err := records.Change(s.records, oplog.RecordStart, tenant+"/"+a.Person(), func(begin *start, _ bool) (bool, error) {
		begin.View = id
		return id == "", nil
	})
	return err
}

// Start returns the view that somebody begins with in a tenant, or
// CodeNotFound.
func (s *Views) Start(tenant string, a identity.Account) (View, error) {
	begin, err := records.Read[start](s.records, oplog.RecordStart, tenant+"/"+a.Person())
	if err != nil {
		return View{}, err
	}
	return s.View(tenant, begin.View, a)
}
