// Package exports writes entries to files with signed manifests, as background jobs or synchronously.
package exports

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
	"oplog/timing"
)

// Export is a job that writes the matches of a query to a file, and its result.
type Export struct {
	ID         string        `json:"id"`
	Tenant     string        `json:"tenant"`
	Status     Status        `json:"status"`
	RowsDone   int           `json:"rows_done"`
	RowsTotal  int           `json:"rows_total"`
	Waiting    string        `json:"waiting,omitempty"` // what it waits for while it runs: WaitsForArchive, or ""
	Format     string        `json:"format"`
	Range      oplog.Range   `json:"range"`
	From       time.Time     `json:"from,omitzero"` // the period, resolved when the export started
	To         time.Time     `json:"to,omitzero"`
	Filters    oplog.Filters `json:"filters"`
	Columns    []string      `json:"columns,omitempty"` // the optional columns, of ExportColumns
	Scope      string        `json:"scope,omitempty"`   // the organization that its creator is limited to
	Locale     string        `json:"locale"`
	FileName   string        `json:"file_name"`
	Size       int64         `json:"size"` // of the file, in bytes
	CreatedBy  Creator       `json:"created_by"`
	CreatedAt  time.Time     `json:"created_at"`
	FinishedAt time.Time     `json:"finished_at,omitzero"`
	ExpiresAt  time.Time     `json:"expires_at,omitzero"` // when the export will be deleted; zero while it runs
	Error      string        `json:"error,omitempty"`

	ErrorReason string         `json:"error_reason,omitempty"` // as of an [oplog.Error]; "" for exports of earlier versions
	ErrorParams map[string]any `json:"error_params,omitempty"`

	UserNames map[string]string `json:"user_names,omitempty"` // names by id of the users in the filters, as of the start of the export

	// Of a log on several nodes; see nodes.go.
	Node       string `json:"node,omitempty"`       // that runs it and has its file
	Written    int64  `json:"written,omitempty"`    // about how many bytes, while it runs
	Cancelling bool   `json:"cancelling,omitempty"` // another node wants it cancelled
}

// Creator is the account or the name of the key that started an export.
type Creator struct {
	Username string `json:"username,omitempty" doc:"Username of the account, host/SUB for a user of the host system; omitted for a key."`
	Key      string `json:"key,omitempty" doc:"Name of the API key; omitted for an account."`
	KeyID    string `json:"key_id,omitempty" doc:"Id of the API key; omitted for an account."`
}

// Status is the state of an export.
type Status string

// The states of an export.
const (
	Running   Status = "running"
	Done      Status = "done"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Lifetime is how long exports are kept after their end.
const Lifetime = 7 * 24 * time.Hour

const (
	exportPage        = 2000 // keys requested from the index at a time
	exportChunk       = 256  // entries read and written at a time
	maxRunningExports = 2    // per tenant; others wait
	sweepInterval     = time.Hour
	manifestFile      = ".manifest"
	exportPartFile    = ".part"
	temporaryFiles    = ".tmp" // a directory, of earlier versions
	exportTimeStamp   = "20060102T150405"
)

// Exports writes exports, as background jobs or synchronously, and deletes their files after Lifetime.
type Exports struct {
	*common
	changes oplog.Records // of exports, that the trail tells of; see Audited
}

// common is what is common to Exports and those that tell.
type common struct {
	store     oplog.Store
	index     oplog.Index
	directory *directory.Directory
	place     oplog.Place
	now       func() time.Time
	dir       string // of the files
	formats   []oplog.ExportFormat
	space     func() error // returns CodeDiskFull if the free space is reserved for recording
	starting  sync.Map     // *sync.Mutex by tenant; see startingOf
	kept      *keptExports
	jobs      jobs
	took      *timing.Histogram // see Took
	failures  atomic.Uint64     // see Failures
}

// New returns the exports of a store; space returns an error while nothing may be written. Exports that were interrupted by the last shutdown or
// crash of this node are marked as failed: of several nodes, soon, since that takes a leader.
func New(
	store oplog.Store, index oplog.Index, directory *directory.Directory, place oplog.Place, now func() time.Time, dir string, formats []oplog.ExportFormat,
	space func() error,
) (*Exports, error) {
	s := &Exports{changes: store, common: &common{
		store: store, index: index, directory: directory, place: place, now: now, dir: dir, formats: formats, space: space, kept: newKeptExports(store, place.Node),
		took: timing.New(timing.Long),
	}}
	s.jobs = jobs{
		stop: make(chan struct{}), running: make(map[string]*job), slots: make(map[string]chan struct{}), wake: make(chan struct{}, 1),
		changed: make(map[string]bool), begun: make(map[string]bool),
	}
	err := s.recover()
	if err != nil && s.store.Failure() != nil {
		err = nil // a store that is only read stays as it is
	}
	return s, err
}

// Audited returns the same Exports, of which the next start or removal is recorded together with the entry that tells of it.
func (s *Exports) Audited(a oplog.Audit) *Exports {
	return &Exports{s.common, records.Audited(s.store, a)}
}

// Took returns how long complete exports took to write.
func (s *Exports) Took() *timing.Histogram { return s.took }

// Failures returns the number of exports that failed since the program started; not those that somebody cancelled or that a limit ended.
func (s *Exports) Failures() uint64 { return s.failures.Load() }

// measure notes the end of an export that was begun at start.
func (s *Exports) measure(start time.Time, err error) {
	switch {
	case err == nil:
		s.took.Since(start)
	case !errors.Is(err, context.Canceled) && oplog.CodeOf(err) != oplog.CodeTooMany:
		s.failures.Add(1)
	}
}

// Formats returns the supported formats.
func (s *Exports) Formats() []oplog.ExportFormat { return s.formats }

// Start starts an export and returns immediately. Entries that arrive later are not included. x says what to export, in which format, and
// who requested it; the other fields are filled in. Counting can take long; the checks are called last.
func (s *Exports) Start(ctx context.Context, x Export, checks ...directory.May) (Export, error) {
	if err := s.removeExpiredOf(x.Tenant); err != nil {
		return Export{}, err
	}
	if err := s.checkLimits(x); err != nil { // before anything is counted
		return Export{}, err
	}
	p, err := s.planExport(ctx, x)
	if err != nil {
		return Export{}, err
	}
	p.mayGoOn = s.space
	p.waits = func(waits bool) { s.noteWaiting(p.ID, waits) }
	if p.UserNames, err = s.userNames(ctx, p.Export); err != nil {
		return Export{}, err
	}
	starting := s.startingOf(x.Tenant)
	starting.Lock()
	defer starting.Unlock()
	if err := s.checkLimits(p.Export); err != nil {
		return Export{}, err
	}
	p.Node = s.place.Node
	s.jobs.begin(p.ID)
	if err := records.Create(s.changes, oplog.RecordExport, exportName(p.Export), p.Export, func() error { return directory.Allowed(checks) }); err != nil {
		s.jobs.ended(p.ID)
		return Export{}, err
	}
	return p.Export, s.start(p)
}

// userNames returns the names of the users in an export's filters, from the newest entry of each that its creator may see; at most
// [MaxUserFacets], those with the most entries. It is computed once, not for every reader of the list.
func (s *Exports) userNames(ctx context.Context, x Export) (map[string]string, error) {
	users := slices.Concat(x.Filters.Users, x.Filters.Not.Users)
	if len(users) == 0 {
		return nil, nil
	}
	m, err := s.match(x.Tenant, oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Users: users}}, Scope: x.Scope})
	if err != nil {
		return nil, err
	}
	counts, err := s.index.Count(ctx, x.Tenant, m, nil)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(counts.Users))
	for _, u := range counts.Users {
		names[u.Value] = u.Name
	}
	return names, nil
}

