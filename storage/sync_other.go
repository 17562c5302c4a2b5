//go:build !linux

package storage

import "os"

// syncData returns once what was written to a file is on disk.
func syncData(f *os.File) error { return f.Sync() }
