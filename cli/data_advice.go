package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"oplog/doctor"
	"oplog/oplog"
)

// withAdvice adds to an error in a data directory what can be done about it, if the disk or the files' owner is the cause.
func withAdvice(dir string, err error) error {
	switch {
	case oplog.IsDiskFull(err):
		return fmt.Errorf("%w; free some space on the disk of %s", err, dir)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; make %s writable, or specify another directory with --data", err, dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; %s", err, permission(dir))
	default:
		return err
	}
}

// permission says what this user needs to use a data directory: of its files and itself, the first that belongs to another user is told.
func permission(dir string) string {
	me := doctor.CurrentUser()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("create it as an administrator, and make %s its owner", me)
	}
	paths := []string{dir}
	if found, err := os.ReadDir(dir); err == nil {
		for _, f := range found {
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			continue
		}
		if owner := doctor.Owner(info); owner != "" && owner != me {
			return fmt.Sprintf("%s belongs to %s, and oplog runs as %s: run it as %s, or run chown -R %s %s", path, owner, me, owner, me, dir)
		}
	}
	return fmt.Sprintf("allow %s to read and change the files in it", me)
}
