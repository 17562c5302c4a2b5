package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"oplog/control"
	"oplog/exports/formats"
	"oplog/journal"
	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type importCommand struct {
	logFlags
	Tenant string   `required:"" placeholder:"ID" help:"Tenant to record the entries for."`
	Strict bool     `help:"Reject a file as a whole if any line is invalid."`
	Again  bool     `help:"Store lines without an id again even if they are already in the log."`
	Files  []string `arg:"" name:"file" help:"CSV or an Excel workbook (.xlsx), with the header of an export or of field names, NDJSON or JSON; optionally gzipped."`
}

// Run records the files one after another.
func (c *importCommand) Run(ctx context.Context, m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		t, err := l.Directory.Tenant(c.Tenant)
		if err != nil {
			return withHint(err, "tenant")
		}
		catalog, err := l.Directory.Catalog(c.Tenant)
		if err != nil {
			return err
		}
		return c.files(ctx, importFile{Program: m, to: l.Journal, log: l, tenant: t, catalog: catalog})
	})
}

// files records the files, which are imported like a given one.
func (c *importCommand) files(ctx context.Context, like importFile) error {
	for _, path := range c.Files {
		f := like
		f.path = path
		if err := f.record(ctx, c.Strict, c.Again); err != nil {
			return err
		}
	}
	return nil
}

func (c *importCommand) lend(d *control.Desk) { d.Reads = c.Files }

// importFile is a file to import.
type importFile struct {
	*Program
	to          importer
	log         *node.Node // nil over the API of a server, which checks and records what it is sent
	tenant      oplog.Tenant
	catalog     *oplog.Catalog
	path        string
	printedType string // the file type last printed
}

// importer records lines; see [journal.Journal.Import].
type importer interface {
	Import(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], twice bool, rejected func(number int, reason error)) (journal.ImportResult, error)
}

