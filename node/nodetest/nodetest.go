// Package nodetest provides logs on the real engines for tests and benchmarks, and helpers for entries.
package nodetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// Log is a node on the real engines in a temporary directory.
type Log struct {
	*node.Node
	T     *testing.T
	Dir   string
	Clock *Clock
	Lines *Lines
	Store *storage.DB
	Disk  Disk

	// Of the archive, from the next start on.
	Shards []archive.Engine
	Grace  time.Duration
	Wrap   func(oplog.Store) oplog.Store // the store as the services have it; nil for as it is
	Newer  int                           // how much newer the analysis of texts is than it is
}

// Disk is the volume of a log, of 1 TiB, which is empty until a test says otherwise: tests do not depend on the machine's.
type Disk struct{ used atomic.Uint64 }

const diskSize = 1 << 40

// Leave fills the disk but for so many bytes.
func (d *Disk) Leave(free uint64) { d.used.Store(diskSize - free) }

// Space is the function of node.Options.
func (d *Disk) Space(string) (free, total uint64, err error) {
	return diskSize - d.used.Load(), diskSize, nil
}

// Clock is a clock that only moves when told to.
type Clock struct {
	mu sync.Mutex
	At time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.At
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.At = c.At.Add(d)
}

// Morning is when tests start: 16:42 in Shanghai, 09:42 in Berlin.
var Morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

// New opens a log with tenant acme, which has data permission and the tree root > east > shop, root > west, and tenant plain, which has
// neither.
func New(t *testing.T) *Log {
	t.Helper()
	return NewAt(t, Morning)
}

// NewAt is New at a time.
func NewAt(t *testing.T, at time.Time) *Log {
	t.Helper()
	l := &Log{T: t, Dir: t.TempDir(), Clock: &Clock{At: at}, Lines: &Lines{}}
	l.Start()
	t.Cleanup(l.Stop)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme", DataPermission: true}))
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "plain", Name: "Plain", TimeZone: "Europe/Berlin"}))
	l.Must(l.Directory.SetOrganizations(context.Background(), "acme", oplog.Tree{
		{ID: "root", Name: "Acme Group"}, {ID: "east", ParentID: "root", Name: "East"},
		{ID: "shop", ParentID: "east", Name: "Shop"}, {ID: "west", ParentID: "root", Name: "West"},
	}))
	return l
}

// Start opens the log in its directory.
func (l *Log) Start() {
	l.T.Helper()
	store, err := storage.Open(l.Dir, storage.Options{})
	if err != nil {
		l.T.Fatal(err)
	}
	index, err := search.Open(filepath.Join(l.Dir, "index"), store)
	if err != nil {
		l.T.Fatal(err)
	}
	l.Store = store
	var services oplog.Store = store
	if l.Wrap != nil {
		services = l.Wrap(store)
	}
	l.Node, err = node.New(services, index, node.Options{
		Shards: l.Shards, Grace: l.Grace, Compile: index.Compile, Decode: storage.Decode, Encode: storage.Encode, Analysis: search.AnalysisVersion + l.Newer,
		Now: l.Clock.Now, ExportDir: filepath.Join(l.Dir, "exports"), Space: l.Disk.Space,
		Formats: []oplog.ExportFormat{{Name: "txt", ContentType: "text/plain", New: l.Lines.writer}},
	})
	if err != nil {
		l.T.Fatal(err)
	}
}

// Stop closes the log.
func (l *Log) Stop() {
	l.T.Helper()
	if err := l.Close(); err != nil {
		l.T.Error(err)
	}
}

// Restart closes the log and opens it again.
func (l *Log) Restart() {
	l.T.Helper()
	l.Stop()
	l.Start()
}

// Must fails the test if a call returned an error.
func (l *Log) Must(_ any, err error) {
	l.T.Helper()
	if err != nil {
		l.T.Fatal(err)
	}
}

// Record appends entries, all of which must be new.
func (l *Log) Record(tenant string, entries ...oplog.Entry) {
	l.T.Helper()
	answer, err := l.Journal.Append(context.Background(), tenant, entries)
	if err != nil {
		l.T.Fatal(err)
	}
	if answer.Recorded != len(entries) {
		l.T.Fatalf("recorded %d of %d", answer.Recorded, len(entries))
	}
}

// Entry returns a manual operation on the content with an id, some minutes before Morning.
func Entry(content string, minutesAgo int) oplog.Entry {
	return oplog.Entry{
		Time: Morning.Add(-time.Duration(minutesAgo) * time.Minute), User: oplog.User{ID: "u1", Name: "Wang Fang"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: content, Name: "Content " + content},
	}
}

// InOrganization returns the entry with an organization.
func InOrganization(organization string, e oplog.Entry) oplog.Entry {
	e.Organization = oplog.Ref{ID: organization, Name: organization}
	return e
}

// WithID returns the entry with a sender's id.
func WithID(id string, e oplog.Entry) oplog.Entry {
	e.ID = id
	return e
}

// Contents formats entries by the ids of their contents.
func Contents(entries []oplog.Entry) string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Content.ID)
	}
	return strings.Join(ids, " ")
}

// Find returns the contents of a query's matches.
func (l *Log) Find(tenant string, q oplog.Query) string {
	l.T.Helper()
	page, err := l.Journal.Page(context.Background(), tenant, q, oplog.MaxPageSize, "")
	if err != nil {
		l.T.Fatal(err)
	}
	return Contents(page.Entries)
}

// WantCode checks the code of an error, and that it has a message for users.
func WantCode(t *testing.T, err error, want oplog.Code) {
	t.Helper()
	if oplog.CodeOf(err) != want {
		t.Fatalf("%v, want %s", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) < 10) {
		t.Errorf("%q is not a line for people", err)
	}
}

// WantFields checks which fields an error names.
func WantFields(t *testing.T, err error, want ...string) {
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

// Lines is an export format with one line per entry. If Gate is set, each write blocks until the test sends the error that the write
// returns. If Under is set, another format writes the file.
type Lines struct {
	Entered chan struct{}
	Gate    chan error
	Under   func(w io.Writer, o oplog.ExportOptions) (oplog.EntryWriter, error)
}

type lineWriter struct {
	*Lines
	w io.Writer
}

func (f *Lines) writer(w io.Writer, o oplog.ExportOptions) (oplog.EntryWriter, error) {
	if f.Under == nil {
		return &lineWriter{f, w}, nil
	}
	under, err := f.Under(w, o)
	return &gatedWriter{under, f}, err
}

// gatedWriter is the writer of another format.
type gatedWriter struct {
	oplog.EntryWriter
	lines *Lines
}

func (w *gatedWriter) Write(entries []oplog.Entry) error {
	if err := w.lines.wait(); err != nil {
		return err
	}
	return w.EntryWriter.Write(entries)
}

// wait blocks if Gate is set.
func (f *Lines) wait() error {
	if f.Gate == nil {
		return nil
	}
	f.Entered <- struct{}{}
	return <-f.Gate
}

func (w *lineWriter) Write(entries []oplog.Entry) error {
	if err := w.wait(); err != nil {
		return err
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

// ImportLines numbers entries as the lines of a file; an error stands for an invalid line.
func ImportLines(lines ...any) iter.Seq2[oplog.ImportLine, error] {
	return func(yield func(oplog.ImportLine, error) bool) {
		for i, line := range lines {
			l := oplog.ImportLine{Number: i + 1}
			switch v := line.(type) {
			case oplog.Entry:
				l.Entry = v
			case error:
				l.Err = v
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}
