// Package proof keeps checkpoints out of reach of a log's administrators.
package proof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oplog/directory"
	"oplog/durable"
	"oplog/journal"
)

// Anchors writes each tenant's checkpoint of the day to a folder off the machine, such as a USB stick or a network share, as
// <tenant>/<2006-01-02>.checkpoint. Checkpoints out of reach of the log's administrators reveal a rewritten log. Days are in the tenant's
// time zone.
type Anchors struct {
	directory *directory.Directory
	journal   *journal.Journal
	now       func() time.Time
	dir       string

	writeMu sync.Mutex        // held during writes: a network share may be slow
	written map[string]string // by tenant: the last day whose checkpoint is in the folder
	retryAt time.Time

	mu    sync.Mutex
	state AnchorState
}

// AnchorState is the state of anchoring.
type AnchorState struct {
	Dir     string
	KeptAt  time.Time // when the last checkpoint was written; zero for none since the start
	Failure string    // why the last write failed; "" if it did not
}

const (
	checkInterval = time.Minute // interval of checks for a new day
	retryDelay    = time.Hour   // delay after a failure
	anchorFile    = ".checkpoint"
)

// NewAnchors returns the anchors of a log in a folder, which must exist: if a USB stick is not mounted, nothing may be written to its mount
// point.
func NewAnchors(directory *directory.Directory, journal *journal.Journal, now func() time.Time, dir string) *Anchors {
	return &Anchors{directory: directory, journal: journal, now: now, dir: dir, written: make(map[string]string), state: AnchorState{Dir: dir}}
}

// Run writes checkpoints that are due, until the context ends. It reports each failure and retries an hour later.
func (a *Anchors) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		if err := a.Write(); err != nil {
			failed(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Write writes today's checkpoints that are not in the folder yet.
func (a *Anchors) Write() error {
	a.writeMu.Lock()
	defer a.writeMu.Unlock()
	now := a.now()
	if now.Before(a.retryAt) {
		return nil
	}
	err := a.writeDue(now)
	a.note(func(s *AnchorState) {
		if s.Failure = ""; err != nil {
			s.Failure = err.Error()
		}
	})
	if err != nil {
		a.retryAt = now.Add(retryDelay)
		return fmt.Errorf("cannot write today's checkpoints to %s (next attempt in an hour): %w", a.dir, err)
	}
	return nil
}

func (a *Anchors) note(change func(*AnchorState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.state)
}

func (a *Anchors) writeDue(now time.Time) error {
	tenants, err := a.directory.Tenants()
	if err != nil {
		return err
	}
	var failed []error
	for _, t := range tenants {
		day := now.In(t.Location()).Format(time.DateOnly)
		if a.written[t.ID] == day {
			continue
		}
		if err := a.write(t.ID, day, now); err != nil {
			failed = append(failed, err)
			continue
		}
		a.written[t.ID] = day
	}
	return errors.Join(failed...)
}

// write writes a checkpoint atomically. An existing checkpoint of the day stays: the older, the more it proves.
func (a *Anchors) write(tenant, day string, now time.Time) (err error) {
	if _, err := os.Stat(a.dir); err != nil {
		return err
	}
	folder := filepath.Join(a.dir, tenant)
	path := filepath.Join(folder, day+anchorFile)
	checkpoint, err := a.journal.Checkpoint(tenant)
	if err != nil {
		return err
	}
	if there, err := readRegular(path); err == nil {
		if origin, _, _ := strings.Cut(checkpoint, "\n"); !strings.HasPrefix(string(there), origin+"\n") {
			return fmt.Errorf("%s belongs to a different log than %s; choose another folder", path, origin)
		}
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // checkpoints are to be read by others
		return err
	}
	// Checkpoints are to be read by others.
	if err := durable.WriteFile(path, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, checkpoint)
		return err
	}); err != nil {
		return err
	}
	a.note(func(s *AnchorState) { s.KeptAt = now })
	return nil
}

// readRegular reads a file. A FIFO, which passes checkpoints on, is not read: that
// would wait for ever for its writer.
func readRegular(path string) ([]byte, error) {
	if !durable.IsRegular(path) {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(path)
}

// State returns the state of anchoring.
func (a *Anchors) State() AnchorState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}
