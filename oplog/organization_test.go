package oplog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// parseTree parses "root east>root shop>east! …": an id, its parent after ">", and "!" if it is archived. Names are the ids in capitals.
func parseTree(s string) Tree {
	var tree Tree
	for node := range strings.FieldsSeq(s) {
		node, archived := strings.CutSuffix(node, "!")
		id, parent, _ := strings.Cut(node, ">")
		tree = append(tree, Organization{ID: id, ParentID: parent, Name: strings.ToUpper(id), Archived: archived})
	}
	return tree
}

func (t Tree) format() string {
	var nodes []string
	for _, o := range t {
		s := o.ID
		if o.ParentID != "" {
			s += ">" + o.ParentID
		}
		if o.Archived {
			s += "!"
		}
		nodes = append(nodes, s)
	}
	return strings.Join(nodes, " ")
}

const company = "shop>east root east>root west>root kiosk>shop"

func TestTreeContains(t *testing.T) {
	f := func(t *testing.T, tree, id, want string) {
		t.Helper()
		whole := NewOrganizationTree(parseTree(tree))
		var got []string
		for _, o := range whole.List() {
			if whole.Contains(id, o.ID) {
				got = append(got, o.ID)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("below %s in %s: %v, want %s", id, tree, got, want)
		}
	}
	f(t, company, "root", "east kiosk root shop west")
	f(t, company, "east", "east kiosk shop")
	f(t, company, "kiosk", "kiosk")
	f(t, company, "none", "")
	f(t, company, "", "")
	f(t, "", "root", "")
	f(t, "a b c>a", "a", "a c")
	f(t, "a b>a! c>b", "a", "a b c")
}

func TestTreeSubtree(t *testing.T) {
	f := func(t *testing.T, tree, id, want string) {
		t.Helper()
		whole := parseTree(tree)
		if got := NewOrganizationTree(whole).Subtree(id).format(); got != want {
			t.Errorf("subtree of %s in %s: %s, want %s", id, tree, got, want)
		}
		if whole.format() != tree {
			t.Errorf("the tree itself became %s", whole.format())
		}
	}
	f(t, company, "root", company)
	f(t, company, "east", "shop>east east kiosk>shop")
	f(t, company, "kiosk", "kiosk")
	f(t, company, "none", "")
	f(t, "a b>a!", "b", "b!")
}

func TestTreeValidate(t *testing.T) {
	f := func(t *testing.T, tree Tree, want ...string) {
		t.Helper()
		var got []string
		for _, errs := range tree.Validate() {
			got = append(got, errs.location())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tree.format(), got, want)
		}
	}
	at := func(i int, field string) string { return fmt.Sprintf("item %d: %s", i+1, field) }
	f(t, nil)
	f(t, parseTree(company))
	f(t, parseTree("a b c>b"))
	f(t, parseTree("a a"), at(1, "id"))
	f(t, parseTree("a b>c"), at(1, "parent_id"))
	f(t, parseTree("a>a"), at(0, "parent_id"))
	f(t, parseTree("a>b b>a"), at(0, "parent_id"))
	f(t, parseTree("r a>c b>a c>b"), at(1, "parent_id"))
	f(t, parseTree("r x>a a>b b>a"), at(1, "parent_id")) // below a cycle
	f(t, Tree{{Name: "A"}}, at(0, "id"))
	f(t, Tree{{ID: "a"}}, at(0, "name"))
	f(t, Tree{{ID: strings.Repeat("双", MaxOrganizationID), Name: strings.Repeat("双", MaxNameLength)}})
	f(t, Tree{{ID: strings.Repeat("双", MaxOrganizationID+1), Name: strings.Repeat("双", MaxNameLength+1)}}, at(0, "id"), at(0, "name"))
	f(t, Tree{{ID: "a\x00", Name: "\xff"}}, at(0, "id"), at(0, "name"))

	deep := make(Tree, 100_000) // too deep to walk up from each organization separately
	for i := range deep {
		deep[i] = Organization{ID: fmt.Sprint(i), Name: "x"}
		if i > 0 {
			deep[i].ParentID = fmt.Sprint(i - 1)
		}
	}
	f(t, deep)
	deep[0].ParentID = "99999"
	f(t, deep, at(0, "parent_id"))
}