// exportID returns an id that sorts by time.
func exportID(now time.Time) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails: crypto/rand aborts the program instead
	return strings.ToLower(oplog.MakeKey(now, binary.BigEndian.Uint64(random)).ID())
}

func exportName(x Export) string { return x.Tenant + "/" + x.ID }

// Export returns the current state of an export if all its content is visible in the scope, the organization that the caller is limited to
// ("" for all).
func (s *Exports) Export(tenant, id, scope string) (Export, error) {
	x, err := records.Read[Export](s.store, oplog.RecordExport, tenant+"/"+id)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !s.visible(x, scope) {
		return Export{}, oplog.Errorf(oplog.CodeNotFound, "There is no export %s.", id)
	}
	return s.progress(x), err
}

// List lists a tenant's exports that are visible in a scope, newest first.
func (s *Exports) List(tenant, scope string) ([]Export, error) {
	if _, err := s.directory.State(tenant); err != nil {
		return nil, err
	}
	all, err := records.List[Export](s.store, oplog.RecordExport, tenant+"/")
	if err != nil {
		return nil, err
	}
	shown := make([]Export, 0, len(all))
	for _, x := range slices.Backward(all) {
		if s.visible(x, scope) {
			shown = append(shown, s.progress(x))
		}
	}
	return shown, nil
}

// Open opens the file of a finished export; the caller closes it.
func (s *Exports) Open(x Export) (*os.File, error) {
	if x.Status != Done {
		return nil, oplog.Refuse(oplog.CodeConflict, "export-without-file", "The export is {status}, so it has no file.", x.Status)
	}
	if _, elsewhere := s.Elsewhere(x); elsewhere {
		return nil, errElsewhere(x)
	}
	return os.Open(s.path(x))
}

// Manifest returns the signed manifest of a finished export.
func (s *Exports) Manifest(x Export) (string, error) {
	if x.Status != Done {
		return "", oplog.Refuse(oplog.CodeConflict, "export-without-manifest", "The export is {status}, so it has no manifest.", x.Status)
	}
	if _, elsewhere := s.Elsewhere(x); elsewhere {
		return "", errElsewhere(x)
	}
	text, err := os.ReadFile(s.path(x) + manifestFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", oplog.Errorf(oplog.CodeNotFound, "This export has no manifest; start it again to have one.")
	}
	return string(text), err
}

// Remove cancels a running export, or deletes a finished one.
func (s *Exports) Remove(x Export, checks ...directory.May) (cancelled bool, err error) {
	if err := directory.Allowed(checks); err != nil {
		return false, err
	}
	s.jobs.mu.Lock()
	run, running := s.jobs.running[x.ID]
	s.jobs.mu.Unlock()
	if running {
		run.cancel()
		return true, nil
	}
	if s.runsElsewhere(x) {
		return true, s.cancelElsewhere(x)
	}
	return false, s.remove(x, s.changes)
}

// match resolves a tenant's query.
func (s *Exports) match(tenant string, q oplog.Query) (oplog.Match, error) {
	t, err := s.directory.State(tenant)
	if err != nil {
		return oplog.Match{}, err
	}
	return t.Match(q, s.now())
}
