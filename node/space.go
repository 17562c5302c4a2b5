package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"oplog/durable"
	"oplog/oplog"
)

// MaxReserve is the free disk space that only recording may use. Of a small volume it is a twentieth.
const MaxReserve = 1 << 30

// CheckSpace returns CodeDiskFull if the free disk space is reserved for recording: what is read, and recorded in the access log, exports
// and backups are never the reason why nothing more can be recorded.
func (l *Node) CheckSpace() error { return l.CheckSpaceFor(0) }

// CheckSpaceFor is CheckSpace for files of about so many bytes.
func (l *Node) CheckSpaceFor(bytes int64) error {
	free, reserve, err := l.FreeSpace()
	if err != nil {
		return nil //nolint:nilerr // not known: the disk itself rejects what does not fit
	}
	if free < reserve+uint64(max(0, bytes)) {
		return oplog.Refuse(oplog.CodeDiskFull, "disk-nearly-full", "The disk is nearly full: {free} MiB are free, of which {reserve} MiB are reserved for recording. Free some space, then retry.",
			free>>20, reserve>>20)
	}
	return nil
}

// CheckTempSpace returns CodeDiskFull if the log is read-only and its disk refuses writes, so that a backup has to be copied to the system's
// temporary directory, and that has no room for it.
func (l *Node) CheckTempSpace() error {
	if l.store.Failure() == nil || l.accepts() == nil {
		return nil
	}
	size, err := l.store.Bytes()
	if err != nil {
		return err
	}
	free, total, err := l.space(os.TempDir())
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	if needed := uint64(size) + min(MaxReserve, total/20); free < needed {
		return oplog.Refuse(oplog.CodeDiskFull, "temp-disk-nearly-full", "The backup has to be copied to {dir}, where {free} MiB are free and {needed} MiB are needed. Free some space, then retry.",
			os.TempDir(), free>>20, needed>>20)
	}
	return nil
}

// accepts writes a small file where backups are copied to.
func (l *Node) accepts() error {
	if err := durable.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(l.dir, backupPattern)
	if err != nil {
		return err
	}
	_, err = f.WriteString("x")
	return errors.Join(err, (&Backup{File: f}).Close())
}

// FreeSpace returns the free bytes of the disk, and how many of them only recording may use.
func (l *Node) FreeSpace() (free, reserve uint64, err error) {
	free, total, err := l.space(filepath.Dir(l.dir))
	return free, min(MaxReserve, total/20), err
}

// Disk returns the used bytes of the disk, and its size.
func (l *Node) Disk() (used, size uint64, err error) {
	free, total, err := l.space(filepath.Dir(l.dir))
	return total - min(free, total), total, err
}

// spaceCheckBytes is the number of bytes that a backup writes between two checks of the free space.
const spaceCheckBytes = 16 << 20

// copyFile is a file that a backup is copied to, until the context ends or the free space is reserved.
type copyFile struct {
	*os.File
	ctx       context.Context //nolint:containedctx // a file of one call
	check     func() error
	unchecked int
}

func (f *copyFile) WriteAt(p []byte, at int64) (int, error) {
	if f.unchecked += len(p); f.unchecked >= spaceCheckBytes {
		f.unchecked = 0
		if err := f.check(); err != nil {
			return 0, err
		}
	}
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, at)
}

func (f *copyFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}
