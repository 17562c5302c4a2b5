package oplog

import "syscall"

// diskFull holds ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL and ERROR_DISK_QUOTA_EXCEEDED of winerror.h.
var diskFull = []error{syscall.Errno(39), syscall.Errno(112), syscall.Errno(1295), syscall.ENOSPC, syscall.EDQUOT}
