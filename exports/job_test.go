package exports_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/exports"
	"oplog/exports/formats"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/records"
)

// parts counts the exports being written.
func (l *testLog) parts() int {
	l.T.Helper()
	n := 0
	for _, name := range l.files() {
		if strings.HasSuffix(name, ".part") {
			n++
		}
	}
	return n
}

// Two exports of a tenant run at once; others wait without delaying other tenants.
func TestExportsWaitByTenant(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.Record("plain", nodetest.Entry("b", 1))
	l.hold()
	var all []exports.Export
	for _, tenant := range []string{"acme", "acme", "plain"} {
		all = append(all, l.export(exports.Export{Tenant: tenant, Range: oplog.RangeToday}))
	}
	for range all {
		<-l.Lines.Entered
	}
	waiting := l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday})
	given := l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday})
	if cancelled, err := l.Exports.Remove(given); err != nil || !cancelled {
		t.Errorf("%v, %v", cancelled, err)
	}
	l.ended(given, exports.Cancelled)
	if now, err := l.Exports.Export("acme", waiting.ID, ""); err != nil || now.Status != exports.Running || now.RowsDone != 0 || l.parts() != 3 {
		t.Errorf("%+v, %v; %d are written", now, err, l.parts())
	}
	for range all {
		l.Lines.Gate <- nil
	}
	<-l.Lines.Entered
	l.Lines.Gate <- nil
	for _, x := range append(all, waiting) {
		l.ended(x, exports.Done)
	}
	if n := l.parts(); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

func TestExportOnAFullDisk(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.heldExport()
	l.Lines.Gate <- fmt.Errorf("write: %w", syscall.ENOSPC)
	if ended := l.ended(x, exports.Failed); !strings.Contains(ended.Error, "disk is full") || ended.ErrorReason != "export-disk-full" || len(l.files()) > 0 {
		t.Errorf("%+v leaves %v", ended, l.files())
	}
	l.Record("acme", nodetest.Entry("b", 1)) // the store still works
}

// An export whose record disappears before it ends leaves no orphaned file.
func TestExportWithoutItsRecord(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.heldExport()
	l.Must(nil, records.Remove(l.Store, oplog.RecordExport, "acme/"+x.ID))
	l.Lines.Gate <- nil
	for l.parts() > 0 {
		runtime.Gosched()
	}
	l.Stop()
	defer l.Start()
	if files := l.files(); len(files) > 0 {
		t.Errorf("left are %v", files)
	}
}

// Exports expire even if no other export is started.
func TestExportsExpireUnattended(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday}), exports.Done)
	l.Clock.Advance(7*24*time.Hour + time.Second)
	l.Restart()
	if got := l.files(); len(got) > 0 {
		t.Errorf("%v is kept", got)
	}
}

func TestBackup(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	b, err := l.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(b)
	if err != nil || int64(len(data)) != b.Size || len(l.files()) != 1 {
		t.Errorf("%d of %d bytes, %v; there are %v", len(data), b.Size, err, l.files())
	}
	crashed := &testLog{&nodetest.Log{T: t, Dir: t.TempDir(), Clock: l.Clock, Lines: &nodetest.Lines{}}}
	l.Must(nil, os.CopyFS(crashed.Dir, os.DirFS(l.Dir)))
	l.Must(nil, os.Chmod(filepath.Join(crashed.Dir, "signing.key"), 0o600)) // CopyFS ignores the mode
	crashed.Start()
	defer crashed.Stop()
	l.Must(nil, b.Close())
	if len(l.files()) > 0 || len(crashed.files()) > 0 {
		t.Errorf("%v is left, and of a crash %v", l.files(), crashed.files())
	}
}

func TestExportManifest(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 5), nodetest.InOrganization("east", nodetest.Entry("b", 4)), nodetest.InOrganization("shop", nodetest.Entry("c", 3)), nodetest.Entry("d", 2))
	x := l.ended(l.export(exports.Export{
		Tenant: "acme", Range: oplog.RangeToday, Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}, CreatedBy: exports.Creator{Username: "ann"},
	}), exports.Done)
	signed, err := l.Exports.Manifest(x)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(signed, "\n\n")
	m, err := exports.ParseManifest(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := l.Journal.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("c\nb\nend\n"))
	if m.File != x.FileName || m.Rows != 2 || m.Size != x.Size || m.SHA256 != hex.EncodeToString(sum[:]) || m.FirstSeq != 2 || m.LastSeq != 3 || m.Snapshot != 4 ||
		!slices.Equal(m.Filters.Organizations, []string{"east"}) || m.By != "account ann" || m.Checkpoint != checkpoint || !m.From.Equal(x.From) || !m.To.Equal(x.To) {
		t.Errorf("%+v of %+v", m, x)
	}
	x.Status = exports.Running
	_, err = l.Exports.Manifest(x)
	nodetest.WantCode(t, err, oplog.CodeConflict)
}

func TestWriteExport(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 5), nodetest.Entry("b", 4))
	var out strings.Builder
	var told []string
	x, manifest, err := l.Exports.Write(context.Background(), exports.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeToday, FileName: "own.txt"}, &out,
		func(done, total int) { told = append(told, fmt.Sprint(done, "/", total)) })
	if err != nil || out.String() != "b\na\nend\n" || x.RowsDone != 2 || x.FileName != "own.txt" || !strings.Contains(manifest, "\nfile: \"own.txt\"\n") {
		t.Errorf("%q, %+v, %s, %v", out.String(), x, manifest, err)
	}
	if got := strings.Join(told, " "); got != "0/2 2/2" {
		t.Errorf("told %s", got)
	}
	if list, err := l.Exports.List("acme", ""); err != nil || len(list) > 0 || len(l.files()) > 0 {
		t.Errorf("it leaves %v, %v, %v", list, l.files(), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := l.Exports.Write(ctx, exports.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeToday}, &out, func(_, _ int) {}); err == nil {
		t.Error("a cancelled export is written")
	}
}

// The writer of the file is told how to pause.
func TestExportsPause(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	var given oplog.ExportOptions
	l.Lines.Under = func(w io.Writer, o oplog.ExportOptions) (oplog.EntryWriter, error) {
		given = o
		return formats.NDJSON.New(w, o)
	}
	if l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday}), exports.Done); given.Pause == nil {
		t.Error("there is no pause")
	}
}
