package storage

import (
	"context"
	"fmt"
	"runtime"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/background"
	"oplog/oplog"
)

// Verification is the result of verifying a tenant's log.
type Verification struct {
	Size     uint64               // arrivals
	Deleted  uint64               // arrivals whose entries were deleted under the retention rule
	Archived uint64               // arrivals whose entries are in the archive alone
	Moved    uint64               // of these, those whose leaf hashes are there, too
	Unknown  uint64               // arrivals whose entries are not here, of days of which a damaged record does not say any more where they are
	Root     tlog.Hash            // of the tree over the entries as they are stored
	Bad      uint64               // number of findings
	Findings []Finding            // the first findings, in order of arrival; orphans last
	Kept     map[uint64]tlog.Hash // by size of a kept checkpoint: the root of the first entries; missing if there are fewer

	KeptInArchive []uint64 // sizes of kept checkpoints that end within moved tiles, which could not be fetched; missing in Kept
}

// Finding is a difference between the log and what was recorded.
type Finding struct {
	Kind FindingKind
	Seq  uint64    // of the affected arrival, or the first of a subtree
	Time time.Time // of the operation, if known
	ID   string    // of the entry, if known
	Last uint64    // of a subtree, of an archived day, or of a moved tile
}

// FindingKind is the kind of a difference.
type FindingKind int

// The kinds of findings.
const (
	FoundModified    FindingKind = iota + 1 // the entry differs from the one that its leaf hashes
	FoundRemoved                            // the entry is missing
	FoundReplaced                           // another entry is in its place
	FoundInserted                           // an entry that was never recorded
	FoundBeyondEnd                          // an entry, id or subtree after the last arrival
	FoundNoLeaf                             // the arrival is missing
	FoundSubtree                            // the leaves do not match the stored subtree
	FoundID                                 // the sender's id does not lead to the entry
	FoundUnconfirmed                        // the entry is missing, and the trail does not confirm the record by which it is in the archive
	FoundArchived                           // the record of an archived day is not of the entries that arrived
	FoundMoved                              // the leaf hashes are said to be in the archive, which has not these days
)

const (
	maxFindings = 10
	verifyChunk = 16 * tileSize // arrivals checked per read transaction
	yieldAfter  = 32            // arrivals checked before others get a turn
)

// verification is the state of a Verify in progress.
type verification struct {
	Verification
	db      *DB
	tenant  string
	kept    map[uint64]bool
	edge    [64]tlog.Hash // as in treeHead
	size    uint64        // leaves so far
	gently  bool          // see VerifyGently
	proven  []*oplog.Deletion
	archive *archiveCheck
	ids     idSums // of the entries so far that have senders' ids

	movedUnsure uint64 // see part
}

// Verify recomputes a tenant's tree from its entries in short read transactions. It checks that each arrival leads to its entry, that there
// are no orphaned entries, and that senders' ids lead to their entries, and reports progress. kept has the sizes of checkpoints to compare
// with. Differences are findings, not errors; an error means that reading failed. Entries may be recorded meanwhile, which it leaves out, but
// none may be deleted.
func (db *DB) Verify(ctx context.Context, tenant string, kept []uint64, progress func(done, total uint64)) (Verification, error) {
	return db.verify(ctx, &verification{tenant: tenant}, kept, progress)
}

// VerifyGently is Verify that yields to those who record and read meanwhile.
func (db *DB) VerifyGently(ctx context.Context, tenant string, kept []uint64, progress func(done, total uint64)) (Verification, error) {
	return db.verify(ctx, &verification{tenant: tenant, gently: true}, kept, progress)
}

