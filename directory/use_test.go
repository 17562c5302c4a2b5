package directory_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// stoppedIndex is an index that calls after when it has counted, before the counts are used, and opening before it opens a tenant.
type stoppedIndex struct {
	oplog.Index
	after   func()
	opening func(tenant string)
}

func (x *stoppedIndex) Open(ctx context.Context, tenant string) error {
	if x.opening != nil {
		x.opening(tenant)
	}
	return x.Index.Open(ctx, tenant)
}

func (x *stoppedIndex) Count(ctx context.Context, tenant string, m oplog.Match, buckets []time.Time) (oplog.Counts, error) {
	counts, err := x.Index.Count(ctx, tenant, m, buckets)
	if x.after != nil {
		x.after()
	}
	return counts, err
}

// newStoppedIndex returns a node with such an index.
func newStoppedIndex(t *testing.T) (*node.Node, *stoppedIndex) {
	t.Helper()
	dir := t.TempDir()
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := search.Open(filepath.Join(dir, "index"), store)
	if err != nil {
		t.Fatal(err)
	}
	index := &stoppedIndex{Index: engine}
	l, err := node.New(store, index, node.Options{ExportDir: filepath.Join(dir, "exports")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, index
}

// TestEntriesBetweenCountAndReplacement: if an entry arrives between counting what is in use and replacing a tree or catalog, what the
// entry names is kept.
func TestEntriesBetweenCountAndReplacement(t *testing.T) {
	l, index := newStoppedIndex(t)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", DataPermission: true}))
	must(l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "hq", Name: "HQ"}, {ID: "shop", ParentID: "hq", Name: "Shop"}}))
	must(l.Directory.SetCatalog(ctx, "acme", oplog.Catalog{Modules: []oplog.Module{{
		Key: "till", Title: oplog.Title{EN: "Till", ZH: "收银"}, Operations: []string{"edit"},
	}}}))

	e := nodetest.Entry("", 0)
	e.Time, e.ID = time.Time{}, ""
	e.Organization, e.Module, e.Operation = oplog.Ref{ID: "shop", Name: "Shop"}, "till", "edit"
	arrive := func(replace func() error) {
		t.Helper()
		appended := make(chan error, 1)
		counts := 0
		index.after = func() {
			if counts++; counts == 1 {
				return // the first only opens the index
			}
			index.after = nil
			go func() {
				_, err := l.Journal.Append(ctx, "acme", []oplog.Entry{e})
				appended <- err
			}()
			select {
			case err := <-appended: // nothing blocked it
				appended <- err
			case <-time.After(100 * time.Millisecond):
			}
		}
		must(nil, replace())
		// The entry was stored with what it names, or rejected because that was removed.
		err := <-appended
		if oplog.CodeOf(err) == oplog.CodeInvalid {
			return
		}
		must(nil, err)
		checkUsedKept(t, l)
	}
	arrive(func() error {
		_, err := l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "hq", Name: "HQ"}})
		return err
	})
	must(l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "hq", Name: "HQ"}, {ID: "shop", ParentID: "hq", Name: "Shop"}}))
	arrive(func() error {
		_, err := l.Directory.SetCatalog(ctx, "acme", oplog.Catalog{})
		return err
	})
}

// checkUsedKept checks that acme still has the organization and the module that an entry names.
func checkUsedKept(t *testing.T, l *node.Node) {
	t.Helper()
	state, err := l.Directory.State("acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, known := state.Tree.Find("shop"); !known {
		t.Error("an entry names an organization that the tree lacks")
	}
	if _, known := state.Catalog.Module("till"); !known {
		t.Error("an entry names a module that the catalog lacks")
	}
}

// TestWaitingForTheIndex: while an append waits for its index, the tenant's settings change, its expired entries are deleted, and other tenants
// record.
func TestWaitingForTheIndex(t *testing.T) {
	l, index := newStoppedIndex(t)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", DataPermission: true, RetentionDays: 200}))
	must(l.Directory.AddTenant(oplog.Tenant{ID: "other", Name: "Other"}))
	e := oplog.Entry{User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "edit"}
	waits := 0
	index.opening = func(tenant string) {
		if tenant != "acme" {
			return
		}
		waits++
		must(nil, l.Journal.Retain(t.Context()))
		must(l.Directory.SetOrganizations(t.Context(), "acme", oplog.Tree{{ID: "hq", Name: "HQ"}}))
		must(l.Journal.Append(t.Context(), "other", []oplog.Entry{e}))
	}
	must(l.Journal.Append(t.Context(), "acme", []oplog.Entry{e}))
	if waits != 1 {
		t.Errorf("it waited %d times", waits)
	}
}
