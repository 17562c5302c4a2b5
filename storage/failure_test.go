package storage

import (
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"
)

// TestIsFullWrite: after a full disk, writing goes on only if it was a write that failed.
func TestIsFullWrite(t *testing.T) {
	for err, want := range map[error]bool{
		&fs.PathError{Op: "write", Err: syscall.ENOSPC}:                           true,
		fmt.Errorf("commit: %w", &fs.PathError{Op: "write", Err: syscall.EDQUOT}): true,
		&fs.PathError{Op: "write", Err: syscall.EIO}:                              false,
		&fs.PathError{Op: "sync", Err: syscall.ENOSPC}:                            false,
		&fs.PathError{Op: "truncate", Err: syscall.ENOSPC}:                        false,
		syscall.ENOSPC:      false, // as bbolt returns it from fdatasync
		io.ErrUnexpectedEOF: false,
	} {
		if isFullWrite(err) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
}
