//go:build linux && !race

package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// simDisk is the disk of a simulation. The files are real ones, so that bbolt can map them, but what would be left of them after a power cut is
// kept apart: what was synced, and the writes since. Each write, sync and rename is a step, at which the machine can be made to stop or to fail.
type simDisk struct {
	random  *rand.Rand
	root    string                       // of all that is simulated, outside of the simulated disk too
	top     string                       // of the simulated disk, since the last crash
	tops    int                          // how many there were
	files   map[uint64]*simFile          // by inode: those that were ever synced or written in place
	folders map[string]map[string]uint64 // names that are durable, by folder; with their inodes
	log     func(format string, args ...any)

	plan      *strike
	struck    bool   // something went wrong since the log was opened
	off       bool   // the machine has stopped: nothing is written any more
	image     string // what a crash left, once off
	wasKilled bool
	during    func(name string)
	isDuring  bool
}

// simFile is a file of which something is durable.
type simFile struct {
	held    string // another name, by which its inode is not used again
	pages   map[int64][]byte
	size    int64
	inPlace bool       // all writes are seen
	writes  []simWrite // since the last sync, if inPlace
	group   uint64     // of the next write
}

// simWrite is a write to a page or several, or to a part of one.
type simWrite struct {
	group uint64 // the pages that bbolt writes before a meta page are a group, every other write is one of its own
	label uint64 // says what is in it: bbolt numbers the pages of a transaction in the random order of its maps
	at    int64
	data  []byte
}

// strike is what will go wrong at a step.
type strike struct {
	after int   // how many steps go well before
	times int   // how many steps fail, one after the other
	err   error // of a failing step; nil if the machine stops
	kill  bool  // only the process stops: what it wrote is kept
}

const (
	simPage   = 4096
	simSector = 512
)

var errOff = errors.New("the machine has stopped")

// next takes the next step. It returns what goes wrong at it, if anything. The errors that come of it name files as name does: exports store them.
func (d *simDisk) next(kind, name string) *strike {
	d.log("%s %s", kind, name)
	if d.plan == nil {
		return nil
	}
	if d.plan.after > 0 {
		d.plan.after--
		return nil
	}
	s := d.plan
	if s.times--; s.times <= 0 {
		d.plan = nil
	}
	d.struck = true
	d.log("strike %v kill %v", s.err, s.kill)
	return s
}

// name returns a file's name on the simulated disk, without the random part of a temporary one.
func (d *simDisk) name(path string) string {
	name, err := filepath.Rel(d.top, path)
	if err != nil {
		return path
	}
	return plainName(name)
}

func plainName(name string) string {
	if base := filepath.Base(name); strings.HasPrefix(base, ".") || strings.HasPrefix(base, "backup-") {
		return filepath.Join(filepath.Dir(name), strings.TrimRight(strings.TrimSuffix(base, ".part"), "0123456789"))
	}
	return name
}

func inodeOf(info os.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }

// file returns an open file. If it is new, it is durable as it is now.
func (d *simDisk) file(f *os.File) (*simFile, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return d.fileAt(f.Name(), inodeOf(info))
}

func (d *simDisk) fileAt(path string, inode uint64) (*simFile, error) {
	if s := d.files[inode]; s != nil {
		return s, nil
	}
	s := &simFile{held: filepath.Join(d.root, "held", fmt.Sprint(len(d.files)))}
	if err := errors.Join(os.Link(path, s.held), s.read(path)); err != nil {
		return nil, err
	}
	d.files[inode] = s
	return s, nil
}

// read makes the present content durable.
func (s *simFile) read(path string) error {
	data, err := os.ReadFile(path)
	s.pages, s.size = make(map[int64][]byte), int64(len(data))
	for at := int64(0); at < s.size; at += simPage {
		if page := data[at:min(at+simPage, s.size)]; !isZero(page) {
			s.pages[at] = append(page, make([]byte, simPage-len(page))...)
		}
	}
	return err
}

// sum is of the durable content.
func (s *simFile) sum() uint64 {
	sum := fnv.New64a()
	for _, at := range slices.Sorted(maps.Keys(s.pages)) {
		_, _ = fmt.Fprint(sum, at)
		_, _ = sum.Write(s.pages[at])
	}
	return sum.Sum64()
}

func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

// put makes a part of a write durable.
func (s *simFile) put(at int64, data []byte) {
	s.size = max(s.size, at+int64(len(data)))
	for len(data) > 0 {
		base, skip := at/simPage*simPage, at%simPage
		page := make([]byte, simPage) // a new one: copies share the old ones
		copy(page, s.pages[base])
		n := copy(page[skip:], data)
		s.pages[base] = page
		at, data = at+int64(n), data[n:]
	}
}

