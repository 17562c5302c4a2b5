//go:build !windows

package oplog

import "syscall"

var diskFull = []error{syscall.ENOSPC, syscall.EDQUOT}
