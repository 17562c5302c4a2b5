package oplog

import (
	"net/url"
	"slices"
	"strings"
	"time"
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

// person names who somebody is, across sessions. People whom the host system
// vouches for have no account, and may be called as one is.
func (a *Account) person() string {
	if a.Launched {
		return "host/" + a.Username
	}
	return a.Username
}

// Owns tells whether a view is somebody's own.
func (v *View) Owns(a Account) bool { return v.Person == a.person() }

func (v *View) validate() []FieldError {
	check := validation{}
	check.text("name", v.Name, 1, MaxViewName)
	check.text("query", v.Query, 0, MaxViewQuery)
	if strings.TrimSpace(v.Name) == "" && v.Name != "" {
		check.fail("name", v.Name, "is blank")
	}
	if _, err := url.ParseQuery(v.Query); err != nil {
		check.fail("query", v.Query, "is not the query of an address: %v", err)
	}
	return check.errors
}

// seenBy tells whether a view is in somebody's list. One that is shared and
// names organizations beyond what its reader may see would be empty, or would
// tell of them.
func (v *View) seenBy(a Account, tree Tree) bool {
	if v.Owns(a) {
		return true
	}
	if !v.Shared || a.Organization == "" {
		return v.Shared
	}
	query, _ := url.ParseQuery(v.Query) // checked when it was saved
	within := tree.Below(a.Organization)
	named := slices.Concat(query["organization"], query[Not+"organization"])
	return !slices.ContainsFunc(named, func(id string) bool { return !slices.Contains(within, id) })
}

// Views lists the views that somebody has in a tenant, own and shared, by name.
func (l *Log) Views(tenant string, a Account) ([]View, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return nil, err
	}
	views, err := listRecords[View](l.store, RecordView, tenant+"/")
	if err != nil {
		return nil, err
	}
	views = slices.DeleteFunc(views, func(v View) bool { return !v.seenBy(a, t.tree) })
	slices.SortFunc(views, func(a, b View) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return views, nil
}

// View returns one of them, or CodeNotFound.
func (l *Log) View(tenant, id string, a Account) (View, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return View{}, err
	}
	v, err := readRecord[View](l.store, RecordView, tenant+"/"+id)
	if CodeOf(err) == CodeNotFound || err == nil && !v.seenBy(a, t.tree) {
		return View{}, Errorf(CodeNotFound, "There is no view %s.", id)
	}
	return v, err
}

// AddView saves a view of somebody's own. Its name must be new among theirs.
func (l *Log) AddView(v View, a Account) (View, error) {
	l.views.Lock()
	defer l.views.Unlock()
	v.ID, _ = secret("")
	v.ID = v.ID[:16]
	v.Person, v.MadeBy, v.ChangedAt = a.person(), a.Username, l.now().UTC()
	if a.Name != "" {
		v.MadeBy = a.Name
	}
	if err := l.checkView(v); err != nil {
		return v, err
	}
	return v, createRecord(l.store, RecordView, v.Tenant+"/"+v.ID, v)
}

// ChangeView changes a view; whose it is stays.
func (l *Log) ChangeView(v View, change func(*View)) (View, error) {
	l.views.Lock()
	defer l.views.Unlock()
	name := v.Tenant + "/" + v.ID
	v, err := readRecord[View](l.store, RecordView, name)
	if err != nil {
		return v, err
	}
	change(&v)
	v.ChangedAt = l.now().UTC()
	if err := l.checkView(v); err != nil {
		return v, err
	}
	return changeRecord(l.store, RecordView, name, func(stored *View, _ bool) (bool, error) {
		*stored = v
		return false, nil
	})
}

// checkView checks a view as it is going to be, among its person's others.
func (l *Log) checkView(v View) error {
	if broken := v.validate(); len(broken) > 0 {
		return &Error{Code: CodeInvalid, Message: "The view breaks a rule.", Fields: broken}
	}
	views, err := listRecords[View](l.store, RecordView, v.Tenant+"/")
	if err != nil {
		return err
	}
	own := 0
	for _, other := range views {
		if other.Person != v.Person || other.ID == v.ID {
			continue
		}
		if own++; own >= MaxViews {
			return Errorf(CodeInvalid, "%d views are as many as one person has in a tenant; remove one first.", MaxViews)
		}
		if strings.EqualFold(other.Name, v.Name) {
			return Errorf(CodeConflict, "There is a view %s already.", other.Name)
		}
	}
	return nil
}

// RemoveView removes a view. Who began with it begins as usual.
func (l *Log) RemoveView(v View) error {
	l.views.Lock()
	defer l.views.Unlock()
	return l.store.ChangeRecord(RecordView, v.Tenant+"/"+v.ID, func([]byte) ([]byte, error) { return nil, nil })
}

// StartWith makes a view the one that somebody begins with in a tenant; "" is
// none.
func (l *Log) StartWith(tenant, id string, a Account) error {
	_, err := changeRecord(l.store, RecordStart, tenant+"/"+a.person(), func(s *start, _ bool) (bool, error) {
		s.View = id
		return id == "", nil
	})
	return err
}

// StartView returns the view that somebody begins with in a tenant, or
// CodeNotFound.
func (l *Log) StartView(tenant string, a Account) (View, error) {
	s, err := readRecord[start](l.store, RecordStart, tenant+"/"+a.person())
	if err != nil {
		return View{}, err
	}
	return l.View(tenant, s.View, a)
}
