//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"

	"oplog/durable"
)

// requireRights returns an error if this user cannot change services.
func requireRights(action string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can %[1]s the service; run sudo oplog service %[1]s", action)
	}
	return nil
}

// awaitStart has nothing to wait for: to systemd a service is started once it serves, and launchd does not tell.
func awaitStart() error { return nil }

// prepareDataDir makes the data directory of a service for its user, unless the service manager does. One that is there must belong to that
// user.
func prepareDataDir(dir, name string, isManaged bool) error {
	account, err := user.Lookup(name)
	switch {
	case err != nil && runtime.GOOS == "linux":
		return fmt.Errorf("there is no user %[1]s; create it with useradd --system --shell /usr/sbin/nologin %[1]s, or specify another with --user", name)
	case err != nil:
		return fmt.Errorf("there is no user %s; create it, or specify another with --user", name)
	case isManaged:
		return nil
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := durable.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		return os.Chown(dir, uid, gid)
	}
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int64(owner.Uid) != int64(uid) {
		return fmt.Errorf("%[1]s belongs to another user; run chown -R %[2]s %[1]s, or specify its owner with --user", dir, name)
	}
	return nil
}
