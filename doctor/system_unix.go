//go:build unix

package doctor

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// access returns why this process may not read, write and enter a directory, or read and write a file; nil if it may. Nothing is written.
func access(path string) error {
	mode := uint32(unix.R_OK | unix.W_OK)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		mode |= unix.X_OK
	}
	if err := unix.Access(path, mode); err != nil {
		return &os.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

// openFiles returns how many files this process may open; 0 for no limit.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:gosec,unconvert // signed on some systems
}
