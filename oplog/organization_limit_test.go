package oplog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// treeOf returns so many organizations, o0 the root of the others.
func treeOf(n int) oplog.Tree {
	tree := make(oplog.Tree, n)
	for i := range tree {
		tree[i] = oplog.Organization{ID: fmt.Sprint("o", i), ParentID: "o0", Name: "x"}
	}
	tree[0].ParentID = ""
	return tree
}

// TestMaxOrganizations: a tree may be as large as the bound, whoever brings the
// last organization; beyond it each way is refused, and leaves all as it was.
func TestMaxOrganizations(t *testing.T) {
	l := newLog(t)
	ctx := context.Background()
	has := func(want int) {
		t.Helper()
		if tree, err := l.Organizations("acme", ""); err != nil || len(tree) != want {
			t.Errorf("%d organizations, %v; want %d", len(tree), err, want)
		}
	}
	_, err := l.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations+1))
	wantCode(t, err, oplog.CodeInvalid)
	wantFields(t, err, "")
	l.must(l.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations)))
	has(oplog.MaxOrganizations)

	_, err = l.Append(ctx, "acme", []oplog.Entry{of("o7", entry("a", 1)), entry("b", 1), of("new", entry("c", 1))})
	wantCode(t, err, oplog.CodeInvalid)
	wantFields(t, err, "3: organization.id")
	l.record("acme", of("o7", entry("a", 1)), entry("b", 1))

	// With room for one: the first that is new has it.
	l.must(l.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations-1)))
	_, err = l.Append(ctx, "acme", []oplog.Entry{of("first", entry("d", 1)), of("second", entry("e", 1)), of("first", entry("f", 1)), of("o7", entry("g", 1))})
	wantFields(t, err, "2: organization.id")
	has(oplog.MaxOrganizations - 1)
	file := linesOf(of("first", entry("d", 1)), of("second", entry("e", 1)), of("first", entry("f", 1)), of("o7", entry("g", 1)))
	refused := func(got *[]string) func(int, error) {
		return func(number int, why error) { *got = append(*got, fmt.Sprintf("%d: %v", number, why)) }
	}
	var checked, lines []string
	if found, err := l.CheckImport(ctx, "acme", file, refused(&checked)); err != nil || found != (oplog.Imported{Refused: 1}) {
		t.Errorf("checked %+v, %v", found, err)
	}
	has(oplog.MaxOrganizations - 1)
	if done, err := l.Import(ctx, "acme", file, false, refused(&lines)); err != nil || done != (oplog.Imported{Recorded: 3, Refused: 1}) {
		t.Errorf("imported %+v, %v", done, err)
	}
	for _, got := range [][]string{checked, lines} {
		if len(got) != 1 || !strings.HasPrefix(got[0], `2: organization.id "second" would be an organization more than the 100000`) {
			t.Errorf("%q", got)
		}
	}
	has(oplog.MaxOrganizations)
	_, err = l.CheckImport(ctx, "none", file, refused(&checked))
	wantCode(t, err, oplog.CodeNotFound)

	// What is left out and has entries counts too, where it stays.
	_, err = l.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations))
	wantFields(t, err, "")
	var e *oplog.Error
	if !errors.As(err, &e) || !strings.Contains(e.Fields[0].Message, "makes 100001 organizations with the 1 that it leaves out") {
		t.Error(err)
	}
	l.reopen()
	has(oplog.MaxOrganizations)
	l.must(l.SetOrganizations(ctx, "acme", treeOf(1)))
	has(3) // o0; o7 and first, archived
}
