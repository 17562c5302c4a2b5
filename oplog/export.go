package oplog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Export is a job that writes the entries of a query to a file, and the file.
type Export struct {
	ID         string       `json:"id"`
	Tenant     string       `json:"tenant"`
	Status     ExportStatus `json:"status"`
	RowsDone   int          `json:"rows_done"`
	RowsTotal  int          `json:"rows_total"`
	Format     string       `json:"format"`
	Range      Range        `json:"range"`
	From       time.Time    `json:"from,omitzero"` // the period, as it was when the export began
	To         time.Time    `json:"to,omitzero"`
	Filters    Filters      `json:"filters"`
	Scope      string       `json:"scope,omitempty"` // the organization that its maker may see
	Locale     string       `json:"locale"`
	FileName   string       `json:"file_name"`
	Size       int64        `json:"size"` // of the file, in bytes
	CreatedBy  Creator      `json:"created_by"`
	CreatedAt  time.Time    `json:"created_at"`
	FinishedAt time.Time    `json:"finished_at,omitzero"`
	ExpiresAt  time.Time    `json:"expires_at,omitzero"` // when the file is deleted
	Error      string       `json:"error,omitempty"`
}

// Creator is who began an export: an account, or a key by its name.
type Creator struct {
	Username string `json:"username,omitempty"`
	Key      string `json:"key,omitempty"`
}

// ExportStatus is how far an export is.
type ExportStatus string

// How far an export is.
const (
	ExportRunning   ExportStatus = "running"
	ExportDone      ExportStatus = "done"
	ExportFailed    ExportStatus = "failed"
	ExportCancelled ExportStatus = "cancelled"
)

// ExportFormat is a file format that exports can be written in.
type ExportFormat struct {
	Name        string // as requests name it, and the file's ending
	ContentType string
	New         func(w io.Writer, t ExportTerms) (EntryWriter, error)
}

// ExportTerms are how an export words its rows.
type ExportTerms struct {
	Catalog  *Catalog
	Locale   string
	Location *time.Location
}

// EntryWriter writes entries to a file. One that keeps files of its own until
// Close also has a method Discard, called where a file is not completed.
type EntryWriter interface {
	Write(entries []Entry) error
	Close() error // writes what is still held back; the file is complete
}

const (
	exportKept      = 7 * 24 * time.Hour
	exportChunk     = 2000 // entries read and written at a time
	exportsAtOnce   = 2    // of a tenant; the others wait
	exportSweep     = time.Hour
	manifestFile    = ".manifest"
	exportPartFile  = ".part"
	exportTimeStamp = "20060102T150405"
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

// ExportFormats returns the formats that exports can be written in.
func (l *Log) ExportFormats() []ExportFormat { return l.exports.formats }

// StartExport begins an export and returns at once. What arrives later is not
// in it. The export given says what to export, in which format, and who asks;
// the rest is filled in.
func (l *Log) StartExport(ctx context.Context, x Export) (Export, error) {
	p, err := l.planExport(ctx, x)
	if err != nil {
		return Export{}, err
	}
	if err := createRecord(l.store, RecordExport, exportName(p.Export), p.Export); err != nil {
		return Export{}, err
	}
	if err := l.exports.removeExpired(x.Tenant + "/"); err != nil {
		return Export{}, err
	}
	return p.Export, l.exports.start(p)
}

// exportID returns an id that sorts by time.
func exportID(now time.Time) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	return strings.ToLower(MakeKey(now, binary.BigEndian.Uint64(random)).ID())
}

func exportName(x Export) string { return x.Tenant + "/" + x.ID }

func (j *exportJobs) format(name string) (ExportFormat, error) {
	var names []string
	for _, f := range j.formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return ExportFormat{}, fieldError("body.format", name, "is not one of %s", strings.Join(names, ", "))
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
	f, err := os.OpenFile(path+exportPartFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = f.Close()                        // closed below where all went well
		_ = os.Remove(path + exportPartFile) // renamed where all went well
		if err != nil {
			_ = os.Remove(path + manifestFile)
		}
	}()
	m, err := j.log.writeExport(ctx, p, f, func(rows int) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.running[p.ID].export.RowsDone += rows
	})
	if err != nil {
		return 0, err
	}
	signed, err := j.log.signManifest(m)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(os.WriteFile(path+manifestFile, []byte(signed), 0o600), f.Sync()); err != nil {
		return 0, err
	}
	return m.Size, errors.Join(f.Close(), os.Rename(path+exportPartFile, path))
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
	case errors.Is(err, syscall.ENOSPC):
		x.Status, x.Error = ExportFailed, "The disk is full; make space and start the export again."
	default:
		x.Status, x.Error = ExportFailed, err.Error()
	}
	if _, err := changeRecord(j.log.store, RecordExport, exportName(x), func(r *Export, exists bool) (bool, error) {
		*r = x
		return !exists, nil
	}); err != nil {
		// The record still says running; the next start says that it failed.
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

// Export returns an export of a tenant as it stands, to whom may see all that
// it holds: scope is the organization that the asker may see, "" for all.
func (l *Log) Export(tenant, id, scope string) (Export, error) {
	x, err := readRecord[Export](l.store, RecordExport, tenant+"/"+id)
	if CodeOf(err) == CodeNotFound || err == nil && !l.exports.shows(x, scope) {
		return Export{}, Errorf(CodeNotFound, "There is no export %s.", id)
	}
	return l.exports.progress(x), err
}

// Exports lists the exports of a tenant that a scope lets see, newest first.
func (l *Log) Exports(tenant, scope string) ([]Export, error) {
	if _, err := l.tenant(tenant); err != nil {
		return nil, err
	}
	all, err := listRecords[Export](l.store, RecordExport, tenant+"/")
	if err != nil {
		return nil, err
	}
	shown := make([]Export, 0, len(all))
	for _, x := range slices.Backward(all) {
		if l.exports.shows(x, scope) {
			shown = append(shown, l.exports.progress(x))
		}
	}
	return shown, nil
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

// OpenExport opens the file of an export that is done; the caller closes it.
func (l *Log) OpenExport(x Export) (*os.File, error) {
	if x.Status != ExportDone {
		return nil, Errorf(CodeConflict, "The export is %s, so it has no file.", x.Status)
	}
	return os.Open(l.exports.path(x))
}

// ExportManifest returns the signed manifest of an export that is done.
func (l *Log) ExportManifest(x Export) (string, error) {
	if x.Status != ExportDone {
		return "", Errorf(CodeConflict, "The export is %s, so it has no manifest.", x.Status)
	}
	text, err := os.ReadFile(l.exports.path(x) + manifestFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", Errorf(CodeNotFound, "This export has no manifest; start it again to have one.")
	}
	return string(text), err
}

// RemoveExport cancels an export that runs, or deletes one that has ended.
func (l *Log) RemoveExport(x Export) (cancelled bool, err error) {
	l.exports.mu.Lock()
	run, running := l.exports.running[x.ID]
	l.exports.mu.Unlock()
	if running {
		run.cancel()
		return true, nil
	}
	return false, l.exports.remove(x)
}
