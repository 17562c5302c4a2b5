package oplog

import (
	"io"
	"time"
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