// flush makes all writes durable.
func (s *simFile) flush() {
	for _, w := range s.writes {
		s.put(w.at, w.data)
	}
	s.writes = nil
}

// WriteAt writes in place; see durable.Disk.
func (d *simDisk) WriteAt(f *os.File, b []byte, at int64) (int, error) {
	if d.off {
		return 0, errOff
	}
	s, err := d.file(f)
	if err != nil {
		return 0, err
	}
	s.inPlace = true
	if filepath.Base(f.Name()) == "oplog.db" && at >= 2*simPage {
		return s.writePages(f, b, at)
	}
	wrong := d.next("write", d.name(f.Name()))
	if filepath.Base(f.Name()) != "oplog.db" { // there it is a seal, with numbers of pages
		d.log("%x at %d", b, at)
	}
	if wrong == nil {
		return s.writeAlone(f, b, at)
	}
	n, err := s.writeAlone(f, b[:d.random.IntN(len(b)+1)], at)
	return n, errors.Join(err, d.failWrite(f, wrong))
}

// writeAlone writes what belongs to no group.
func (s *simFile) writeAlone(f *os.File, b []byte, at int64) (int, error) {
	s.group++
	n, err := s.write(f, b, at, 0)
	s.group++
	return n, err
}

func (s *simFile) write(f *os.File, b []byte, at int64, label uint64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	s.writes = append(s.writes, simWrite{s.group, label, at, bytes.Clone(b)})
	return f.WriteAt(b, at)
}

func (d *simDisk) failWrite(f *os.File, wrong *strike) error {
	if wrong.err == nil {
		return d.stop(wrong.kill)
	}
	return &os.PathError{Op: "write", Path: d.name(f.Name()), Err: wrong.err}
}

// Sync makes a file or a folder durable; see durable.Disk.
func (d *simDisk) Sync(f *os.File) error {
	if d.off {
		return errOff
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	d.runDuring(d.name(f.Name()))
	wrong := d.next("sync", d.name(f.Name()))
	if wrong != nil && wrong.err != nil {
		return errors.Join(d.failSync(f, info), &os.PathError{Op: "sync", Path: d.name(f.Name()), Err: wrong.err})
	}
	if wrong != nil && d.random.IntN(2) == 0 {
		return d.stop(wrong.kill)
	}
	if err := d.synced(f, info); err != nil || wrong == nil {
		return err
	}
	return d.stop(wrong.kill)
}

// SyncData makes a file durable; see durable.Disk.
func (d *simDisk) SyncData(f *os.File) error { return d.Sync(f) }

func (d *simDisk) synced(f *os.File, info os.FileInfo) error {
	if info.IsDir() {
		names, err := d.namesIn(f.Name())
		d.folders[d.name(f.Name())] = names
		return err
	}
	s, err := d.file(f)
	if err != nil {
		return err
	}
	if s.inPlace {
		s.flush()
		return nil
	}
	err = s.read(f.Name())
	if name := filepath.Base(f.Name()); !strings.HasPrefix(name, "oplog.db") && !strings.HasPrefix(name, ".oplog.pid") { // with numbers of pages, and of the process
		d.log("%d bytes: %x", s.size, s.sum())
	}
	return err
}

// failSync fails as disks do: what was to be synced may be durable or not, and another sync does not try it again.
func (d *simDisk) failSync(f *os.File, info os.FileInfo) error {
	if info.IsDir() {
		return nil
	}
	s, err := d.file(f)
	if err != nil {
		return err
	}
	for _, w := range survivors(s.writes, d.random.Uint64()) {
		s.put(w.at, w.data)
	}
	s.writes = nil
	return nil
}

// Rename renames a file; see durable.Disk.
func (d *simDisk) Rename(from, to string) error {
	if d.off {
		return errOff
	}
	wrong := d.next("rename", d.name(to))
	if wrong != nil && (wrong.err != nil || d.random.IntN(2) == 0) {
		if wrong.err != nil {
			return &os.LinkError{Op: "rename", Old: d.name(from), New: d.name(to), Err: wrong.err}
		}
		return d.stop(wrong.kill)
	}
	if err := os.Rename(from, to); err != nil || wrong == nil {
		return err
	}
	return d.stop(wrong.kill)
}

// runDuring lets the world go on while a file is being synced.
func (d *simDisk) runDuring(name string) {
	if d.during == nil || d.isDuring {
		return
	}
	d.isDuring = true
	d.during(name)
	d.isDuring = false
}
