package oplog_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/oplog"
)

// parts counts the exports that are being written.
func (l *testLog) parts() int {
	l.t.Helper()
	n := 0
	for _, name := range l.files() {
		if strings.HasSuffix(name, ".part") {
			n++
		}
	}
	return n
}

// Two exports of a tenant run at once; the others wait, and keep no other
// tenant waiting.
func TestExportsWaitByTenant(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 1))
	l.record("plain", entry("b", 1))
	l.hold()
	var all []oplog.Export
	for _, tenant := range []string{"acme", "acme", "plain"} {
		all = append(all, l.export(oplog.Export{Tenant: tenant, Range: oplog.RangeToday}))
	}
	for range all {
		<-l.lines.entered
	}
	waiting := l.export(oplog.Export{Tenant: "acme", Range: oplog.RangeToday})
	given := l.export(oplog.Export{Tenant: "acme", Range: oplog.RangeToday})
	if cancelled, err := l.RemoveExport(given); err != nil || !cancelled {
		t.Errorf("%v, %v", cancelled, err)
	}
	l.ended(given, oplog.ExportCancelled)
	if now, err := l.Export("acme", waiting.ID, ""); err != nil || now.Status != oplog.ExportRunning || now.RowsDone != 0 || l.parts() != 3 {
		t.Errorf("%+v, %v; %d are written", now, err, l.parts())
	}
	for range all {
		l.lines.gate <- nil
	}
	<-l.lines.entered
	l.lines.gate <- nil
	for _, x := range append(all, waiting) {
		l.ended(x, oplog.ExportDone)
	}
	if n := l.parts(); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

func TestExportOnAFullDisk(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 1))
	l.hold()
	x := l.export(oplog.Export{Tenant: "acme", Range: oplog.RangeToday})
	<-l.lines.entered
	l.lines.gate <- fmt.Errorf("write: %w", syscall.ENOSPC)
	if ended := l.ended(x, oplog.ExportFailed); !strings.Contains(ended.Error, "disk is full") || len(l.files()) > 0 {
		t.Errorf("%+v leaves %v", ended, l.files())
	}
	l.record("acme", entry("b", 1)) // the store goes on
}

// An export whose record is gone before it has ended leaves no file, which
// nothing would ever delete.
func TestExportWithoutItsRecord(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 1))
	l.hold()
	x := l.export(oplog.Export{Tenant: "acme", Range: oplog.RangeToday})
	<-l.lines.entered
	l.must(nil, l.store.ChangeRecord(oplog.RecordExport, "acme/"+x.ID, func([]byte) ([]byte, error) { return nil, nil }))
	l.lines.gate <- nil
	for l.parts() > 0 {
		runtime.Gosched()
	}
	l.close()
	defer l.open()
	if files := l.files(); len(files) > 0 {
		t.Errorf("left are %v", files)
	}
}

// Exports expire though nobody begins another.
func TestExportsExpireByThemselves(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 1))
	l.ended(l.export(oplog.Export{Tenant: "acme", Range: oplog.RangeToday}), oplog.ExportDone)
	l.clock.advance(7*24*time.Hour + time.Second)
	l.reopen()
	if got := l.files(); len(got) > 0 {
		t.Errorf("%v is kept", got)
	}
}

func TestBackup(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 1))
	b, err := l.Backup()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(b)
	if err != nil || int64(len(data)) != b.Size || len(l.files()) != 1 {
		t.Errorf("%d of %d bytes, %v; there are %v", len(data), b.Size, err, l.files())
	}
	crashed := &testLog{t: t, dir: t.TempDir(), clock: l.clock, lines: &lines{}}
	l.must(nil, os.CopyFS(crashed.dir, os.DirFS(l.dir)))
	crashed.open()
	defer crashed.close()
	l.must(nil, b.Close())
	if len(l.files()) > 0 || len(crashed.files()) > 0 {
		t.Errorf("%v is left, and of a crash %v", l.files(), crashed.files())
	}
}

func TestExportManifest(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 5), of("east", entry("b", 4)), of("shop", entry("c", 3)), entry("d", 2))
	x := l.ended(l.export(oplog.Export{
		Tenant: "acme", Range: oplog.RangeToday, Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}, CreatedBy: oplog.Creator{Username: "ann"},
	}), oplog.ExportDone)
	signed, err := l.ExportManifest(x)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(signed, "\n\n")
	m, err := oplog.ParseManifest(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := l.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("c\nb\nend\n"))
	if m.File != x.FileName || m.Rows != 2 || m.Size != x.Size || m.SHA256 != hex.EncodeToString(sum[:]) || m.FirstSeq != 2 || m.LastSeq != 3 || m.Snapshot != 4 ||
		!slices.Equal(m.Filters.Organizations, []string{"east"}) || m.By != "account ann" || m.Checkpoint != checkpoint || !m.From.Equal(x.From) || !m.To.Equal(x.To) {
		t.Errorf("%+v of %+v", m, x)
	}
	x.Status = oplog.ExportRunning
	_, err = l.ExportManifest(x)
	wantCode(t, err, oplog.CodeConflict)
}

func TestWriteExport(t *testing.T) {
	l := newLog(t)
	l.record("acme", entry("a", 5), entry("b", 4))
	var out strings.Builder
	var told []string
	x, manifest, err := l.WriteExport(context.Background(), oplog.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeToday, FileName: "own.txt"}, &out,
		func(done, total int) { told = append(told, fmt.Sprint(done, "/", total)) })
	if err != nil || out.String() != "b\na\nend\n" || x.RowsDone != 2 || x.FileName != "own.txt" || !strings.Contains(manifest, "\nfile: \"own.txt\"\n") {
		t.Errorf("%q, %+v, %s, %v", out.String(), x, manifest, err)
	}
	if got := strings.Join(told, " "); got != "0/2 2/2" {
		t.Errorf("told %s", got)
	}
	if list, err := l.Exports("acme", ""); err != nil || len(list) > 0 || len(l.files()) > 0 {
		t.Errorf("it leaves %v, %v, %v", list, l.files(), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := l.WriteExport(ctx, oplog.Export{Tenant: "acme", Format: "txt", Range: oplog.RangeToday}, &out, func(_, _ int) {}); err == nil {
		t.Error("a cancelled export is written")
	}
}
