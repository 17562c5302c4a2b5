package oplog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
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
	Columns    []string     `json:"columns,omitempty"` // of ExportColumns, those that it has besides
	Scope      string       `json:"scope,omitempty"`   // the organization that its maker may see
	Locale     string       `json:"locale"`
	FileName   string       `json:"file_name"`
	Size       int64        `json:"size"` // of the file, in bytes
	CreatedBy  Creator      `json:"created_by"`
	CreatedAt  time.Time    `json:"created_at"`
	FinishedAt time.Time    `json:"finished_at,omitzero"`
	ExpiresAt  time.Time    `json:"expires_at,omitzero"` // when the file is deleted
	Error      string       `json:"error,omitempty"`

	UserNames map[string]string `json:"user_names,omitempty"` // of users that the filters name, by id, as they were when the export began
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
	Compressed  bool // its files do not become smaller
	New         func(w io.Writer, t ExportTerms) (EntryWriter, error)
}

// ExportTerms are how an export words its rows.
type ExportTerms struct {
	Catalog  *Catalog
	Locale   string
	Location *time.Location
	Columns  []string // of ExportColumns
}

// The columns that rows have on request; the others they always have.
const (
	ColumnReceived  = "received"
	ColumnUserAgent = "user_agent"
	ColumnChanges   = "changes"
	ColumnDetails   = "details"
)

// ExportColumns are the columns that rows have on request. A format without
// rows has all that they tell in any case.
var ExportColumns = []string{ColumnReceived, ColumnUserAgent, ColumnChanges, ColumnDetails}

// EntryWriter writes entries to a file. It keeps neither them nor their texts,
// which are read into the same memory as the next. One that keeps files of its
// own until Close also has a method Discard, called where a file is not
// completed.
type EntryWriter interface {
	Write(entries []Entry) error
	Close() error // writes what is still held back; the file is complete
}

const (
	exportKept      = 7 * 24 * time.Hour
	exportPage      = 2000 // entries asked of the index at a time
	exportChunk     = 256  // entries read and written at a time
	exportsAtOnce   = 2    // of a tenant; the others wait
	exportSweep     = time.Hour
	manifestFile    = ".manifest"
	exportPartFile  = ".part"
	exportTimeStamp = "20060102T150405"
)

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
	if p.UserNames, err = l.namesOfUsers(ctx, p.Export); err != nil {
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

// namesOfUsers returns what the users that an export's filters name are called, by the
// newest entry of each that its maker may see: of [MaxUserFacets] at most, those
// with the most entries. It is asked once, not by every reader of the list.
func (l *Log) namesOfUsers(ctx context.Context, x Export) (map[string]string, error) {
	users := slices.Concat(x.Filters.Users, x.Filters.Not.Users)
	if len(users) == 0 {
		return nil, nil
	}
	m, err := l.match(x.Tenant, Query{Filters: Filters{Values: Values{Users: users}}, Scope: x.Scope})
	if err != nil {
		return nil, err
	}
	counts, err := l.index.Count(ctx, x.Tenant, m, nil)
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
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	return strings.ToLower(MakeKey(now, binary.BigEndian.Uint64(random)).ID())
}

func exportName(x Export) string { return x.Tenant + "/" + x.ID }

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
