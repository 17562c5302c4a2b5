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
	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// jobs are the running exports.
type jobs struct {
	stop chan struct{} // closed to stop the removal of expired exports
	done sync.WaitGroup

	mu      sync.Mutex
	running map[string]*job          // by export id
	slots   map[string]chan struct{} // semaphores by tenant
	closed  bool

	// Of a log on several nodes; see nodes.go.
	wake    chan struct{}   // holds a value if records have changed
	changed map[string]bool // names of these records
	begun   map[string]bool // ids of exports that this program starts, runs or is about to end
}

// begin notes that an export is about to be recorded, and will run.
func (j *jobs) begin(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun[id] = true
}

// ended notes that an export does not run any more.
func (j *jobs) ended(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.running, id)
	delete(j.begun, id)
}

// job is the state of a running export that its record does not hold yet.
type job struct {
	export  Export
	cancel  context.CancelFunc
	written int64 // bytes, of checkEvery
}

func (s *Exports) format(name string) (oplog.ExportFormat, error) {
	var names []string
	for _, f := range s.formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return oplog.ExportFormat{}, oplog.InvalidField("format", name, "not_one_of", "is not one of {allowed}", names)
}

func (s *Exports) start(p plan) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if s.jobs.closed {
		cancel()
		delete(s.jobs.begun, p.ID)
		return oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
	}
	s.jobs.running[p.ID] = &job{export: p.Export, cancel: cancel}
	slots := s.jobs.slots[p.Tenant]
	if slots == nil {
		slots = make(chan struct{}, maxRunningExports)
		s.jobs.slots[p.Tenant] = slots
	}
	s.jobs.done.Go(func() {
		defer cancel()
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
		}
		began := time.Now()
		size, err := s.writeShown(ctx, p)
		s.measure(began, err)
		s.finish(p.ID, size, err)
		if !s.place.Alone() {
			s.noteChanged(exportName(p.Export)) // it may have been removed before this node noted its end
		}
	})
	return nil
}

// writeShown is writeGuarded, of which other nodes see how far it has come.
func (s *Exports) writeShown(ctx context.Context, p plan) (size int64, err error) {
	if s.place.Alone() {
		return s.writeGuarded(ctx, p)
	}
	var saving sync.WaitGroup
	done := make(chan struct{})
	saving.Go(func() { s.saveProgress(p.Export, done) })
	defer func() { close(done); saving.Wait() }()
	return s.writeGuarded(ctx, p)
}

// writeGuarded is write, whose panic fails only this export.
func (s *Exports) writeGuarded(ctx context.Context, p plan) (size int64, err error) {
	defer faults.Catch("writing an export", &err)
	return s.write(ctx, p)
}

