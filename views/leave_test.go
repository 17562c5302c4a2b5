package views_test

import (
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/views"
)

// TestRemovePrivate: what a person did not share goes, in every tenant; views that are shared and those of others stay.
func TestRemovePrivate(t *testing.T) {
	log := nodetest.New(t)
	ann, bob := identity.Account{Username: "ann", Role: identity.RoleOwner}, identity.Account{Username: "an", Role: identity.RoleOwner}
	for _, tenant := range []string{"a", "b"} {
		if _, err := log.Directory.AddTenant(oplog.Tenant{ID: tenant, Name: tenant, TimeZone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		for _, of := range []identity.Account{ann, bob} {
			for _, shared := range []bool{false, true} {
				v, err := log.Views.Add(views.View{Tenant: tenant, Name: map[bool]string{false: "private", true: "shared"}[shared], Shared: shared}, of)
				if err == nil && !shared {
					err = log.Views.SetStart(tenant, v.ID, of)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, want := range []int{2, 0} {
		if removed, err := log.Views.RemovePrivate("ann"); err != nil || removed != want {
			t.Errorf("%d removed, want %d: %v", removed, want, err)
		}
	}
	for _, tenant := range []string{"a", "b"} {
		if of, err := log.Views.List(tenant, ann); err != nil || len(of) != 2 || !of[0].Shared || !of[1].Shared {
			t.Errorf("%+v %v", of, err)
		}
		if of, err := log.Views.List(tenant, bob); err != nil || len(of) != 3 {
			t.Errorf("%+v %v", of, err)
		}
		if _, err := log.Views.Start(tenant, ann); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("ann starts with a view: %v", err)
		}
		if _, err := log.Views.Start(tenant, bob); err != nil {
			t.Error(err)
		}
	}
}
