package oplog

import (
	"errors"
	"runtime"
	"slices"
	"syscall"
)

// windowsFull are ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL and ERROR_DISK_QUOTA_EXCEEDED of winerror.h. Elsewhere these numbers mean other errors.
var windowsFull = []syscall.Errno{39, 112, 1295}

// IsDiskFull reports whether an error means that the disk is full or the user's quota is used up.
func IsDiskFull(err error) bool { return isDiskFullOn(runtime.GOOS, err) }

// isDiskFullOn is IsDiskFull on an operating system.
func isDiskFullOn(system string, err error) bool {
	is := func(number syscall.Errno) bool { return errors.Is(err, number) }
	return is(syscall.ENOSPC) || is(syscall.EDQUOT) || system == "windows" && slices.ContainsFunc(windowsFull, is)
}
