package storage

import (
	"encoding/binary"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// appendRequest is a call of Append in the committer's queue, or of another function that records entries.
type appendRequest struct {
	tenant   string
	entries  []oplog.Entry
	skipped  int
	changes  []oplog.RecordChange // of records, which the entries tell of
	deletion *oplog.Deletion      // to begin, which the first entry reports, if there is one
	key      *signingKey          // to replace the log's by
	level    *level               // to which the messages are raised
	others   []*appendRequest     // with entries of other tenants, which are recorded if these are
	may      func() error         // asked in the transaction; an error rejects the request; nil: it may
	receipts []oplog.Receipt
	recorded []oplog.Entry // entries that were not duplicates
	refused  error         // only this request was rejected; the transaction continues
	done     chan error

	// Results for other copies, if the store is replicated.
	leaves       [][]byte // of the recorded entries
	deletionData []byte   // the record of the deletion

	request   Request        // see AppendOnce
	seqs      []uint64       // see outcome; nil if all entries were recorded
	same      *appendRequest // the first one of the same id in the group
	earlier   *outcome       // of the first time
	forgotten bool           // whether it was stored before is not known
	answered  bool           // by earlier; nothing is written
}

// apply writes one request, or rejects it without writing anything.
func (w *tenantWriter) apply(r *appendRequest) (err error) {
	r.receipts = make([]oplog.Receipt, len(r.entries))
	if r.refused, err = w.findDuplicates(r); err != nil || r.refused != nil {
		return err
	}
	var firstOf map[datedID]uint64 // seqs of senders' ids within this request
	if len(r.entries) > 1 {
		firstOf = make(map[datedID]uint64)
	}
	duplicates := slices.ContainsFunc(r.receipts, func(x oplog.Receipt) bool { return x.Status == oplog.StatusDuplicate })
	for i := range r.entries {
		e := &r.entries[i]
		if r.receipts[i].Status == oplog.StatusDuplicate {
			if r.receipts[i].Seq == 0 {
				r.receipts[i].Seq = firstOf[datedID{w.dateOf(e.Time), e.ID}]
			}
			continue
		}
		e.Seq = w.head.size + 1
		if e.ID == "" {
			e.ID = e.Key().ID()
		} else {
			if firstOf != nil {
				firstOf[datedID{w.dateOf(e.Time), e.ID}] = e.Seq
			}
			w.addID(e)
		}
		data, err := encodeEntry(e)
		if err != nil {
			return err
		}
		if err := w.putEntry(e, data); err != nil {
			return err
		}
		if err := w.addLeaf(e.Key(), data); err != nil {
			return err
		}
		if w.replicated {
			r.leaves = append(r.leaves, data)
		}
		r.receipts[i] = oplog.Receipt{ID: e.ID, Seq: e.Seq, Status: oplog.StatusRecorded}
		if duplicates {
			r.recorded = append(r.recorded, *e)
		}
	}
	if !duplicates {
		r.recorded = r.entries
	}
	return w.addSkipped(r.skipped)
}

// tenantWriter holds a tenant's buckets during a transaction, and the head of its tree after it.
type tenantWriter struct {
	name                                 string
	head                                 treeHead
	began                                uint64 // size of the tree before
	before                               treeSum
	tenant, entries, ids, arrivals, tree *bolt.Bucket
	dates                                map[string]*bolt.Bucket // entries of a date
	idDates                              map[string]*idsOfDate
	closed                               closedDays
	archived                             *archivedDays
	replicated                           bool // requests keep the leaves that were added

	day  int64  // since 1970, of the last date requested
	date string // date of day

	healer *healer // is told of damaged entries
}

// appendFill leaves no free space in pages: they are filled in order.
const appendFill = 1.0

func newTenantWriter(tx *bolt.Tx, tenant string, head treeHead) (*tenantWriter, error) {
	b, err := logBucket(tx, tenant)
	if err != nil {
		return nil, err
	}
	w := &tenantWriter{name: tenant, tenant: b, dates: make(map[string]*bolt.Bucket), idDates: make(map[string]*idsOfDate)}
	for name, bucket := range map[string]**bolt.Bucket{
		nameEntries: &w.entries, nameIDs: &w.ids, nameArrivals: &w.arrivals, nameTree: &w.tree,
	} {
		if *bucket, err = b.CreateBucketIfNotExists([]byte(name)); err != nil {
			return nil, err
		}
		(*bucket).FillPercent = appendFill
	}
	w.head = head
	if !head.known {
		w.head, err = readHead(tree{arrivals: w.arrivals, subtrees: w.tree})
	}
	w.began, w.before = w.head.size, w.head.sum(tenant)
	return w, err
}

// logBucket returns the bucket of a log, which it creates and lists if it is new.
func logBucket(tx *bolt.Tx, tenant string) (*bolt.Bucket, error) {
	tenants := topBucket(tx, bucketTenants)
	if b := tenants.Bucket([]byte(tenant)); b != nil {
		return b, nil
	}
	if err := listName(tx, nameOfLog(tenant)); err != nil {
		return nil, err
	}
	return tenants.CreateBucket([]byte(tenant))
}

const (
	nameEntries  = "entries"
	nameIDs      = "ids"
	nameArrivals = "arrivals"
	nameTree     = "tree"
	nameSkipped  = "skipped"
)

// datedID identifies an entry by its sender's id and UTC day.
type datedID struct{ date, id string }

func dateOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// dateOf is oplog.DateOf, optimized for consecutive entries of the same day.
func (w *tenantWriter) dateOf(t time.Time) string {
	seconds := t.Unix()
	if seconds < 0 {
		return dateOf(t)
	}
	if day := seconds / (24 * 60 * 60); w.date == "" || day != w.day {
		w.day, w.date = day, dateOf(t)
	}
	return w.date
}

// findDeleted returns errors for entries of deleted days, which could never be found.
func (w *tenantWriter) findDeleted(r *appendRequest) (late []oplog.FieldError) {
	for i := range r.entries {
		if t := r.entries[i].Time; w.closed.has(t.UnixMicro()) {
			late = append(late, oplog.FieldError{
				Item: i + 1, Field: "time", Value: t.Format(time.RFC3339),
				Violation: oplog.Violates("day_deleted", "is on a day that was deleted under the retention rule and accepts no more entries"),
			})
		}
	}
	return late
}

// findDuplicates marks entries whose id exists in the tenant on that day, or earlier in the request. It rejects the request if one differs
// from the first, is of a deleted day, or is new on an archived one.
func (w *tenantWriter) findDuplicates(r *appendRequest) (refused, err error) {
	late := w.findDeleted(r)
	if len(late) > 0 {
		return errLate(late), nil
	}
	var differ []oplog.FieldError
	var first map[datedID]*oplog.Entry // within the request
	if len(r.entries) > 1 {
		first = make(map[datedID]*oplog.Entry)
	}
	for i := range r.entries {
		e := &r.entries[i]
		state := w.archived.of(e.Time.UnixMicro())
		if e.ID == "" || isRemoved(state) {
			late = appendArchived(late, state, i, e)
			continue
		}
		id := datedID{w.dateOf(e.Time), e.ID}
		before := first[id]
		if before == nil {
			if before, err = w.recorded(id); err != nil {
				return nil, err
			}
		}
		if before == nil {
			if late = appendArchived(late, state, i, e); first != nil && state == "" {
				first[id] = e
			}
			continue
		}
		r.receipts[i] = oplog.Receipt{ID: e.ID, Seq: before.Seq, Status: oplog.StatusDuplicate}
		same, err := equalContent(before, e)
		if err != nil {
			return nil, err
		}
		if !same {
			differ = append(differ, oplog.FieldError{
				Item: i + 1, Field: "id", Value: e.ID,
				Violation: oplog.Violates("id_taken", "was already used on this day for an entry with different content; give each entry its own id, for example prefixed with the system's name"),
			})
		}
	}
	switch {
	case len(late) > 0:
		return errLate(late), nil
	case len(differ) > 0:
		return &oplog.Error{Code: oplog.CodeConflict, Message: "No entries were stored: some ids are already in use.", Fields: differ}, nil
	}
	return nil, nil
}

// errLate is the error of entries of days that take none.
func errLate(late []oplog.FieldError) *oplog.Error {
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "No entries were stored: some are invalid.", Fields: late}
}

