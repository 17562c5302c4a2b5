package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oplog/durable"
	"oplog/oplog"
	"oplog/records"
)

// backupPattern names temporary files of backups.
const backupPattern = "backup-*.part"

// Backup is a temporary copy of the whole store, removed by Close.
type Backup struct {
	*os.File
	Size     int64
	ReliesOn oplog.Reliance // at least what of it is in the archive alone

	node *Node
	read int64 // bytes read so far
}

// ReadAt reads from the copy. The backup is recorded before its last bytes are returned, so that it is on record once a client has the
// whole copy.
func (b *Backup) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.File.ReadAt(p, offset)
	if end := offset + int64(n); end > b.read {
		b.read = end
		if end == b.Size {
			if failed := b.Record(); failed != nil {
				return 0, failed
			}
		}
	}
	return n, err
}

// Record records the backup as completed now, unless nothing can be written: here, or because no node leads.
func (b *Backup) Record() error {
	err := RecordBackup(b.node.store, b.node.now())
	if b.node.store.Failure() != nil || !b.node.Place.Alone() && oplog.CodeOf(err) == oplog.CodeUnavailable {
		return nil //nolint:nilerr // the backup is complete without it
	}
	return err
}

// Close removes the copy.
func (b *Backup) Close() error { return errors.Join(b.File.Close(), os.Remove(b.Name())) }

// Backup copies the current store to a temporary file, from which slow clients and disks are served, unless the context ends before.
func (l *Node) Backup(ctx context.Context) (*Backup, error) {
	size, err := l.store.Bytes()
	if err != nil {
		return nil, fmt.Errorf("create a backup: %w", err)
	}
	if err := l.CheckSpaceFor(size); err != nil {
		return nil, err
	}
	b, err := l.backupIn(ctx, l.dir, l.CheckSpace)
	if err != nil && l.store.Failure() != nil { // the disk may refuse all writes
		b, err = l.backupIn(ctx, os.TempDir(), func() error { return nil })
	}
	if err != nil {
		return nil, fmt.Errorf("create a backup: %w", err)
	}
	return b, nil
}

// backupIn copies the store to a file in a directory.
func (l *Node) backupIn(ctx context.Context, dir string, check func() error) (*Backup, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, backupPattern)
	if err != nil {
		return nil, err
	}
	b := &Backup{File: f, node: l}
	if b.Size, err = l.store.CopyTo(&copyFile{File: f, ctx: ctx, check: check}); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if b.ReliesOn, err = Reliance(l.store); err != nil { // a day that was removed here meanwhile is in the copy, too
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Reliance returns what of a log is in the archive alone, as far as the records of its days can be read.
func Reliance(r oplog.Records) (oplog.Reliance, error) {
	days, err := records.List[oplog.ArchivedDay](r, oplog.RecordArchive, "")
	if oplog.CodeOf(err) == oplog.CodeDamaged { // which verification tells
		err = nil
	}
	return oplog.RelianceOn(days), err
}

// ProofDir returns the directory in which a backup is restored to prove it, on the volume of the data directory.
func (l *Node) ProofDir() string { return filepath.Join(filepath.Dir(l.dir), "backup-proof") }

// removeBackups removes temporary files that a crash left behind.
func (l *Node) removeBackups() error {
	left, err := filepath.Glob(filepath.Join(l.dir, backupPattern))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
