package oplog

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
)

func TestIsDiskFull(t *testing.T) {
	for _, full := range diskFull {
		if err := fmt.Errorf("write: %w", &os.PathError{Op: "write", Path: "f", Err: full}); !IsDiskFull(err) {
			t.Errorf("%v is not taken for a full disk", full)
		}
	}
	if !IsDiskFull(syscall.ENOSPC) || !IsDiskFull(syscall.EDQUOT) {
		t.Error("a full disk or a used-up quota is not taken for one")
	}
	for _, err := range []error{nil, io.ErrUnexpectedEOF, syscall.EIO, syscall.EROFS} {
		if IsDiskFull(err) {
			t.Errorf("%v is taken for a full disk", err)
		}
	}
}
