package exports_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// status returns the status of an export as a node has it; "" if it is gone.
func status(t *testing.T, m *nodetest.Member, x exports.Export) exports.Status {
	t.Helper()
	now, err := m.Exports.Export(x.Tenant, x.ID, "")
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return now.Status
}

// becomes waits until an export has a status on a node.
func becomes(t *testing.T, m *nodetest.Member, x exports.Export, want exports.Status) {
	t.Helper()
	nodetest.Eventually(t, "the export is "+string(want), func() bool { return status(t, m, x) == want })
}

// today starts an export of today's entries of acme.
func today(m *nodetest.Member) exports.Export {
	m.T.Helper()
	return (&testLog{m.Log}).export(exports.Export{Tenant: "acme", Range: oplog.RangeToday, CreatedBy: report})
}

// change changes the record of an export.
func change(t *testing.T, m *nodetest.Member, x exports.Export, by func(*exports.Export)) {
	t.Helper()
	name := x.Tenant + "/" + x.ID
	data, revision, err := m.Store.Record(oplog.RecordExport, name)
	if err == nil {
		err = json.Unmarshal(data, &x)
	}
	by(&x)
	if changed, encodes := json.Marshal(x); err == nil && encodes == nil {
		err = m.Store.PutRecord(oplog.RecordExport, name, revision, changed)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// newExporting returns a log on nodes with an entry.
func newExporting(t *testing.T, n int) *nodetest.Nodes {
	t.Helper()
	nodes := nodetest.NewNodes(t, n)
	nodes.All[0].Record("acme", nodetest.Entry("a", 1))
	return nodes
}

// TestExportOfAnotherNode: all nodes list an export; its file is on the node that made it, which any node can have removed.
func TestExportOfAnotherNode(t *testing.T) {
	n := newExporting(t, 3)
	here, there := n.All[1], n.All[2]
	x := today(here)
	becomes(t, there, x, exports.Done)
	x, err := there.Exports.Export("acme", x.ID, "")
	there.Must(x, err)
	if node, elsewhere := there.Exports.Elsewhere(x); node != here.ID || !elsewhere {
		t.Errorf("it is on %q, %v", node, elsewhere)
	}
	if _, elsewhere := here.Exports.Elsewhere(x); elsewhere {
		t.Error("its own node looks for it elsewhere")
	}
	if got := (&testLog{here.Log}).rows(x); got != "a end" {
		t.Errorf("the file has %s", got)
	}
	_, err = there.Exports.Open(x)
	nodetest.WantCode(t, err, oplog.CodeUnavailable)
	_, err = there.Exports.Manifest(x)
	nodetest.WantCode(t, err, oplog.CodeUnavailable)
	if cancelled, err := there.Exports.Remove(x); cancelled || err != nil {
		t.Errorf("removed: %v, %v", cancelled, err)
	}
	nodetest.Eventually(t, "its files are removed", func() bool { return len((&testLog{here.Log}).files()) == 0 })
	if got := status(t, here, x); got != "" {
		t.Errorf("it is %s", got)
	}
}

// TestCancelAcrossNodes: any node can have an export cancelled; if its own node does not come back, asking again removes it.
func TestCancelAcrossNodes(t *testing.T) {
	n := newExporting(t, 3)
	x := (&testLog{n.All[1].Log}).heldExport()
	now, err := n.All[0].Exports.Export("acme", x.ID, "")
	n.All[0].Must(now, err)
	if cancelled, err := n.All[0].Exports.Remove(now); !cancelled || err != nil {
		t.Errorf("cancelled: %v, %v", cancelled, err)
	}
	n.All[1].Lines.Gate <- nil
	becomes(t, n.All[2], x, exports.Cancelled)

	x = (&testLog{n.All[1].Log}).heldExport()
	gate := n.All[1].Lines.Gate
	n.All[1].End()
	now, err = n.All[0].Exports.Export("acme", x.ID, "")
	n.All[0].Must(now, err)
	for range 2 {
		n.All[0].Must(n.All[0].Exports.Remove(now))
		now.Cancelling = true
	}
	if got := status(t, n.All[2], x); got != "" {
		t.Errorf("it is %s", got)
	}
	gate <- context.Canceled
}

// TestCrashOfAnExportsNode: only the exports of the node that crashed are interrupted, also while no node leads at its start.
func TestCrashOfAnExportsNode(t *testing.T) {
	n := newExporting(t, 2)
	first, second := (&testLog{n.All[0].Log}).heldExport(), (&testLog{n.All[1].Log}).heldExport()
	gate := n.All[1].Lines.Gate
	n.Part(false)
	n.All[1].End()
	gate <- context.Canceled
	n.All[1].Crash()
	n.Lead(0)
	becomes(t, n.All[0], second, exports.Failed)
	if got := status(t, n.All[1], first); got != exports.Running {
		t.Errorf("the export of the other node is %s", got)
	}
	n.All[0].Lines.Gate <- nil
	becomes(t, n.All[1], first, exports.Done)
}

// TestExportEndsWithoutLeader: an export that is complete while no node leads is recorded as soon as one does.
func TestExportEndsWithoutLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newExporting(t, 2)
		x := (&testLog{n.All[1].Log}).heldExport()
		n.Part(false)
		n.All[1].Lines.Gate <- nil
		synctest.Wait() // until it waits for a leader
		if got, files := status(t, n.All[0], x), (&testLog{n.All[1].Log}).files(); got != exports.Running || len(files) != 2 {
			t.Errorf("it is %s, with %q", got, files)
		}
		n.Lead(0)
		becomes(t, n.All[0], x, exports.Done)
	})
}

