// Package proof keeps checkpoints where the administrators of a log do not reach.
package proof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oplog/directory"
	"oplog/durable"
	"oplog/journal"
)

// Anchors keep each tenant's checkpoint of the day in a folder off the machine,
// a USB stick or a share, as <tenant>/<2006-01-02>.checkpoint. What is kept where
// the log's administrators do not reach shows when the log is rewritten. Days are
// those of the tenant's time zone.
type Anchors struct {
	directory *directory.Directory
	journal   *journal.Journal
	now       func() time.Time
	dir       string

	writing sync.Mutex        // a share may take its time
	kept    map[string]string // by tenant, the last day whose checkpoint is in the folder
	retryAt time.Time

	mu    sync.Mutex
	state AnchorState
}

// AnchorState tells how anchoring goes.
type AnchorState struct {
	Dir     string
	KeptAt  time.Time // when the last checkpoint was written; zero for none since the start
	Failure string    // why the folder takes none at present; "" where it does
}

const (
	anchorCheck = time.Minute // how often a day's turn is looked for
	anchorRetry = time.Hour   // how long after a failure the folder is tried again
	anchorFile  = ".checkpoint"
)

// NewAnchors returns the anchors of a log in a folder, which must be there: where
// a stick is not plugged in, nothing is written in its place.
func NewAnchors(directory *directory.Directory, journal *journal.Journal, now func() time.Time, dir string) *Anchors {
	return &Anchors{directory: directory, journal: journal, now: now, dir: dir, kept: make(map[string]string), state: AnchorState{Dir: dir}}
}

// Keep writes what is due now and from then on, until the context ends. It tells
// of each failure; the next try is an hour later.
func (a *Anchors) Keep(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(anchorCheck)
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

// Write writes the checkpoints that the folder does not have yet of today.
func (a *Anchors) Write() error {
	a.writing.Lock()
	defer a.writing.Unlock()
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
		a.retryAt = now.Add(anchorRetry)
		return fmt.Errorf("the checkpoints of the day cannot be kept in %s, which is tried again in an hour: %w", a.dir, err)
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
		if a.kept[t.ID] == day {
			continue
		}
		if err := a.write(t.ID, day, now); err != nil {
			failed = append(failed, err)
			continue
		}
		a.kept[t.ID] = day
	}
	return errors.Join(failed...)
}

// write writes a checkpoint, under another name until it is complete. One that
// is there stays: it proves more the older it is.
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
	if there, err := os.ReadFile(path); err == nil {
		if origin, _, _ := strings.Cut(checkpoint, "\n"); !strings.HasPrefix(string(there), origin+"\n") {
			return fmt.Errorf("%s is of another log than %s; name another folder", path, origin)
		}
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a checkpoint is for others to read
		return err
	}
	// A checkpoint is for others to read.
	if err := durable.WriteFile(path, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, checkpoint)
		return err
	}); err != nil {
		return err
	}
	a.note(func(s *AnchorState) { s.KeptAt = now })
	return nil
}

// State tells how anchoring goes.
func (a *Anchors) State() AnchorState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}
