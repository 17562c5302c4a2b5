// Package rotate writes a log to a file, and begins a new one when that has reached a size.
package rotate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
)

// File is a log file. Once it has reached its size it becomes PATH.1, the one before PATH.2 and so on, and a new one is begun. One that another
// program has moved away or emptied is begun again, too. It is safe for concurrent use.
type File struct {
	path      string
	size      int64 // from which it is rotated
	keep      int
	otherwise io.Writer // see Open
	rename    func(from, to string) error

	mu      sync.Mutex // guards what follows; held while a line is written or the file is replaced
	file    *os.File   // nil if it cannot be opened
	mode    fs.FileMode
	written int64 // bytes in the file
	limit   int64 // size, or more after it could not be rotated
	failing bool  // the last line could not be written
	closed  bool
}

// Options are the options of a File.
type Options struct {
	Size int64 // from which the file is rotated; one line alone may be longer
	Keep int   // number of rotated files that are kept, at least 1
}

// ErrDirectory is the error of Open if no file can be added beside the log file.
var ErrDirectory = errors.New("its directory cannot be written, so the log cannot be rotated; specify a file in a directory of its own")

// Open opens a log file, which it creates if missing; what is there stays. A line that cannot be written to it goes to otherwise. The error is
// ErrDirectory if the file could not be rotated.
func Open(path string, o Options, otherwise io.Writer) (*File, error) {
	f := &File{path: path, size: o.Size, keep: o.Keep, otherwise: otherwise, rename: os.Rename, mode: 0o600, limit: o.Size}
	if err := f.open(); err != nil {
		return f, err
	}
	probe, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return f, errors.Join(ErrDirectory, f.close())
	}
	return f, nil
}

// Write writes one or several whole lines, which stay together in a file.
func (f *File) Write(lines []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.otherwise.Write(lines)
	}
	err := f.prepare(int64(len(lines)))
	if err == nil {
		err = f.append(lines)
	}
	if err == nil {
		f.failing = false
		return len(lines), nil
	}
	if !f.failing {
		f.failing = true
		fmt.Fprintf(f.otherwise, "The log file %s cannot be written, so the log is here meanwhile: %v\n", f.path, err)
	}
	return f.otherwise.Write(lines)
}

// Close closes the file. What is written later goes elsewhere; see Open.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return f.close()
}

func (f *File) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// append writes to the file all or nothing.
func (f *File) append(lines []byte) error {
	n, err := f.file.Write(lines)
	if err != nil && n > 0 {
		_ = f.file.Truncate(f.written) // else the next line would continue this one
		return err
	}
	f.written += int64(n)
	return err
}

// prepare makes the file ready for n bytes.
func (f *File) prepare(n int64) error {
	if f.file != nil {
		at, err := os.Stat(f.path)
		own, ownErr := f.file.Stat()
		if err != nil || ownErr != nil || !os.SameFile(at, own) {
			_ = f.close() // moved away or removed, or its directory is gone
		} else {
			f.written = at.Size()
		}
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.written == 0 || f.written+n <= f.limit {
		return nil
	}
	return f.rotate()
}

// open opens the file and ends a line that a crash cut short.
func (f *File) open() error {
	before, err := os.Stat(f.path)
	if err == nil && !before.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", f.path)
	}
	isNew := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, f.mode)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.written = file, info.Size()
	switch {
	case !isNew:
		f.mode = info.Mode().Perm()
	case runtime.GOOS != "windows" && info.Mode().Perm() != f.mode:
		_ = file.Chmod(f.mode) // the umask has taken from it; a file system without modes has none to keep
	}
	last := []byte{'\n'}
	if f.written > 0 {
		_, err = file.ReadAt(last, f.written-1)
	}
	if err == nil && last[0] != '\n' {
		err = f.append([]byte{'\n'})
	}
	if err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

// rotate begins a new file. If the names cannot be changed, the file goes on growing, and this is tried again after the same size.
func (f *File) rotate() error {
	_ = f.close() // Windows renames no open file; the lines are written
	renamed := f.shift()
	if err := f.open(); err != nil {
		return err
	}
	f.limit = f.size
	if renamed != nil {
		f.limit = f.written + f.size
		fmt.Fprintf(f.otherwise, "The log file %s cannot be rotated, so it grows: %v\n", f.path, renamed)
	}
	return nil
}

// shift gives each file the next name. The current one becomes PATH.0 first, so that nothing else is touched if it cannot be renamed. A PATH.0 that
// is left of a shift that failed is finished before another is begun.
func (f *File) shift() error {
	if _, err := os.Lstat(f.named(0)); err == nil {
		if err := f.finish(); err != nil {
			return err
		}
	}
	if err := f.rename(f.path, f.named(0)); err != nil {
		return err
	}
	return f.finish()
}

// finish makes PATH.0 PATH.1, and gives the files from there to the first gap the next name. The oldest is replaced, and those beyond it, of a setting
// that kept more, are removed. If it fails, a file was renamed and left a gap, so another try removes nothing more.
func (f *File) finish() error {
	for n := f.keep + 1; ; n++ {
		if os.Remove(f.named(n)) != nil { // there is none
			break
		}
	}
	last := 1 // the file that is replaced, or the gap
	for ; last < f.keep; last++ {
		if _, err := os.Lstat(f.named(last)); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	for n := last - 1; n >= 0; n-- {
		if err := f.rename(f.named(n), f.named(n+1)); err != nil {
			return err
		}
	}
	return nil
}

// named returns the name of the nth file before the current one.
func (f *File) named(n int) string { return f.path + "." + strconv.Itoa(n) }
