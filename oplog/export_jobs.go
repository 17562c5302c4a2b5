package oplog

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
)

// exportJobs runs exports.
type exportJobs struct {
	log     *Log
	dir     string
	formats []ExportFormat
	ending  chan struct{} // closed when no more is removed
	done    sync.WaitGroup

	mu      sync.Mutex
	running map[string]*exportRun    // by export id
	slots   map[string]chan struct{} // by tenant, one for each export that may run at once
	closed  bool
}

// exportRun is what is known of a running export between its two records.
type exportRun struct {
	export Export
	cancel context.CancelFunc
}

func newExportJobs(l *Log, dir string, formats []ExportFormat) *exportJobs {
	return &exportJobs{
		log: l, dir: dir, formats: formats, ending: make(chan struct{}),
		running: make(map[string]*exportRun), slots: make(map[string]chan struct{}),
	}
}

func (j *exportJobs) format(name string) (ExportFormat, error) {
	var names []string
	for _, f := range j.formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return ExportFormat{}, fieldError("format", name, "is not one of %s", strings.Join(names, ", "))
}

func (j *exportJobs) start(p exportPlan) error {
	ctx, cancel := context.WithCancel(context.Background())
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		cancel()
		return Errorf(CodeUnavailable, "The program is stopping; ask again when it is back.")
	}
	j.running[p.ID] = &exportRun{p.Export, cancel}
	slots := j.slots[p.Tenant]
	if slots == nil {
		slots = make(chan struct{}, exportsAtOnce)
		j.slots[p.Tenant] = slots
	}
	j.done.Go(func() {
		defer cancel()
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
		}
		size, err := j.write(ctx, p)
		j.finish(p.ID, size, err)
	})
	return nil
}

// write makes the file, under another name until it is complete and its
// manifest stands beside it.
func (j *exportJobs) write(ctx context.Context, p exportPlan) (size int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	path := j.path(p.Export)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	err = durable.WriteFileBy(path+exportPartFile, path, 0o600, func(f *os.File) error {
		m, err := j.log.writeExport(ctx, p, f, func(rows int) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.running[p.ID].export.RowsDone += rows
		})
		if err != nil {
			return err
		}
		signed, err := j.log.signManifest(m)
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
func (j *exportJobs) finish(id string, size int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := j.running[id].export
	delete(j.running, id)
	x.FinishedAt = j.log.now().UTC()
	switch {
	case err == nil:
		x.Status, x.Size, x.RowsTotal = ExportDone, size, x.RowsDone
		x.ExpiresAt = x.FinishedAt.Add(exportKept)
	case errors.Is(err, context.Canceled) && !j.closed:
		x.Status = ExportCancelled
	case errors.Is(err, context.Canceled):
		x.Status, x.Error = ExportFailed, interrupted
	case IsDiskFull(err):
		x.Status, x.Error = ExportFailed, "The disk is full; make space and start the export again."
	default:
		x.Status, x.Error = ExportFailed, err.Error()
	}
	removed := false
	if _, err := changeRecord(j.log.store, RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
		*r, removed = x, !exists
		return removed, nil
	}); err != nil || removed {
		// Where the record still says running the next start says that it failed.
		_ = os.Remove(j.path(x))
		_ = os.Remove(j.path(x) + manifestFile)
	}
}

const interrupted = "The program was stopped before the export was complete; start it again."

// path returns where an export's file is.
func (j *exportJobs) path(x Export) string { return filepath.Join(j.dir, x.ID+"."+x.Format) }

// recover marks exports that were cut off by the end of the last run, and from
// then on removes those that were kept long enough.
func (j *exportJobs) recover() error {
	all, err := listRecords[Export](j.log.store, RecordExport, "")
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Status != ExportRunning {
			continue
		}
		_ = os.Remove(j.path(x) + exportPartFile) // may not exist
		_ = os.Remove(j.path(x))                  // complete, but its record was never written
		_ = os.Remove(j.path(x) + manifestFile)
		_, err := changeRecord(j.log.store, RecordExport, exportName(x), func(r *Export, _ bool) (bool, error) {
			r.Status, r.Error, r.FinishedAt = ExportFailed, interrupted, j.log.now().UTC()
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	if err := errors.Join(j.removeExpired(""), j.removeBackups()); err != nil {
		return err
	}
	j.done.Go(j.sweep)
	return nil
}

// sweep removes exports whose time has come, until the end.
func (j *exportJobs) sweep() {
	tick := time.NewTicker(exportSweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = j.removeExpired("") // what could not be removed is tried again
		case <-j.ending:
			return
		}
	}
}

// removeExpired deletes exports that were kept long enough, of those whose
// records have a prefix.
func (j *exportJobs) removeExpired(prefix string) error {
	all, err := listRecords[Export](j.log.store, RecordExport, prefix)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !x.ExpiresAt.IsZero() && j.log.now().After(x.ExpiresAt) {
			if err := j.remove(x); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *exportJobs) remove(x Export) error {
	for _, path := range []string{j.path(x), j.path(x) + manifestFile} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return j.log.store.ChangeRecord(RecordExport, exportName(x), func([]byte) ([]byte, error) { return nil, nil })
}

// close cancels what runs, and waits for it.
func (j *exportJobs) close() {
	j.mu.Lock()
	if !j.closed {
		close(j.ending)
	}
	j.closed = true
	for _, r := range j.running {
		r.cancel()
	}
	j.mu.Unlock()
	j.done.Wait()
}

// shows tells whether a scope may see an export: what it holds lies below the
// scope, and it is still kept.
func (j *exportJobs) shows(x Export, scope string) bool {
	if !x.ExpiresAt.IsZero() && j.log.now().After(x.ExpiresAt) {
		return false
	}
	if scope == "" {
		return true
	}
	t, err := j.log.tenant(x.Tenant)
	return err == nil && x.Scope != "" && slices.Contains(t.tree.Below(scope), x.Scope)
}

// progress brings a running export's record up to date.
func (j *exportJobs) progress(x Export) Export {
	j.mu.Lock()
	defer j.mu.Unlock()
	if run, ok := j.running[x.ID]; ok {
		return run.export
	}
	return x
}
