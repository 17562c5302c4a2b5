// Package proof keeps checkpoints out of reach of a log's administrators: in a folder, and with witnesses.
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

	"oplog/durable"
	"oplog/oplog"
)

// Anchors writes checkpoints to a folder off the machine, such as a USB stick or a network share: of every tree that has grown, every few
// minutes and when the server stops. Checkpoints out of reach of the log's administrators reveal a rewritten log. Files are only added:
//
//	<tenant>/<2006-01-02>/<150405>Z-log.checkpoint     the tenant's log
//	<tenant>/<2006-01-02>/<150405>Z-access.checkpoint  its access log
//	_server/<2006-01-02>/<150405>Z-access.checkpoint   the installation's access log
//	_server/<2006-01-02>/<150405>Z-keys.json           how the log's key was replaced, if it was
//
// Days and times are in UTC. Earlier versions wrote <tenant>/<2006-01-02>.checkpoint once a day; those files stay valid.
type Anchors struct {
	trees *Trees
	here  oplog.Place
	now   func() time.Time
	dir   string

	writeMu sync.Mutex      // held during writes: a network share may be slow
	written map[string]head // by tree: the newest head in the folder
	changes int             // replacements of the log's key that the folder has
	led     bool            // whether this node led when it last looked

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
	anchorInterval = 5 * time.Minute
	remindInterval = time.Hour // after which a lasting failure is reported again
	anchorSuffix   = ".checkpoint"
	serverFolder   = "_server" // no tenant's id
)

// NewAnchors returns the anchors of a log in a folder, which must exist: if a USB stick is not mounted, nothing may be written to its mount
// point. Of several nodes, the one that leads writes, to a folder of its own or to one that all share.
func NewAnchors(trees *Trees, here oplog.Place, now func() time.Time, dir string) *Anchors {
	return &Anchors{trees: trees, here: here, now: now, dir: dir, written: make(map[string]head), state: AnchorState{Dir: dir}}
}

// Run writes checkpoints at once and then every few minutes, until the context ends. A failure that lasts is reported once an hour.
func (a *Anchors) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(anchorInterval)
	defer tick.Stop()
	report := reporter{now: a.now, failed: failed}
	for {
		report.report(a.WriteIfLeading())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// WriteIfLeading is Write, unless another node leads. Two nodes that write at the same time add a file more than needed.
func (a *Anchors) WriteIfLeading() error {
	leads := a.here.Leads()
	a.writeMu.Lock()
	if leads && !a.led { // another node may have written since
		clear(a.written)
		a.changes = 0
	}
	a.led = leads
	a.writeMu.Unlock()
	if leads {
		return a.Write()
	}
	a.note(func(s *AnchorState) { s.Failure = "" })
	return nil
}

// Write writes the checkpoints of the trees that have grown since their last one. If one fails, the others are still written.
func (a *Anchors) Write() error {
	a.writeMu.Lock()
	defer a.writeMu.Unlock()
	names, err := a.trees.names()
	for _, tree := range names {
		err = errors.Join(err, a.write(tree, a.now().UTC()))
	}
	if err == nil { // the folder is this log's
		err = a.writeKeys(a.now().UTC())
	}
	a.note(func(s *AnchorState) {
		if s.Failure = ""; err != nil {
			s.Failure = err.Error()
		}
	})
	if err != nil {
		return fmt.Errorf("cannot write checkpoints to %s: %w", a.dir, err)
	}
	return nil
}

func (a *Anchors) note(change func(*AnchorState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.state)
}

// place returns the folder of a tree's checkpoints, and the end of their names.
func (a *Anchors) place(tree string) (folder, suffix string) {
	tenant, _, isTrail := strings.Cut(tree, "/")
	folder, suffix = filepath.Join(a.dir, tenant), "-log"
	if isTrail {
		suffix = "-access"
	}
	if tenant == "" {
		folder = filepath.Join(a.dir, serverFolder)
	}
	return folder, suffix
}

// write writes a tree's checkpoint, unless the folder has it already.
func (a *Anchors) write(tree string, now time.Time) error {
	if _, err := os.Stat(a.dir); err != nil {
		return err
	}
	text, current, err := a.trees.checkpoint(tree)
	if err != nil {
		return err
	}
	last, known := a.written[tree]
	if !known {
		if last, err = a.newest(tree, current); err != nil {
			return err
		}
	}
	if last != current {
		if err := a.add(tree, text, now); err != nil {
			return err
		}
		a.note(func(s *AnchorState) { s.KeptAt = now })
	}
	a.written[tree] = current
	return nil
}

// newest returns the newest head of a tree in the folder, zero for none. It must be one that the current tree can continue.
func (a *Anchors) newest(tree string, current head) (head, error) {
	folder, suffix := a.place(tree)
	patterns := []string{filepath.Join(folder, "????-??-??", "??????Z"+suffix+"*"+anchorSuffix)}
	if !oplog.IsTrail(tree) {
		patterns = append(patterns, filepath.Join(folder, "????-??-??"+anchorSuffix)) // of earlier versions
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			continue
		}
		path := found[len(found)-1]
		text, err := readRegular(path)
		if err != nil {
			return head{}, err
		}
		kept, err := headOf(string(text))
		switch {
		case err != nil: // damaged: verify reports it
		case kept.origin != current.origin:
			return head{}, fmt.Errorf("%s belongs to a different log than %s; choose another folder", path, current.origin)
		case kept.size > current.size:
			return head{}, fmt.Errorf("%s proves %d entries, but there are only %d: an old backup was restored, or entries were removed; run oplog verify --anchors, then choose another folder", path, kept.size, current.size)
		default:
			return kept, nil
		}
	}
	return head{}, nil
}

// maxSameSecond limits the checkpoints of a tree with the same time in their names, which are several only if the clock was set back.
const maxSameSecond = 100

// add writes a checkpoint to a new file; existing files are never replaced.
func (a *Anchors) add(tree, text string, now time.Time) error {
	folder, suffix := a.place(tree)
	return addFile(filepath.Join(folder, now.Format(time.DateOnly)), now.Format("150405Z")+suffix, anchorSuffix, text)
}

func addFile(folder, name, extension, text string) error {
	if err := durable.MkdirAll(folder, 0o755); err != nil { // checkpoints are to be read by others
		return err
	}
	for number := 1; ; number++ {
		path := filepath.Join(folder, name+extension)
		if number > 1 {
			path = filepath.Join(folder, fmt.Sprintf("%s-%d%s", name, number, extension))
		}
		err := durable.WriteNewFile(path, 0o644, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if !errors.Is(err, fs.ErrExist) || number == maxSameSecond {
			return err
		}
	}
}

// readRegular reads a file. It does not read a FIFO, which would block until something writes to it.
func readRegular(path string) ([]byte, error) {
	if !durable.IsRegular(path) {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(path) //nolint:gosec // the user names the folder
}

// State returns the state of anchoring.
func (a *Anchors) State() AnchorState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// Anchor is a checkpoint in a folder of anchors.
type Anchor struct{ Path, Text string }

// ReadAnchors returns the checkpoints in a folder and below it, by path. An empty file, which a crash leaves, is returned without text.
func ReadAnchors(dir string) ([]Anchor, error) {
	var found []Anchor
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, anchorSuffix) || strings.HasPrefix(d.Name(), ".") || !durable.IsRegular(path) {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // the user names the folder
		found = append(found, Anchor{path, string(text)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the checkpoints: %w", err)
	}
	return found, nil
}
