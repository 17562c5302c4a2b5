package exports_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// export starts an export.
func (l *testLog) export(x exports.Export) exports.Export {
	l.T.Helper()
	x.Format = "txt"
	started, err := l.Exports.Start(context.Background(), x)
	if err != nil {
		l.T.Fatal(err)
	}
	if started.Status != exports.Running {
		l.T.Fatalf("a new export is %s", started.Status)
	}
	return started
}

// ended waits until an export has finished.
func (l *testLog) ended(x exports.Export, want exports.Status) exports.Export {
	l.T.Helper()
	for {
		now, err := l.Exports.Export(x.Tenant, x.ID, "")
		if err != nil {
			l.T.Fatal(err)
		}
		if now.Status != exports.Running {
			if now.Status != want {
				l.T.Fatalf("the export is %s (%s), want %s", now.Status, now.Error, want)
			}
			return now
		}
		runtime.Gosched()
	}
}

// rows returns the lines of an export's file.
func (l *testLog) rows(x exports.Export) string {
	l.T.Helper()
	file, err := l.Exports.Open(x)
	if err != nil {
		l.T.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		l.T.Fatal(err)
	}
	if int64(len(data)) != x.Size {
		l.T.Errorf("the file has %d bytes, want %d", len(data), x.Size)
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

// files lists the directory of exports.
func (l *testLog) files() []string {
	l.T.Helper()
	found, err := os.ReadDir(filepath.Join(l.Dir, "exports"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		l.T.Fatal(err)
	}
	names := []string{}
	for _, f := range found {
		names = append(names, f.Name())
	}
	return names
}

// hold blocks exports before they write, until release.
func (l *testLog) hold() {
	l.Lines.Entered, l.Lines.Gate = make(chan struct{}), make(chan error)
}

// heldExport begins an export of today's entries of acme, and holds it before
// its first line.
func (l *testLog) heldExport() exports.Export {
	l.T.Helper()
	l.hold()
	x := l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday})
	<-l.Lines.Entered
	return x
}

func TestExportWritesWhatTheQueryFinds(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("root", nodetest.Entry("a", 3)), nodetest.InOrganization("east", nodetest.Entry("b", 2)), nodetest.InOrganization("shop", nodetest.Entry("c", 1)), nodetest.Entry("d", 60*24*8))
	l.Record("plain", nodetest.Entry("other", 1))
	f := func(t *testing.T, x exports.Export, want string) {
		t.Helper()
		x.Tenant = "acme"
		done := l.ended(l.export(x), exports.Done)
		n := len(strings.Fields(want))
		if got := l.rows(done); got != strings.TrimSpace(want+" end") {
			t.Errorf("%+v: %s, want %s", x, got, want)
		}
		if done.RowsDone != n || done.RowsTotal != n || done.FinishedAt.IsZero() || done.Error != "" {
			t.Errorf("%+v, want %d rows", done, n)
		}
	}
	f(t, exports.Export{Range: oplog.RangeLast30Days}, "c b a d")
	f(t, exports.Export{Range: oplog.RangeToday}, "c b a")
	f(t, exports.Export{Range: oplog.RangeToday, Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, "c b")
	f(t, exports.Export{Range: oplog.RangeToday, Scope: "shop"}, "c")
	f(t, exports.Export{Range: oplog.RangeToday, Filters: oplog.Filters{Search: "nothing"}}, "")
	f(t, exports.Export{Range: oplog.RangeCustom, From: nodetest.Morning.Add(-2 * time.Minute), To: nodetest.Morning}, "c b")
	for _, name := range l.files() {
		if strings.HasSuffix(name, ".part") {
			t.Errorf("%s is left", name)
		}
	}
}

func TestExportRejects(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, x exports.Export, code oplog.Code, fields ...string) {
		t.Helper()
		_, err := l.Exports.Start(context.Background(), x)
		nodetest.WantCode(t, err, code)
		nodetest.WantFields(t, err, fields...)
	}
	f(t, exports.Export{Tenant: "none", Format: "txt", Range: oplog.RangeToday}, oplog.CodeNotFound)
	f(t, exports.Export{Tenant: "acme", Format: "pdf", Range: oplog.RangeToday}, oplog.CodeInvalid, "format")
	f(t, exports.Export{Tenant: "acme", Format: "txt", Columns: []string{"changes", "keys"}, Range: oplog.RangeToday}, oplog.CodeInvalid, "columns")
	f(t, exports.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeCustom, From: nodetest.Morning}, oplog.CodeInvalid, "from")
	f(t, exports.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeCustom, To: nodetest.Morning}, oplog.CodeInvalid, "from")
	if list, err := l.Exports.List("acme", ""); err != nil || len(list) != 0 {
		t.Errorf("refused exports are listed: %v, %v", list, err)
	}
	_, err := l.Exports.List("none", "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

// An export contains the entries present when it started, though they are read later; its file gets its name when it is complete.
func TestExportIsASnapshot(t *testing.T) {
	l := newLog(t)
	var many []oplog.Entry
	for i := range 600 { // more than two chunks
		many = append(many, nodetest.Entry(fmt.Sprint(i), 5000-i))
	}
	l.Record("acme", many...)
	l.hold()
	x := l.export(exports.Export{Tenant: "acme", Range: oplog.RangeLast30Days})
	final := x.ID + ".txt"
	done := 0
	for chunk := range 3 {
		<-l.Lines.Entered
		if got := l.files(); !slices.Equal(got, []string{final + ".part"}) {
			t.Errorf("while it runs there are %v", got)
		}
		now, err := l.Exports.Export("acme", x.ID, "")
		if err != nil || now.Status != exports.Running || now.RowsDone != done || now.RowsTotal != 600 {
			t.Errorf("in chunk %d: %+v, %v", chunk, now, err)
		}
		_, err = l.Exports.Open(now)
		nodetest.WantCode(t, err, oplog.CodeConflict)
		done += 256
		l.Record("acme", nodetest.Entry("late-new", 0), nodetest.Entry("late-old", 4999), nodetest.Entry("late-oldest", 6000))
		l.Lines.Gate <- nil
	}
	ended := l.ended(x, exports.Done)
	if got := l.files(); !slices.Equal(got, []string{final, final + ".manifest"}) {
		t.Errorf("then there are %v", got)
	}
	rows := strings.Fields(l.rows(ended))
	if len(rows) != 601 || rows[0] != "599" || rows[599] != "0" || rows[600] != "end" || ended.RowsDone != 600 {
		t.Errorf("%d rows from %s, %+v", len(rows), rows[0], ended)
	}
	if slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, "late") }) {
		t.Error("it holds what arrived later")
	}
	l.Lines.Gate = nil
	l.Restart()
	if again, err := l.Exports.Export("acme", x.ID, ""); err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", ended) || l.rows(again) != strings.Join(rows, " ") {
		t.Errorf("after reopening it is %+v, %v", again, err)
	}
}