func (db *DB) verify(ctx context.Context, v *verification, kept []uint64, progress func(done, total uint64)) (Verification, error) {
	v.db, v.kept, v.ids = db, make(map[uint64]bool), make(idSums)
	v.archive = newArchiveCheck(db, v.tenant)
	v.archive.sums = make(daySums)
	v.Kept = make(map[uint64]tlog.Hash)
	for _, size := range kept {
		v.kept[size] = true
	}
	var err error
	if v.Size, _, err = db.Counts(v.tenant); err != nil {
		return v.Verification, err
	}
	if v.Size == 0 {
		v.Root, err = tlog.TreeHash(0, tree{})
		return v.Verification, err
	}
	if v.proven, err = v.deletions(); err != nil {
		return v.Verification, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for part := range v.parts(ctx) {
		p := <-part
		if p.err != nil {
			return v.Verification, p.err
		}
		if err := v.add(p); err != nil {
			return v.Verification, err
		}
		progress(v.size, v.Size)
	}
	if err := ctx.Err(); err != nil {
		return v.Verification, err
	}
	v.Root = v.root()
	if err := v.checkKeptInMoved(ctx); err != nil {
		return v.Verification, err
	}
	if err := v.checkOrphans(ctx); err != nil {
		return v.Verification, err
	}
	return v.Verification, v.checkArchive()
}

// part is the result for consecutive arrivals.
type part struct {
	leaves   []tlog.Hash
	findings []Finding
	ids      idSums
	deleted  uint64
	archived uint64
	unknown  uint64
	sums     daySums

	moved         map[uint64]bool // tiles that were moved: each has one hash among the leaves, of its subtree
	movedArrivals uint64          // of those that have no other days than removed ones
	movedUnsure   uint64          // of those that may have arrivals of deleted days
	err           error
}

// parts checks all arrivals in order, in chunks, on all processors.
func (v *verification) parts(ctx context.Context) <-chan chan part {
	parts := make(chan chan part, runtime.GOMAXPROCS(0))
	go func() {
		defer close(parts)
		for from := uint64(1); from <= v.Size; from += verifyChunk {
			result := make(chan part, 1)
			select {
			case parts <- result:
				go func() { result <- v.check(from, min(from+verifyChunk-1, v.Size)) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	return parts
}

// check checks arrivals from one seq to another.
func (v *verification) check(from, to uint64) (p part) {
	p.ids, p.sums, p.moved = make(idSums), make(daySums), make(map[uint64]bool)
	p.err = v.view(func(b *bolt.Bucket) error {
		r := arrivalReader{
			tenant: v.tenant, part: &p, proven: v.proven, archive: v.archive, tx: b.Tx(),
			tree:    tileReader{arrivals: bucketIn(b, []byte(nameArrivals))},
			entries: datedBucket{parent: bucketIn(b, []byte(nameEntries))},
		}
		var pace background.Pacer
		for seq := from; seq <= to; seq++ {
			if v.gently && seq%yieldAfter == 0 {
				pace.Yield()
			}
			left, moved := r.movedTile(seq)
			if !moved {
				r.check(seq)
				continue
			}
			if seq+tileSize-1 > to { // it was the last one when the verification began
				return &movedError{[]uint64{(seq - 1) / tileSize}}
			}
			r.checkMoved(seq, left, bucketIn(b, []byte(nameTree)))
			seq += tileSize - 1
		}
		return nil
	})
	return p
}

// view reads the tenant's bucket.
func (v *verification) view(read func(*bolt.Bucket) error) error {
	return v.db.view(func(tx *bolt.Tx) error {
		b := topBucket(tx, bucketTenants).Bucket([]byte(v.tenant))
		if b == nil {
			return fmt.Errorf("tenant %s disappeared while it was read", v.tenant)
		}
		return read(b)
	})
}

// datedBucket finds buckets by date and caches the last.
type datedBucket struct {
	parent, last *bolt.Bucket
	day          int64
	date         string
}

func (d *datedBucket) at(key oplog.Key) *bolt.Bucket {
	if day := key.Micros() / microsPerDay; d.date == "" || day != d.day {
		d.day, d.date = day, dateOf(key.Time())
		d.last = d.parent.Bucket([]byte(d.date))
	}
	return d.last
}

// arrivalReader checks arrivals in one transaction.
type arrivalReader struct {
	tenant  string
	tree    tileReader
	entries datedBucket
	proven  []*oplog.Deletion
	archive *archiveCheck
	tx      *bolt.Tx
	part    *part
}

func (r *arrivalReader) find(kind FindingKind, seq uint64, key oplog.Key, id string) {
	r.part.findings = append(r.part.findings, Finding{Kind: kind, Seq: seq, Time: key.Time(), ID: id})
}

func (r *arrivalReader) check(seq uint64) {
	key, leaf, err := r.tree.arrival(seq)
	if err != nil {
		r.part.leaves = append(r.part.leaves, tlog.Hash{})
		r.part.findings = append(r.part.findings, Finding{Kind: FoundNoLeaf, Seq: seq})
		return
	}
	if micros := key.Micros(); r.archive.wantsSum(micros) {
		r.part.sums[micros/microsPerDay] = r.part.sums[micros/microsPerDay].add(sumOf(seq, leaf))
	}
	var data []byte
	if b := r.entries.at(key); b != nil {
		data = b.Get(key[:])
	}
	if data == nil {
		r.part.leaves = append(r.part.leaves, leaf)
		if isDeleted(r.proven, key) {
			r.part.deleted++
			return
		}
		r.missing(seq, key)
		return
	}
	hash := tlog.RecordHash(data)
	r.part.leaves = append(r.part.leaves, hash)
	head, quick := headOf(data)
	if quick && hash == leaf && head.Tenant == r.tenant && head.key() == key {
		if head.ID != "" {
			r.part.ids.add(r.entries.date, idRecord{hashID(head.ID), seq})
		}
		return
	}
	head = entryHead{}
	err = headDecoding.Unmarshal(data, &head)
	switch {
	case err != nil:
		r.find(FoundModified, seq, key, key.ID())
	case hash != leaf && head.key() != key && r.isLeafOf(head.Seq, hash):
		r.find(FoundReplaced, seq, key, head.id())
	case hash != leaf, head.Tenant != r.tenant, head.key() != key:
		r.find(FoundModified, seq, key, head.id())
	case head.ID != "":
		r.part.ids.add(r.entries.date, idRecord{hashID(head.ID), seq})
	}
}

// isLeafOf reports whether a hash is the leaf of another arrival.
func (r *arrivalReader) isLeafOf(seq uint64, hash tlog.Hash) bool {
	_, leaf, err := r.tree.arrival(seq)
	return err == nil && leaf == hash
}

func (v *verification) find(f Finding) {
	if v.Bad++; len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, f)
	}
}

// add appends the leaves of a part to the tree, and compares it with the stored subtrees, except where entries themselves differ.
func (v *verification) add(p part) error {
	v.ids.addAll(p.ids)
	v.Deleted, v.Archived, v.Moved = v.Deleted+p.deleted, v.Archived+p.archived, v.Moved+p.movedArrivals
	v.Unknown, v.movedUnsure = v.Unknown+p.unknown, v.movedUnsure+p.movedUnsure
	for day, sum := range p.sums {
		v.archive.sums[day] = v.archive.sums[day].add(sum)
	}
	bad := make(map[uint64]bool, len(p.findings)) // tiles with entries known to differ
	for _, f := range p.findings {
		bad[(f.Seq-1)/tileSize] = true
		v.find(f)
	}
	return v.view(func(b *bolt.Bucket) error {
		stored := treeIn(b)
		for _, hash := range p.leaves {
			first := 0
			if p.moved[v.size/tileSize] {
				first = tileLevel
			}
			level := first
			for ; v.size>>level&1 == 1; level++ {
				hash = tlog.NodeHash(v.edge[level], hash)
				// A larger subtree differs wherever one within it does.
				report := level+1 == tileLevel && !bad[v.size/tileSize] || level+1 > tileLevel && v.Bad == 0
				if number := int64(v.size >> (level + 1)); report {
					if want, err := stored.hash(level+1, number); err != nil || want != hash {
						v.findSubtree(stored, level+1, number)
					}
				}
			}
			v.edge[level] = hash
			if v.size += 1 << first; v.kept[v.size] {
				v.Kept[v.size] = v.root()
			}
		}
		return nil
	})
}

func (v *verification) findSubtree(stored tree, level int, number int64) {
	first := uint64(number)<<level + 1
	f := Finding{Kind: FoundSubtree, Seq: first, Last: first + 1<<level - 1}
	if key, _, err := stored.arrival(first); err == nil {
		f.Time, f.ID = key.Time(), key.ID()
	}
	v.find(f)
}

// root returns the root of the tree over the leaves so far.
func (v *verification) root() tlog.Hash {
	var root tlog.Hash
	begun := false
	for level := range v.edge {
		switch {
		case v.size>>level&1 == 0:
		case !begun:
			root, begun = v.edge[level], true
		default:
			root = tlog.NodeHash(v.edge[level], root)
		}
	}
	return root
}

// Tenants lists the tenants that have entries.
func (db *DB) Tenants() ([]string, error) {
	var tenants []string
	err := db.view(func(tx *bolt.Tx) error {
		return topBucket(tx, bucketTenants).ForEachBucket(func(name []byte) error {
			tenants = append(tenants, string(name))
			return nil
		})
	})
	return tenants, err
}