// write creates the file, under a temporary name until it is complete and its manifest is written.
func (s *Exports) write(ctx context.Context, p plan) (size int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	path := s.path(p.Export)
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	defer func() { s.reportRemoval(p.Export, s.removeUnfinished(p.Export)) }()
	err = durable.WriteFileVia(path+exportPartFile, path, 0o600, func(f *os.File) error {
		check := func(bytes int64) error { return errors.Join(ctx.Err(), s.checkWritten(p.Export, bytes)) }
		m, err := s.writeExport(ctx, p, &limitedFile{File: f, check: check}, func(rows int) {
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

// finish records the result of an export.
func (s *Exports) finish(id string, size int64, err error) {
	s.jobs.mu.Lock()
	run, closed := s.jobs.running[id], s.jobs.closed
	x := run.export
	x.Waiting = ""
	s.jobs.mu.Unlock()
	defer s.jobs.ended(id) // after the record is written: readers do not wait for the disk, and see either this or the record's result
	x.FinishedAt = s.now().UTC()
	x.ExpiresAt = x.FinishedAt.Add(Lifetime)
	switch {
	case err == nil:
		x.Status, x.Size, x.RowsTotal = Done, size, x.RowsDone
	case errors.Is(err, context.Canceled) && !closed:
		x.Status = Cancelled
	case errors.Is(err, context.Canceled):
		x.fail(errInterrupted)
	case oplog.CodeOf(err) == oplog.CodeTooMany, oplog.CodeOf(err) == oplog.CodeDiskFull:
		x.fail(err)
	case oplog.IsDiskFull(err):
		x.fail(oplog.Refuse(oplog.CodeDiskFull, "export-disk-full", "The disk is full; free some space, then start the export again."))
	default:
		x.fail(err)
		faults.Report("writing an export", err, "tenant", x.Tenant, "export", x.ID)
	}
	removed, err := s.putEnded(x)
	if removed {
		s.removeFiles(x)
	}
	// After an error the record may say that the export is done, and the file stays; if not, the next start marks it as failed, and removes the file.
	faults.Report("recording the end of an export", err, "tenant", x.Tenant, "export", x.ID)
}

// removeFiles removes the file of an export and its manifest.
func (s *Exports) removeFiles(x Export) {
	_ = os.Remove(s.path(x))
	_ = os.Remove(s.path(x) + manifestFile)
}

var errInterrupted = oplog.Refuse(oplog.CodeUnavailable, "export-interrupted", "The program was stopped before the export was complete; start it again.")

// fail marks an export as failed. What has no reason for programs is an error of the server.
func (x *Export) fail(err error) {
	var known *oplog.Error
	if !errors.As(err, &known) || known.Reason == "" {
		known = oplog.Refuse(oplog.CodeUnavailable, "export-failed", "{error}", err.Error())
	}
	x.Status, x.Waiting, x.Error, x.ErrorReason, x.ErrorParams = Failed, "", err.Error(), known.Reason, known.Params
}

// path returns the path of an export's file.
func (s *Exports) path(x Export) string { return filepath.Join(s.dir, x.ID+"."+x.Format) }

// removeUnfinished removes the file of an export under the name that it has until it is complete, and the directory of temporary files that
// earlier versions had.
func (s *Exports) removeUnfinished(x Export) error {
	return errors.Join(os.RemoveAll(s.path(x)+temporaryFiles), os.RemoveAll(s.path(x)+exportPartFile))
}

func (s *Exports) reportRemoval(x Export, err error) {
	faults.Report("removing the file of an export", err, "tenant", x.Tenant, "export", x.ID)
}

// recover marks exports that the last shutdown or crash interrupted as failed, and starts the removal of expired ones.
func (s *Exports) recover() error {
	all, err := records.List[Export](s.store, oplog.RecordExport, "")
	if err != nil {
		return err
	}
	if !s.place.Alone() {
		s.store.OnRecord(s.onRecord)
		for _, x := range all {
			s.noteChanged(exportName(x))
		}
		s.jobs.done.Go(s.follow)
		s.jobs.done.Go(s.sweep)
		return s.removeOrphans(all)
	}
	for _, x := range all {
		if x.Status != Running {
			continue
		}
		_ = s.removeUnfinished(x)
		s.removeFiles(x) // complete, but its record was never written
		_, err := records.Change(s.store, oplog.RecordExport, exportName(x), func(r *Export, _ bool) (bool, error) {
			s.end(r, errInterrupted)
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	if err := errors.Join(s.removeExpired(), s.removeOrphans(all)); err != nil {
		return err
	}
	s.jobs.done.Go(s.sweep)
	return nil
}

// sweep removes expired exports until the service is closed.
func (s *Exports) sweep() {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.place.Leads() {
				faults.Report("removing expired exports, which is retried", errors.Join(s.removeExpired(), s.FailGone()))
			}
		case <-s.jobs.stop:
			return
		}
	}
}

// removeExpired deletes all exports that have expired.
func (s *Exports) removeExpired() error {
	all, err := records.List[Export](s.store, oplog.RecordExport, "")
	if err != nil {
		return err
	}
	for _, x := range all {
		if s.expired(x) {
			if err := s.remove(x, s.store); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeExpiredOf deletes those of a tenant.
func (s *Exports) removeExpiredOf(tenant string) error {
	all, err := s.kept.of(tenant)
	if err != nil {
		return err
	}
	for _, k := range all {
		if s.past(k.expires) {
			if err := s.remove(Export{ID: k.id, Tenant: tenant, Format: k.format}, s.store); err != nil {
				return err
			}
		}
	}
	return nil
}

// expired reports whether an export has expired.
func (s *Exports) expired(x Export) bool { return s.past(x.expiry()) }

// past reports whether a time of expiry has come; zero never does.
func (s *Exports) past(expiry time.Time) bool { return !expiry.IsZero() && s.now().After(expiry) }

// expiry returns when an export expires; zero while it runs. Failed and cancelled ones of earlier versions have no time of expiry.
func (x *Export) expiry() time.Time {
	if x.ExpiresAt.IsZero() && !x.FinishedAt.IsZero() {
		return x.FinishedAt.Add(Lifetime)
	}
	return x.ExpiresAt
}

// remove removes an export, then its files. Those that a crash leaves are removed at the next start.
func (s *Exports) remove(x Export, changes oplog.Records) error {
	if err := records.Remove(changes, oplog.RecordExport, exportName(x)); err != nil {
		return err
	}
	for _, path := range []string{s.path(x), s.path(x) + manifestFile} {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			s.reportRemoval(x, err)
		}
	}
	s.reportRemoval(x, s.removeUnfinished(x)) // in case that they could not be removed when it ended
	return nil
}

// removeOrphans removes the files of exports that have no record any more.
func (s *Exports) removeOrphans(all []Export) error {
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		id, _, _ := strings.Cut(strings.TrimPrefix(f.Name(), "."), ".")
		_, isID := oplog.KeyOfID(strings.ToUpper(id))
		if isID && !slices.ContainsFunc(all, func(x Export) bool { return x.ID == id }) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.dir, f.Name())))
		}
	}
	return err
}

// Close cancels running exports and waits for them.
func (s *Exports) Close() {
	s.jobs.mu.Lock()
	if !s.jobs.closed {
		close(s.jobs.stop)
	}
	s.jobs.closed = true
	for _, r := range s.jobs.running {
		r.cancel()
	}
	s.jobs.mu.Unlock()
	s.jobs.done.Wait()
}

// visible reports whether a scope may see an export: its content lies within the scope, and it has not expired.
func (s *Exports) visible(x Export, scope string) bool {
	if s.expired(x) {
		return false
	}
	if scope == "" {
		return true
	}
	t, err := s.directory.State(x.Tenant)
	return err == nil && x.Scope != "" && t.Tree.Contains(scope, x.Scope)
}

// progress updates the record of a running export.
func (s *Exports) progress(x Export) Export {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if run, ok := s.jobs.running[x.ID]; ok {
		return run.export
	}
	return x
}
