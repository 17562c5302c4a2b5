package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/timing"
)

const defaultLockTimeout = 500 * time.Millisecond

// Open opens the store in a data directory, creating both if missing. It rejects, with a one-line error, a directory that is not oplog's,
// is not readable and writable, was written by a later version, has lost its data file or acknowledged transactions, or is in use by
// another process.
func Open(dir string, o Options) (*DB, error) {
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.ReadOnly {
		return openReadOnly(dir, o)
	}
	if err := prepareDir(dir); err != nil {
		if isLocked(dir) {
			return nil, inUse(dir)
		}
		return nil, err
	}
	lock, err := lockDir(dir, o.LockTimeout)
	if err != nil {
		return nil, err
	}
	db := newDB(dir)
	db.lock = lock
	if err := db.open(o); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.stopped.Go(db.commitAll)
	db.stopped.Go(db.recoverWhenFailed)
	return db, nil
}

func newDB(dir string) *DB {
	return &DB{
		dir: dir, sync: syncData, syncs: timing.New(timing.Short), sumBuffer: make([]byte, sumBuffer), onAppend: func(string, []oplog.Entry) {},
		requests: make(chan *appendRequest, 4096), followed: make(chan *followRequest), closing: make(chan struct{}), failures: make(chan struct{}, 1), heads: make(map[string]treeHead),
		movedCache: newTileCache(),
	}
}

// openReadOnly opens the store in a data directory, in which nothing is created or changed. Writes are answered with errReading. bbolt's
// shared lock keeps other processes from writing meanwhile.
//
// It cannot roll a transaction back that a crash interrupted, nor migrate: these return ErrMustWrite. Missing transactions are no error here, so
// that the rest can be verified; see Missing.
func openReadOnly(dir string, o Options) (*DB, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("cannot read data directory %s: %w", dir, cause(err))
	}
	if err := prepareDir(dir); err != nil { // creates nothing, as the directory exists
		return nil, err
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
	case info.Size() == 0:
		return nil, fmt.Errorf("%s is empty: its content was lost; restore a backup to a new directory", path)
	}
	db := newDB(dir)
	db.failed.Store(errReading)
	if err := db.open(o); err != nil {
		return nil, err
	}
	db.stopped.Go(db.commitAll) // answers every request with errReading
	return db, nil
}

var errReading = oplog.Errorf(oplog.CodeUnavailable, "The log was opened for reading only; nothing can be recorded or changed.")

// ErrMustWrite is the error of a store that cannot be read as it is, without writing to it.
var ErrMustWrite = errors.New("open it once where it can be written, such as in a copy of the directory")

// open opens the data file and prepares it.
func (db *DB) open(o Options) error {
	if db.highest = o.Highest; o.Highest == 0 {
		db.highest = HighestLevel
	}
	db.level.Store(&level{Number: firstLevel})
	head, err := readHeadFile(db.dir)
	withoutHead := head == nil && err == nil
	if errors.Is(err, errHeadDamaged) {
		db.report(err)
		err = nil
	}
	if err != nil {
		return err
	}
	opened := opening{
		path: db.path(), timeout: o.LockTimeout, head: head, withoutHead: withoutHead, acceptLoss: o.AcceptLoss, readOnly: o.ReadOnly, restoring: o.restoring,
	}
	b, file, err := opened.open()
	if err != nil {
		return openError(db.dir, err)
	}
	db.bolt.Store(b)
	db.file = file
	if opened.found != nil {
		db.report(opened.found)
	}
	db.missing, db.noHead = opened.missing, opened.noHead
	if db.info, err = file.Stat(); err == nil {
		err = db.prepare(o, &opened)
	}
	if err == nil {
		err = db.readDays()
	}
	if err == nil {
		err = db.startHead(&opened)
	}
	if err == nil && !o.ReadOnly {
		err = db.noteHead(o.restoring)
	}
	if err == nil {
		return nil
	}
	if db.head != nil {
		err = errors.Join(err, db.head.file.Close())
	}
	return errors.Join(err, b.Close())
}

// path returns the path of the data file.
func (db *DB) path() string { return filepath.Join(db.dir, fileName) }

// opening holds how to open a data file, and the findings.
type opening struct {
	path        string
	timeout     time.Duration
	head        *highWater // nil if unknown
	withoutHead bool       // there is no head file
	acceptLoss  bool
	readOnly    bool
	restoring   bool

	txid       uint64 // of the last complete transaction
	headListed bool   // the store says that it has a head file
	lost       uint64 // transactions, if that was accepted
	unknown    bool   // what is lost, as the head file is missing, and that was accepted
	changed    bool   // a tree is not that of the head, and that was accepted
	found      error  // damage, though nothing is missing
	missing    error  // says what is missing or damaged, if read-only
	noHead     error  // says that the head file is missing, if read-only
}

// open opens the file, which bbolt maps without checking that it is complete.
func (o *opening) open() (b *bolt.DB, file *os.File, err error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, fmt.Errorf("%w: %v", errDamaged, inWords(p))
		}
	}()
	open := func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err = openPages(name, flag, mode)
		return file, err
	}
	b, err = bolt.Open(o.path, 0o600, &bolt.Options{Timeout: o.timeout, ReadOnly: o.readOnly, FreelistType: bolt.FreelistMapType, OpenFile: open})
	if err != nil || o.readOnly {
		return b, file, err
	}
	onOpen(b, file)
	b.AllocSize = growth
	p, err := readMetaPages(file, b.Info().PageSize)
	if err != nil {
		return nil, nil, errors.Join(err, b.Close())
	}
	b.NoSync = p.sealsNext(p.last)
	return b, file, nil
}

