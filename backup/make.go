package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"oplog/durable"
	"oplog/faults"
	"oplog/node"
	"oplog/oplog"
)

// attempt makes a backup, proves it, and deletes older ones if it is proved.
//
// The log is copied to the data directory's volume first, so that a slow directory, such as a network share, does not matter to it. A plain
// backup is proved by what can be read from its file afterwards. An encrypted one cannot be read without the private key, which does not belong on
// this machine: what is encrypted is restored while it is encrypted, and the file is compared with what was written.
func (b *Backups) attempt(ctx context.Context) (err error) {
	defer faults.Catch("backing up", &err)
	b.forgetMissing()
	if err := b.checkRoom(); err != nil {
		return err
	}
	copied, err := b.node.Backup(ctx)
	if err != nil {
		return err
	}
	closeCopy := sync.OnceValue(copied.Close)
	defer func() { err = errors.Join(err, closeCopy()) }()
	b.progress(func(p *Progress) { p.Phase, p.Bytes = PhaseWrite, copied.Size })
	f, proving, err := b.write(ctx, copied)
	if err != nil {
		return err
	}
	defer proving.cancel(io.ErrClosedPipe) // which has ended by then, unless something fails
	if err := copied.Record(); err != nil {
		return fmt.Errorf("record a backup: %w", err)
	}
	b.deleteFailed(f)
	if proving == nil { // the room of the copy is for the proof
		if err := closeCopy(); err != nil {
			return err
		}
	}
	b.progress(func(p *Progress) { p.Phase, p.Done, p.Bytes, p.file = PhaseProve, 0, f.Bytes, f })
	proof, err := b.prove(ctx, f, proving)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err = b.noteProof(f, proof, err); err != nil {
		return err
	}
	b.deleteOlder()
	return nil
}

func (b *Backups) progress(change func(*Progress)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.running)
}

// checkDir checks that the directory is there.
func (b *Backups) checkDir() error {
	info, err := os.Stat(b.o.Dir)
	switch {
	case err != nil:
		return b.explain(err)
	case !info.IsDir():
		return oplog.Refuse(oplog.CodeUnavailable, "backup-dir-no-directory", "{dir} is a file; specify a directory for backups.", b.o.Dir)
	}
	return nil
}

// checkRoom checks the directory, and that there is room for a backup in it and for the proof in the data directory.
func (b *Backups) checkRoom() error {
	if err := b.checkDir(); err != nil {
		return err
	}
	status, err := b.node.Status()
	if err != nil {
		return err
	}
	if free, _, err := b.o.Space(b.o.Dir); err == nil && free < uint64(status.StoreBytes) { //nolint:gosec // a size
		return oplog.Refuse(oplog.CodeDiskFull, "backup-dir-full", "The backup directory {dir} has {free} MiB free, and a backup takes {need} MiB. Free some space in it, or keep fewer backups.",
			b.o.Dir, free>>20, status.StoreBytes>>20+1)
	}
	need := status.StoreBytes
	if len(b.o.Recipients) > 0 {
		need *= 2 // the copy and the proof at the same time
	}
	return b.node.CheckSpaceFor(need)
}

// explain says of an error of the directory what to do.
func (b *Backups) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return oplog.Refuse(oplog.CodeUnavailable, "backup-dir-gone", "The backup directory {dir} does not exist. Mount or create it.", b.o.Dir)
	case errors.Is(err, syscall.EROFS):
		return oplog.Refuse(oplog.CodeUnavailable, "backup-dir-read-only", "The backup directory {dir} is on a read-only file system. Mount it so that it can be written.", b.o.Dir)
	case errors.Is(err, fs.ErrPermission):
		return oplog.Refuse(oplog.CodeUnavailable, "backup-dir-forbidden", "oplog may not write to the backup directory {dir}. Give the user that it runs as the right to.", b.o.Dir)
	case oplog.IsDiskFull(err):
		return oplog.Refuse(oplog.CodeDiskFull, "backup-dir-filled", "The backup directory {dir} is full. Free some space in it, or keep fewer backups.", b.o.Dir)
	}
	return oplog.Refuse(oplog.CodeUnavailable, "backup-dir-failed", "The backup directory {dir} could not be written: {error}. Check the disk or the network share.", b.o.Dir, err.Error())
}

