package cluster

import (
	"context"
	"fmt"
	"os"
)

// maxReserve is the free space of a disk that only recording may use, as for backups and exports; of a small disk it is a twentieth.
const maxReserve = 1 << 30

// roomCheckBytes is how much of a copy is written between two looks at the free space.
const roomCheckBytes = 16 << 20

// space returns the free bytes and the size of the volume of a directory.
type space func(dir string) (free, total uint64, err error)

// noRoom says that a disk has no room for a copy.
type noRoom struct {
	needed, free uint64 // free bytes with the copy's, and those that there are
}

func (e noRoom) Error() string {
	return fmt.Sprintf("the disk has to have %d bytes free for it (%d MiB), and has %d (%d MiB): free some space", e.needed, e.needed>>20, e.free, e.free>>20)
}

// missing returns the bytes that have to be freed.
func (e noRoom) missing() uint64 { return e.needed - min(e.needed, e.free) }

// check returns noRoom if so many more bytes do not fit beside the reserve.
func (s space) check(dir string, bytes int64) error {
	free, total, err := s(dir)
	if err != nil {
		return nil //nolint:nilerr // not known: the disk itself refuses what does not fit
	}
	if needed := min(maxReserve, total/20) + uint64(max(0, bytes)); free < needed {
		return noRoom{needed, free}
	}
	return nil
}

// room returns how many bytes a copy may have; false if that is not known.
func (s space) room(dir string) (bytes uint64, known bool) {
	free, total, err := s(dir)
	return free - min(free, maxReserve, total/20), err == nil
}

// copyFile is a file that a copy is written to, until the context ends or only the reserve is free.
type copyFile struct {
	*os.File
	ctx       context.Context //nolint:containedctx // a file of one copy
	dir       string
	space     space
	unchecked int
}

func (f *copyFile) may(bytes int) error {
	if f.unchecked += bytes; f.unchecked >= roomCheckBytes {
		f.unchecked = 0
		if err := f.space.check(f.dir, 0); err != nil {
			return err
		}
	}
	return f.ctx.Err()
}

func (f *copyFile) Write(p []byte) (int, error) {
	if err := f.may(len(p)); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f *copyFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.may(len(p)); err != nil {
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