// recorded returns the tenant's entry with an id on a day, or nil.
func (w *tenantWriter) recorded(id datedID) (*oplog.Entry, error) {
	var found *oplog.Entry
	var err error
	try := func(key oplog.Key) bool {
		found, err = w.entryWithID(key, id)
		return found != nil || err != nil
	}
	if key, given := oplog.KeyOfID(id.id); given && dateOf(key.Time()) == id.date && try(key) {
		return found, err
	}
	ids := w.idsOf(id.date)
	if key, ok := ids.added[id.id]; ok && try(key) {
		return found, err
	}
	hash := hashID(id.id)
	arrivals := tree{arrivals: w.arrivals}
	for _, run := range ids.runs {
		if run.find(hash, func(seq uint64) bool {
			key, _, missing := arrivals.arrival(seq)
			return missing == nil && try(key)
		}) {
			break
		}
	}
	return found, err
}

// entryWithID returns the entry at a key if it has that id and day, or nil.
func (w *tenantWriter) entryWithID(key oplog.Key, id datedID) (*oplog.Entry, error) {
	var data []byte
	if entries := w.entries.Bucket([]byte(id.date)); entries != nil {
		data = entries.Get(key[:])
	}
	leaves := w.leaves(key)
	switch {
	case data == nil && !leaves.arrived(key):
		return nil, nil
	case !leaves.isRecorded(key, data):
		return nil, leaves.damaged(key)
	}
	e, err := decodeEntry(data)
	if err != nil || e.ID != id.id {
		return nil, err
	}
	return &e, nil
}