func TestExportCancelled(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.heldExport()
	cancelled, err := l.Exports.Remove(x)
	if err != nil || !cancelled {
		t.Fatalf("%v, %v", cancelled, err)
	}
	l.Lines.Gate <- nil
	ended := l.ended(x, exports.Cancelled)
	_, err = l.Exports.Open(ended)
	nodetest.WantCode(t, err, oplog.CodeConflict)
	if got := l.files(); len(got) > 0 {
		t.Errorf("it leaves %v", got)
	}
	l.Lines.Gate = nil
	l.Restart()
	ended = l.ended(x, exports.Cancelled)
	cancelled, err = l.Exports.Remove(ended)
	if err != nil || cancelled {
		t.Fatalf("removed: %v, %v", cancelled, err)
	}
	_, err = l.Exports.Export("acme", x.ID, "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

func TestExportFailed(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.heldExport()
	l.Lines.Gate <- errors.New("no space left on device")
	ended := l.ended(x, exports.Failed)
	if ended.Error != "no space left on device" || ended.Size != 0 || len(l.files()) > 0 {
		t.Errorf("%+v leaves %v", ended, l.files())
	}
}

// A copy of the directory during the export is what a crash would leave behind.
func TestExportInterruptedByACrash(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	done := l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday}), exports.Done)
	x := l.heldExport()
	crashed := &testLog{&nodetest.Log{T: t, Dir: t.TempDir(), Clock: &nodetest.Clock{At: nodetest.Morning.Add(time.Hour)}, Lines: &nodetest.Lines{}}}
	l.Must(nil, os.CopyFS(crashed.Dir, os.DirFS(l.Dir)))
	l.Must(nil, os.Chmod(filepath.Join(crashed.Dir, "signing.key"), 0o600)) // CopyFS ignores the mode
	l.Lines.Gate <- nil
	l.ended(x, exports.Done)
	if got := crashed.files(); !slices.Contains(got, x.ID+".txt.part") {
		t.Fatalf("the crash leaves %v", got)
	}
	crashed.Start()
	defer crashed.Stop()
	ended := crashed.ended(x, exports.Failed)
	if ended.Error == "" || !ended.FinishedAt.Equal(nodetest.Morning.Add(time.Hour)) {
		t.Errorf("%+v", ended)
	}
	if got := crashed.files(); !slices.Equal(got, []string{done.ID + ".txt", done.ID + ".txt.manifest"}) {
		t.Errorf("there are %v", got)
	}
	if got := crashed.rows(done); got != "a end" {
		t.Errorf("the one that was done has %s", got)
	}
}

