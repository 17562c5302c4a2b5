package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	berrors "go.etcd.io/bbolt/errors"

	"oplog/durable"
)

// lockName is the file that a process locks while it has a data directory open. bbolt locks the data file, which can be moved away: another
// process could then begin a log of its own in the same directory.
const lockName = "oplog.lock"

// pidName is the file with the id of the locking process, for messages only.
const pidName = "oplog.pid"

// ConfigName is the configuration file in a data directory, which the command line reads.
const ConfigName = "oplog.toml"

// ErrInUse is the error of Open if another process has locked the directory.
var ErrInUse = errors.New("in use")

func inUse(dir string) error {
	holder := "another process"
	if pid, err := os.ReadFile(filepath.Join(dir, pidName)); err == nil {
		holder = "the process with pid " + strings.TrimSpace(string(pid))
	}
	return fmt.Errorf("data directory %s is %w by %s; stop it first, or specify another directory", dir, ErrInUse, holder)
}

// lockDir locks a data directory for this process.
func lockDir(dir string, timeout time.Duration) (*flock.Flock, error) {
	path := filepath.Join(dir, lockName)
	lock := flock.New(path, flock.SetPermissions(0o600))
	locked, err := lock.TryLock() // before the time that a busy machine may let pass
	if err == nil && !locked {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		locked, err = lock.TryLockContext(ctx, 10*time.Millisecond)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, inUse(dir)
	case err != nil:
		return nil, fmt.Errorf("cannot lock %s: %w", path, cause(err))
	case !locked:
		return nil, inUse(dir)
	}
	// Rewritten by each process that locks the directory. Nothing depends on it.
	_ = durable.WriteSecret(filepath.Join(dir, pidName), strconv.Itoa(os.Getpid())+"\n")
	return lock, nil
}

// isLocked reports whether another process has locked a data directory. It creates nothing.
func isLocked(dir string) bool {
	path := filepath.Join(dir, lockName)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock := flock.New(path)
	locked, err := lock.TryLock()
	return err == nil && (!locked || lock.Close() != nil)
}

// prepareDir creates the directory, or checks that it is oplog's or contains no other files than these.
func prepareDir(dir string, except ...string) error {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot create data directory %s: %w", dir, cause(err))
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot read data directory %s: %w", dir, cause(err))
	}
	except = append(except, lockName, pidName, ConfigName, "lost+found") // the last is created by mkfs on volumes
	var empty bool
	var others []string
	for _, f := range found {
		switch {
		case f.Name() == fileName:
			info, err := f.Info()
			if err != nil || info.Size() > 0 {
				return nil //nolint:nilerr // opening it reports the error
			}
			empty = true
		case !slices.Contains(except, f.Name()) && !durable.IsTemporary(f.Name(), lockName, pidName, keyName):
			others = append(others, f.Name())
		}
	}
	switch i := slices.IndexFunc(others, func(name string) bool { return slices.Contains(besideFile, name) }); {
	case slices.Contains(others, restorePart):
		return fmt.Errorf("data directory %s contains a restore that was interrupted; run oplog restore again", dir)
	case i >= 0 && empty:
		return fmt.Errorf("%s is empty, but %s beside it is of a log: its content was lost; restore a backup to a new directory", filepath.Join(dir, fileName), others[i])
	case i >= 0:
		return fmt.Errorf("data directory %s contains %s of a log but no %s; put that file back, or restore a backup to a new directory", dir, others[i], fileName)
	case len(others) > 0 && !empty:
		return fmt.Errorf("data directory %s does not belong to oplog: it contains %s but no %s; specify an empty or new directory", dir, others[0], fileName)
	}
	return nil
}

// besideFile lists what a log has in its directory only once it has a data file.
var besideFile = []string{"index", "exports", keyName, headName}

// cause strips the path that a file error repeats.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func openError(dir string, err error) error {
	var older *olderError
	switch {
	case errors.As(err, &older), errors.Is(err, ErrMustWrite), errors.Is(err, ErrDamaged):
		return err
	case errors.Is(err, berrors.ErrTimeout):
		return inUse(dir)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum), errors.Is(err, errDamaged):
		return fmt.Errorf("%s is not an oplog data file, or is damaged (%w); restore a backup, or specify another directory", filepath.Join(dir, fileName), err)
	default:
		return fmt.Errorf("cannot open %s: %w", filepath.Join(dir, fileName), cause(err))
	}
}