// leaves returns the leaves for the check of an entry. The last tile is not in its bucket yet.
func (w *tenantWriter) leaves(key oplog.Key) *leaves {
	l := &leaves{tenant: w.name, arrivals: w.arrivals, checked: new(checkedSums), healer: w.healer}
	if last := (w.head.size - 1) / tileSize; len(w.head.tile) > 0 && key.Seq() > last*tileSize {
		l.number, l.tile, l.sums = last, w.head.tile, new(tileSums)
	}
	return l
}

// arrival returns the key of an arrival, also of this transaction.
func (w *tenantWriter) arrival(seq uint64) (oplog.Key, error) {
	tile := w.arrivals.Get(tileKey((seq - 1) / tileSize))
	if len(w.head.tile) > 0 && (seq-1)/tileSize == (w.head.size-1)/tileSize {
		tile = w.head.tile
	}
	key, _, err := arrivalOf(tile, seq)
	return key, err
}

func (w *tenantWriter) putEntry(e *oplog.Entry, data []byte) error {
	b, err := dateBucket(w.entries, w.dates, w.dateOf(e.Time))
	if err != nil {
		return err
	}
	key := e.Key()
	return b.Put(key[:], data)
}

func dateBucket(parent *bolt.Bucket, opened map[string]*bolt.Bucket, date string) (*bolt.Bucket, error) {
	if b := opened[date]; b != nil {
		return b, nil
	}
	b, err := parent.CreateBucketIfNotExists([]byte(date))
	if err != nil {
		return nil, err
	}
	b.FillPercent = appendFill
	opened[date] = b
	return b, nil
}

func (w *tenantWriter) addSkipped(n int) error {
	if n == 0 {
		return nil
	}
	return w.tenant.Put([]byte(nameSkipped), binary.BigEndian.AppendUint64(nil, w.skipped()+uint64(n)))
}

func (w *tenantWriter) skipped() uint64 {
	data := w.tenant.Get([]byte(nameSkipped))
	if data == nil {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}
