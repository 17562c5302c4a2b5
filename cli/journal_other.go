//go:build !linux

package cli

import "io"

// isStream reports whether a writer leads to the journal of systemd, which there is on Linux alone.
func isStream(io.Writer, string) bool { return false }
