package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// formatVersion is the version of the layout that this build writes. A build reads this version and older ones.
const formatVersion = 4

// sealedFormat is the version of a file while its transactions are sealed (see
// seal.go), and after a crash. Its layout is that of formatVersion.
const sealedFormat = 5

// DB is a store in one file of a data directory, which it locks.
type DB struct {
	dir      string
	lock     *flock.Flock
	bolt     atomic.Pointer[bolt.DB] // replaced by recoverWrites; seals its transactions if NoSync is set
	file     *os.File                // bolt's file; guarded by writeMu
	info     fs.FileInfo             // of the file
	sync     func(*os.File) error
	key      atomic.Pointer[signingKey]
	keyMoved bool // see KeyMoved

	signFailure atomic.Pointer[error] // the last that was reported

	failed   atomic.Pointer[oplog.Error] // why nothing can be written, if so; see recovery.go
	failures chan struct{}               // receives once something failed
	undo     *metaPages                  // those before the transaction that failed; guarded by writeMu
	unsure   []oplog.RecordChange        // of records in failed transactions; guarded by writeMu
	swapMu   sync.RWMutex                // locked while bolt is replaced or its meta pages are; read-locked while a read begins
	onAppend func(tenant string, entries []oplog.Entry)
	requests chan *appendRequest
	queueMu  sync.RWMutex // read-locked while a request is queued; Close locks it
	closed   bool         // guarded by queueMu: no more requests
	closing  chan struct{}
	stopped  sync.WaitGroup // the committer, and recoverWhenFailed

	heads map[string]treeHead // used by the committer only, by tenant

	writeMu   sync.Mutex // held during write transactions, until they are on disk
	sumBuffer []byte     // for seals; guarded by writeMu

	watchersMu sync.RWMutex // guards watchers
	watchers   []func(kind oplog.RecordKind, name string)

	checked checkedSums

	closedByTenant atomic.Pointer[map[string]closedDays] // replaced, never modified
}

var _ oplog.Store = (*DB)(nil)

// Options are the options of a DB; the zero value is the default.
type Options struct {
	WithoutKey  bool          // open the store even without its private key, for callers that sign nothing
	SignCommand string        // command that signs instead of a private key; "" for none
	LockTimeout time.Duration // how long to wait for another process; 0 for half a second
}

var (
	bucketMeta    = []byte("meta")
	bucketRecords = []byte("records")
	bucketTenants = []byte("tenants")
	keyFormat     = []byte("format")
	keySigner     = []byte("signer")
	keyVerifier   = []byte("verifier")
	keyChanges    = []byte("key_changes")
)

const fileName = "oplog.db"

// Open opens the store in a data directory, creating both if missing. It rejects, with a one-line error, a directory that is not oplog's,
// is not readable and writable, was written by a later version, has lost its data file, or is in use by another process.
func Open(dir string, o Options) (*DB, error) {
	if o.LockTimeout == 0 {
		o.LockTimeout = 500 * time.Millisecond
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
	db := &DB{
		dir: dir, lock: lock, sync: syncData, sumBuffer: make([]byte, sumBuffer), onAppend: func(string, []oplog.Entry) {},
		requests: make(chan *appendRequest, 4096), closing: make(chan struct{}), failures: make(chan struct{}, 1), heads: make(map[string]treeHead),
	}
	if err := db.open(o); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.stopped.Go(db.commitAll)
	db.stopped.Go(db.recoverWhenFailed)
	return db, nil
}

// open opens the data file and prepares it.
func (db *DB) open(o Options) error {
	b, file, err := openFile(db.path(), o.LockTimeout)
	if err != nil {
		return openError(db.dir, err)
	}
	db.bolt.Store(b)
	db.file = file
	if db.info, err = file.Stat(); err == nil {
		err = db.prepare(o)
	}
	if err == nil {
		err = db.readDeletions()
	}
	if err != nil {
		return errors.Join(err, b.Close())
	}
	return nil
}

// path returns the path of the data file.
func (db *DB) path() string { return filepath.Join(db.dir, fileName) }

// openFile opens the file, which bbolt maps without checking that it is complete.
func openFile(path string, timeout time.Duration) (b *bolt.DB, file *os.File, err error) {
	if err := checkFile(path, timeout); err != nil {
		return nil, nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	open := func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err = openPages(name, flag, mode)
		return file, err
	}
	b, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: timeout, FreelistType: bolt.FreelistMapType, OpenFile: open})
	if err != nil {
		return nil, nil, err
	}
	b.AllocSize = growth
	p, err := readMetaPages(file, b.Info().PageSize)
	if err != nil {
		return nil, nil, errors.Join(err, b.Close())
	}
	b.NoSync = p.sealsNext(p.last)
	return b, file, nil
}

// growth is the increment of the file's size: room for some 10,000 entries.
const growth = 4 << 20

var errDamaged = errors.New("its pages are inconsistent")

