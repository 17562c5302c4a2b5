package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// embedding are the packages whose embedded files are compressed in releases: with the tag packed, they embed packedFile instead.
var embedding = []string{".", "./docs", "./packaging/watching"}

// packedFile is the name of compressed files in the folder of a package. It is there only for the compiler (go help build, -overlay).
const packedFile = "embedded.zip"

// packEmbedded compresses the embedded files into a folder, and returns the name of the file for -overlay.
func (r *release) packEmbedded(ctx context.Context, work string) (string, error) {
	var overlay struct{ Replace map[string]string }
	overlay.Replace = make(map[string]string)
	for i, name := range embedding {
		out, err := output(ctx, r.source, []string{"GOFLAGS=", "GOWORK=off"}, "go", "list", "-f", "{{.Dir}}{{range .EmbedFiles}}\n{{.}}{{end}}", name)
		if err != nil {
			return "", err
		}
		dir, names, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		packed, err := packFiles(os.DirFS(dir), strings.Split(names, "\n"))
		if err != nil {
			return "", err
		}
		file := filepath.Join(work, "embedded"+strconv.Itoa(i)+".zip")
		if err := os.WriteFile(file, packed, 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(dir, packedFile)] = file
	}
	text, err := json.Marshal(overlay)
	file := filepath.Join(work, "overlay.json")
	return file, errors.Join(err, os.WriteFile(file, text, 0o600))
}

// packFiles returns a ZIP of files, which depends on their names and contents alone.
func packFiles(files fs.FS, names []string) ([]byte, error) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) })
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		to, err := w.Create(name)
		if err == nil {
			_, err = to.Write(content)
		}
		if err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return packed.Bytes(), err
}