func TestTreeReplace(t *testing.T) {
	f := func(t *testing.T, before, next, withEntries, want string) {
		t.Helper()
		got := parseTree(before).Replace(parseTree(next), func(id string) bool { return slices.Contains(strings.Fields(withEntries), id) })
		if got.format() != want {
			t.Errorf("%q replaced by %q: %q, want %q", before, next, got.format(), want)
		}
	}
	f(t, "", "", "", "")
	f(t, "", "a b>a", "", "a b>a")
	f(t, "a b>a", "a", "", "a")
	f(t, "a b>a", "a", "b", "a b>a!")
	f(t, "a b>a c>b", "a", "c", "a c>a!")           // its parent is gone: moved below the root
	f(t, "a b>a c>b", "a", "b c", "a b>a! c>b!")    // its parent is archived with it
	f(t, "a b>a c>b", "a c>a", "b c", "a c>a b>a!") // c moved, b stays for its entries
	f(t, "a b>a", "x y", "a b", "x y a! b>a!")      // no single root to move it below
	f(t, "a b>a", "x", "b", "x b>x!")
	f(t, "a b>a!", "a b>a", "", "a b>a")   // back in the host system's tree
	f(t, "a b>a!", "a", "b", "a b>a!")     // stays archived
	f(t, "a b>a!", "a", "", "a")           // its entries are gone
	f(t, "a", "a! b>a!", "", "a b>a")      // a sender cannot archive
	f(t, "a b>a", "", "a b", "a! b>a!")    // all gone
	f(t, "a b>a", "b a>b", "a b", "b a>b") // inverted
}

func TestTreeWith(t *testing.T) {
	f := func(t *testing.T, tree, seen, want string) {
		t.Helper()
		var refs []Ref
		for _, o := range parseTree(seen) {
			refs = append(refs, Ref{ID: o.ID, Name: o.Name})
		}
		before := parseTree(tree)
		whole := NewOrganizationTree(before)
		after := whole.Grown(whole.Learn(refs)).List()
		if after.format() != want || before.format() != tree {
			t.Errorf("%s with %s: %s, want %s", tree, seen, after.format(), want)
		}
	}
	f(t, "", "", "")
	f(t, "", "a", "a")
	f(t, "r a>r", "a r", "r a>r")
	f(t, "r", "a b a", "r a>r b>r")
	f(t, "r s", "a", "r s a")
	f(t, "r old!", "a", "r old! a>r")
	f(t, "r old>r!", "old", "r old>r!")
	with := func(tree Tree, seen ...Ref) Tree {
		whole := NewOrganizationTree(tree)
		return whole.Grown(whole.Learn(seen)).List()
	}
	if tree := with(with(nil, Ref{ID: "a"}), Ref{ID: "b"}); tree.format() != "a b" {
		t.Errorf("%s: what was learned first is no root for others", tree.format())
	}
	tree := with(nil, Ref{}, Ref{ID: "a"}, Ref{Name: "nameless"})
	if len(tree) != 1 || tree[0] != (Organization{ID: "a", Name: "a", Learned: true}) {
		t.Errorf("%+v, want a by its id", tree)
	}
}

