package exports

import (
	"archive/zip"
	_ "embed"
	"io"
	"os"
	"strconv"
	"strings"

	"oplog/oplog"
)

// Bundle is an export with all that a person needs to check it, to be sent as
// one ZIP: the file, its manifest, the verifier key, and a page that says how.
type Bundle struct {
	Name   string // of the ZIP
	file   *os.File
	export Export
	stored bool // the file is compressed already
	beside []bundleText
}

// bundleText is a short file of a bundle.
type bundleText struct{ name, text string }

const bundleKey = "verifier-key.txt"

var (
	//go:embed check/how-to-check.en.txt
	howToCheckEN string
	//go:embed check/how-to-check.zh-CN.txt
	howToCheckZH string

	// howToCheck are the pages by locale, with their names.
	howToCheck = map[string]bundleText{
		oplog.LocaleEN: {"HOW-TO-CHECK.txt", howToCheckEN},
		oplog.LocaleZH: {"如何验证.txt", howToCheckZH},
	}
)

// IsBundleText reports whether a bundle may have a file of a name besides the
// export and its manifest.
func IsBundleText(name string) bool {
	for _, page := range howToCheck {
		if name == page.name {
			return true
		}
	}
	return name == bundleKey
}

// OpenBundle returns the bundle of an export that is done, its page in a locale.
// The caller closes it.
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
	b := &Bundle{Name: strings.TrimSuffix(x.FileName, "."+x.Format) + ".zip", file: file, export: x, stored: format.Compressed}
	key := s.store.VerifierKey()
	text := strings.NewReplacer(
		"{file}", x.FileName, "{zip}", b.Name, "{key}", key, "{keyfile}", bundleKey, "{page}", page.name,
		"{tenant}", x.Tenant, "{rows}", strconv.Itoa(x.RowsTotal), "\n", "\r\n",
	).Replace(page.text)
	b.beside = []bundleText{
		{x.FileName + manifestFile, manifest},
		{bundleKey, key + "\n"},
		{page.name, "\ufeff" + text}, // editors of Windows tell UTF-8 by it
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
	if b.stored {
		method = zip.Store
	}
	if err := add(b.export.FileName, method, b.file); err != nil {
		return err
	}
	for _, text := range b.beside {
		if err := add(text.name, zip.Deflate, strings.NewReader(text.text)); err != nil {
			return err
		}
	}
	return z.Close()
}

// Close closes the file of the export.
func (b *Bundle) Close() error { return b.file.Close() }
