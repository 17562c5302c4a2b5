package oplog

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

// MaxOrganizationBytes limits the ids and names of a tenant's organizations together, beyond which entries add none: trees are kept in memory.
const MaxOrganizationBytes = 32 << 20

// Tree is a tenant's organizations in any order. The zero Tree is empty.
type Tree []Organization

// Find returns the organization with the given id.
func (t Tree) Find(id string) (Organization, bool) {
	for _, o := range t {
		if o.ID == id {
			return o, true
		}
	}
	return Organization{}, false
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
		v.Fail("", len(t), "too_many_organizations", "has {count} organizations, more than the limit of {max}; omit those without users", len(t), MaxOrganizations)
		return v.Errors
	}
	parent := make(map[string]string, len(t))
	for i, o := range t {
		v.item = i + 1
		v.Text("id", o.ID, 1, MaxOrganizationID)
		v.Text("name", o.Name, 1, MaxNameLength)
		if _, twice := parent[o.ID]; twice {
			v.Fail("id", o.ID, "listed_twice", "is listed twice")
		}
		parent[o.ID] = o.ParentID
	}
	rooted := map[string]bool{"": true} // ids whose ancestors lead to a root
	for i, o := range t {
		v.item = i + 1
		if _, known := parent[o.ParentID]; o.ParentID != "" && !known {
			v.Fail("parent_id", o.ParentID, "not_in_tree", "is not in the tree")
			continue
		}
		var path []string
		for up := o.ParentID; !rooted[up]; up = parent[up] {
			if path = append(path, up); len(path) > len(t) {
				v.Fail("parent_id", o.ParentID, "own_ancestor", "makes the organization its own ancestor")
				return v.Errors
			}
		}
		for _, id := range path {
			rooted[id] = true
		}
	}
	return v.Errors
}

// ValidateNew checks the ids and names that next has and the tree has not: entries may add organizations with any characters, and those stay,
// but nobody sets such names.
func (t *OrganizationTree) ValidateNew(next Tree) []FieldError {
	v := Validation{}
	for i, o := range next {
		v.item = i + 1
		known, exists := t.Find(o.ID)
		if !exists {
			v.Name("id", o.ID, 1, MaxOrganizationID)
		}
		if !exists || known.Name != o.Name {
			v.Name("name", o.Name, 1, MaxNameLength)
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
