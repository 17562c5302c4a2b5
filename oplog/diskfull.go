package oplog

import (
	"errors"
	"slices"
)

// IsDiskFull reports whether an error means that the disk is full or the user's quota is used up.
func IsDiskFull(err error) bool {
	return slices.ContainsFunc(diskFull, func(full error) bool { return errors.Is(err, full) })
}
