package oplog

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// TestIsDiskFull: Windows has error numbers of its own for a full disk, which mean other errors elsewhere.
func TestIsDiskFull(t *testing.T) {
	f := func(err error, elsewhere, onWindows bool) {
		t.Helper()
		for _, err := range []error{err, fmt.Errorf("write: %w", &os.PathError{Op: "write", Path: "f", Err: err})} {
			for system, want := range map[string]bool{"linux": elsewhere, "darwin": elsewhere, "windows": onWindows} {
				if got := isDiskFullOn(system, err); got != want {
					t.Errorf("%v on %s: %v, want %v", err, system, got, want)
				}
				if system == runtime.GOOS && IsDiskFull(err) != want {
					t.Errorf("%v here: want %v", err, want)
				}
			}
		}
	}
	f(syscall.ENOSPC, true, true)
	f(syscall.EDQUOT, true, true)
	f(syscall.Errno(39), false, true)   // ERROR_HANDLE_DISK_FULL; ENOTEMPTY on Linux
	f(syscall.Errno(112), false, true)  // ERROR_DISK_FULL; EHOSTDOWN on Linux
	f(syscall.Errno(1295), false, true) // ERROR_DISK_QUOTA_EXCEEDED
	f(syscall.Errno(5), false, false)   // ERROR_ACCESS_DENIED; EIO on Linux
	f(syscall.EROFS, false, false)
	f(io.ErrUnexpectedEOF, false, false)
	if IsDiskFull(nil) {
		t.Error("no error is taken for a full disk")
	}
}
