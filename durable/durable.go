// Package durable writes named files so that a crash leaves the old file or
// the whole new one, never a part.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// WriteFile writes what fill gives it to a named file. A regular file, or a new
// one, is written beside its final name, synced and renamed, and its folder synced; where fill fails,
// the old file stays as it was. A symbolic link is followed: its target is
// replaced and the link stays. A device or a FIFO is written to as it is. A new
// file has the mode given (before umask); one that is replaced keeps its own.
func WriteFile(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	target, err := Resolve(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return writeInto(target, fill)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.part")
	if err != nil {
		return err
	}
	return replace(part, target, func(f *os.File) error { return errors.Join(fill(f), f.Chmod(mode)) })
}

// IsRegular reports whether WriteFile would write a regular file, new or old, at
// a path: a device or a FIFO is none, and has no neighbours.
func IsRegular(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// WriteFileBy writes a regular file by way of a temporary one that the caller
// names, in the same folder, so that what a crash leaves of it can be found and
// removed. Where fill fails, the old file stays as it was.
func WriteFileBy(temporary, path string, mode fs.FileMode, fill func(*os.File) error) error {
	part, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, mode) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	return replace(part, path, fill)
}

// maxLinks is how many symbolic links are followed, as Linux does.
const maxLinks = 40

// Resolve follows symbolic links to the file that they lead to, which need not
// exist.
func Resolve(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil //nolint:nilerr // what cannot be looked at is left to be opened
		}
		next, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}

// writeInto writes to a device or a FIFO, which is neither replaced nor cut.
func writeInto(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

// replace fills a temporary file, makes it durable and gives it its final name;
// where that fails, it is removed.
func replace(part *os.File, path string, fill func(*os.File) error) (err error) {
	defer func() {
		if err != nil {
			_ = part.Close() // closed below where all went well
			_ = os.Remove(part.Name())
		}
	}()
	if err := fill(part); err != nil {
		return err
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a change of a folder's names durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows has no sync for folders
	}
	d, err := os.Open(dir) //nolint:gosec // the folder of a file just written
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some file systems have no sync for folders
	}
	return errors.Join(err, d.Close())
}
