// Package backup backs the log up to a directory on a schedule, and proves each backup by restoring and verifying it.
package backup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"oplog/durable"
	"oplog/faults"
	"oplog/node"
	"oplog/oplog"
	"oplog/records"
	"oplog/trail"
)

// Options are the options of Backups.
type Options struct {
	Dir        string        // where backups are written; it must exist
	Every      time.Duration // how often; zero for only when asked
	Keep       int           // number of proved backups that are kept; zero for all
	Recipients []Recipient   // whom backups are encrypted to; none for plain ones
	ProofDir   string        // in which a backup is restored; emptied and removed
	Prove      Prove
	Now        func() time.Time

	// Space returns the free bytes and the size of a directory's volume; nil for [durable.Space].
	Space func(dir string) (free, total uint64, err error)
}

// Prove restores a backup to a directory that does not exist, verifies all of it, and reports what it has.
type Prove func(ctx context.Context, dir string, from io.Reader) (Proof, error)

// Proof is what a restored backup has.
type Proof struct {
	Logs    int    `json:"logs"` // tenants and trails
	Entries uint64 `json:"entries"`
}

// File is a backup that this program wrote and did not delete yet.
type File struct {
	Dir       string    `json:"dir"`
	Name      string    `json:"name"`
	Bytes     int64     `json:"bytes"`
	MadeAt    time.Time `json:"made_at"` // the state of the log that it has
	Encrypted bool      `json:"encrypted,omitempty"`
	ProvedAt  time.Time `json:"proved_at,omitzero"`
	Proof     Proof     `json:"proof,omitzero"`
	Failure   *Failure  `json:"failure,omitempty"` // why it could not be proved

	ReliesOn oplog.Reliance `json:"relies_on,omitzero"`
}

func (f *File) path() string { return filepath.Join(f.Dir, f.Name) }

// Failure is why something failed.
type Failure struct {
	At     time.Time      `json:"at"`
	Reason string         `json:"reason,omitempty"` // for programs; "" for none
	Params map[string]any `json:"params,omitempty"`
	Text   string         `json:"text"`
}

// stored is what outlasts a restart.
type stored struct {
	Since    time.Time `json:"since,omitzero"`     // begin of the schedule; zero for none
	Files    []File    `json:"files,omitempty"`    // oldest first
	Writing  string    `json:"writing,omitempty"`  // path of the temporary file; "" for none
	MadeAt   time.Time `json:"made_at,omitzero"`   // of the last backup
	Proved   File      `json:"proved,omitzero"`    // the last proved backup
	Failures uint64    `json:"failures,omitempty"` // attempts that failed, ever
	Failure  *Failure  `json:"failure,omitempty"`  // of the last attempt
}

// The phases of a backup.
const (
	PhaseCopy  = "copy"  // to the data directory's volume
	PhaseWrite = "write" // to the directory
	PhaseProve = "prove"
)

// Progress is how far a backup has come.
type Progress struct {
	Phase       string
	BeganAt     time.Time
	Done, Bytes int64 // of PhaseWrite and PhaseProve

	file File // once it is written
}

// State describes the backups.
type State struct {
	Dir        string
	Every      time.Duration
	Keep       int
	Recipients int
	NextAt     time.Time // zero if nothing is scheduled
	Running    *Progress // nil for none
	Overdue    bool      // no backup was proved as lately as the schedule wants
	Files      []File    // in the directory, newest first
	MadeAt     time.Time // of the last backup
	Proved     File      // the last proved one
	Failures   uint64
	Failure    *Failure // of the last attempt; nil if it succeeded
}

// Backups makes the backups of a node's log. Of several nodes, the one that leads does. Each knows the files that it has written itself, as the
// directories may be different ones, so a node that begins to lead makes a backup soon: those of the other may have been lost with its machine.
type Backups struct {
	o     Options
	node  *node.Node
	asked chan struct{}

	mu       sync.Mutex // guards the fields below; no file is touched and nothing is stored under it
	stored   stored
	running  *Progress
	attempts int       // that failed since the last success
	retryAt  time.Time // after a failure
	warned   bool      // that backups are overdue
	led      bool      // whether this node led at the last turn
}