func TestTreeSet(t *testing.T) {
	tree := NewOrganizationTree(parseTree(company))
	grown := tree.Grown(tree.Learn([]Ref{{ID: "new"}}))
	f := func(t *testing.T, filter, scope string, want string) {
		t.Helper()
		set := grown.set(strings.Fields(filter), scope)
		if set == nil {
			t.Fatalf("%q in scope %q is no filter", filter, scope)
		}
		var got []string
		for _, o := range grown.List() {
			if set.Has(o.ID) {
				got = append(got, o.ID)
			}
		}
		if ids := set.IDs(); ids == nil || len(got) > 0 && !slices.Equal(ids, got) {
			t.Errorf("%q in scope %q: ids %q, want %q", filter, scope, ids, got)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want || set.Empty() != (want == "") || set.Has("") || set.Has("none") {
			t.Errorf("%q in scope %q: %q, empty %v, want %q", filter, scope, got, set.Empty(), want)
		}
	}
	if none := grown.set(nil, ""); none != nil || none.IDs() != nil {
		t.Error("no filter is one")
	}
	f(t, "east", "", "east kiosk shop")
	f(t, "east shop west", "", "east kiosk shop west")
	f(t, "", "east", "east kiosk shop")
	f(t, "root", "east", "east kiosk shop")
	f(t, "shop", "east", "kiosk shop")
	f(t, "", "root", "east kiosk new root shop west")
	f(t, "new", "root", "new")
	f(t, "new", "", "new")
	f(t, "new east", "east", "east kiosk shop")
	f(t, "none", "", "")
	f(t, "west", "east", "") // outside of the scope: none, not all
	f(t, "", "none", "")     // a scope that is gone: none, not all
	f(t, "root", "none", "")
}

// TestTreeSetStaysStable: while a tree grows, a set keeps its key, and tells what came later; another tree has others.
func TestTreeSetStaysStable(t *testing.T) {
	tree := NewOrganizationTree(parseTree(company))
	first, none := tree.set([]string{"root"}, "").Stable()
	if len(none) > 0 {
		t.Errorf("learned %v", none)
	}
	for i := range maxAdded {
		tree = tree.Grown(tree.Learn([]Ref{{ID: fmt.Sprint("new", i)}}))
	}
	set := tree.set([]string{"root"}, "")
	key, learned := set.Stable()
	if key != first || len(learned) != maxAdded || set.WasKnown(learned[0]) || !set.WasKnown("east") || !set.Has(learned[7]) {
		t.Errorf("%q became %q, %d learned", first, key, len(learned))
	}
	if _, learned := tree.set([]string{"east"}, "").Stable(); len(learned) > 0 {
		t.Errorf("%d organizations are below east", len(learned))
	}
	tree = tree.Grown(tree.Learn([]Ref{{ID: "last"}}))
	if key, learned := tree.set([]string{"root"}, "").Stable(); key == first || len(learned) > 0 || tree.Len() != len(parseTree(company))+maxAdded+1 {
		t.Errorf("indexed again it has %q, %d learned, of %d", key, len(learned), tree.Len())
	}
	if key, _ := NewOrganizationTree(parseTree(company)).set([]string{"root"}, "").Stable(); key == first {
		t.Error("another tree has the same key")
	}
}

// After any number of replacements the tree is valid, contains the whole last replacement, and has lost nothing that has entries.
func TestTreeStaysATree(t *testing.T) {
	drawTree := func(t *rapid.T) Tree {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Fields("a b c d e f g h")), 0, 6, rapid.ID[string]).Draw(t, "ids")
		var tree Tree
		for i, id := range ids {
			o := Organization{ID: id, Name: id}
			if i > 0 {
				if at := rapid.IntRange(-1, i-1).Draw(t, "parent"); at >= 0 {
					o.ParentID = ids[at]
				}
			}
			tree = append(tree, o)
		}
		return tree
	}
	rapid.Check(t, func(t *rapid.T) {
		withEntries := rapid.SliceOf(rapid.SampledFrom(strings.Fields("a b c d e f g h"))).Draw(t, "with entries")
		has := func(id string) bool { return slices.Contains(withEntries, id) }
		tree := drawTree(t)
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			before, next := tree, drawTree(t)
			tree = before.Replace(next, has)
			if errs := tree.Validate(); errs != nil {
				t.Fatalf("%s replaced by %s is %s: %v", before.format(), next.format(), tree.format(), errs)
			}
			if got := tree[:len(next)].format(); got != next.format() {
				t.Fatalf("%s does not start with %s", tree.format(), next.format())
			}
			for _, o := range before {
				if _, kept := tree.Find(o.ID); !kept && has(o.ID) {
					t.Fatalf("%s replaced by %s: %s has entries and is lost", before.format(), next.format(), o.ID)
				}
			}
		}
	})
}
