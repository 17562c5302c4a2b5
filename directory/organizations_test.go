package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestLearningWritesLittle: a new organization among many is a small record of its own; the tree is the same after a restart, and a
// replacement has everything in one record again.
func TestLearningWritesLittle(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Directory.SetOrganizations(t.Context(), "acme", treeOf(2000)))
	before, _, err := l.Store.Record(oplog.RecordOrganizations, "acme")
	l.Must(nil, err)
	for i := range 3 {
		l.Record("acme", nodetest.InOrganization(fmt.Sprint("new", i), nodetest.Entry(fmt.Sprint("n", i), 1)))
	}
	l.Record("acme", nodetest.InOrganization("new1", nodetest.Entry("known", 1)))
	after, _, err := l.Store.Record(oplog.RecordOrganizations, "acme")
	l.Must(nil, err)
	learned, err := l.Store.Records(oplog.RecordLearned, "acme/")
	l.Must(nil, err)
	if string(after) != string(before) || len(learned) != 3 {
		t.Errorf("%d records were added, and the tree was written again: %v", len(learned), string(after) != string(before))
	}
	for _, r := range learned {
		if len(r.Data) > 200 {
			t.Errorf("%s has %d bytes", r.Name, len(r.Data))
		}
	}
	ids := func() string {
		t.Helper()
		tree, err := l.Directory.Organizations("acme", "")
		l.Must(nil, err)
		var last []string
		for _, o := range tree[min(len(tree), 1999):] {
			last = append(last, o.ID+">"+o.ParentID)
		}
		return strings.Join(last, " ")
	}
	want := "o1999>o0 new0>o0 new1>o0 new2>o0"
	if got := ids(); got != want {
		t.Errorf("the tree ends with %s, want %s", got, want)
	}
	l.Restart()
	if got := ids(); got != want {
		t.Errorf("after a restart it ends with %s, want %s", got, want)
	}
	l.Record("acme", nodetest.InOrganization("new3", nodetest.Entry("later", 1)))
	if got := ids(); got != want+" new3>o0" {
		t.Errorf("then it ends with %s", got)
	}
	l.Must(l.Directory.SetOrganizations(t.Context(), "acme", treeOf(2000)))
	learned, err = l.Store.Records(oplog.RecordLearned, "acme/")
	l.Must(nil, err)
	want += " new3>o0"
	if got := ids(); got != want || len(learned) != 0 {
		t.Errorf("replaced it ends with %s, and %d records are left", got, len(learned))
	}
	l.Record("acme", nodetest.InOrganization("new4", nodetest.Entry("last", 1)))
	l.Restart()
	if got := ids(); got != want+" new4>o0" {
		t.Errorf("at last it ends with %s", got)
	}
}

// TestLearningSettingsStay: settings that change while a tree grows do not lose what it has learned, nor the other way round.
func TestLearningSettingsStay(t *testing.T) {
	l := nodetest.New(t)
	l.Record("acme", nodetest.InOrganization("one", nodetest.Entry("a", 1)))
	l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Name = "Renamed" }))
	l.Record("acme", nodetest.InOrganization("two", nodetest.Entry("b", 1)))
	state, err := l.Directory.State("acme")
	l.Must(nil, err)
	if state.Name != "Renamed" || state.OrganizationName("one") == "" || state.OrganizationName("two") == "" {
		t.Errorf("%s has %v", state.Name, state.Tree.List())
	}
}