// newFile returns a backup that is to be written now, under a name that is not taken.
func (b *Backups) newFile() File {
	now := b.o.Now().UTC()
	f := File{Dir: b.o.Dir, MadeAt: now, Encrypted: len(b.o.Recipients) > 0}
	for i := 1; ; i++ {
		f.Name = "oplog-" + now.Format("20060102T150405Z") + b.suffix()
		if i > 1 {
			f.Name += fmt.Sprint("-", i)
		}
		f.Name += ".backup"
		if f.Encrypted {
			f.Name += ".age"
		}
		if !exists(f.path()) && !exists(f.temporary()) {
			return f
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (f *File) temporary() string { return filepath.Join(f.Dir, "."+f.Name+".part") }

// write writes a backup, and notes it. Of an encrypted one it returns the proof in progress.
func (b *Backups) write(ctx context.Context, copied *node.Backup) (f File, proving *streamProof, err error) {
	f = b.newFile()
	f.ReliesOn = copied.ReliesOn
	b.change(func(s *stored) { s.Writing = f.temporary() })
	if f.Encrypted {
		proving = b.proveStream(ctx)
	}
	var failed error // of reading, not of the directory
	err = durable.WriteFileVia(f.temporary(), f.path(), 0o600, func(to *os.File) (err error) {
		from := b.source(ctx, io.NewSectionReader(copied.File, 0, copied.Size))
		if f.Encrypted {
			err = proving.encrypt(to, from, b.o.Recipients)
		} else {
			_, err = io.Copy(to, from)
		}
		failed = from.failed
		if err == nil {
			f.Bytes, err = to.Seek(0, io.SeekEnd)
		}
		return err
	})
	switch {
	case failed != nil:
		err = failed
	case err != nil:
		err = b.explain(err)
	}
	if err != nil {
		proving.cancel(err)
		b.change(func(s *stored) { s.Writing = "" })
		return f, nil, err
	}
	b.change(func(s *stored) {
		s.Writing, s.MadeAt = "", f.MadeAt
		s.Files = append(s.Files, f)
	})
	about := []any{"file", f.path(), "bytes", f.Bytes}
	details := map[string]any{"bytes": f.Bytes, "dir": f.Dir, "encrypted": f.Encrypted}
	if f.ReliesOn.Days > 0 {
		about = append(about, "relies_on", f.ReliesOn.String())
		details["relies_on"] = f.ReliesOn
	}
	slog.Info("a backup was made", about...)
	b.tell("create", f.ref(), false, details)
	return f, proving, nil
}

func (f *File) ref() oplog.Ref { return oplog.Ref{ID: f.Name, Name: f.Name} }

// source is a backup that is read until the context ends, or the free space of the data directory is reserved for recording: the backup directory
// may be on the same volume.
type source struct {
	io.Reader
	ctx     context.Context //nolint:containedctx // a reader of one call
	backups *Backups
	checked int64 // bytes read when the space was last checked
	read    int64
	failed  error
}

func (b *Backups) source(ctx context.Context, from io.Reader) *source {
	return &source{Reader: from, ctx: ctx, backups: b}
}

// spaceCheckBytes is the number of bytes between two checks of the free space.
const spaceCheckBytes = 16 << 20

func (s *source) Read(p []byte) (int, error) {
	s.failed = s.ctx.Err()
	if s.failed == nil && s.read-s.checked >= spaceCheckBytes {
		s.checked = s.read
		s.failed = s.backups.node.CheckSpace()
	}
	if s.failed != nil {
		return 0, s.failed
	}
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	s.read += int64(n)
	s.backups.progress(func(p *Progress) { p.Done = s.read })
	return n, err
}

// noteProof notes whether a backup was proved, and returns the error of one that was not.
func (b *Backups) noteProof(f File, proof Proof, failed error) error {
	now := b.o.Now().UTC()
	failure := failureOf(failed, now)
	b.change(func(s *stored) {
		i := slices.IndexFunc(s.Files, func(one File) bool { return one.path() == f.path() })
		if i < 0 {
			return
		}
		if failed != nil {
			s.Files[i].Failure = failure
			return
		}
		s.Files[i].ProvedAt, s.Files[i].Proof = now, proof
		s.Proved = s.Files[i]
	})
	if failed != nil {
		return failed
	}
	slog.Info("the backup was proved restorable", "file", f.path(), "logs", proof.Logs, "entries", proof.Entries)
	b.tell("prove", f.ref(), false, map[string]any{"entries": proof.Entries, "logs": proof.Logs})
	return nil
}