// onOpen is called with each data file that is opened for writing. The simulation replaces it, to see what bbolt writes.
var onOpen = func(*bolt.DB, *os.File) {}

// growth is the increment of the file's size: room for some 10,000 entries.
const growth = 4 << 20

var errDamaged = errors.New("its pages are inconsistent")

// check rolls back a transaction that a crash interrupted, and checks that the file has come as far as its head, has the length it claims, and
// has sound pages: bbolt would crash the program at some of them, and past the end of the file.
func (o *opening) check() (err error) {
	info, err := os.Stat(o.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := bolt.Open(o.path, 0o600, &bolt.Options{Timeout: o.timeout, ReadOnly: true})
	if err != nil {
		return err
	}
	// While the file is open read-only, no other process has it open for writing.
	defer func() { err = errors.Join(err, b.Close()) }()
	mode := os.O_RDWR
	if o.readOnly {
		mode = os.O_RDONLY
	}
	f, err := openPages(o.path, mode, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p, err := readMetaPages(f, b.Info().PageSize)
	if err != nil {
		return err
	}
	return o.checkLast(f, info.Size(), &p)
}

// checkLast compares the last complete transaction with the head, checks its pages, and rolls back one after it. Nothing is changed if an
// acknowledged transaction is missing or damaged.
func (o *opening) checkLast(f *os.File, size int64, p *metaPages) error {
	complete, last := p.isComplete(f), p.last
	if !complete && o.restoring && o.listIsDamaged(f, size, p) {
		return o.checkPages(f, size, p, last)
	}
	if !complete {
		last = 1 - last
	}
	o.txid = p.metas[last].txid
	if older := o.head.checkPosition(o.path, o.txid); older != nil {
		switch {
		case !complete && o.listIsDamaged(f, size, p):
			return o.checkPages(f, size, p, p.last)
		case o.readOnly:
			o.missing = older
			return o.checkPages(f, size, p, p.last) // which bbolt reads
		case !o.acceptLoss:
			return older
		}
		o.lost = o.head.txid - o.txid
	}
	o.found = p.invalid(o.path, o.head != nil)
	if !complete && o.readOnly {
		return fmt.Errorf("the last transaction of %s was interrupted, and has to be rolled back; %w", o.path, ErrMustWrite)
	}
	err := o.checkPages(f, size, p, last)
	if err == nil {
		err = o.checkHead()
	}
	switch {
	case err != nil:
		return err
	case complete && o.readOnly:
		return nil
	case complete:
		return p.writeAgain(f)
	}
	slog.Info("a transaction that was interrupted, and not acknowledged, was rolled back", "file", o.path, "transaction", p.metas[p.last].txid)
	return p.rollBack(f)
}

// checkHead checks that the head file is there if the store says so: without it nothing tells whether the store is complete.
func (o *opening) checkHead() error {
	if !o.withoutHead || !o.headListed || o.restoring {
		return nil
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(o.path), headName)); err == nil {
		return nil // since it was looked for, a server made it and ended
	}
	what := o.path + " had an oplog.head beside it, which is missing, so whether acknowledged entries are missing is not known"
	missing := &olderError{what, withoutHead(o.path)}
	switch {
	case o.readOnly:
		o.noHead = missing
	case !o.acceptLoss:
		return missing
	}
	o.unknown = !o.readOnly
	return nil
}

// listIsDamaged reports whether the list of free pages is all that is damaged after the last transaction, as far as its pages tell.
func (o *opening) listIsDamaged(f *os.File, size int64, p *metaPages) bool {
	m := p.metas[p.last]
	if m.end > uint64(size/p.pageSize) { //nolint:gosec // positive
		return false
	}
	damage := checkPages(f, p.pageSize, m).err(o.path)
	return damage != nil && damage.listOnly
}

// checkPages checks the length of the file and the pages of a transaction. A file that is only read may have damaged pages, and one that is
// restored a damaged list of free pages, which is made again.
func (o *opening) checkPages(f *os.File, size int64, p *metaPages, which int) error {
	m := p.metas[which]
	if m.end > uint64(size/p.pageSize) { //nolint:gosec // positive
		return fmt.Errorf("%w: it has %d of %d pages", errDamaged, size/p.pageSize, m.end)
	}
	check := checkPages(f, p.pageSize, m)
	o.headListed = check.headListed
	damage := check.err(o.path)
	switch {
	case damage == nil:
		return nil
	case o.readOnly && !damage.loops:
		o.missing = errors.Join(o.missing, damage)
		return nil
	case o.restoring && damage.listOnly:
		slog.Warn("the list of free pages was damaged, and is made again", "file", o.path, "err", damage.first)
		return p.dropFreelist(f, which)
	}
	return damage
}

// invalid returns an error that says which meta page is invalid, if one is, except if a rollback has emptied it.
func (p *metaPages) invalid(path string, compared bool) error {
	slot := 0
	if p.valid[0] {
		slot = 1
	}
	if p.valid[slot] || p.sealsNext(1-slot) && isZero(p.pages[slot]) {
		return nil
	}
	missing := "no transaction is missing according to oplog.head"
	if !compared {
		missing = "without an oplog.head it is not known whether the last transaction is missing; compare the log with a checkpoint"
	}
	return fmt.Errorf("meta page %d of %s is damaged: %s. The next transaction replaces the page; check the disk", slot, path, missing)
}