// TestExportsOfARemovedNode: they are marked as failed, by the node that leads.
func TestExportsOfARemovedNode(t *testing.T) {
	n := newExporting(t, 3)
	done := today(n.All[2])
	becomes(t, n.All[0], done, exports.Done)
	kept := today(n.All[1])
	becomes(t, n.All[0], kept, exports.Done)
	n.All[2].Stop()
	n.Remove(2)
	for _, m := range []*nodetest.Member{n.All[1], n.All[0]} { // the first does not lead
		if err := m.Exports.FailGone(); err != nil {
			t.Fatal(err)
		}
		if got, want := status(t, m, done), map[bool]exports.Status{true: exports.Failed, false: exports.Done}[m == n.All[0]]; got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
	}
	x, err := n.All[1].Exports.Export("acme", done.ID, "")
	if err != nil || x.ErrorReason != "export-node-removed" || status(t, n.All[0], kept) != exports.Done {
		t.Errorf("%+v, %v", x, err)
	}
}

// TestExportsCountOnAllNodes: the limits hold for the exports of all nodes together.
func TestExportsCountOnAllNodes(t *testing.T) {
	n := newExporting(t, 2)
	here := &testLog{n.All[0].Log}
	here.hold()
	for range exports.MaxRunningOfCreator {
		today(n.All[0])
	}
	(&testLog{n.All[1].Log}).rejects("acme", report, oplog.CodeTooMany, "10 running exports")
	for range 2 {
		<-here.Lines.Entered
		here.Lines.Gate <- context.Canceled
	}
	all, err := here.Exports.List("acme", "")
	here.Must(all, err)
	for _, x := range all {
		_, _ = here.Exports.Remove(x)
	}
}

// TestExportsOfOneNodeBefore: when a log of one node gets others, its exports are of that node.
func TestExportsOfOneNodeBefore(t *testing.T) {
	n := newExporting(t, 2)
	x := today(n.All[0])
	becomes(t, n.All[0], x, exports.Done)
	change(t, n.All[0], x, func(r *exports.Export) { r.Node = "" })
	nodetest.Eventually(t, "the node takes it for its own", func() bool {
		now, err := n.All[1].Exports.Export("acme", x.ID, "")
		return err == nil && now.Node == n.All[0].ID
	})
	if len((&testLog{n.All[0].Log}).files()) != 2 {
		t.Error("its file is gone")
	}
}

// TestProgressOfAnotherNode: other nodes see how far an export has come, every few seconds.
func TestProgressOfAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newExporting(t, 2)
		l := &testLog{n.All[1].Log}
		var many []oplog.Entry
		for range 600 {
			many = append(many, nodetest.Entry("b", 2))
		}
		l.Record("acme", many...)
		x := l.heldExport()
		l.Lines.Gate <- nil
		<-l.Lines.Entered
		time.Sleep(6 * time.Second)
		now, err := n.All[0].Exports.Export("acme", x.ID, "")
		if err != nil || now.RowsDone == 0 || now.RowsDone == 601 || now.Status != exports.Running {
			t.Errorf("%d rows of %d, %s, %v", now.RowsDone, now.RowsTotal, now.Status, err)
		}
		l.Lines.Gate <- context.Canceled
		becomes(t, n.All[0], x, exports.Cancelled)
		if files := strings.Join(l.files(), " "); files != "" {
			t.Errorf("there are %s", files)
		}
	})
}
