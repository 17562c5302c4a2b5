//go:build packed

package main

import (
	"archive/zip"
	"bytes"
	_ "embed"
)

// packed has the files of embed.go. The builder of releases writes it (packaging/release/pack.go).
//
//go:embed embedded.zip
var packed []byte

var embedded = func() *zip.Reader {
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic(err) // only for a faulty build
	}
	return files
}()