// record records the entries of the file and prints the result.
func (f *importFile) record(ctx context.Context, strict, again bool) error {
	if strict {
		if err := f.check(ctx); err != nil {
			return err
		}
	}
	if !again && f.log != nil {
		if err := f.checkDuplicates(ctx); err != nil {
			return err
		}
	}
	var done journal.ImportResult
	err := f.read(f.progressBytes, "Importing "+f.path, func(s *entrySource) (err error) {
		bad := badLines{file: f, source: s}
		done, err = f.to.Import(ctx, f.tenant.ID, s.Lines(), again, bad.add)
		bad.end()
		return f.withPosition(s, err)
	})
	if f.log != nil && (done.Recorded > 0 || done.Skipped > 0) {
		f.log.Trail.Add(f.withSource(trail.Event{
			Tenant: f.tenant.ID, User: trail.CommandUser, Module: "log", Operation: "import", Object: oplog.Ref{Name: filepath.Base(f.path)},
			Failed: err != nil,
			Details: map[string]any{
				"recorded": done.Recorded, "duplicates": done.Duplicates, "skipped": done.Skipped, "refused": done.Rejected,
			},
		}))
	}
	if err != nil {
		if done.Recorded > 0 {
			err = fmt.Errorf("%w; %d of its entries were recorded and stay recorded", err, done.Recorded)
		}
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if done.Rejected > 0 && done.Rejected == done.Lines() {
		return fmt.Errorf("%s: all %d lines were rejected, for the reasons above", f.path, done.Rejected)
	}
	_, err = fmt.Fprintf(f.Stdout, "%s: %d recorded, %d duplicates, %d skipped, %d invalid lines\n", visible(f.path), done.Recorded, done.Duplicates, done.Skipped, done.Rejected)
	return err
}

// check rejects a file with any invalid line.
func (f *importFile) check(ctx context.Context) error {
	if !f.regular() {
		return fmt.Errorf("%s cannot be read twice, as --strict requires; save it to a regular file first", f.path)
	}
	var found journal.ImportResult
	number, position, first := 0, "", error(nil)
	err := f.read(f.progressBytes, "Checking "+f.path, func(s *entrySource) (err error) {
		found, err = f.log.Journal.CheckImport(ctx, f.tenant.ID, s.Lines(), func(n int, why error) {
			if first == nil || n < number {
				number, position, first = n, s.Position(n), why
			}
		})
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w; nothing was recorded", f.path, err)
	case found.Rejected > 1:
		return fmt.Errorf("%s: nothing was recorded: %d lines are invalid, the first at %s: %w; omit --strict to record the valid lines", f.path, found.Rejected, position, first)
	case found.Rejected > 0:
		return fmt.Errorf("%s: nothing was recorded: %s is invalid: %w; omit --strict to record the valid lines", f.path, position, first)
	}
	return nil
}

// checkDuplicates rejects a file with lines without an id that are already in the log. Files that cannot be read twice are checked during
// the import.
func (f *importFile) checkDuplicates(ctx context.Context) error {
	if !f.regular() {
		return nil
	}
	err := f.read(f.barBytes, "Comparing "+f.path+" with the log", func(s *entrySource) error {
		return f.withPosition(s, f.log.Journal.FindDuplicateLines(ctx, f.tenant.ID, s.Lines()))
	})
	if errors.As(err, new(*journal.DuplicateLineError)) {
		return fmt.Errorf("%s: nothing was recorded: %w", f.path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// withPosition adds the position of the line and the remedy to a DuplicateLineError.
func (f *importFile) withPosition(s *entrySource, err error) error {
	var found *journal.DuplicateLineError
	if !errors.As(err, &found) {
		return err
	}
	at := found.ReceivedAt.In(f.tenant.Location()).Format(time.DateTime)
	return duplicateError{fmt.Sprintf("%s has no id and was already recorded at %s; give the lines ids, or use --again to store them twice", s.Position(found.Line), at), found}
}

// duplicateError is a DuplicateLineError with a message for users.
type duplicateError struct {
	text string
	*journal.DuplicateLineError
}

func (e duplicateError) Error() string { return e.text }
func (e duplicateError) Unwrap() error { return e.DuplicateLineError }

// regular reports whether the file can be read twice.
func (f *importFile) regular() bool {
	return f.isRegular(f.path) // if it is missing, reading reports that
}

// entrySource is an open file of entries with a progress bar.
type entrySource struct {
	*formats.Source
	shown progress
}

// read opens the file, prints its type once, and shows progress.
func (f *importFile) read(show func(doing string, size int64) progress, doing string, read func(*entrySource) error) (err error) {
	file, err := f.files().Open(f.path)
	if err != nil {
		return fmt.Errorf("cannot read the file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size := int64(-1)
	switch info, err := f.files().Stat(f.path); {
	case err == nil && info.IsDir:
		return errors.New("this is a folder; name the files in it")
	case err == nil && info.IsRegular:
		size = info.Size
	}
	shown := show(doing, size)
	defer func() { shown.end() }()
	source, err := formats.Open(countedFile{file, shown}, oplog.ExportOptions{Catalog: f.catalog, Location: f.tenant.Location()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	s := &entrySource{source, shown}
	f.printType(s)
	err = read(s)
	f.printType(s) // the encoding may only be known now
	return err
}

// printType prints the type of the file.
func (f *importFile) printType(s *entrySource) {
	if form := s.String(); form != f.printedType {
		f.printedType = form
		s.shown.print(f.Stderr, fmt.Sprintf("%s: %s", f.path, form))
	}
}

// countedFile reports progress while a file is read.
type countedFile struct {
	io.Reader
	shown progress
}

func (f countedFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.shown.add(n)
	return n, err
}

// maxBadLines limits the bad lines printed per file.
const maxBadLines = 1000

// badLines prints the bad lines of a file, and counts those beyond maxBadLines.
type badLines struct {
	file   *importFile
	source *entrySource
	n      int
}

func (b *badLines) add(number int, why error) {
	if b.n++; b.n > maxBadLines {
		return
	}
	position := b.source.Position(number)
	if line, ok := strings.CutPrefix(position, "line "); ok {
		position = ":" + line // the form that editors and terminals recognize
	} else {
		position = ", " + position
	}
	b.source.shown.print(b.file.Stderr, fmt.Sprintf("%s%s: %v", b.file.path, position, why))
}

func (b *badLines) end() {
	if more := b.n - maxBadLines; more > 0 {
		b.source.shown.print(b.file.Stderr, fmt.Sprintf("%s: %d more invalid lines not shown", b.file.path, more))
	}
}
