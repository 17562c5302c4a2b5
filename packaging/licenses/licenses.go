// Package licenses has the licenses of everything that is built into the program: the Go modules on all platforms, the npm packages of
// the console, and data. The list is collected by go run ./packaging/release licenses.
package licenses

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the list
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Where the dependencies come from.
const (
	Self     = "oplog" // the program itself
	Standard = "std"   // Go's standard library, which has the version of the Go that built the program
	Go       = "go"
	NPM      = "npm"
	Data     = "data"
)

// List is the committed list.
type List struct {
	Dependencies []Dependency `json:"dependencies"`
	Texts        []string     `json:"texts"` // each different text once
}

// Dependency is something that is built into the program.
type Dependency struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	License string `json:"license"` // an SPDX expression
	Files   []File `json:"files"`
}

// File is a file with a license or a notice.
type File struct {
	Path string `json:"path"` // within the dependency
	Text int    `json:"text"` // in List.Texts
}

//go:embed licenses.json.gz
var packed []byte

// Read returns the built-in list.
var Read = sync.OnceValues(func() (List, error) { return Unpack(packed) })

// Unpack reads a packed list.
func Unpack(packed []byte) (List, error) {
	var list List
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return list, fmt.Errorf("read the list of licenses: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return list, fmt.Errorf("read the list of licenses: %w", err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return list, fmt.Errorf("read the list of licenses: %w", err)
	}
	for _, d := range list.Dependencies {
		for _, file := range d.Files {
			if file.Text < 0 || file.Text >= len(list.Texts) {
				return list, fmt.Errorf("read the list of licenses: %s has text %d of %d", d.Name, file.Text, len(list.Texts))
			}
		}
	}
	return list, nil
}

// Pack packs a list.
func Pack(list List) ([]byte, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return packed.Bytes(), err
}
