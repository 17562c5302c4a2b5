package oplog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// testLog is a Log on the real engines, in a directory of its own.
type testLog struct {
	*oplog.Log
	t     *testing.T
	dir   string
	clock *clock
	lines *lines
	store *storage.DB
}

// clock is a clock that stands still until it is told otherwise.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// morning is when tests begin: 16:42 in Shanghai, 09:42 in Berlin.
var morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

// newLog opens a log with tenant acme, which has data permission and the tree
// root > east > shop, root > west; and tenant plain, which has neither.
func newLog(t *testing.T) *testLog {
	t.Helper()
	l := &testLog{t: t, dir: t.TempDir(), clock: &clock{at: morning}, lines: &lines{}}
	l.open()
	t.Cleanup(l.close)
	l.must(l.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", DataPermission: true}))
	l.must(l.AddTenant(oplog.Tenant{ID: "plain", Name: "Plain", TimeZone: "Europe/Berlin"}))
	l.must(l.SetOrganizations(context.Background(), "acme", oplog.Tree{
		{ID: "root", Name: "Acme Group"}, {ID: "east", ParentID: "root", Name: "East"},
		{ID: "shop", ParentID: "east", Name: "Shop"}, {ID: "west", ParentID: "root", Name: "West"},
	}))
	return l
}

func (l *testLog) open() {
	l.t.Helper()
	store, err := storage.Open(l.dir, storage.Options{Now: l.clock.now})
	if err != nil {
		l.t.Fatal(err)
	}
	index, err := search.Open(filepath.Join(l.dir, "index"), store)
	if err != nil {
		l.t.Fatal(err)
	}
	l.store = store
	l.Log, err = oplog.New(store, index, oplog.Options{
		Now: l.clock.now, ExportDir: filepath.Join(l.dir, "exports"),
		Formats: []oplog.ExportFormat{{Name: "txt", ContentType: "text/plain", New: l.lines.writer}},
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *testLog) close() {
	l.t.Helper()
	if err := l.Close(); err != nil {
		l.t.Error(err)
	}
}

func (l *testLog) reopen() {
	l.t.Helper()
	l.close()
	l.open()
}

// must ends the test where a call failed.
func (l *testLog) must(_ any, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// record appends entries, of which all must be new.
func (l *testLog) record(tenant string, entries ...oplog.Entry) {
	l.t.Helper()
	answer, err := l.Append(context.Background(), tenant, entries)
	if err != nil {
		l.t.Fatal(err)
	}
	if answer.Recorded != len(entries) {
		l.t.Fatalf("recorded %d of %d", answer.Recorded, len(entries))
	}
}

// entry returns a manual operation on the content with that id, some minutes
// before morning.
func entry(content string, minutesAgo int) oplog.Entry {
	return oplog.Entry{
		Time: morning.Add(-time.Duration(minutesAgo) * time.Minute), User: oplog.User{ID: "u1", Name: "Wang Fang"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: content, Name: "Content " + content},
	}
}

func of(organization string, e oplog.Entry) oplog.Entry {
	e.Organization = oplog.Ref{ID: organization, Name: organization}
	return e
}

func withID(id string, e oplog.Entry) oplog.Entry {
	e.ID = id
	return e
}

// contents spells entries by the ids of their contents.
func contents(entries []oplog.Entry) string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Content.ID)
	}
	return strings.Join(ids, " ")
}

// find returns the contents of all that a query lets through.
func (l *testLog) find(tenant string, q oplog.Query) string {
	l.t.Helper()
	page, err := l.Page(context.Background(), tenant, q, oplog.MaxPageSize, "")
	if err != nil {
		l.t.Fatal(err)
	}
	return contents(page.Entries)
}

// wantCode checks the code of an error, and that people can read it.
func wantCode(t *testing.T, err error, want oplog.Code) {
	t.Helper()
	if oplog.CodeOf(err) != want {
		t.Fatalf("%v, want %s", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) < 10) {
		t.Errorf("%q is not a line for people", err)
	}
}

// wantFields checks which fields an error names.
func wantFields(t *testing.T, err error, want ...string) {
	t.Helper()
	var e *oplog.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want an error that names %v", err, want)
	}
	var got []string
	for _, f := range e.Fields {
		at := f.Field
		if f.Part != oplog.InBody {
			at = f.Part.String() + "." + at
		}
		if f.Item > 0 {
			at = fmt.Sprintf("%d: %s", f.Item, at)
		}
		got = append(got, at)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%v names %q, want %q", err, got, want)
	}
}

// lines is an export format of one line for each entry. A gate, where one is
// set, holds up each write until it is told to go on, with the error that it
// then fails with.
type lines struct {
	entered chan struct{}
	gate    chan error
}

type lineWriter struct {
	*lines
	w io.Writer
}

func (f *lines) writer(w io.Writer, _ oplog.ExportTerms) (oplog.EntryWriter, error) {
	return &lineWriter{f, w}, nil
}

func (w *lineWriter) Write(entries []oplog.Entry) error {
	if w.gate != nil {
		w.entered <- struct{}{}
		if err := <-w.gate; err != nil {
			return err
		}
	}
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintln(&b, e.Content.ID)
	}
	_, err := w.w.Write(b.Bytes())
	return err
}

func (w *lineWriter) Close() error {
	_, err := fmt.Fprintln(w.w, "end")
	return err
}
