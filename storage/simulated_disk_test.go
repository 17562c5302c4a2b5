//go:build linux && !race

package storage_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"unsafe"

	bolt "go.etcd.io/bbolt"
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
}

// simWrite is a write to a page or several, or to a part of one.
type simWrite struct {
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

// next takes the next step. It returns what goes wrong at it, if anything.
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
	if wrong == nil {
		return s.write(f, b, at, uint64(at))
	}
	n, err := s.write(f, b[:d.random.IntN(len(b)+1)], at, uint64(at))
	return n, errors.Join(err, d.failWrite(f, wrong))
}

// writePages writes pages of bbolt's again. They are no steps, as their numbers follow no seed.
func (s *simFile) writePages(f *os.File, b []byte, at int64) (n int, err error) {
	for n < len(b) && err == nil {
		size := min(len(b)-n, simPage*(1+int(binary.NativeEndian.Uint32(b[n+12:]))))
		_, err = s.write(f, b[n:n+size], at+int64(n), labelOf(b[n:n+size]))
		n += size
	}
	return n, err
}

func (s *simFile) write(f *os.File, b []byte, at int64, label uint64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	s.writes = append(s.writes, simWrite{label, at, bytes.Clone(b)})
	return f.WriteAt(b, at)
}

func (d *simDisk) failWrite(f *os.File, wrong *strike) error {
	if wrong.err == nil {
		return d.stop(wrong.kill)
	}
	return &os.PathError{Op: "write", Path: f.Name(), Err: wrong.err}
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
		return errors.Join(d.failSync(f, info), &os.PathError{Op: "sync", Path: f.Name(), Err: wrong.err})
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
	return s.read(f.Name())
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
	d.inOrder(s.writes)
	for _, w := range s.writes {
		if d.random.IntN(2) == 0 {
			s.put(w.at, w.data)
		}
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
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: wrong.err}
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

// opened sees to it that bbolt writes through the disk. It has no seam of its own for that.
func (d *simDisk) opened(b *bolt.DB, f *os.File) {
	s, err := d.file(f)
	if err != nil {
		panic(err)
	}
	s.inPlace = true
	w := &pageWriter{d, b, f, s, false}
	field := reflect.ValueOf(b).Elem().FieldByName("ops").FieldByName("writeAt")
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(w.write))
}

// pageWriter writes the pages of bbolt: those of a transaction in the random order of their numbers, then its meta page. So there are two steps
// per transaction: before the first page, and the meta page. What happens between them is up to the syncs.
type pageWriter struct {
	disk  *simDisk
	bolt  *bolt.DB
	file  *os.File
	of    *simFile
	begun bool // the transaction
}

func (w *pageWriter) write(page []byte, at int64) (n int, err error) {
	if w.disk.off {
		return 0, errOff
	}
	info, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	w.of.size = max(w.of.size, info.Size()) // bbolt has grown it, and synced that
	isMeta := at < 2*int64(w.bolt.Info().PageSize)
	var wrong *strike
	if isMeta || !w.begun {
		wrong = w.disk.next("pages", w.disk.name(w.file.Name()))
	}
	w.begun = !isMeta && wrong == nil
	switch {
	case !isMeta && wrong != nil:
		return 0, w.disk.failWrite(w.file, wrong)
	case !isMeta:
		return w.of.write(w.file, page, at, labelOf(page))
	case !w.bolt.NoSync:
		w.of.flush() // bbolt has synced the other pages
	}
	if wrong != nil {
		n, err = w.of.write(w.file, page[:w.disk.random.IntN(len(page)+1)], at, uint64(at))
		return n, errors.Join(err, w.disk.failWrite(w.file, wrong))
	}
	n, err = w.of.write(w.file, page, at, uint64(at))
	if !w.bolt.NoSync {
		w.of.flush() // bbolt syncs it before anybody is told
	}
	return n, err
}

// labelOf says what a page of bbolt's is, whatever its number: its kind and its keys.
func labelOf(page []byte) uint64 {
	const head, branch, leaf = 16, 1, 2
	sum := fnv.New64a()
	_, _ = sum.Write(page[8:16])
	kind, count := page[8], int(binary.NativeEndian.Uint16(page[10:]))
	for i := range count {
		at := head + 16*i
		u32 := func(n int) int { return int(binary.NativeEndian.Uint32(page[at+4*n:])) }
		pos, size := at+u32(1), u32(2)
		switch kind {
		case branch:
			pos, size = at+u32(0), u32(1)
		case leaf:
		default:
			return sum.Sum64()
		}
		_, _ = sum.Write(page[pos : pos+size])
	}
	return sum.Sum64()
}
