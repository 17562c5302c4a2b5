package oplog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// backupPattern names backups on their way to who asked for them.
const backupPattern = "backup-*" + exportPartFile

// Backup is a copy of the whole store, which is there until it is closed.
type Backup struct {
	*os.File
	Size int64

	log  *Log
	read int64 // how far it was read
}

// ReadAt reads of the copy.
func (b *Backup) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.File.ReadAt(p, offset)
	b.read = max(b.read, offset+int64(n))
	return n, err
}

// Close removes the copy, and notes that there is a backup if it was read to
// its end.
func (b *Backup) Close() error {
	err := errors.Join(b.File.Close(), os.Remove(b.Name()))
	if b.Size > 0 && b.read == b.Size {
		err = errors.Join(err, NoteBackup(b.log.store, b.log.now()))
	}
	return err
}

// Backup copies the store, as of now, to a file of its own: who reads it slowly
// keeps nothing of the store from being used again.
func (l *Log) Backup() (*Backup, error) {
	if err := os.MkdirAll(l.exports.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a backup: %w", err)
	}
	f, err := os.CreateTemp(l.exports.dir, backupPattern)
	if err != nil {
		return nil, fmt.Errorf("make a backup: %w", err)
	}
	b := &Backup{File: f, log: l}
	if b.Size, err = l.store.WriteTo(f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("make a backup: %w", errors.Join(err, b.Close()))
	}
	return b, nil
}

// removeBackups removes what a crash left of backups.
func (j *exportJobs) removeBackups() error {
	left, err := filepath.Glob(filepath.Join(j.dir, backupPattern))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
