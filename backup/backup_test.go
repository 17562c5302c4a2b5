package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
)

const day = 24 * time.Hour

// fixture is a log with its backups.
type fixture struct {
	*nodetest.Log
	*Backups
	o Options
}

// newFixture returns a log with one entry, which is backed up every day.
func newFixture(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	l := nodetest.New(t)
	l.Record("acme", nodetest.Entry("a", 1))
	f := &fixture{Log: l, o: Options{
		Dir: t.TempDir(), Every: day, Keep: 2, ProofDir: l.ProofDir(), Prove: restore, Now: l.Clock.Now, Space: l.Disk.Space,
	}}
	if change != nil {
		change(&f.o)
	}
	f.begin()
	return f
}

// begin begins as after a start of the program.
func (f *fixture) begin() {
	f.T.Helper()
	b, err := New(f.Node, f.o)
	if err != nil {
		f.T.Fatal(err)
	}
	f.Backups = b
}

// restore is the proof of the command line, but for the rules.
func restore(ctx context.Context, dir string, from io.Reader) (Proof, error) {
	r, err := storage.Restore(ctx, dir, from, func(*storage.DB) error { return nil })
	return Proof{r.Logs, r.Entries}, err
}

// turn lets time pass, and makes what is due.
func (f *fixture) turn(later time.Duration) State {
	f.T.Helper()
	f.Clock.Advance(later)
	f.Turn(f.T.Context())
	if _, err := os.Stat(f.o.ProofDir); !errors.Is(err, os.ErrNotExist) {
		f.T.Errorf("a proof is left: %v", err)
	}
	return f.State()
}

// succeeds is turn, for a backup that is made and proved.
func (f *fixture) succeeds(later time.Duration) State {
	f.T.Helper()
	s := f.turn(later)
	if s.Failure != nil || !s.MadeAt.Equal(f.Clock.Now()) || !s.Proved.MadeAt.Equal(f.Clock.Now()) || s.Running != nil || s.Overdue {
		f.T.Fatalf("%+v; failure %+v", s, s.Failure)
	}
	return s
}

// fails is turn, for an attempt that fails with a reason.
func (f *fixture) fails(later time.Duration, reason string) State {
	f.T.Helper()
	s := f.turn(later)
	if s.Failure == nil || s.Failure.Reason != reason || !s.Failure.At.Equal(f.Clock.Now()) || strings.Contains(s.Failure.Text, "\n") {
		f.T.Fatalf("%+v, want %s", s.Failure, reason)
	}
	return s
}

// files returns the names in the directory.
func (f *fixture) files() []string {
	f.T.Helper()
	entries, err := os.ReadDir(f.o.Dir)
	if err != nil {
		f.T.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (f *fixture) wantFiles(want ...string) {
	f.T.Helper()
	if got := f.files(); !slices.Equal(got, want) {
		f.T.Errorf("there are %q, want %q", got, want)
	}
}

// told returns what the access log says of backups, oldest first.
func (f *fixture) told() string {
	f.T.Helper()
	page, err := f.Trail.Page(f.T.Context(), "", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"backup"}}}}, oplog.MaxPageSize, "")
	if err != nil {
		f.T.Fatal(err)
	}
	var told []string
	for _, e := range slices.Backward(page.Entries) {
		one := e.Operation
		if e.Outcome == oplog.OutcomeFailure {
			one += " failed"
		}
		told = append(told, strings.TrimSpace(one+" "+e.Content.ID))
	}
	return strings.Join(told, ", ")
}

// logged returns what is logged from now on.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var lines bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&lines, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &lines
}

const (
	first  = "oplog-20261120T084200Z.backup"
	second = "oplog-20261121T084200Z.backup"
)

// TestSchedule: a backup is made and proved at the first start, each day, and once for all days that were missed, across restarts.
func TestSchedule(t *testing.T) {
	f := newFixture(t, nil)
	s := f.succeeds(0)
	f.wantFiles(first)
	if got := s.Proved; got.Name != first || got.Proof.Entries == 0 || got.Proof.Logs == 0 || got.Bytes < 4096 || !s.NextAt.Equal(f.Clock.Now().Add(day)) {
		t.Errorf("%+v, next at %s", got, s.NextAt)
	}
	if status, err := f.Status(); err != nil || !status.LastBackupAt.Equal(f.Clock.Now()) {
		t.Errorf("the last backup is of %s, %v", status.LastBackupAt, err)
	}
	f.turn(day - time.Second)
	f.wantFiles(first)
	f.succeeds(time.Second)
	f.wantFiles(first, second)

	f.Restart()
	f.begin()
	f.turn(day / 2)
	f.wantFiles(first, second)
	f.Clock.Advance(3 * day)
	if next := f.State().NextAt; next.After(f.Clock.Now()) {
		t.Errorf("a missed backup is due at %s", next)
	}
	f.succeeds(0)
	f.turn(time.Hour)
	f.wantFiles(second, "oplog-20261124T204200Z.backup")
	want := "create " + first + ", prove " + first + ", create " + second + ", prove " + second +
		", create oplog-20261124T204200Z.backup, prove oplog-20261124T204200Z.backup, delete " + first
	if told := f.told(); told != want {
		t.Errorf("the access log says %s\nwant %s", told, want)
	}
}

