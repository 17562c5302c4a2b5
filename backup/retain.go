package backup

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"oplog/durable"
	"oplog/faults"
)

// deleteOlder deletes backups that are older than the last proved one, and are not among those to keep. Only files that this program has
// written are deleted, which it knows by a record; others in the directory stay, however they are named.
func (b *Backups) deleteOlder() {
	kept, proved := 0, false
	for _, f := range b.State().Files {
		isProved := !f.ProvedAt.IsZero()
		proved = proved || isProved
		if isProved {
			kept++
		}
		if b.o.Keep > 0 && isProved && kept > b.o.Keep || proved && !isProved {
			b.delete(f)
		}
	}
}

// deleteFailed deletes the backups that could not be proved, once there is a newer one: attempts that fail must not fill the directory.
func (b *Backups) deleteFailed(newer File) {
	for _, f := range b.State().Files {
		if f.Failure != nil && f.path() != newer.path() {
			b.delete(f)
		}
	}
}

// delete deletes a backup. One that fails is tried again after the next proof.
func (b *Backups) delete(f File) {
	info, err := os.Lstat(f.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err == nil && (!info.Mode().IsRegular() || info.Size() != f.Bytes):
		slog.Warn("a file is not the backup any more that was written under its name; it is not deleted", "file", f.path())
	default:
		if err == nil {
			err = durable.Remove(f.path())
		}
		if err != nil {
			faults.Report("deleting an old backup", err, "file", f.path())
			return
		}
		slog.Info("an old backup was deleted", "file", f.path(), "keep", b.o.Keep)
		b.tell("delete", f.ref(), false, map[string]any{"made_at": f.MadeAt, "dir": f.Dir})
	}
	b.forget(f)
}

func (b *Backups) forget(f File) {
	b.change(func(s *stored) {
		s.Files = slices.DeleteFunc(s.Files, func(one File) bool { return one.path() == f.path() })
	})
}

// forgetMissing forgets backups that are no longer in the directory, if it is there.
func (b *Backups) forgetMissing() {
	if _, err := os.Stat(b.o.Dir); err != nil {
		return
	}
	for _, f := range b.State().Files {
		if _, err := os.Lstat(f.path()); errors.Is(err, fs.ErrNotExist) {
			slog.Warn("a backup is no longer in the backup directory; is the right volume mounted there?", "file", f.path())
			b.forget(f)
		}
	}
}

// removeLeft removes what a crash left of a backup and of a proof.
func (b *Backups) removeLeft() {
	faults.Report("removing an interrupted proof of a backup", os.RemoveAll(b.o.ProofDir))
	b.mu.Lock()
	left := b.stored.Writing
	b.mu.Unlock()
	if left == "" {
		return
	}
	if err := durable.Remove(left); err != nil {
		faults.Report("removing an interrupted backup", err, "file", left)
		return
	}
	b.change(func(s *stored) { s.Writing = "" })
}
