//go:build !unix

package wire

import "math"

// maxFiles returns how many files the program may open: Windows bounds only what all programs open.
func maxFiles() int64 { return math.MaxInt64 }
