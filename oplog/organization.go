package oplog

import "slices"

// Organization is a node of a tenant's tree of organizations.
type Organization struct {
	ID       string `json:"id"`
	ParentID string `json:"parent_id,omitempty"` // "" for a root
	Name     string `json:"name"`
	Archived bool   `json:"archived,omitempty"` // no longer in the host's tree, kept for its entries
	Learned  bool   `json:"learned,omitempty"`  // known from entries alone, not from the host's tree
}

// MaxOrganizations is how many organizations a tenant may have, archived ones
// and those known from entries alone too.
const MaxOrganizations = 100_000

// Tree is a tenant's organizations, parents and children in any order. The
// zero Tree is empty.
type Tree []Organization

// Below returns the ids, as far as they are in the tree, and those of all
// organizations below them, each once; nil for none.
func (t Tree) Below(ids ...string) []string {
	children := make(map[string][]string, len(t))
	within := make(map[string]bool, len(t)) // the tree, and not met yet
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

// Find returns the organization with that id.
func (t Tree) Find(id string) (Organization, bool) {
	for _, o := range t {
		if o.ID == id {
			return o, true
		}
	}
	return Organization{}, false
}

// Subtree returns the part of the tree that starts at an organization, which
// becomes a root.
func (t Tree) Subtree(id string) Tree {
	within := make(map[string]bool)
	for _, b := range t.Below(id) {
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

// root returns the id of the only root of the host's tree, or "" where there is
// none or more than one: organizations that the tree does not know go there.
// What was itself learned from entries is no root for others.
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

// Validate checks that ids are unique, that parents exist, and that no
// organization is below itself.
func (t Tree) Validate() []FieldError {
	v := Validation{}
	if len(t) > MaxOrganizations {
		v.Fail("", len(t), "has %d organizations, and a tenant may have %d; leave out those without users", len(t), MaxOrganizations)
		return v.Errors
	}
	parent := make(map[string]string, len(t))
	for i, o := range t {
		v.item = i + 1
		v.Text("id", o.ID, 1, MaxOrganizationID)
		v.Text("name", o.Name, 1, MaxNameLength)
		if _, twice := parent[o.ID]; twice {
			v.Fail("id", o.ID, "stands twice in the tree")
		}
		parent[o.ID] = o.ParentID
	}
	rooted := map[string]bool{"": true} // ids above which there is an end
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

// ReplacedBy returns the tree that stands after a PUT of next: next itself,
// and of the present tree what still has entries, archived, below its parent
// where that stays too.
func (t Tree) ReplacedBy(next Tree, hasEntries func(id string) bool) Tree {
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

// NoRoomFor returns the entries whose organizations the tree does not know, and
// cannot learn beside those of the entries before them.
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
				"would be an organization more than the %d that a tenant may have; send one that it has, or leave organization out", MaxOrganizations)
		}
	}
	return v.Errors
}

// With returns the tree with the organizations that it does not know yet added
// under its root, or t itself where it knows all.
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

// visible returns the organizations that a filter and a scope let through,
// each with all below; nil where neither is given.
func (t Tree) visible(filter []string, scope string) []string {
	if len(filter) == 0 && scope == "" {
		return nil
	}
	if len(filter) == 0 {
		filter = []string{scope}
	}
	visible := append([]string{}, t.Below(filter...)...)
	if scope != "" {
		allowed := make(map[string]bool)
		for _, id := range t.Below(scope) {
			allowed[id] = true
		}
		visible = slices.DeleteFunc(visible, func(id string) bool { return !allowed[id] })
	}
	slices.Sort(visible)
	return visible
}
