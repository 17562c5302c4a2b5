//go:build !unix

package doctor

import (
	"io/fs"
	"os/user"
)

// Owner returns the owner of a file; "" as it is unknown here.
func Owner(fs.FileInfo) string { return "" }

// CurrentUser returns the user that the process runs as.
func CurrentUser() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return "this user"
}
