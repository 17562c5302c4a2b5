package directory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// treeOf returns n organizations, o0 the root of the others.
func treeOf(n int) oplog.Tree {
	tree := make(oplog.Tree, n)
	for i := range tree {
		tree[i] = oplog.Organization{ID: fmt.Sprint("o", i), ParentID: "o0", Name: "x"}
	}
	tree[0].ParentID = ""
	return tree
}

// TestMaxOrganizations: a tree may reach the limit, whichever way the last organization is added; beyond it every way is rejected and
// changes nothing.
func TestMaxOrganizations(t *testing.T) {
	l := nodetest.New(t)
	ctx := context.Background()
	has := func(want int) {
		t.Helper()
		if tree, err := l.Directory.Organizations("acme", ""); err != nil || len(tree) != want {
			t.Errorf("%d organizations, %v; want %d", len(tree), err, want)
		}
	}
	_, err := l.Directory.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations+1))
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	nodetest.WantFields(t, err, "")
	l.Must(l.Directory.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations)))
	has(oplog.MaxOrganizations)

	_, err = l.Journal.Append(ctx, "acme", []oplog.Entry{nodetest.InOrganization("o7", nodetest.Entry("a", 1)), nodetest.Entry("b", 1), nodetest.InOrganization("new", nodetest.Entry("c", 1))})
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	nodetest.WantFields(t, err, "3: organization.id")
	l.Record("acme", nodetest.InOrganization("o7", nodetest.Entry("a", 1)), nodetest.Entry("b", 1))

	// With room for one more, the first new organization gets it.
	l.Must(l.Directory.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations-1)))
	_, err = l.Journal.Append(ctx, "acme", []oplog.Entry{nodetest.InOrganization("first", nodetest.Entry("d", 1)), nodetest.InOrganization("second", nodetest.Entry("e", 1)), nodetest.InOrganization("first", nodetest.Entry("f", 1)), nodetest.InOrganization("o7", nodetest.Entry("g", 1))})
	nodetest.WantFields(t, err, "2: organization.id")
	has(oplog.MaxOrganizations - 1)
	file := nodetest.ImportLines(nodetest.InOrganization("first", nodetest.Entry("d", 1)), nodetest.InOrganization("second", nodetest.Entry("e", 1)), nodetest.InOrganization("first", nodetest.Entry("f", 1)), nodetest.InOrganization("o7", nodetest.Entry("g", 1)))
	refused := func(got *[]string) func(int, error) {
		return func(number int, why error) { *got = append(*got, fmt.Sprintf("%d: %v", number, why)) }
	}
	var checked, lines []string
	if found, err := l.Journal.CheckImport(ctx, "acme", file, refused(&checked)); err != nil || found != (journal.ImportResult{Rejected: 1}) {
		t.Errorf("checked %+v, %v", found, err)
	}
	has(oplog.MaxOrganizations - 1)
	if done, err := l.Journal.Import(ctx, "acme", file, false, refused(&lines)); err != nil || done != (journal.ImportResult{Recorded: 3, Rejected: 1}) {
		t.Errorf("imported %+v, %v", done, err)
	}
	for _, got := range [][]string{checked, lines} {
		if len(got) != 1 || !strings.HasPrefix(got[0], `2: organization.id "second" would exceed the limit of 100000 organizations`) {
			t.Errorf("%q", got)
		}
	}
	has(oplog.MaxOrganizations)
	_, err = l.Journal.CheckImport(ctx, "none", file, refused(&checked))
	nodetest.WantCode(t, err, oplog.CodeNotFound)

	// Omitted organizations with entries stay and count.
	_, err = l.Directory.SetOrganizations(ctx, "acme", treeOf(oplog.MaxOrganizations))
	nodetest.WantFields(t, err, "")
	var e *oplog.Error
	if !errors.As(err, &e) || !strings.Contains(e.Fields[0].Message, "results in 100001 organizations, including 1 omitted") {
		t.Error(err)
	}
	l.Restart()
	has(oplog.MaxOrganizations)
	l.Must(l.Directory.SetOrganizations(ctx, "acme", treeOf(1)))
	has(3) // o0; o7 and first, archived
}

// TestMaxOrganizationBytes: entries cannot fill the memory with long names of new organizations; known ones are still used.
func TestMaxOrganizationBytes(t *testing.T) {
	l := nodetest.New(t)
	name := strings.Repeat("界", oplog.MaxNameLength)
	tree := make(oplog.Tree, 0, oplog.MaxOrganizationBytes/len(name))
	for size := 0; size+len(name)+8 <= oplog.MaxOrganizationBytes; size += len(name) + 6 {
		tree = append(tree, oplog.Organization{ID: fmt.Sprintf("o%05d", len(tree)), Name: name})
	}
	for i := range tree[1:] {
		tree[i+1].ParentID = tree[0].ID
	}
	l.Must(l.Directory.SetOrganizations(t.Context(), "acme", tree))
	long := nodetest.Entry("a", 1)
	long.Organization = oplog.Ref{ID: "new", Name: name}
	_, err := l.Journal.Append(t.Context(), "acme", []oplog.Entry{nodetest.InOrganization("o00007", nodetest.Entry("b", 1)), long})
	nodetest.WantFields(t, err, "2: organization.id")
	l.Record("acme", nodetest.InOrganization("o00007", nodetest.Entry("b", 1)))
}
