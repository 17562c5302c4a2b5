package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oplog/exports/formats"
	"oplog/journal"
	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type importCommand struct {
	dataFlag
	Tenant string   `required:"" placeholder:"ID" help:"Tenant whose log takes the entries."`
	Strict bool     `help:"Refuse a file as a whole where a line of it is bad."`
	Again  bool     `help:"Store lines without an id a second time where the log has them already."`
	Files  []string `arg:"" name:"file" help:"CSV or an Excel workbook (.xlsx), with the header of an export or of field names, NDJSON or JSON; also gzipped."`
}

// Run records the files one after another.
func (c *importCommand) Run(ctx context.Context, m *Program) error {
	return m.withLog(c.Data, func(l *node.Node) error {
		t, err := l.Directory.Tenant(c.Tenant)
		if err != nil {
			return listedBy(err, "tenant")
		}
		for _, path := range c.Files {
			f := &importFile{Program: m, log: l, tenant: t, path: path}
			if err := f.take(ctx, c.Strict, c.Again); err != nil {
				return err
			}
		}
		return nil
	})
}

// importFile is a file that is imported.
type importFile struct {
	*Program
	log    *node.Node
	tenant oplog.Tenant
	path   string
	form   string // what was said that it is
}

// take records the entries of the file, and says what became of it.
func (f *importFile) take(ctx context.Context, strict, again bool) error {
	if strict {
		if err := f.check(ctx); err != nil {
			return err
		}
	}
	if !again {
		if err := f.findAgain(ctx); err != nil {
			return err
		}
	}
	var done journal.ImportResult
	err := f.read(f.progressBytes, "Importing "+f.path, func(s *entrySource) (err error) {
		bad := badLines{file: f, source: s}
		done, err = f.log.Journal.Import(ctx, f.tenant.ID, s.Lines(), again, bad.add)
		bad.end()
		return f.placed(s, err)
	})
	if done.Recorded > 0 || done.Skipped > 0 {
		f.log.Trail.Add(trail.Event{
			Tenant: f.tenant.ID, User: trail.CommandUser, Module: "log", Operation: "import", Object: oplog.Ref{Name: filepath.Base(f.path)},
			Failed: err != nil,
			Details: map[string]any{
				"recorded": done.Recorded, "duplicates": done.Duplicates, "skipped": done.Skipped, "refused": done.Rejected,
			},
		})
	}
	if err != nil {
		if done.Recorded > 0 {
			err = fmt.Errorf("%w; %d entries of it are recorded, and stay", err, done.Recorded)
		}
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if done.Rejected > 0 && done.Rejected == done.Lines() {
		return fmt.Errorf("%s: none of its %d lines was taken, for the reasons above", f.path, done.Rejected)
	}
	_, err = fmt.Fprintf(f.Stdout, "%s: %d recorded, %d duplicates, %d skipped, %d bad lines\n", visible(f.path), done.Recorded, done.Duplicates, done.Skipped, done.Rejected)
	return err
}

// check refuses a file of which a line is bad.
func (f *importFile) check(ctx context.Context) error {
	if !f.regular() {
		return fmt.Errorf("%s is no file that can be read twice, as --strict does; save it to a file first", f.path)
	}
	var found journal.ImportResult
	number, place, first := 0, "", error(nil)
	err := f.read(f.progressBytes, "Checking "+f.path, func(s *entrySource) (err error) {
		found, err = f.log.Journal.CheckImport(ctx, f.tenant.ID, s.Lines(), func(n int, why error) {
			if first == nil || n < number {
				number, place, first = n, s.Place(n), why
			}
		})
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w; nothing of it was recorded", f.path, err)
	case found.Rejected > 1:
		return fmt.Errorf("%s: nothing of it was recorded, because %d lines are bad, the first at %s: %w; leave out --strict to record the others", f.path, found.Rejected, place, first)
	case found.Rejected > 0:
		return fmt.Errorf("%s: nothing of it was recorded, because %s is bad: %w; leave out --strict to record the others", f.path, place, first)
	}
	return nil
}

// findAgain refuses a file of which the log has lines already that it could not
// tell from others. Of what cannot be read twice, importing finds them.
func (f *importFile) findAgain(ctx context.Context) error {
	if !f.regular() {
		return nil
	}
	err := f.read(f.barBytes, "Comparing "+f.path+" with the log", func(s *entrySource) error {
		return f.placed(s, f.log.Journal.FindDuplicateLines(ctx, f.tenant.ID, s.Lines()))
	})
	if errors.As(err, new(*journal.DuplicateLineError)) {
		return fmt.Errorf("%s: nothing of it was recorded: %w", f.path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// placed names the place of a line that the log has already, and what to do.
func (f *importFile) placed(s *entrySource, err error) error {
	var found *journal.DuplicateLineError
	if !errors.As(err, &found) {
		return err
	}
	at := found.ReceivedAt.In(f.tenant.Location()).Format(time.DateTime)
	return againError{fmt.Sprintf("%s has no id and was already recorded at %s, so it would be stored twice; give the lines ids, or add --again to store them twice", s.Place(found.Line), at), found}
}

// againError words an AgainError.
type againError struct {
	text string
	*journal.DuplicateLineError
}

func (e againError) Error() string { return e.text }
func (e againError) Unwrap() error { return e.DuplicateLineError }

// regular reports whether the file can be read twice.
func (f *importFile) regular() bool {
	info, err := os.Stat(f.path)
	return err != nil || info.Mode().IsRegular() // where it is not there, reading it says so
}

// entrySource is an open file of entries, with how far it is read.
type entrySource struct {
	*formats.Source
	shown progress
}

// read opens the file, says what it is where that was not said, and shows how far
// it is read.
func (f *importFile) read(show func(doing string, size int64) progress, doing string, read func(*entrySource) error) (err error) {
	catalog, err := f.log.Directory.Catalog(f.tenant.ID)
	if err != nil {
		return err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("the file cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size := int64(-1)
	switch info, err := file.Stat(); {
	case err == nil && info.IsDir():
		return errors.New("this is a folder; name the files in it")
	case err == nil && info.Mode().IsRegular():
		size = info.Size()
	}
	shown := show(doing, size)
	defer func() { shown.end() }()
	source, err := formats.Open(countedFile{file, shown}, oplog.ExportOptions{Catalog: catalog, Location: f.tenant.Location()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	s := &entrySource{source, shown}
	f.say(s)
	err = read(s)
	f.say(s) // its encoding may have shown late
	return err
}

// say says what the file is.
func (f *importFile) say(s *entrySource) {
	if form := s.String(); form != f.form {
		f.form = form
		s.shown.print(f.Stderr, fmt.Sprintf("%s: %s", f.path, form))
	}
}

// countedFile tells how far a file is read.
type countedFile struct {
	io.Reader
	shown progress
}

func (f countedFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.shown.add(n)
	return n, err
}

// maxBadLines is how many bad lines of a file are named.
const maxBadLines = 1000

// badLines names the bad lines of a file, and counts those beyond.
type badLines struct {
	file   *importFile
	source *entrySource
	n      int
}

func (b *badLines) add(number int, why error) {
	if b.n++; b.n > maxBadLines {
		return
	}
	place := b.source.Place(number)
	if line, ok := strings.CutPrefix(place, "line "); ok {
		place = ":" + line // as editors and terminals know it
	} else {
		place = ", " + place
	}
	b.source.shown.print(b.file.Stderr, fmt.Sprintf("%s%s: %v", b.file.path, place, why))
}

func (b *badLines) end() {
	if more := b.n - maxBadLines; more > 0 {
		b.source.shown.print(b.file.Stderr, fmt.Sprintf("%s: %d more bad lines not shown", b.file.path, more))
	}
}
