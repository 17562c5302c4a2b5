package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"oplog/export"
	"oplog/oplog"
)

type importCommand struct {
	dataFlag
	Tenant string   `required:"" placeholder:"ID" help:"Tenant whose log takes the entries."`
	Strict bool     `help:"Refuse a file as a whole where a line of it is bad."`
	Files  []string `arg:"" name:"file" help:"CSV, with the header of an export or of field names, or NDJSON; also gzipped."`
}

// Run records the files one after another.
func (c *importCommand) Run(ctx context.Context, m *Main) error {
	return m.withLog(c.Data, func(l *oplog.Log) error {
		t, err := l.Tenant(c.Tenant)
		if err != nil {
			return listedBy(err, "tenant")
		}
		for _, path := range c.Files {
			if err := c.importFile(ctx, m, l, t, path); err != nil {
				return err
			}
		}
		return nil
	})
}

// importFile records one file, and says what became of it.
func (c *importCommand) importFile(ctx context.Context, m *Main, l *oplog.Log, t oplog.Tenant, path string) error {
	if c.Strict {
		if err := c.check(ctx, m, l, t, path); err != nil {
			return err
		}
	}
	var done oplog.Imported
	err := m.readEntries("Importing "+path, path, t, l, func(f *entryFile) (err error) {
		done, err = l.Import(ctx, t.ID, f.lines(), func(number int, why error) {
			f.shown.print(m.Stderr, fmt.Sprintf("%s:%d: %v\n", path, number, why))
		})
		return err
	})
	if done.Recorded > 0 || done.Skipped > 0 {
		l.Tell(oplog.Event{
			Tenant: t.ID, User: oplog.CommandUser, Module: "log", Operation: "import", Object: oplog.Ref{Name: filepath.Base(path)},
			Failed: err != nil,
			Details: map[string]any{
				"recorded": done.Recorded, "duplicates": done.Duplicates, "skipped": done.Skipped, "refused": done.Refused,
			},
		})
	}
	if err != nil {
		if done.Recorded > 0 {
			err = fmt.Errorf("%w; %d entries of it are recorded, and stay", err, done.Recorded)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	if done.Refused > 0 && done.Refused == done.Lines() {
		return fmt.Errorf("%s: none of its %d lines was taken, for the reasons above", path, done.Refused)
	}
	_, err = fmt.Fprintf(m.Stdout, "%s: %d recorded, %d duplicates, %d skipped, %d bad lines\n", path, done.Recorded, done.Duplicates, done.Skipped, done.Refused)
	return err
}

// check refuses a file of which a line is bad.
func (c *importCommand) check(ctx context.Context, m *Main, l *oplog.Log, t oplog.Tenant, path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file that can be read twice, as --strict does; save it to a file first", path)
	}
	var found oplog.Imported
	number, first := 0, error(nil)
	err := m.readEntries("Checking "+path, path, t, l, func(f *entryFile) (err error) {
		found, err = l.CheckImport(ctx, t.ID, f.lines(), func(n int, why error) {
			if first == nil || n < number {
				number, first = n, why
			}
		})
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w; nothing of it was recorded", path, err)
	case found.Refused > 1:
		return fmt.Errorf("%s: nothing of it was recorded, because %d lines are bad, the first at line %d: %w; leave out --strict to record the others", path, found.Refused, number, first)
	case found.Refused > 0:
		return fmt.Errorf("%s: nothing of it was recorded, because line %d is bad: %w; leave out --strict to record the others", path, number, first)
	}
	return nil
}

// entryFile is a file of entries that is being read.
type entryFile struct {
	io.Reader
	shown progress
	terms oplog.ExportTerms
}

// Read tells how far it is.
func (f *entryFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.shown.add(n)
	return n, err
}

func (f *entryFile) lines() iter.Seq2[oplog.ImportLine, error] {
	return func(yield func(oplog.ImportLine, error) bool) {
		source, err := export.Open(f, f.terms)
		if err != nil {
			yield(oplog.ImportLine{}, err)
			return
		}
		defer source.Close()
		source.Lines()(yield)
	}
}

// readEntries opens a file, and shows how far it is read.
func (m *Main) readEntries(doing, path string, t oplog.Tenant, l *oplog.Log, read func(*entryFile) error) (err error) {
	catalog, err := l.Catalog(t.ID)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the file cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size := int64(-1)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	f := &entryFile{file, m.progressBytes(doing, size), oplog.ExportTerms{Catalog: catalog, Location: t.Location()}}
	err = read(f)
	f.shown.end()
	return err
}
