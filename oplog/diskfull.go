package oplog

import (
	"errors"
	"slices"
)

// IsDiskFull tells whether an error says that a disk, or the part of it that
// this user may use, is full.
func IsDiskFull(err error) bool {
	return slices.ContainsFunc(diskFull, func(full error) bool { return errors.Is(err, full) })
}