const record = "backups"

// New returns the backups of a node's log.
func New(n *node.Node, o Options) (*Backups, error) {
	b, err := read(n.Records(), o)
	if err == nil {
		b.node = n
		b.ledSince()
	}
	return b, err
}

// StateOf returns the state of the backups of a log that no server has open.
func StateOf(r oplog.Records, o Options) (State, error) {
	b, err := read(r, o)
	if err != nil {
		return State{}, err
	}
	return b.State(), nil
}

// read returns the backups as they are stored.
func read(r oplog.Records, o Options) (*Backups, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Space == nil {
		o.Space = durable.Space
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	b := &Backups{o: o, asked: make(chan struct{}, 1)}
	if b.stored, err = records.Read[stored](r, oplog.RecordServer, record); err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		faults.Report("reading which backups there are", err)
	}
	if o.Every == 0 {
		b.stored.Since = time.Time{}
	} else if b.stored.Since.IsZero() {
		b.stored.Since = o.Now().UTC()
	}
	return b, nil
}

// maxWait is how long to wait before the clock is read again.
const maxWait = time.Minute

// Run makes backups when they are due or asked for, until the context ends. One that was missed while the program did not run is made at once.
func (b *Backups) Run(ctx context.Context) {
	b.removeLeft()
	if err := b.checkDir(); err != nil && !b.isDue() { // a backup that is due tells it itself
		slog.Warn("no backup can be made", "err", err)
	}
	for {
		wait := maxWait
		if next := b.State().NextAt; !next.IsZero() {
			wait = min(maxWait, max(0, next.Sub(b.o.Now())))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-b.asked:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
		b.Turn(ctx)
	}
}

// Start has a backup made now, unless one is being made. Run makes it.
func (b *Backups) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		return
	}
	b.running = &Progress{Phase: PhaseCopy, BeganAt: b.o.Now().UTC()}
	b.asked <- struct{}{} // there is room: the last one was taken before running was set to nil
}

// Turn makes a backup if one is due or was asked for, and warns if none has been proved for too long. Run calls it.
func (b *Backups) Turn(ctx context.Context) {
	b.ledSince()
	if b.begin() {
		b.end(ctx, b.attempt(ctx))
	}
	b.warn()
}

// begin reports whether a backup is to be made now.
func (b *Backups) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.asked:
	default:
	}
	if b.running != nil {
		return true
	}
	next := b.nextAt()
	if next.IsZero() || next.After(b.o.Now()) {
		return false
	}
	b.running = &Progress{Phase: PhaseCopy, BeganAt: b.o.Now().UTC()}
	return true
}

// isDue reports whether a backup is to be made now.
func (b *Backups) isDue() bool {
	next := b.State().NextAt
	return !next.IsZero() && !next.After(b.o.Now())
}

// nextAt returns when the next backup is due; zero for never. A last one in the future is of a clock that was wrong. It is called under mu.
func (b *Backups) nextAt() time.Time {
	switch now, last := b.o.Now().UTC(), b.stored.Proved.MadeAt; {
	case b.o.Every == 0 || !b.leads():
		return time.Time{}
	case !b.retryAt.IsZero():
		return b.retryAt
	case last.IsZero() || last.After(now):
		return now
	default:
		return last.Add(b.o.Every)
	}
}

// State describes the backups.
func (b *Backups) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := State{
		Dir: b.o.Dir, Every: b.o.Every, Keep: b.o.Keep, Recipients: len(b.o.Recipients), NextAt: b.nextAt(), Overdue: b.isOverdue(),
		MadeAt: b.stored.MadeAt, Proved: b.stored.Proved, Failures: b.stored.Failures, Failure: b.stored.Failure,
	}
	if b.running != nil {
		running := *b.running
		s.Running = &running
	}
	for _, f := range slices.Backward(b.stored.Files) {
		if f.Dir == b.o.Dir {
			s.Files = append(s.Files, f)
		}
	}
	return s
}

