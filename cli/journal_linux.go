package cli

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// isStream reports whether a writer is the stream that JOURNAL_STREAM names by device and inode: that to the journal of systemd. A process that
// inherits the variable may write elsewhere.
func isStream(w io.Writer, stream string) bool {
	f, ok := w.(*os.File)
	if !ok || stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	system, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", system.Dev, system.Ino)
}
