//go:build unix

package wire

import (
	"math"
	"syscall"
)

// maxFiles returns how many files the program may open. The Go runtime has raised that to the hard limit when the program started, and
// gives commands that it runs the limit of before.
func maxFiles() int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt64
	}
	return int64(min(uint64(limit.Cur), math.MaxInt64)) //nolint:gosec,unconvert // signed on some systems
}
