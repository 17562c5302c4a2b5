package exports_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oplog/exports"
	"oplog/exports/formats"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// workbooks returns a log whose exports are workbooks. Its entries are so long that a sheet has 20 MiB after their first chunk, of two.
func workbooks(t *testing.T) *testLog {
	t.Helper()
	system := t.TempDir()
	t.Setenv("TMPDIR", system)
	l := newLog(t)
	l.Lines.Under = formats.XLSX.New
	text, err := json.Marshal(strings.Repeat("long ", 14_000))
	l.Must(nil, err)
	var many []oplog.Entry
	for i := range 300 {
		e := nodetest.Entry(fmt.Sprint(i), i%60)
		e.Changes = []oplog.Change{{Field: "text", After: text}}
		many = append(many, e)
	}
	l.Record("acme", many...)
	t.Cleanup(func() {
		if left, err := os.ReadDir(system); err != nil || len(left) > 0 {
			t.Errorf("in the system's temporary directory are %v, %v", left, err)
		}
	})
	return l
}

// heldBook starts an export of the entries, and holds it before their second chunk.
func (l *testLog) heldBook() exports.Export {
	l.T.Helper()
	l.hold()
	x := l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday, Columns: []string{oplog.ColumnChanges}, CreatedBy: ann})
	<-l.Lines.Entered
	l.Lines.Gate <- nil
	<-l.Lines.Entered
	return x
}

// A workbook has no temporary files but itself, which goes when the export fails, is cancelled, or with those of earlier versions at the next
// start.
func TestTemporaryFilesOfExports(t *testing.T) {
	l := workbooks(t)
	x := l.heldBook()
	file := x.ID + ".txt"
	if got := l.files(); !slices.Equal(got, []string{file + ".part"}) {
		t.Errorf("while it runs there are %v", got)
	}
	crashed := &testLog{&nodetest.Log{T: t, Dir: t.TempDir(), Clock: l.Clock, Lines: &nodetest.Lines{}}}
	l.Must(nil, os.CopyFS(crashed.Dir, os.DirFS(l.Dir)))
	l.Must(nil, os.Chmod(filepath.Join(crashed.Dir, "signing.key"), 0o600)) // CopyFS ignores the mode
	for _, id := range []string{x.ID, strings.ToLower(oplog.MakeKey(l.Clock.Now(), 1).ID())} {
		l.Must(nil, os.Mkdir(filepath.Join(crashed.Dir, "exports", id+".txt.tmp"), 0o700))
	}
	crashed.Start()
	defer crashed.Stop()
	if got := crashed.files(); len(got) > 0 {
		t.Errorf("after a crash and a start there are %v", got)
	}
	l.Lines.Gate <- nil
	if ended := l.ended(x, exports.Done); ended.RowsDone != 300 || !slices.Equal(l.files(), []string{file, file + ".manifest"}) {
		t.Errorf("%+v, and there are %v", ended, l.files())
	}
	l.Must(l.Exports.Remove(l.ended(x, exports.Done)))
	for _, end := range []func(exports.Export){
		func(x exports.Export) {
			l.Must(l.Exports.Remove(x))
			l.Lines.Gate <- nil
			l.ended(x, exports.Cancelled)
		},
		func(x exports.Export) {
			l.Lines.Gate <- fmt.Errorf("no")
			l.ended(x, exports.Failed)
		},
	} {
		end(l.heldBook())
		if got := l.files(); len(got) > 0 {
			t.Errorf("there are %v", got)
		}
	}
}
