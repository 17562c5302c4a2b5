package node_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/views"
)

// TestSettingsOnAllNodes: what a node keeps in memory of a tenant follows changes that were made on others.
func TestSettingsOnAllNodes(t *testing.T) {
	n := nodetest.NewNodes(t, 3)
	state := func(m *nodetest.Member) oplog.TenantState {
		t.Helper()
		s, err := m.Directory.State("acme")
		m.Must(s, err)
		return s
	}
	onAll := func(what string, holds func(oplog.TenantState) bool) {
		t.Helper()
		for i, m := range n.All {
			if !holds(state(m)) {
				t.Errorf("node %d does not know of %s", i, what)
			}
		}
	}
	onAll("the tenant", func(s oplog.TenantState) bool { return s.Name == "Acme" })
	l, ctx := n.All[1], t.Context()
	l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Name = "Renamed" }))
	onAll("its name", func(s oplog.TenantState) bool { return s.Name == "Renamed" })
	l.Record("acme", nodetest.InOrganization("new", nodetest.Entry("a", 1)))
	onAll("a learned organization", func(s oplog.TenantState) bool { return s.OrganizationName("new") != "" })
	l.Must(l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "other", Name: "Other"}}))
	onAll("the tree", func(s oplog.TenantState) bool {
		_, shop := s.Tree.Find("shop")
		return s.OrganizationName("other") != "" && s.OrganizationName("new") != "" && !shop
	})
	l.Must(l.Directory.SetCatalog(ctx, "acme", oplog.Catalog{Modules: []oplog.Module{{
		Key: "till", Title: oplog.Title{EN: "Till", ZH: "收银"}, Operations: []string{"edit"},
	}}}))
	onAll("the catalog", func(s oplog.TenantState) bool { _, known := s.Catalog.Module("till"); return known })
	h, err := l.Directory.AddHold("acme", oplog.Hold{From: "2026-01-01", Reason: "case", SetBy: "owner"})
	l.Must(h, err)
	onAll("the hold", func(s oplog.TenantState) bool { return len(s.Holds) == 1 && s.Holds[0].LiftedAt.IsZero() })
	l.Must(l.Directory.LiftHold("acme", h.ID, "owner"))
	onAll("the lifted hold", func(s oplog.TenantState) bool { return !s.Holds[0].LiftedAt.IsZero() })
	ann := identity.Account{Username: "ann", Role: identity.RoleAuditor, Tenant: "acme"}
	l.Must(l.Views.Add(views.View{Tenant: "acme", Name: "Mine", Query: "q=x"}, ann))
	for i, m := range n.All {
		if mine, err := m.Views.List("acme", ann); err != nil || len(mine) != 1 {
			t.Errorf("node %d has %d views, %v", i, len(mine), err)
		}
	}
}

// TestLiveOnAllNodes: a live stream of each node has what was recorded through any, and its index follows.
func TestLiveOnAllNodes(t *testing.T) {
	n := nodetest.NewNodes(t, 3)
	streams := make([]chan string, len(n.All))
	ctx, end := context.WithCancel(t.Context())
	defer end()
	for i, m := range n.All {
		streams[i] = make(chan string, 10)
		live := journal.NewLive(m.Journal, func(b []byte, e *oplog.Entry) []byte { return append(b, e.Content.ID...) })
		go func() {
			_ = live.Follow(ctx, "acme", oplog.Query{}, 0, time.Hour, func(data []byte, _ uint64) error {
				if len(data) > 0 {
					streams[i] <- string(data)
				}
				return nil
			})
		}()
	}
	n.All[2].Record("acme", nodetest.Entry("a", 1))
	for i, m := range n.All {
		select {
		case got := <-streams[i]:
			if got != "a" {
				t.Errorf("node %d streams %s", i, got)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("node %d streams nothing", i)
		}
		if got := m.Find("acme", oplog.Query{}); got != "a" {
			t.Errorf("node %d finds %q", i, got)
		}
		if s, err := m.Status(); err != nil || s.Recorded != 1 || s.Tenants != 2 {
			t.Errorf("node %d: %+v, %v", i, s, err)
		}
	}
}

// TestBackupWithoutLeader: a backup is complete although nothing can be recorded of it; later ones are known on all nodes.
func TestBackupWithoutLeader(t *testing.T) {
	n := nodetest.NewNodes(t, 2)
	take := func() {
		t.Helper()
		b, err := n.All[1].Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var copied bytes.Buffer
		if _, err := io.Copy(&copied, io.NewSectionReader(b, 0, b.Size)); err != nil || int64(copied.Len()) != b.Size {
			t.Errorf("%d of %d bytes, %v", copied.Len(), b.Size, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	n.Part(false)
	take()
	n.Lead(0)
	take()
	if s, err := n.All[0].Status(); err != nil || !s.LastBackupAt.Equal(n.Clock.Now()) {
		t.Errorf("%s, %v", s.LastBackupAt, err)
	}
}

// TestScrubOfEachNode: each node checks its own copy, and its record of that is not of the others.
func TestScrubOfEachNode(t *testing.T) {
	n := nodetest.NewNodes(t, 2)
	n.All[1].Must(nil, n.All[1].Store.PutRecord(oplog.RecordServer, "scrub", oplog.Revision{}, []byte("{}")))
	if _, _, err := n.All[0].Store.Record(oplog.RecordServer, "scrub"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Error(err)
	}
}

// TestStartWithoutLeader: a node starts, answers and closes while none leads.
func TestStartWithoutLeader(t *testing.T) {
	n := nodetest.NewNodes(t, 2)
	n.All[0].Record("acme", nodetest.Entry("a", 1))
	for _, told := range []bool{false, true} {
		n.Part(told)
		n.All[1].Stop()
		n.All[1].Start()
	}
	if got := n.All[1].Find("acme", oplog.Query{}); got != "a" {
		t.Errorf("it finds %q", got)
	}
	if _, err := n.All[1].Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Name = "x" }); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), "leads") {
		t.Error(err)
	}
}
