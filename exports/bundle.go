package exports

import (
	"archive/zip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"oplog/oplog"
)

// Bundle is a ZIP with an export and everything needed to verify it: the file, its manifest, the verifier key and instructions.
type Bundle struct {
	Name       string // of the ZIP
	file       *os.File
	export     Export
	compressed bool // the file is already compressed
	texts      []bundleText
}

// bundleText is a short text file of a bundle.
type bundleText struct{ name, text string }

const bundleKey = "verifier-key.txt"

// KeyChangesFile is the name of the file of a bundle that says how the log's key was replaced, if it ever was.
const KeyChangesFile = "verifier-key-changes.json"

var (
	//go:embed check/how-to-check.en.txt
	howToCheckEN string
	//go:embed check/how-to-check.zh-CN.txt
	howToCheckZH string

	// howToCheck holds the instructions and their file names, by locale.
	howToCheck = map[string]bundleText{
		oplog.LocaleEN: {"HOW-TO-CHECK.txt", howToCheckEN},
		oplog.LocaleZH: {"如何验证.txt", howToCheckZH},
	}
)

// IsBundleText reports whether name is one of the files that a bundle has besides the export and its manifest.
func IsBundleText(name string) bool {
	for _, page := range howToCheck {
		if name == page.name {
			return true
		}
	}
	return name == bundleKey || name == KeyChangesFile
}

// OpenBundle returns the bundle of a finished export, with instructions in a locale. The caller closes it.
func (s *Exports) OpenBundle(x Export, locale string) (*Bundle, error) {
	manifest, err := s.Manifest(x)
	if err != nil {
		return nil, err
	}
	format, err := s.format(x.Format)
	if err != nil {
		return nil, err
	}
	file, err := s.Open(x)
	if err != nil {
		return nil, err
	}
	page, ok := howToCheck[locale]
	if !ok {
		page = howToCheck[oplog.LocaleEN]
	}
	b := &Bundle{Name: strings.TrimSuffix(x.FileName, "."+x.Format) + ".zip", file: file, export: x, compressed: format.Compressed}
	history, err := s.store.KeyHistory(x.Tenant)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create a ZIP: %w", err), file.Close())
	}
	key := history.Key
	text := strings.NewReplacer(
		"{file}", x.FileName, "{zip}", b.Name, "{key}", key, "{keyfile}", bundleKey, "{changesfile}", KeyChangesFile, "{page}", page.name,
		"{tenant}", x.Tenant, "{rows}", strconv.Itoa(x.RowsTotal), "\n", "\r\n",
	).Replace(page.text)
	b.texts = []bundleText{
		{x.FileName + manifestFile, manifest},
		{bundleKey, key + "\n"},
		{page.name, "\ufeff" + text}, // Windows editors detect UTF-8 by the byte order mark
	}
	if len(history.Changes) > 0 {
		var data []byte
		data, err = json.MarshalIndent(history, "", "  ")
		b.texts = append(b.texts, bundleText{KeyChangesFile, string(data) + "\n"})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create a ZIP: %w", err), file.Close())
	}
	return b, nil
}

// Write writes the ZIP.
func (b *Bundle) Write(w io.Writer) error {
	z := zip.NewWriter(w)
	add := func(name string, method uint16, from io.Reader) error {
		part, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: b.export.FinishedAt.UTC()})
		if err != nil {
			return err
		}
		_, err = io.Copy(part, from)
		return err
	}
	method := zip.Deflate
	if b.compressed {
		method = zip.Store
	}
	if err := add(b.export.FileName, method, b.file); err != nil {
		return err
	}
	for _, text := range b.texts {
		if err := add(text.name, zip.Deflate, strings.NewReader(text.text)); err != nil {
			return err
		}
	}
	return z.Close()
}

// Close closes the export's file.
func (b *Bundle) Close() error { return b.file.Close() }
