package oplog

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// OrganizationTree is a tenant's organizations with an index of what is below what. It is immutable; Grown is cheap.
type OrganizationTree struct {
	base  *treeIndex
	added Tree           // learned since the base was indexed
	place map[string]int // in added, by id
	bytes int            // of the ids and names of added
}

// maxAdded is the number of organizations from which a grown tree is indexed again.
const maxAdded = 1024

// treeIndex numbers the organizations of a tree so that those below an organization follow it.
type treeIndex struct {
	serial uint64 // of this process
	list   Tree
	place  map[string]int32 // in list, by id
	number []int32          // by place
	end    []int32          // by place: the number after the last one below it
	bytes  int              // of ids and names
	root   string           // of unknown organizations; see Tree.root
}

var treeSerial atomic.Uint64

// NewOrganizationTree indexes a tree, which must not be modified afterwards.
func NewOrganizationTree(list Tree) *OrganizationTree {
	x := &treeIndex{
		serial: treeSerial.Add(1), list: list, place: make(map[string]int32, len(list)),
		number: make([]int32, len(list)), end: make([]int32, len(list)), root: list.root(),
	}
	for i := range list {
		x.bytes += len(list[i].ID) + len(list[i].Name)
		x.place[list[i].ID] = int32(i) //nolint:gosec // at most MaxOrganizations
	}
	below := make([][]int32, len(list))
	var tops []int32
	for i := range list {
		if parent, known := x.place[list[i].ParentID]; known {
			below[parent] = append(below[parent], int32(i)) //nolint:gosec // at most MaxOrganizations
		} else {
			tops = append(tops, int32(i)) //nolint:gosec // at most MaxOrganizations
		}
	}
	next := int32(0)
	for _, top := range tops {
		next = x.numberFrom(top, below, next)
	}
	return &OrganizationTree{base: x}
}

// numberFrom numbers an organization and all below it, without recursion: a tree may be a chain.
func (x *treeIndex) numberFrom(top int32, below [][]int32, next int32) int32 {
	stack := []int32{top}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		if at < 0 { // all below it have numbers
			x.end[^at] = next
			stack = stack[:len(stack)-1]
			continue
		}
		x.number[at] = next
		next++
		stack[len(stack)-1] = ^at
		stack = append(stack, below[at]...)
	}
	return next
}

// Len returns the number of organizations.
func (t *OrganizationTree) Len() int { return len(t.base.list) + len(t.added) }

// List returns the organizations, which must not be modified.
func (t *OrganizationTree) List() Tree {
	if len(t.added) == 0 {
		return t.base.list
	}
	return slices.Concat(t.base.list, t.added)
}

// Find returns the organization with the given id.
func (t *OrganizationTree) Find(id string) (Organization, bool) {
	if i, known := t.base.place[id]; known {
		return t.base.list[i], true
	}
	if i, known := t.place[id]; known {
		return t.added[i], true
	}
	return Organization{}, false
}

// Contains reports whether an organization of the tree is another one or below it.
func (t *OrganizationTree) Contains(top, id string) bool {
	for {
		if i, known := t.base.place[id]; known {
			above, known := t.base.place[top]
			return known && t.base.number[above] <= t.base.number[i] && t.base.number[i] < t.base.end[above]
		}
		i, known := t.place[id]
		if !known || id == top {
			return known
		}
		id = t.added[i].ParentID // which is in the base, or ""
	}
}

// Subtree returns the part of the tree under an organization, which becomes a root.
func (t *OrganizationTree) Subtree(id string) Tree {
	var sub Tree
	for _, o := range t.List() {
		if !t.Contains(id, o.ID) {
			continue
		}
		if o.ID == id {
			o.ParentID = ""
		}
		sub = append(sub, o)
	}
	return sub
}

// Learn returns the organizations that a tree gets for unknown ones, under its root.
func (t *OrganizationTree) Learn(seen []Ref) Tree {
	var learned Tree
	met := make(map[string]bool)
	for _, ref := range seen {
		if _, known := t.Find(ref.ID); ref.ID == "" || known || met[ref.ID] {
			continue
		}
		met[ref.ID] = true
		name := ref.Name
		if name == "" {
			name = ref.ID
		}
		learned = append(learned, Organization{ID: ref.ID, ParentID: t.base.root, Name: name, Learned: true})
	}
	return learned
}

