// Package durable writes named files so that a crash leaves either the old file or the complete new one.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// WriteFile writes the output of fill to a named file. A regular or new file is written under a temporary name, synced and renamed, and its
// directory synced; if fill fails, the old file is unchanged. A symbolic link is followed: its target is replaced and the link stays. A
// device, FIFO or pipe is written in place. A new file gets the given mode (before umask); a replaced one keeps its mode.
func WriteFile(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	return writeFile(path, mode, fill, Rename)
}

// CreateFile is WriteFile for a file that must not exist, not even once it is written: the error is fs.ErrExist then, and the file that is
// there stays as it is.
func CreateFile(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return writeFile(path, mode, fill, renameToNew)
}

// writeFile writes the output of fill to a named file; rename gives the temporary file its name.
func writeFile(path string, mode fs.FileMode, fill func(io.Writer) error, rename func(from, to string) error) error {
	target, err := Resolve(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path) // not the target: links in /proc lead to pipes that have no name
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return writeInto(path, fill)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.part")
	if err != nil {
		return err
	}
	return replace(part, target, func(f *os.File) error { return errors.Join(fill(f), f.Chmod(mode)) }, rename)
}

// IsRegular reports whether WriteFile would write a regular file at a path, as opposed to a device or FIFO, which cannot have files beside
// it.
func IsRegular(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// WriteFileVia writes a regular file by way of a named temporary file in the same directory, so that the caller can find and remove what a
// crash leaves behind. If fill fails, the old file is unchanged.
func WriteFileVia(temporary, path string, mode fs.FileMode, fill func(*os.File) error) error {
	part, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, mode) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	return replace(part, path, fill, Rename)
}

// WriteNewFile writes a file that must not exist: if it does, the error is fs.ErrExist and the file is unchanged. It needs neither links
// nor renames, which some file systems lack; a crash may leave the file empty.
func WriteNewFile(path string, mode fs.FileMode, fill func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // already closed on success
			_ = os.Remove(path)
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := errors.Join(disk.Sync(f), f.Close()); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// IsTemporary reports whether a name is that of a temporary file which an interrupted write of a file with one of the names has left.
func IsTemporary(name string, of ...string) bool {
	return slices.ContainsFunc(of, func(final string) bool {
		matches, _ := filepath.Match("."+final+".*.part", name)
		return matches
	})
}

// maxLinks limits the symbolic links followed, as Linux does.
const maxLinks = 40

// Resolve follows symbolic links to their target, which need not exist.
func Resolve(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil //nolint:nilerr // opening it will report the error
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

// writeInto writes to a device or FIFO, which is neither replaced nor truncated.
func writeInto(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

// replace fills a temporary file, syncs it and gives it its final name; if that fails, it is removed.
func replace(part *os.File, path string, fill func(*os.File) error, rename func(from, to string) error) (err error) {
	defer func() {
		if err != nil {
			_ = part.Close() // already closed on success
			_ = os.Remove(part.Name())
		}
	}()
	if err := fill(part); err != nil {
		return err
	}
	if err := errors.Join(disk.Sync(part), part.Close()); err != nil {
		return err
	}
	return rename(part.Name(), path)
}

// Rename gives a file that is synced its final name, and makes that durable.
func Rename(from, to string) error {
	if err := disk.Rename(from, to); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(to))
}

// renameToNew is Rename to a name that no file has: if one has it, the error is fs.ErrExist.
func renameToNew(from, to string) error {
	err := os.Link(from, to) // unlike a rename, it fails if there is a file
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if err == nil {
		return errors.Join(os.Remove(from), SyncDir(filepath.Dir(to)))
	}
	if _, err := os.Lstat(to); err == nil { // a file system without links
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	}
	return Rename(from, to)
}

// MkdirAll creates a directory with its parents, and syncs the directories that they were added to: otherwise a power cut takes a new directory
// away with all that was synced in it.
func MkdirAll(dir string, mode fs.FileMode) error {
	var added []string // innermost first
	for path := filepath.Clean(dir); ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		added = append(added, path)
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	for _, path := range slices.Backward(added) {
		if err := SyncDir(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrPermission) { // one that cannot be read cannot be synced
			return err
		}
	}
	return nil
}

// Remove removes a file for good: a power cut does not bring it back. There may be none.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes changes to a directory's entries durable.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync directories
	}
	d, err := os.Open(dir) //nolint:gosec // the directory of a file just written
	if err != nil {
		return err
	}
	err = disk.Sync(d)
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some file systems cannot sync directories
	}
	return errors.Join(err, d.Close())
}

// ReadSecret reads a file that only its owner may read; one that others can read is refused, except on Windows, which has no such modes.
func ReadSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read or changed by others (mode %04o); run chmod 600 %s, and replace the secret if others may have read it", path, info.Mode().Perm(), path)
	}
	return os.ReadFile(path) //nolint:gosec // the caller names the file
}

// WriteSecret writes a file that only its owner can read.
func WriteSecret(path, text string) error {
	return WriteFile(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
