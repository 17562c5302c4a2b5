package oplog

import (
	"io"
	"time"
)

// ExportFormat is a file format of exports.
type ExportFormat struct {
	Name        string // as in requests; also the file extension
	ContentType string
	Compressed  bool // already compressed
	New         func(w io.Writer, t ExportOptions) (EntryWriter, error)
}

// ExportOptions says how an export formats its rows.
type ExportOptions struct {
	Catalog  *Catalog
	Locale   string
	Location *time.Location
	Columns  []string // optional columns, of ExportColumns
	Pause    func()   // called after every few entries that are written at once; nil for none
}

// PauseAt calls Pause, if there is one, after each of many entries whose number, counted from 0, is the last of every.
func (o *ExportOptions) PauseAt(number, every int) {
	if o.Pause != nil && number%every == every-1 {
		o.Pause()
	}
}

// The optional columns. The other columns are always present.
const (
	ColumnExactTime = "exact_time"
	ColumnReceived  = "received"
	ColumnKey       = "key"
	ColumnUserAgent = "user_agent"
	ColumnChanges   = "changes"
	ColumnDetails   = "details"
)

// ExportColumns lists the optional columns of tabular formats. Other formats always include these fields.
var ExportColumns = []string{ColumnExactTime, ColumnReceived, ColumnKey, ColumnUserAgent, ColumnChanges, ColumnDetails}

// EntryWriter writes entries to a file. It must not retain entries or their strings after Write returns: the memory is reused. A writer
// that creates temporary files also has a Discard method, which is called if the file is not completed.
type EntryWriter interface {
	Write(entries []Entry) error
	Close() error // flushes the rest; the file is then complete
}
