package storage

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"oplog/oplog"
)

func TestFailure(t *testing.T) {
	var db DB
	f := func(t *testing.T, err error, want oplog.Code) {
		t.Helper()
		if got := db.failure(err); oplog.CodeOf(got) != want || (got == nil) != (want == "") {
			t.Errorf("%v becomes %v, want %q", err, got, want)
		}
	}
	f(t, nil, "")
	f(t, fmt.Errorf("grow: %w", syscall.ENOSPC), oplog.CodeDiskFull)
	f(t, fmt.Errorf("grow: %w", syscall.EDQUOT), oplog.CodeDiskFull)
	f(t, nil, "") // space can be freed
	f(t, io.ErrUnexpectedEOF, oplog.CodeUnavailable)
	f(t, nil, oplog.CodeUnavailable) // the state of the disk is unknown
	f(t, syscall.ENOSPC, oplog.CodeUnavailable)
	if err := db.failure(nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v does not say why", err)
	}
}