// checkFile rolls back a transaction that a crash interrupted, and checks that the file has the length it claims: reading past the end of a
// mapped file would crash the program.
func checkFile(path string, timeout time.Duration) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: timeout, ReadOnly: true})
	if err != nil {
		return err
	}
	// While the file is open read-only, no other process has it open for writing.
	if err := rollBack(path, b.Info().PageSize); err != nil {
		return errors.Join(err, b.Close())
	}
	err = b.View(func(tx *bolt.Tx) error {
		if info, err = os.Stat(path); err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%w: it has %d of %d bytes", errDamaged, info.Size(), tx.Size())
		}
		return err
	})
	return errors.Join(err, b.Close())
}

// prepare initializes a new file, or validates an existing one.
func (db *DB) prepare(o Options) error {
	var isNew bool
	var version int
	var inside string // the private key, in a store of an earlier version
	err := db.view(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			isNew = true
			if name, _ := tx.Cursor().First(); name != nil {
				return fmt.Errorf("%s is another program's database; specify another directory", db.path())
			}
			return nil
		}
		var err error
		if version, err = strconv.Atoi(string(meta.Get(keyFormat))); err != nil {
			return fmt.Errorf("%s has no format version; it is damaged or does not belong to oplog", db.path())
		}
		if version > sealedFormat {
			return fmt.Errorf("%s has format %d, but this version of oplog supports formats up to %d; use a newer version", db.path(), version, sealedFormat)
		}
		inside = string(meta.Get(keySigner))
		return db.readKeys(meta)
	})
	if err != nil {
		return err
	}
	if isNew {
		if o.SignCommand != "" {
			return errors.New("a new log begins with a key of its own: start it without --sign-command, then hand over to the command with oplog key rotate")
		}
		return db.update(db.create)
	}
	if version == 1 {
		if err := db.update(migrate1); err != nil {
			return fmt.Errorf("migrating %s from format 1 to format %d failed: %w", db.path(), formatVersion, err)
		}
	}
	// Formats 2 and 3 are 4 and 5 without organizations in records of their own, which older builds do not read. A file that says it is open but
	// is not sealed is a backup of an open file.
	current := formatVersion
	if db.bolt.Load().NoSync {
		current = sealedFormat
	}
	if version != current {
		if err := db.setFormat(current); err != nil {
			return err
		}
	}
	if err := db.loadSigner(inside, o); err != nil {
		return err
	}
	return db.addRecordBuckets()
}

// addKinds creates the buckets of record kinds that were added after the file was created.
func (db *DB) addRecordBuckets() error {
	var missing []oplog.RecordKind
	err := db.view(func(tx *bolt.Tx) error {
		for _, kind := range oplog.RecordKinds {
			if recordBucket(tx, kind) == nil {
				missing = append(missing, kind)
			}
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	return db.update(func(tx *bolt.Tx) error {
		for _, kind := range missing {
			if _, err := tx.Bucket(bucketRecords).CreateBucket([]byte(kind)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) create(tx *bolt.Tx) error {
	if err := db.newSigner(); err != nil {
		return err
	}
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	records, err := tx.CreateBucket(bucketRecords)
	if err != nil {
		return err
	}
	for _, kind := range oplog.RecordKinds {
		if _, err := records.CreateBucket([]byte(kind)); err != nil {
			return err
		}
	}
	_, err = tx.CreateBucket(bucketTenants)
	return errors.Join(err,
		meta.Put(keyFormat, []byte(strconv.Itoa(formatVersion))),
		meta.Put(keyVerifier, []byte(db.VerifierKey())))
}

// OnAppend registers the callback for appended entries.
func (db *DB) OnAppend(callback func(tenant string, entries []oplog.Entry)) { db.onAppend = callback }

// Close waits for appends in progress, rejects others, and unlocks the directory.
func (db *DB) Close() error {
	db.queueMu.Lock()
	if db.closed {
		db.queueMu.Unlock()
		return nil
	}
	db.closed = true
	db.queueMu.Unlock()
	close(db.closing)
	db.stopped.Wait()
	if db.bolt.Load().NoSync && db.Failure() == nil {
		_ = db.stopSealing() // otherwise the file stays as after a crash, which is also readable
	}
	return errors.Join(db.bolt.Load().Close(), db.lock.Close())
}

// Append records entries; see [oplog.Store].
func (db *DB) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if len(entries) == 0 && skipped == 0 {
		return nil, nil
	}
	for i := range entries {
		if entries[i].ReceivedAt.IsZero() {
			return nil, errors.New("an entry has no time of receipt")
		}
	}
	r := &appendRequest{tenant: tenant, entries: entries, skipped: skipped, done: make(chan error, 1)}
	if err := db.send(ctx, r); err != nil {
		return nil, err
	}
	// A queued request is always answered, even if its sender is gone: what is stored must not be reported as not stored.
	err := <-r.done
	return r.receipts, err
}

// send queues a request. Requests queued before Close are still committed; after it nothing is queued, since nobody would answer.
func (db *DB) send(ctx context.Context, r *appendRequest) error {
	db.queueMu.RLock()
	defer db.queueMu.RUnlock()
	if db.closed {
		return oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
	}
	select {
	case db.requests <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
