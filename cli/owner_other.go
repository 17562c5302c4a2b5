//go:build !unix

package cli

import (
	"io/fs"
	"os/user"
)

// ownerOf returns the owner of a file; "" as it is unknown here.
func ownerOf(fs.FileInfo) string { return "" }

// currentUser returns the user that the process runs as.
func currentUser() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return "this user"
}
