package formats

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"oplog/exports"
)

// Bundle is an export in the ZIP that it was downloaded as.
type Bundle struct {
	Name     string // of the file in the ZIP
	File     io.Reader
	Manifest []byte

	KeyChanges []byte // how the log's key was replaced; nil if it never was
}

// ErrNoBundle means that a file is not a ZIP of an export and its manifest.
var ErrNoBundle = errors.New("this is not the ZIP of an export; use the ZIP as downloaded")

const (
	manifestSuffix  = ".manifest"
	maxBundleParts  = 8       // a bundle has at most five
	maxManifestSize = 1 << 20 // the limits of filters are far below
)

// OpenBundle opens the ZIP of an export. It accepts only the files of a bundle, each once: a workbook is a ZIP as well, and no other
// content may pass as verified.
func OpenBundle(file io.ReaderAt, size int64) (*Bundle, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return nil, ErrNoBundle
	}
	parts := make(map[string]*zip.File)
	var name string
	for _, part := range z.File {
		parts[part.Name] = part
		if export, ok := strings.CutSuffix(part.Name, manifestSuffix); ok {
			name = export
		}
	}
	content, manifest := parts[name], parts[name+manifestSuffix]
	if content == nil || manifest == nil {
		return nil, ErrNoBundle
	}
	if len(parts) != len(z.File) || len(z.File) > maxBundleParts {
		return nil, errors.New("the ZIP was modified: it has extra or duplicate files")
	}
	for other := range parts {
		if other != name && other != name+manifestSuffix && !exports.IsBundleText(other) {
			return nil, fmt.Errorf("the ZIP was modified: %q is not part of the export", other)
		}
	}
	signed, err := readPart(manifest)
	if err != nil {
		return nil, err
	}
	opened, err := content.Open()
	if err != nil {
		return nil, damaged(err)
	}
	b := &Bundle{Name: name, File: partReader{opened}, Manifest: signed}
	if changes := parts[exports.KeyChangesFile]; changes != nil {
		b.KeyChanges, err = readPart(changes)
	}
	return b, err
}

func readPart(part *zip.File) ([]byte, error) {
	opened, err := part.Open()
	if err != nil {
		return nil, damaged(err)
	}
	text, err := io.ReadAll(io.LimitReader(partReader{opened}, maxManifestSize))
	return text, errors.Join(err, opened.Close())
}

// partReader reads a file of a ZIP.
type partReader struct{ io.Reader }

func (r partReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error { return fmt.Errorf("the ZIP was modified or is damaged: %w", err) }
