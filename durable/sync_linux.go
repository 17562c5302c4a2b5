package durable

import (
	"os"
	"syscall"
)

// syncData writes a file's data to disk (fdatasync).
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
