package node

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// backupPattern names backups on their way to who asked for them.
const backupPattern = "backup-*.part"

// Backup is a copy of the whole store, which is there until it is closed.
type Backup struct {
	*os.File
	Size int64

	log  *Node
	read int64 // how far it was read
}

// ReadAt reads of the copy. That there is a backup is noted before its last
// bytes are handed out: a reader who has the whole copy finds it noted.
func (b *Backup) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.File.ReadAt(p, offset)
	if end := offset + int64(n); end > b.read {
		b.read = end
		if end == b.Size {
			if failed := NoteBackup(b.log.store, b.log.now()); failed != nil {
				return 0, failed
			}
		}
	}
	return n, err
}

// Close removes the copy.
func (b *Backup) Close() error { return errors.Join(b.File.Close(), os.Remove(b.Name())) }

// Backup copies the store, as of now, to a file of its own: who reads it slowly
// keeps nothing of the store from being used again.
func (l *Node) Backup() (*Backup, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a backup: %w", err)
	}
	f, err := os.CreateTemp(l.dir, backupPattern)
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
func (l *Node) removeBackups() error {
	left, err := filepath.Glob(filepath.Join(l.dir, backupPattern))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