// maxGrace is the time by which a proved backup may be later than the schedule, at most as much as there is between two.
const maxGrace = time.Hour

// isOverdue is called under mu.
func (b *Backups) isOverdue() bool {
	last := b.stored.Since
	if proved := b.stored.Proved.MadeAt; proved.After(last) {
		last = proved
	}
	return b.o.Every > 0 && b.leads() && b.o.Now().Sub(last) > b.o.Every+min(b.o.Every, maxGrace)
}

// warn tells once when no backup was proved for longer than the schedule wants.
func (b *Backups) warn() {
	b.mu.Lock()
	overdue := b.isOverdue()
	tell := overdue && !b.warned
	b.warned = overdue
	proved := b.stored.Proved
	b.mu.Unlock()
	switch {
	case tell && proved.Name == "":
		slog.Warn("no backup has been proved restorable yet, though the schedule wanted one", "every", b.o.Every, "dir", b.o.Dir)
	case tell:
		slog.Warn("the last backup that was proved restorable is older than the schedule", "last", proved.path(), "made", proved.MadeAt, "every", b.o.Every)
	}
}

// The times between attempts after a failure.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// end notes how an attempt ended. A program that stops fails nothing.
func (b *Backups) end(ctx context.Context, err error) {
	if ctx.Err() != nil {
		err = nil
	}
	now := b.o.Now().UTC()
	failure := failureOf(err, now)
	b.mu.Lock()
	ended := *b.running
	b.running = nil
	before := b.stored.Failure
	if ctx.Err() != nil {
		failure = before
	}
	b.stored.Failure = failure
	switch {
	case err != nil:
		b.stored.Failures++
		b.retryAt = now.Add(min(firstRetry<<min(b.attempts, 10), lastRetry))
		b.attempts++
	case ctx.Err() == nil:
		b.attempts, b.retryAt = 0, time.Time{}
	}
	next := b.nextAt()
	b.mu.Unlock()
	b.save()
	if err != nil && (before == nil || before.Text != failure.Text) { // not again at each attempt
		slog.Error("no backup was made and proved", "err", err, "next_attempt", next)
		operation := "create"
		if ended.Phase == PhaseProve {
			operation = "prove"
		}
		b.tell(operation, ended.file.ref(), true, map[string]any{"error": failure.Text})
	}
}

// failureOf describes an error; nil for none.
func failureOf(err error, at time.Time) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{At: at, Text: err.Error()}
	var known *oplog.Error
	if errors.As(err, &known) {
		f.Reason, f.Params, f.Text = known.Reason, known.Params, known.Error()
	}
	return f
}

// change changes what outlasts a restart, and stores it.
func (b *Backups) change(change func(*stored)) {
	b.mu.Lock()
	change(&b.stored)
	b.mu.Unlock()
	b.save()
}

// save stores what outlasts a restart, unless nothing can be written.
func (b *Backups) save() {
	if b.node.Failure() != nil {
		return
	}
	b.mu.Lock()
	now := b.stored
	now.Files = slices.Clone(now.Files)
	b.mu.Unlock()
	_, err := records.Change(b.node.Records(), oplog.RecordServer, record, func(of *stored, _ bool) (remove bool, err error) {
		*of = now
		return false, nil
	})
	faults.Report("storing which backups there are", err)
}

// tell records an event of the server in the access log of the installation.
func (b *Backups) tell(operation string, of oplog.Ref, failed bool, details map[string]any) {
	b.node.Trail.Add(trail.Event{User: trail.ServerUser, Module: "backup", Operation: operation, Object: of, Failed: failed, Details: details})
}
