package exports

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"oplog/durable"
	"oplog/oplog"
	"oplog/records"
)

// exportJobs are the exports that run.
type runs struct {
	ending chan struct{} // closed when no more is removed
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[string]*run          // by export id
	slots   map[string]chan struct{} // by tenant, one for each export that may run at once
	closed  bool
}

// exportRun is what is known of a running export between its two records.
type run struct {
	export Export
	cancel context.CancelFunc
}

func (s *Exports) format(name string) (oplog.ExportFormat, error) {
	var names []string
	for _, f := range s.formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return oplog.ExportFormat{}, oplog.InvalidField("format", name, "is not one of %s", strings.Join(names, ", "))
}

func (s *Exports) start(p plan) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if s.jobs.closed {
		cancel()
		return oplog.Errorf(oplog.CodeUnavailable, "The program is stopping; ask again when it is back.")
	}
	s.jobs.running[p.ID] = &run{p.Export, cancel}
	slots := s.jobs.slots[p.Tenant]
	if slots == nil {
		slots = make(chan struct{}, exportsAtOnce)
		s.jobs.slots[p.Tenant] = slots
	}
	s.jobs.done.Go(func() {
		defer cancel()
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
		}
		size, err := s.write(ctx, p)
		s.finish(p.ID, size, err)
	})
	return nil
}

// write makes the file, under another name until it is complete and its
// manifest stands beside it.
func (s *Exports) write(ctx context.Context, p plan) (size int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	path := s.path(p.Export)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	err = durable.WriteFileBy(path+exportPartFile, path, 0o600, func(f *os.File) error {
		m, err := s.writeExport(ctx, p, f, func(rows int) {
			s.jobs.mu.Lock()
			defer s.jobs.mu.Unlock()
			s.jobs.running[p.ID].export.RowsDone += rows
		})
		if err != nil {
			return err
		}
		signed, err := s.signManifest(m)
		if err != nil {
			return err
		}
		size = m.Size
		return durable.WriteFile(path+manifestFile, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, signed)
			return err
		})
	})
	if err != nil {
		_ = os.Remove(path + manifestFile)
		return 0, err
	}
	return size, nil
}

// finish records how an export ended.
func (s *Exports) finish(id string, size int64, err error) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	x := s.jobs.running[id].export
	delete(s.jobs.running, id)
	x.FinishedAt = s.now().UTC()
	switch {
	case err == nil:
		x.Status, x.Size, x.RowsTotal = Done, size, x.RowsDone
		x.ExpiresAt = x.FinishedAt.Add(exportKept)
	case errors.Is(err, context.Canceled) && !s.jobs.closed:
		x.Status = Cancelled
	case errors.Is(err, context.Canceled):
		x.Status, x.Error = Failed, interrupted
	case oplog.IsDiskFull(err):
		x.Status, x.Error = Failed, "The disk is full; make space and start the export again."
	default:
		x.Status, x.Error = Failed, err.Error()
	}
	removed := false
	if _, err := records.Change(s.store, oplog.RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
		*r, removed = x, !exists
		return removed, nil
	}); err != nil || removed {
		// Where the record still says running the next start says that it failed.
		_ = os.Remove(s.path(x))
		_ = os.Remove(s.path(x) + manifestFile)
	}
}

const interrupted = "The program was stopped before the export was complete; start it again."

// path returns where an export's file is.
func (s *Exports) path(x Export) string { return filepath.Join(s.dir, x.ID+"."+x.Format) }

// recover marks exports that were cut off by the end of the last run, and from
// then on removes those that were kept long enough.
func (s *Exports) recover() error {
	all, err := records.List[Export](s.store, oplog.RecordExport, "")
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Status != Running {
			continue
		}
		_ = os.Remove(s.path(x) + exportPartFile) // may not exist
		_ = os.Remove(s.path(x))                  // complete, but its record was never written
		_ = os.Remove(s.path(x) + manifestFile)
		_, err := records.Change(s.store, oplog.RecordExport, exportName(x), func(r *Export, _ bool) (bool, error) {
			r.Status, r.Error, r.FinishedAt = Failed, interrupted, s.now().UTC()
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	if err := s.removeExpired(""); err != nil {
		return err
	}
	s.jobs.done.Go(s.sweep)
	return nil
}

// sweep removes exports whose time has come, until the end.
func (s *Exports) sweep() {
	tick := time.NewTicker(exportSweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.removeExpired("") // what could not be removed is tried again
		case <-s.jobs.ending:
			return
		}
	}
}

// removeExpired deletes exports that were kept long enough, of those whose
// records have a prefix.
func (s *Exports) removeExpired(prefix string) error {
	all, err := records.List[Export](s.store, oplog.RecordExport, prefix)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !x.ExpiresAt.IsZero() && s.now().After(x.ExpiresAt) {
			if err := s.remove(x); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Exports) remove(x Export) error {
	for _, path := range []string{s.path(x), s.path(x) + manifestFile} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return records.Remove(s.store, oplog.RecordExport, exportName(x))
}

// Close cancels what runs, and waits for it.
func (s *Exports) Close() {
	s.jobs.mu.Lock()
	if !s.jobs.closed {
		close(s.jobs.ending)
	}
	s.jobs.closed = true
	for _, r := range s.jobs.running {
		r.cancel()
	}
	s.jobs.mu.Unlock()
	s.jobs.done.Wait()
}

// shows reports whether a scope may see an export: what it holds lies below the
// scope, and it is still kept.
func (s *Exports) shows(x Export, scope string) bool {
	if !x.ExpiresAt.IsZero() && s.now().After(x.ExpiresAt) {
		return false
	}
	if scope == "" {
		return true
	}
	t, err := s.directory.State(x.Tenant)
	return err == nil && x.Scope != "" && slices.Contains(t.Tree.Descendants(scope), x.Scope)
}

// progress brings a running export's record up to date.
func (s *Exports) progress(x Export) Export {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if run, ok := s.jobs.running[x.ID]; ok {
		return run.export
	}
	return x
}