// TestAsked: without a schedule a backup is made when asked for, and not tried again.
func TestAsked(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Every = 0 })
	if s := f.turn(10 * day); s.Overdue || !s.NextAt.IsZero() || len(s.Files) > 0 {
		t.Errorf("%+v", s)
	}
	f.Backups.Start()
	f.Backups.Start()
	if r := f.State().Running; r == nil || r.Phase != PhaseCopy {
		t.Errorf("it is not running: %+v", r)
	}
	f.succeeds(0)
	f.turn(10 * day)
	if got := f.files(); len(got) != 1 {
		t.Errorf("there are %q", got)
	}
	f.o.Dir = filepath.Join(f.o.Dir, "gone")
	f.begin()
	f.Backups.Start()
	if s := f.fails(0, "backup-dir-gone"); !s.NextAt.IsZero() {
		t.Errorf("it is tried again at %s", s.NextAt)
	}
}

// TestRun: Run makes what is due and what is asked for, and ends with its context.
func TestRun(t *testing.T) {
	f := newFixture(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() { f.Run(ctx); close(ended) }()
	until(t, func() bool { return f.State().Proved.Name == first && f.State().Running == nil })
	f.Clock.Advance(time.Minute)
	f.Backups.Start()
	until(t, func() bool { return len(f.State().Files) == 2 && f.State().Running == nil })
	stop()
	<-ended
}

// until waits for what other goroutines do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		if t.Context().Err() != nil {
			t.Fatal("it does not happen")
		}
		time.Sleep(time.Millisecond)
	}
}

// TestOnlyOwnFilesAreDeleted: whatever the program did not write, or what others have changed, stays.
func TestOnlyOwnFilesAreDeleted(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Keep = 1 })
	const foreign = "oplog-20200101T000000Z.backup"
	f.Must(nil, os.WriteFile(filepath.Join(f.o.Dir, foreign), []byte("a download"), 0o600))
	f.Must(nil, os.WriteFile(filepath.Join(f.o.Dir, first), []byte("in the way"), 0o600))
	f.succeeds(0)
	const beside = "oplog-20261120T084200Z-2.backup"
	f.wantFiles(foreign, beside, first)
	f.Must(nil, os.WriteFile(filepath.Join(f.o.Dir, beside), []byte("replaced by somebody"), 0o600))
	f.succeeds(day)
	f.wantFiles(foreign, beside, first, second)
	f.succeeds(day)
	f.wantFiles(foreign, beside, first, "oplog-20261122T084200Z.backup")
	if s := f.State(); len(s.Files) != 1 {
		t.Errorf("it knows of %+v", s.Files)
	}

	f.o.Dir = t.TempDir() // what is in the directory before stays
	f.begin()
	f.succeeds(day)
	f.succeeds(day)
	if got := f.files(); len(got) != 1 {
		t.Errorf("there are %q", got)
	}
	if _, err := os.Stat(f.State().Files[0].path()); err != nil {
		t.Error(err)
	}
}

// TestKeepAll: with 0 nothing is deleted.
func TestKeepAll(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Keep = 0 })
	for range 4 {
		f.succeeds(day)
	}
	if got := f.files(); len(got) != 4 {
		t.Errorf("there are %q", got)
	}
}

// TestGoneByThemselves: backups that others have deleted are forgotten.
func TestGoneByThemselves(t *testing.T) {
	f := newFixture(t, nil)
	f.succeeds(0)
	f.Must(nil, os.Remove(filepath.Join(f.o.Dir, first)))
	lines := logged(t)
	if s := f.succeeds(day); len(s.Files) != 1 || strings.Count(lines.String(), "no longer in the backup directory") != 1 {
		t.Errorf("%+v, %s", s.Files, lines)
	}
}

// TestStateOf: without a server, the state is as the last one stored it.
func TestStateOf(t *testing.T) {
	f := newFixture(t, nil)
	made := f.succeeds(0)
	state := func() State {
		t.Helper()
		s, err := StateOf(f.Records(), f.o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); s.Proved.Name != made.Proved.Name || len(s.Files) != 1 || s.Overdue || s.Every != day {
		t.Errorf("%+v", s)
	}
	f.Clock.Advance(3 * day)
	if s := state(); !s.Overdue {
		t.Errorf("after three days: %+v", s)
	}
}

// TestDirIsGoneAtTheStart: a directory that is gone is told when the program starts, in one line with what to do, and not when the next backup is due.
func TestDirIsGoneAtTheStart(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Every = 0 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	lines := logged(t)
	f.Run(ended)
	if lines.Len() > 0 {
		t.Errorf("it says %s", lines)
	}
	f.o.Dir = filepath.Join(f.o.Dir, "gone")
	f.begin()
	f.Run(ended)
	if got := lines.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "gone does not exist. Mount or create it.") {
		t.Errorf("it says %s", got)
	}
}
