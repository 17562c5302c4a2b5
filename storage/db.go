package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/timing"
)

// formatVersion is the version of the layout that this build writes. A build reads this version and older ones.
const formatVersion = 6

// sealedFormat is the version of a file while its transactions are sealed (see
// seal.go), and after a crash. Its layout is that of formatVersion.
const sealedFormat = 7

// movedFormat is the version of a file with moved tiles, open or not: earlier builds would take them for damage. Its layout is that of formatVersion
// otherwise, so files that never had any keep their versions. See moved.go.
const movedFormat = 8

// DB is a store in one file of a data directory, which it locks.
type DB struct {
	dir      string
	lock     *flock.Flock
	bolt     atomic.Pointer[bolt.DB] // replaced by recoverWrites; seals its transactions if NoSync is set
	file     *os.File                // bolt's file; guarded by writeMu
	info     fs.FileInfo             // of the file
	sync     func(*os.File) error
	syncs    *timing.Histogram // see Syncs
	key      atomic.Pointer[signingKey]
	keyMoved bool         // see KeyMoved
	signMu   sync.RWMutex // read-locked while something is signed; locked while the key is replaced

	signFailure atomic.Pointer[error] // the last that was reported

	failed   atomic.Pointer[oplog.Error] // why nothing can be written, if so; see recovery.go
	failures chan struct{}               // receives once something failed
	undo     *metaPages                  // those before the transaction that failed; guarded by writeMu
	unsure   []oplog.RecordChange        // of records in failed transactions; guarded by writeMu
	stuck    stuck                       // see stuck.go
	swapMu   sync.RWMutex                // locked while bolt is replaced or its meta pages are; read-locked while a read begins
	onAppend func(tenant string, entries []oplog.Entry)

	inProgress atomic.Pointer[map[string]uint64] // sizes of trees before the transaction that is not on disk yet; see finished.go

	requests chan *appendRequest
	followed chan *followRequest
	propose  func(message []byte) (index uint64, err error) // see Replicate; nil for a single store
	position atomic.Pointer[Position]                       // see Replicated
	level    atomic.Pointer[level]                          // see Level; it counts while the store is replicated
	highest  int                                            // see Highest; set by Open
	queueMu  sync.RWMutex                                   // read-locked while a request is queued; Close locks it
	closed   bool                                           // guarded by queueMu: no more requests
	closing  chan struct{}
	stopped  sync.WaitGroup // the committer, and recoverWhenFailed

	heads map[string]treeHead // used by the committer only, by tenant

	writeMu   sync.Mutex        // held during write transactions, until they are on disk
	sumBuffer []byte            // for seals; guarded by writeMu
	sealsLast bool              // the next transaction is the last one that is sealed; guarded by writeMu
	copies    map[*copying]bool // in progress; guarded by writeMu

	watchersMu sync.RWMutex // guards watchers
	watchers   []func(kind oplog.RecordKind, name string)

	head  *headFile
	found error // see Damage; set by Open

	adds    uint64  // entries of the write transaction; guarded by writeMu
	extends treeSum // by what it changes the sum of the trees; guarded by writeMu

	missing error // see Missing; set by Open
	noHead  error // says that the head file is missing; set by Open

	format int // of the file when it was opened; set by Open

	plainRecords bool // the file is of a format whose records have no CRC, and is only read; set by Open

	checked checkedSums

	fetchArrivals atomic.Pointer[oplog.FetchArrivals] // see FetchArrivals; nil without an archive
	fetchTile     atomic.Pointer[FetchTile]           // see FetchTiles; nil if there are no other copies
	movedCache    *tileCache

	healer atomic.Pointer[healer] // see Heal; nil if there are no other copies
	healed atomic.Uint64

	closedByTenant   atomic.Pointer[map[string]closedDays]    // replaced, never modified
	archivedByTenant atomic.Pointer[map[string]*archivedDays] // replaced, never modified
}

var _ oplog.Store = (*DB)(nil)

// Options are the options of a DB; the zero value is the default.
type Options struct {
	WithoutKey  bool          // open the store even without its private key, for callers that sign nothing
	IgnoreKey   bool          // do not look for the private key of a store that is opened read-only; see LoadKey
	SignCommand string        // command that signs instead of a private key; "" for none
	LockTimeout time.Duration // how long to wait for another process; 0 for half a second
	AcceptLoss  bool          // open the store even if acknowledged entries are missing; see Loss
	ReadOnly    bool          // neither create nor change anything in the directory
	NoCopy      bool          // migrate a file of an earlier format without keeping a copy of it
	Highest     int           // level of messages to understand, as a build of another version would; 0 for HighestLevel

	restoring bool // from a backup, which need not be kept before a migration
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

// Syncs returns how long the syncs of transactions take.
func (db *DB) Syncs() *timing.Histogram { return db.syncs }

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
	if db.head == nil { // read-only
		return db.closeBolt()
	}
	return errors.Join(db.head.close(), db.closeBolt(), db.lock.Close())
}

// Append records entries; see [oplog.Store].
func (db *DB) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if len(entries) == 0 && skipped == 0 {
		return nil, nil
	}
	return db.submit(ctx, &appendRequest{tenant: tenant, entries: entries, skipped: skipped})
}

// submit passes a request to the committer and returns its answer.
func (db *DB) submit(ctx context.Context, r *appendRequest) ([]oplog.Receipt, error) {
	for i := range r.entries {
		if r.entries[i].ReceivedAt.IsZero() {
			return nil, errors.New("an entry has no time of receipt")
		}
	}
	r.done = make(chan error, 1)
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