func TestExportsAreListedNewestFirst(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("shop", nodetest.Entry("a", 1)))
	l.Record("plain", nodetest.Entry("b", 1))
	var want []string
	for _, scope := range []string{"", "east", "shop", "west"} {
		x := l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday, Scope: scope}), exports.Done)
		want = append([]string{x.ID}, want...)
		l.Clock.Advance(time.Second)
	}
	other := l.ended(l.export(exports.Export{Tenant: "plain", Range: oplog.RangeToday}), exports.Done)
	f := func(t *testing.T, scope string, want ...string) {
		t.Helper()
		list, err := l.Exports.List("acme", scope)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			got = append(got, x.ID)
			if _, err := l.Exports.Export("acme", x.ID, scope); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("scope %q: %v, want %v", scope, got, want)
		}
	}
	f(t, "", want...)
	f(t, "east", want[1], want[2])
	f(t, "shop", want[1])
	f(t, "west", want[0])
	f(t, "unknown")
	for scope, id := range map[string]string{"east": want[3], "west": want[1], "": other.ID} {
		_, err := l.Exports.Export("acme", id, scope)
		nodetest.WantCode(t, err, oplog.CodeNotFound)
	}
}

// TestExportNamesUsers: an export stores the names of the users in its filters as of its start, as far as its creator may see them.
func TestExportNamesUsers(t *testing.T) {
	l := newLog(t)
	by := func(id, name string, e oplog.Entry) oplog.Entry {
		e.User.ID, e.User.Name = id, name
		return e
	}
	l.Record("acme",
		by("u1", "王晓敏", nodetest.InOrganization("shop", nodetest.Entry("a", 3))), by("u1", "Wang Xiaomin", nodetest.InOrganization("west", nodetest.Entry("b", 2))), by("u2", "Emma", nodetest.InOrganization("west", nodetest.Entry("c", 1))),
		by("u3", "Someone else", nodetest.Entry("d", 0)))
	l.Record("plain", by("u4", "Of another tenant", nodetest.Entry("e", 1)))
	f := func(scope, want string, users ...string) exports.Export {
		t.Helper()
		x := l.ended(l.export(exports.Export{
			Tenant: "acme", Range: oplog.RangeToday, Scope: scope, Filters: oplog.Filters{Values: oplog.Values{Users: users}, Search: "none"},
		}), exports.Done)
		if got := fmt.Sprint(x.UserNames); got != "map["+want+"]" {
			t.Errorf("of %v in %q: %s, want %s", users, scope, got, want)
		}
		return x
	}
	f("", "")
	x := f("", "u1:Wang Xiaomin u2:Emma", "u1", "u2", "u4", "unknown")
	f("east", "u1:王晓敏", "u1", "u2", "u3")
	f("", "", "u4")
	l.Record("acme", by("u1", "Renamed", nodetest.Entry("f", 0)))
	l.Restart()
	if again, err := l.Exports.Export("acme", x.ID, ""); err != nil || again.UserNames["u1"] != "Wang Xiaomin" {
		t.Errorf("%+v, %v", again, err)
	}
}

// Exports started at the same instant, also of two tenants, do not conflict.
func TestExportsAtTheSameInstant(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.Record("plain", nodetest.Entry("b", 1))
	want := map[string]string{"acme": "a end", "plain": "b end"}
	var all []exports.Export
	for range 5 {
		for tenant := range want {
			all = append(all, l.export(exports.Export{Tenant: tenant, Range: oplog.RangeToday}))
		}
	}
	for _, x := range all {
		if got := l.rows(l.ended(x, exports.Done)); got != want[x.Tenant] {
			t.Errorf("the export of %s has %s", x.Tenant, got)
		}
	}
}

func TestExportsExpire(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeLast30Days}), exports.Done)
	l.Clock.Advance(7 * 24 * time.Hour)
	l.Must(l.Exports.Export("acme", x.ID, ""))
	l.Clock.Advance(time.Second)
	_, err := l.Exports.Export("acme", x.ID, "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	if list, err := l.Exports.List("acme", ""); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	next := l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeLast30Days}), exports.Done)
	if got := l.files(); !slices.Equal(got, []string{next.ID + ".txt", next.ID + ".txt.manifest"}) {
		t.Errorf("the next export leaves %v", got)
	}
}
