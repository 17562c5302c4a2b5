package exports

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// In a log on several nodes, an export runs where it was started, and its file is there; the record, which all nodes have, names the node. So do
// limits and lists with the exports of all nodes. What is decided elsewhere reaches a node by the record: when it says that the export
// is to be cancelled, or is gone, the node ends the job and removes the file.

const (
	followRetry   = 2 * time.Second // after which what failed is tried again
	progressSaved = 5 * time.Second // how often the record of a running export says how far it has come
)

var errNodeRemoved = oplog.Refuse(oplog.CodeUnavailable, "export-node-removed", "The node that had the file was removed from the log; start the export again.")

// Elsewhere returns the node that runs an export or has its file, if that is another one: its downloads are answered there.
func (s *Exports) Elsewhere(x Export) (node string, elsewhere bool) {
	return x.Node, !s.place.Alone() && x.Node != "" && x.Node != s.place.Node
}

// errElsewhere is the error for files of another node.
func errElsewhere(x Export) error {
	return oplog.Refuse(oplog.CodeUnavailable, "export-elsewhere", "The file of this export is on node {node}; download it there, or retry when that can be reached.", x.Node)
}

// runsElsewhere reports whether an export runs on another node.
func (s *Exports) runsElsewhere(x Export) bool {
	_, elsewhere := s.Elsewhere(x)
	return elsewhere && x.Status == Running
}

// cancelElsewhere asks the node that runs an export to cancel it. Asked again, it gives the export up: that node may not come back.
func (s *Exports) cancelElsewhere(x Export) error {
	_, err := records.Change(s.changes, oplog.RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
		again := r.Cancelling
		r.Cancelling = true
		return again || !exists, nil
	})
	return err
}

// onRecord notes that the record of an export was changed or removed, here or on another node.
func (s *Exports) onRecord(kind oplog.RecordKind, name string) {
	if kind == oplog.RecordExport {
		s.noteChanged(name)
	}
}

func (s *Exports) noteChanged(names ...string) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	for _, name := range names {
		s.jobs.changed[name] = true
	}
	select {
	case s.jobs.wake <- struct{}{}:
	default:
	}
}

// follow does what changed records ask of this node, until the service is closed.
func (s *Exports) follow() {
	var retry <-chan time.Time
	for {
		select {
		case <-s.jobs.wake:
		case <-retry:
		case <-s.jobs.stop:
			return
		}
		s.jobs.mu.Lock()
		names := slices.Sorted(maps.Keys(s.jobs.changed))
		clear(s.jobs.changed)
		s.jobs.mu.Unlock()
		retry = nil
		for _, name := range names {
			if err := s.followRecord(name); err != nil {
				s.jobs.mu.Lock()
				s.jobs.changed[name] = true
				s.jobs.mu.Unlock()
				retry = time.After(followRetry)
			}
		}
	}
}

// followRecord does what the record of an export asks of this node.
func (s *Exports) followRecord(name string) error {
	x, err := records.Read[Export](s.store, oplog.RecordExport, name)
	_, id, _ := strings.Cut(name, "/")
	s.jobs.mu.Lock()
	run, begun := s.jobs.running[id], s.jobs.begun[id]
	s.jobs.mu.Unlock()
	switch {
	case oplog.CodeOf(err) == oplog.CodeNotFound:
		if run != nil {
			run.cancel()
		} else if !begun {
			faults.Report("removing the files of an export", s.removeFilesOf(id), "export", id)
		}
		return nil
	case oplog.CodeOf(err) == oplog.CodeDamaged:
		return nil // nobody knows whose it is
	case err != nil:
		return err
	case run != nil && x.Cancelling:
		run.cancel()
	case x.Node == "" && s.hasFile(x): // of this log, when it was on this node alone
		return s.changeUnless(x, func(r *Export) { r.Node = s.place.Node })
	case x.Node == s.place.Node && x.Status == Running && !begun:
		s.removeFiles(x)
		return s.changeUnless(x, func(r *Export) { s.end(r, errInterrupted) })
	}
	return nil
}

// changeUnless changes the record of an export, unless its status has become another.
func (s *Exports) changeUnless(x Export, change func(*Export)) error {
	_, err := records.Change(s.store, oplog.RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
		if exists && r.Status == x.Status {
			change(r)
		}
		return !exists, nil
	})
	return err
}

// hasFile reports whether the file of an export is here.
func (s *Exports) hasFile(x Export) bool {
	_, err := os.Lstat(s.path(x))
	return err == nil
}

// removeFilesOf removes the files of an export of which only the id is known.
func (s *Exports) removeFilesOf(id string) error {
	if _, isID := oplog.KeyOfID(strings.ToUpper(id)); !isID {
		return nil
	}
	var failed []error
	for _, pattern := range []string{id + ".*", "." + id + ".*"} {
		found, err := filepath.Glob(filepath.Join(s.dir, pattern))
		failed = append(failed, err)
		for _, path := range found {
			failed = append(failed, os.RemoveAll(path))
		}
	}
	return errors.Join(failed...)
}

// FailGone marks the exports of nodes that are no longer of the log as failed, if this node leads: they do not go on, and their files are gone. So do
// those not go on that ran when there was one node.
func (s *Exports) FailGone() error {
	if s.place.Alone() || !s.place.Leads() || s.place.Members == nil {
		return nil
	}
	all, err := records.List[Export](s.store, oplog.RecordExport, "")
	if err != nil {
		return err
	}
	members := s.place.Members()
	for _, x := range all {
		var reason error
		switch {
		case x.Node == "" && x.Status == Running:
			reason = errInterrupted
		case x.Node != "" && (x.Status == Running || x.Status == Done) && !slices.Contains(members, x.Node):
			reason = errNodeRemoved
		default:
			continue
		}
		if err := s.changeUnless(x, func(r *Export) { s.end(r, reason) }); err != nil {
			return err
		}
	}
	return nil
}

// end marks an export as failed, now.
func (s *Exports) end(x *Export, err error) {
	x.fail(err)
	if x.FinishedAt.IsZero() {
		x.FinishedAt = s.now().UTC()
		x.ExpiresAt = x.FinishedAt.Add(Lifetime)
	}
}

// saveProgress lets the record of a running export say how far it has come, for the other nodes, until done is closed.
func (s *Exports) saveProgress(x Export, done <-chan struct{}) {
	tick := time.NewTicker(progressSaved)
	defer tick.Stop()
	for last, waited := 0, ""; ; {
		select {
		case <-tick.C:
		case <-done:
			return
		}
		s.jobs.mu.Lock()
		run := s.jobs.running[x.ID]
		rows, written, waiting := run.export.RowsDone, run.written, run.export.Waiting
		s.jobs.mu.Unlock()
		if rows == last && waiting == waited {
			continue
		}
		last, waited = rows, waiting
		_ = s.changeUnless(x, func(r *Export) { r.RowsDone, r.Written, r.Waiting = rows, written, waiting }) // the next one says more
	}
}

// putEnded stores the record of an export that has ended, and reports whether it was removed meanwhile. Of several nodes, none may lead for some
// seconds: then it is tried again, until the service is closed.
func (s *Exports) putEnded(x Export) (removed bool, err error) {
	for {
		removed = false
		_, err = records.Change(s.store, oplog.RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
			*r, removed = x, !exists
			return removed, nil
		})
		if s.place.Alone() || oplog.CodeOf(err) != oplog.CodeUnavailable {
			return removed, err
		}
		select {
		case <-time.After(followRetry):
		case <-s.jobs.stop:
			return removed, err
		}
	}
}
