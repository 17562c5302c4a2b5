//go:build packed

package docs

import (
	"archive/zip"
	"bytes"
	_ "embed"
)

// packed has the files of files.go. The builder of releases writes it (packaging/release/pack.go).
//
//go:embed embedded.zip
var packed []byte

var files = func() *zip.Reader {
	read, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic(err) // only for a faulty build
	}
	return read
}()