// Grown returns the tree with learned organizations.
func (t *OrganizationTree) Grown(learned Tree) *OrganizationTree {
	if len(learned) == 0 {
		return t
	}
	added := slices.Concat(t.added, learned)
	if len(added) > maxAdded {
		return NewOrganizationTree(slices.Concat(t.base.list, added))
	}
	place := make(map[string]int, len(added))
	size := 0
	for i := range added {
		place[added[i].ID] = i
		size += len(added[i].ID) + len(added[i].Name)
	}
	return &OrganizationTree{base: t.base, added: added, place: place, bytes: size}
}

// NoRoomFor returns an error for each entry whose unknown organization would exceed MaxOrganizations or MaxOrganizationBytes.
func (t *OrganizationTree) NoRoomFor(entries []Entry) []FieldError {
	size := t.base.bytes + t.bytes
	if t.Len()+len(entries) <= MaxOrganizations && size+len(entries)*(MaxOrganizationID+MaxNameLength)*utf8.UTFMax <= MaxOrganizationBytes {
		return nil
	}
	met := make(map[string]bool)
	v := Validation{}
	for i := range entries {
		id := entries[i].Organization.ID
		_, known := t.Find(id)
		if id == "" || known || met[id] {
			continue
		}
		v.item = i + 1
		next := size + len(id) + len(entries[i].Organization.Name)
		switch {
		case next > MaxOrganizationBytes:
			v.Fail("organization.id", id,
				"organizations_too_long", "would exceed the limit of {max} bytes for the names and ids of a tenant's organizations; use an existing one, or omit organization", MaxOrganizationBytes)
		case t.Len()+len(met) < MaxOrganizations:
			met[id], size = true, next
		default:
			v.Fail("organization.id", id,
				"no_room_for_organization", "would exceed the limit of {max} organizations per tenant; use an existing one, or omit organization", MaxOrganizations)
		}
	}
	return v.Errors
}

// OrganizationSet is the organizations of a tree that are some given ones, or below them, and within a scope. It lists none of them.
type OrganizationSet struct {
	tree  *OrganizationTree
	tops  []string // nil for all
	scope string   // "" for none
}

// set returns the organizations that a filter and a scope select, with all below them; nil if neither is given.
func (t *OrganizationTree) set(filter []string, scope string) *OrganizationSet {
	if len(filter) == 0 && scope == "" {
		return nil
	}
	return &OrganizationSet{t, filter, scope}
}

// Has reports whether an organization is in the set.
func (s *OrganizationSet) Has(id string) bool {
	if s.scope != "" && !s.tree.Contains(s.scope, id) {
		return false
	}
	return len(s.tops) == 0 || slices.ContainsFunc(s.tops, func(top string) bool { return s.tree.Contains(top, id) })
}

// IDs returns the ids of the set's organizations; nil for no set.
func (s *OrganizationSet) IDs() []string {
	if s == nil {
		return nil
	}
	ids := []string{}
	for _, o := range s.tree.List() {
		if s.Has(o.ID) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Empty reports whether no organization is in the set.
func (s *OrganizationSet) Empty() bool {
	if len(s.tops) == 0 {
		return !s.Has(s.scope)
	}
	return !slices.ContainsFunc(s.tops, func(top string) bool {
		return s.Has(top) || s.scope != "" && s.tree.Contains(top, s.scope)
	})
}

// Stable returns a key of the set that stays equal, within this process, while the tree only grows by a few learned organizations, and these:
// what is remembered by the key has to be completed by them.
func (s *OrganizationSet) Stable() (key string, learned []string) {
	for _, o := range s.tree.added {
		if s.Has(o.ID) {
			learned = append(learned, o.ID)
		}
	}
	return strconv.FormatUint(s.tree.base.serial, 36) + "\x00" + s.scope + "\x00" + strings.Join(s.tops, "\x00"), learned
}

// WasKnown reports whether an organization is in the set, and not among those that Stable returns as learned.
func (s *OrganizationSet) WasKnown(id string) bool {
	_, known := s.tree.base.place[id]
	return known && s.Has(id)
}
