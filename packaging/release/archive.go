package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// file is a file or, with a / at the end of its name, a folder of an archive.
type file struct {
	name string
	mode int64
	user int // and its group
	data []byte
}

// containerUser is the user in the container.
const containerUser = 10001

// documents are the documents in every archive.
var documents = []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"}

// installs are the files for a Linux server in every Linux archive.
var installs = []string{"oplog.service", "oplog.toml", "Containerfile", "compose.yaml"}

// archive writes the archive of a target.
func (r *release) archive(t target, program string) error {
	files, err := r.files(t, program)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	extension := ".tar.gz"
	if t.system == "windows" {
		extension = ".zip"
		err = r.writeZip(&data, files)
	} else {
		var w *gzip.Writer
		if w, err = gzip.NewWriterLevel(&data, gzip.BestCompression); err == nil {
			err = errors.Join(writeTar(w, r.time, files), w.Close())
		}
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, r.name(t)+extension), data.Bytes(), 0o644) //nolint:gosec // what is published is for everyone
}

// files returns the files of a target's archive, which are all in one folder.
func (r *release) files(t target, program string) ([]file, error) {
	name := "oplog"
	if t.system == "windows" {
		name = "oplog.exe"
	}
	all := []file{{name: "", mode: 0o755}}
	add := func(name, path string, mode int64) error {
		data, err := os.ReadFile(path)
		all = append(all, file{name: name, mode: mode, data: data})
		return err
	}
	err := add(name, program, 0o755)
	for _, document := range documents {
		err = errors.Join(err, add(document, filepath.Join(r.source, document), 0o644))
	}
	if t.system == "linux" {
		for _, name := range installs {
			err = errors.Join(err, add(name, filepath.Join(r.source, "packaging", name), 0o644))
		}
		var container bytes.Buffer
		err = errors.Join(err, writeTar(&container, r.time, containerFiles))
		all = append(all, file{name: "rootfs.tar", mode: 0o644, data: container.Bytes()})
	}
	for i := range all {
		all[i].name = r.name(t) + "/" + all[i].name
	}
	return all, err
}

// containerFiles are what the program needs in a container, besides itself.
var containerFiles = []file{
	{name: "etc/", mode: 0o755},
	{name: "etc/group", mode: 0o644, data: []byte("root:x:0:\noplog:x:10001:\n")},
	{name: "etc/passwd", mode: 0o644, data: []byte("root:x:0:0:root:/:/nonexistent\noplog:x:10001:10001:oplog:/var/lib/oplog:/nonexistent\n")},
	{name: "tmp/", mode: 0o1777},
	{name: "var/", mode: 0o755},
	{name: "var/lib/", mode: 0o755},
	{name: "var/lib/oplog/", mode: 0o700, user: containerUser},
}

func writeTar(to io.Writer, modified time.Time, files []file) error {
	w := tar.NewWriter(to)
	for _, f := range files {
		header := &tar.Header{
			Name: f.name, Typeflag: tar.TypeReg, Mode: f.mode, Uid: f.user, Gid: f.user, Size: int64(len(f.data)), ModTime: modified, Format: tar.FormatUSTAR,
		}
		if strings.HasSuffix(f.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	return w.Close()
}

func (r *release) writeZip(to io.Writer, files []file) error {
	w := zip.NewWriter(to)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time}
		header.SetMode(os.FileMode(f.mode)) //nolint:gosec // a constant
		if strings.HasSuffix(f.name, "/") {
			header.Method = zip.Store
			header.SetMode(os.FileMode(f.mode) | os.ModeDir) //nolint:gosec // a constant
		}
		one, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := one.Write(f.data); err != nil {
			return err
		}
	}
	return w.Close()
}
