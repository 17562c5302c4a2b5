package durable

import "os"

// Disk makes changes of files last. The store writes its files through it, and this package syncs and renames through it; a test may replace it
// by a disk that fails, and that loses in a crash what was not synced.
type Disk interface {
	WriteAt(f *os.File, b []byte, at int64) (int, error) // in place
	Sync(f *os.File) error                               // of a file or a directory
	SyncData(f *os.File) error                           // of a file, but for its times
	Rename(from, to string) error
}

var disk Disk = SystemDisk{}

// UseDisk replaces the disk until restore is called. No file may be in use.
func UseDisk(d Disk) (restore func()) {
	before := disk
	disk = d
	return func() { disk = before }
}

// WriteAt writes to a file in place.
func WriteAt(f *os.File, b []byte, at int64) (int, error) { return disk.WriteAt(f, b, at) }

// Sync makes changes of a file, or of the names in a directory, durable.
func Sync(f *os.File) error { return disk.Sync(f) }

// SyncData makes changes of a file durable, but for its times.
func SyncData(f *os.File) error { return disk.SyncData(f) }

// SystemDisk is the disk of the operating system, the default.
type SystemDisk struct{}

// WriteAt writes to a file in place.
func (SystemDisk) WriteAt(f *os.File, b []byte, at int64) (int, error) { return f.WriteAt(b, at) }

// Sync syncs a file or a directory.
func (SystemDisk) Sync(f *os.File) error { return f.Sync() }

// SyncData syncs a file, but for its times.
func (SystemDisk) SyncData(f *os.File) error { return syncData(f) }

// Rename renames a file.
func (SystemDisk) Rename(from, to string) error { return os.Rename(from, to) }
