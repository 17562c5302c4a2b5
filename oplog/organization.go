package oplog

import "slices"

// Organization is a node of a tenant's organization tree.
type Organization struct {
	ID       string `json:"id"`
	ParentID string `json:"parent_id,omitempty"` // "" for a root
	Name     string `json:"name"`
	Archived bool   `json:"archived,omitempty"` // no longer in the host system's tree, kept for its entries
	Learned  bool   `json:"learned,omitempty"`  // known only from entries, not from the host system's tree
}

// MaxOrganizations limits a tenant's organizations, including archived and learned ones.
const MaxOrganizations = 100_000

// Tree is a tenant's organizations in any order. The zero Tree is empty.
type Tree []Organization

// Descendants returns the given ids that are in the tree and those of all organizations below them, without duplicates; nil if there are
// none.
func (t Tree) Descendants(ids ...string) []string {
	children := make(map[string][]string, len(t))
	within := make(map[string]bool, len(t)) // in the tree, not visited yet
	for _, o := range t {
		children[o.ParentID] = append(children[o.ParentID], o.ID)
		within[o.ID] = true
	}
	var below []string
	meet := func(ids []string) {
		for _, id := range ids {
			if within[id] {
				within[id] = false
				below = append(below, id)
			}
		}
	}
	meet(ids)
	for i := 0; i < len(below); i++ {
		meet(children[below[i]])
	}
	return below
}

// Find returns the organization with the given id.
func (t Tree) Find(id string) (Organization, bool) {
	for _, o := range t {
		if o.ID == id {
			return o, true
		}
	}
	return Organization{}, false
}

// Subtree returns the part of the tree under an organization, which becomes a root.
func (t Tree) Subtree(id string) Tree {
	within := make(map[string]bool)
	for _, b := range t.Descendants(id) {
		within[b] = true
	}
	var sub Tree
	for _, o := range t {
		if !within[o.ID] {
			continue
		}
		if o.ID == id {
			o.ParentID = ""
		}
		sub = append(sub, o)
	}
	return sub
}

// root returns the id of the only root of the host system's tree, or "" if there is none or more than one. Unknown organizations are added
// under it; learned organizations do not count as roots.
func (t Tree) root() string {
	root := ""
	for _, o := range t {
		if o.ParentID != "" || o.Archived || o.Learned {
			continue
		}
		if root != "" {
			return ""
		}
		root = o.ID
	}
	return root
}

// Validate checks that ids are unique, that parents exist and that there are no cycles.
func (t Tree) Validate() []FieldError {
	v := Validation{}
	if len(t) > MaxOrganizations {
		v.Fail("", len(t), "has %d organizations, more than the limit of %d; omit those without users", len(t), MaxOrganizations)
		return v.Errors
	}
	parent := make(map[string]string, len(t))
	for i, o := range t {
		v.item = i + 1
		v.Text("id", o.ID, 1, MaxOrganizationID)
		v.Text("name", o.Name, 1, MaxNameLength)
		if _, twice := parent[o.ID]; twice {
			v.Fail("id", o.ID, "is listed twice")
		}
		parent[o.ID] = o.ParentID
	}
	rooted := map[string]bool{"": true} // ids whose ancestors lead to a root
	for i, o := range t {
		v.item = i + 1
		if _, known := parent[o.ParentID]; o.ParentID != "" && !known {
			v.Fail("parent_id", o.ParentID, "is not in the tree")
			continue
		}
		var path []string
		for up := o.ParentID; !rooted[up]; up = parent[up] {
			if path = append(path, up); len(path) > len(t) {
				v.Fail("parent_id", o.ParentID, "makes the organization its own ancestor")
				return v.Errors
			}
		}
		for _, id := range path {
			rooted[id] = true
		}
	}
	return v.Errors
}

// Replace returns the tree after a PUT of next: next itself, plus the present organizations that still have entries, archived, below their
// parents if those stay too.
func (t Tree) Replace(next Tree, hasEntries func(id string) bool) Tree {
	kept := make(map[string]bool, len(next))
	result := make(Tree, 0, len(next))
	for _, o := range next {
		o.Archived, o.Learned = false, false
		kept[o.ID] = true
		result = append(result, o)
	}
	var archived Tree
	for _, o := range t {
		if !kept[o.ID] && hasEntries(o.ID) {
			o.Archived = true
			archived = append(archived, o)
		}
	}
	for _, o := range archived {
		kept[o.ID] = true
	}
	root := result.root()
	for _, o := range archived {
		if !kept[o.ParentID] {
			o.ParentID = root
		}
		result = append(result, o)
	}
	return result
}

// NoRoomFor returns an error for each entry whose unknown organization would exceed MaxOrganizations.
func (t Tree) NoRoomFor(entries []Entry) []FieldError {
	if len(t)+len(entries) <= MaxOrganizations {
		return nil
	}
	known := make(map[string]bool, len(t))
	for _, o := range t {
		known[o.ID] = true
	}
	v := Validation{}
	for i := range entries {
		id := entries[i].Organization.ID
		switch {
		case id == "" || known[id]:
		case len(known) < MaxOrganizations:
			known[id] = true
		default:
			v.item = i + 1
			v.Fail("organization.id", id,
				"would exceed the limit of %d organizations per tenant; use an existing one, or omit organization", MaxOrganizations)
		}
	}
	return v.Errors
}

// With returns the tree with unknown organizations added under its root, or t itself if it knows them all.
func (t Tree) With(seen []Ref) Tree {
	known := make(map[string]bool, len(t))
	for _, o := range t {
		known[o.ID] = true
	}
	root := t.root()
	grown := t[:len(t):len(t)]
	for _, ref := range seen {
		if ref.ID == "" || known[ref.ID] {
			continue
		}
		known[ref.ID] = true
		name := ref.Name
		if name == "" {
			name = ref.ID
		}
		grown = append(grown, Organization{ID: ref.ID, ParentID: root, Name: name, Learned: true})
	}
	return grown
}

// visible returns the ids that a filter and a scope select, including descendants; nil if neither is given.
func (t Tree) visible(filter []string, scope string) []string {
	if len(filter) == 0 && scope == "" {
		return nil
	}
	if len(filter) == 0 {
		filter = []string{scope}
	}
	visible := append([]string{}, t.Descendants(filter...)...)
	if scope != "" {
		allowed := make(map[string]bool)
		for _, id := range t.Descendants(scope) {
			allowed[id] = true
		}
		visible = slices.DeleteFunc(visible, func(id string) bool { return !allowed[id] })
	}
	slices.Sort(visible)
	return visible
}
