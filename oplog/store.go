package oplog

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
)

// Store keeps entries and records durably. It is the source of truth: acknowledged data survives a crash, and everything else can be
// rebuilt from it.
//
// Entries of a tenant are numbered 1, 2, 3 … in order of arrival (their seq) and hashed into the tenant's Merkle tree in that order. A
// tenant exists in the store as soon as something is appended; whether it may is decided by package directory.
type Store interface {
	Appender
	Reader
	Prover
	Retainer
	Records

	// CopyTo writes a consistent snapshot of the store, of which all is on disk, to an empty file that can be restored, and returns its size.
	// However long that takes, writers neither wait nor make the store grow more than without it.
	CopyTo(to CopyFile) (int64, error)

	// Bytes returns the size of the store on disk.
	Bytes() (int64, error)

	// Failure returns why nothing can be written, or nil. Reads go on; the store recovers by itself if it can.
	Failure() error

	// Damage returns the damage found when the store was opened, or nil. No entry is known to be missing because of it.
	Damage() error

	// CheckNext checks the next pages or entries of the store after a position: nil begins a pass, and a Next of nil ends it. It takes a few
	// milliseconds. An error means that nothing could be checked.
	CheckNext(after []byte) (Checked, error)

	Close() error
}

// CopyFile is a file that a snapshot of the store is copied to, in any order.
type CopyFile interface {
	io.ReaderAt
	io.WriterAt
}

// Checked is what CheckNext has checked.
type Checked struct {
	Next           []byte // the position after it
	Pages, Entries uint64
	Damage         error // the first found, or nil
}

// Appender records entries.
type Appender interface {
	// OnAppend registers a callback that receives entries once they are on disk and before their Append returns: called in order of
	// arrival, by one goroutine. It must be registered before the first Append.
	OnAppend(callback func(tenant string, entries []Entry))

	// Append records validated entries, all or none, and returns once they are on disk: one receipt per entry, in order. The caller sets
	// the time of receipt; seq, id and leaf follow from the appended data, in its order, and are equal on every copy. An entry whose
	// sender's id exists in the tenant on that UTC day is acknowledged as a duplicate with its first seq. A CodeConflict error names ids
	// that were sent before with other content; CodeInvalid names entries of deleted days, and new ones of archived days. Skipped operations are added to the tenant's
	// count. CodeDiskFull and CodeUnavailable mean that nothing is acknowledged and the sender may retry with the same ids.
	Append(ctx context.Context, tenant string, entries []Entry, skipped int) ([]Receipt, error)

	// Conflicts returns the CodeConflict error with which Append would reject the entries, or nil. It records nothing.
	Conflicts(tenant string, entries []Entry) error
}

// Reader reads entries. Of days that are in the archive alone (DayRemoved), it returns those that the store still has.
type Reader interface {
	// Get returns the entries with the given keys, in their order. Deleted entries are omitted, and those that are in the archive alone; any other
	// missing key is an error. Entries are read into the buffer, or into new memory if it is nil.
	Get(tenant string, keys []Key, into *ReadBuffer) ([]Entry, error)

	// Find returns the entry with that generated id, else the newest entry with that sender's id, for which keep returns true (nil keeps
	// all); CodeNotFound if there is none.
	Find(tenant, id string, keep func(*Entry) bool) (Entry, error)

	// KeyOfSeq returns the key of the entry with a seq, deleted or not, or CodeNotFound.
	KeyOfSeq(tenant string, seq uint64) (Key, error)

	// Arrivals calls visit for entries in order of arrival, from a seq (inclusive) to another (exclusive, zero for the end), in short read
	// transactions. Deleted entries are omitted, and those that are in the archive alone; entries that arrive meanwhile may be visited or not.
	Arrivals(ctx context.Context, tenant string, from, to uint64, visit func(Entry) error) error

	// Scan calls visit for entries in key order, from (inclusive) to (exclusive, zero for the end), in short read transactions.
	Scan(ctx context.Context, tenant string, from, to Key, visit func(Entry) error) error

	// Older returns up to n entries before a key and not before another, newest first. They are read into the buffer, as by Get.
	Older(tenant string, before, from Key, n int, into *ReadBuffer) ([]Entry, error)

	// Counts returns the tenant's number of recorded entries (its last seq) and of skipped operations.
	Counts(tenant string) (entries, skipped uint64, err error)
}

// Prover produces proofs.
type Prover interface {
	// Prove returns the inclusion proof of an entry in the tree of the tenant's first `size` entries (0 for all), which must include it;
	// without a checkpoint, and with CodeUnavailable, if the key cannot be used for now.
	Prove(tenant string, key Key, size uint64) (Proof, error)

	// ProveLeaf is Prove of an entry whose bytes are given, which the store may no longer have: CodeDamaged if they are not those that were recorded
	// at the key, CodeNotFound if nothing was.
	ProveLeaf(tenant string, key Key, leaf []byte, size uint64) (Proof, error)

	// ProveConsistency returns the proof that the tree of the first `from` entries is a prefix of that of the first `to` (0 for all);
	// CodeInvalid if there are fewer.
	ProveConsistency(tenant string, from, to uint64) (Consistency, error)

	// Checkpoint returns the signed head of the tenant's tree, a C2SP tlog-checkpoint.
	Checkpoint(tenant string) (string, error)

	// VerifierKey returns the public key of checkpoints, in the format of golang.org/x/mod/sumdb/note.
	VerifierKey() string

	// KeyHistory returns the key of checkpoints with how it replaced earlier ones, oldest first, for verifiers of a tree ("" for none). No checkpoint
	// that was signed by another one follows.
	KeyHistory(tree string) (KeyHistory, error)

	// Sign returns the text as a note signed with the key of checkpoints. CodeUnavailable means that the key cannot be used for now; nothing
	// else depends on it.
	Sign(text string) (string, error)
}

// Retainer deletes entries that have expired.
type Retainer interface {
	// DaysBefore returns the tenant's dates before a date, in order, with their numbers of entries.
	DaysBefore(ctx context.Context, tenant, date string) ([]DayCount, error)

	// BeginDeletion writes a deletion's record and closes its days: from then on their entries are neither found nor accepted. Arrivals and
	// leaves stay; records of archived days among them become DayDeleted. The entry that reports it, if there is one, is recorded with it, both
	// or neither, and gives the deletion its id. Of several nodes, only the one that leads can, in the deletion's term: otherwise it is
	// CodeUnavailable, since the locks that keep holds and deletions apart are of one process, and another one may have led meanwhile.
	BeginDeletion(d *Deletion, report ...Entry) error

	// DeleteDays removes the entries of closed days and their senders' ids from the disk of this copy, in short transactions; of days that are in the
	// archive alone, too.
	DeleteDays(ctx context.Context, tenant string, days Days) error

	// Undeleted returns the closed days, and those that are in the archive alone, of which this copy still has entries or senders' ids on its disk, or
	// arrivals in the archive that BringArrivals is to take back, in order.
	Undeleted(tenant string) ([]Days, error)

	// UnknownDays returns the days of which a damaged record does not say any more where their entries are, by log and date. They are [DayUnknown]:
	// DaysBefore and Undeleted leave them out, and deletions of them are CodeUnavailable.
	UnknownDays() ([]UnknownDay, error)

	// DayLeaves calls visit for the recorded bytes of a UTC date's entries, in the order of their keys, in short read transactions. Each is compared with
	// its leaf: CodeDamaged names the first that differs, or one of a sealed day that is missing. Bytes are valid during the call.
	DayLeaves(ctx context.Context, tenant, date string, visit func(key Key, leaf []byte) error) error

	// LeafHashes returns the leaf hashes of the entries with the given keys, in their order, whether or not the store still has the entries. A key
	// that no entry ever had is CodeNotFound.
	LeafHashes(ctx context.Context, tenant string, keys []Key) ([][sha256.Size]byte, error)

	// Arrived reports whether an entry with that key was ever recorded, deleted or not.
	Arrived(tenant string, key Key) (bool, error)

	// FetchArrivals sets the function by which reads get arrivals that have been moved, all tiles of a read at once and outside of transactions.
	// What it returns is compared with what stays in the store, by which it asks further copies, too: CodeDamaged names the seqs of what differs. Without the function, reads that need moved
	// arrivals are CodeUnavailable; others never ask.
	FetchArrivals(fetch FetchArrivals)

	// MoveArrivals leaves the arrivals of removed days to the archive, in short transactions of this copy: whole tiles whose entries this copy has no
	// longer, other than the tree's last one. It may be repeated, and costs little when there is nothing to move.
	MoveArrivals(ctx context.Context, tenant string) error

	// BringArrivals takes the moved tiles with arrivals of some days back into this copy, in short transactions, before the archive drops these days:
	// proofs need the leaves of deleted entries, too. It may be repeated.
	BringArrivals(ctx context.Context, tenant string, days []Days) error
}

// Records keeps small records beside the entries. They change by compare-and-set: a change names the revision that it replaces. So a change
// is plain data that can be replicated, and it fails if another change came first.
type Records interface {
	// Record returns a record's bytes and their revision, CodeNotFound, or CodeDamaged if they are not those that were stored, with the
	// revision by which the record can still be replaced.
	Record(kind RecordKind, name string) (data []byte, revision Revision, err error)

	// Records returns all records of a kind whose names start with a prefix, by name; those that are not damaged together with a CodeDamaged
	// error.
	Records(kind RecordKind, prefix string) ([]Record, error)

	// RecordsAfter is Records for the first ones, at most limit, whose names come after a name, which need not exist. It reads no others.
	RecordsAfter(kind RecordKind, prefix, after string, limit int) ([]Record, error)

	// PutRecord replaces the record with the given revision, and returns once that is on disk; nil data removes it. ErrRevision means that
	// the record has another revision, which Record returns by then, and nothing was changed.
	PutRecord(kind RecordKind, name string, replaces Revision, data []byte) error

	// PutRecords is PutRecord for several records: all or none. One whose revision differs is ErrRevision. Entries that tell of the changes,
	// all of one log, the Tenant that they name, are recorded with them: a crash leaves both or neither. A record of a day that is deleted or removed
	// cannot say otherwise, nor be removed, and none can say deleted of another day: CodeInvalid. Records of the archive are CodeUnavailable as long as
	// a node has a program that does not know them.
	PutRecords(changes []RecordChange, audit ...Entry) error

	// OnRecord registers a callback for each record that was changed or removed, here or on another copy; it runs before PutRecord returns
	// and must not change records itself.
	OnRecord(changed func(kind RecordKind, name string))
}

// RecordChange is the replacement of a record; see [Records.PutRecord].
type RecordChange struct {
	Kind     RecordKind
	Name     string
	Replaces Revision
	Data     []byte
}

// Audit says what a trail records of changes to records. See package records.
type Audit interface {
	// EntryOf returns the entry to record with a change that is about to be made, or false.
	EntryOf(c RecordChange) (e Entry, audited bool)

	// Committed is called once both are on disk.
	Committed()
}

// Revision identifies a version of a record: the SHA-256 of its bytes. The zero Revision stands for no record.
type Revision [sha256.Size]byte

// RevisionOf returns the revision of a record's bytes; nil stands for no record.
func RevisionOf(data []byte) Revision {
	if data == nil {
		return Revision{}
	}
	return sha256.Sum256(data)
}

// ErrRevision means that a record was changed since it was read.
var ErrRevision = errors.New("the record has changed since it was read")

// ReadBuffer is a reusable read buffer, which spares heavy readers the garbage. Entries and their texts, JSON too, are valid until the next read.
type ReadBuffer struct {
	Entries []Entry
	Texts   []byte
	Ahead   any // what a store has read ahead for the next read
}

// RecordKind is a kind of small record kept beside the entries.
type RecordKind string

// The record kinds, with the form of their names.
const (
	RecordTenant        RecordKind = "tenants"       // tenant id
	RecordOrganizations RecordKind = "organizations" // tenant id; holds the tree, as it was last replaced
	RecordLearned       RecordKind = "learned"       // tenant id, "/", number; holds organizations that entries have added to that tree
	RecordCatalog       RecordKind = "catalogs"      // tenant id; holds its additions to the built-in catalog
	RecordIndex         RecordKind = "index"         // tenant id; holds the index's manifest
	RecordAccount       RecordKind = "accounts"      // username
	RecordKey           RecordKind = "keys"          // hash of the API key
	RecordSession       RecordKind = "sessions"      // hash of the token
	RecordLaunch        RecordKind = "launches"      // tenant id, "/", hash of the launch token's jti
	RecordExport        RecordKind = "exports"       // tenant id, "/", export id
	RecordView          RecordKind = "views"         // tenant id, "/", view id
	RecordStart         RecordKind = "starts"        // tenant id, "/", person; holds the view to start with
	RecordServer        RecordKind = "server"        // a name per purpose; belongs to no tenant
	RecordHold          RecordKind = "holds"         // tenant id, "/", hold id
	RecordDeletion      RecordKind = "deletions"     // tenant id, "/", deletion id
	RecordImport        RecordKind = "imports"       // tenant id, "/", digest of lines that have neither id nor time
	RecordArchive       RecordKind = "archives"      // tenant id, "/", UTC date; see [ArchivedDay]
	RecordArchiveCounts RecordKind = "archivecounts" // tenant id, "/", UTC date; what a removed day counts, by minute, and by value and quarter of an hour, without asking the archive
)

// RecordKinds lists all kinds.
var RecordKinds = []RecordKind{
	RecordTenant, RecordOrganizations, RecordLearned, RecordCatalog, RecordIndex, RecordAccount, RecordKey, RecordSession, RecordLaunch, RecordExport,
	RecordView, RecordStart, RecordServer, RecordHold, RecordDeletion, RecordImport, RecordArchive, RecordArchiveCounts,
}

// Record is a record's name and bytes.
type Record struct {
	Name string
	Data []byte
}

// Receipt is the result for one entry of a request.
type Receipt struct {
	ID     string `json:"id,omitempty" doc:"The sender's or the generated id; omitted for skipped operations without one."`
	Seq    uint64 `json:"seq,omitempty" doc:"The first seq of a duplicate; omitted for skipped operations."`
	Status Status `json:"status" enum:"recorded,duplicate,skipped" doc:"Result for this entry."`
}

// Status is the result of sending an entry.
type Status string

// The results of sending an entry.
const (
	StatusRecorded  Status = "recorded"
	StatusDuplicate Status = "duplicate" // recorded before; the receipt has the first seq
	StatusSkipped   Status = "skipped"   // not a manual operation
)

// Proof is the RFC 6962 inclusion proof that an entry is part of a tenant's log, unchanged, with the signed head of the tree.
type Proof struct {
	Leaf       []byte   `json:"leaf" doc:"The recorded bytes, deterministic CBOR, in base64; the leaf of the tree hashes them."`
	Index      uint64   `json:"index" doc:"Number of the leaf, from 0: seq - 1."`
	Size       uint64   `json:"size" doc:"Number of leaves in the tree."`
	Path       [][]byte `json:"path" doc:"Hashes from the leaf to the root (RFC 6962), in base64."`
	Checkpoint string   `json:"checkpoint" doc:"The signed head of the tree, in the format of C2SP tlog-checkpoint; empty while the log's key cannot sign."`

	KeyChanges []KeyChange `json:"key_changes,omitempty" doc:"How the log's key was replaced, oldest first, if it ever was."`
}

// Consistency is the RFC 6962 consistency proof that a tenant's log only grew from one size to another.
type Consistency struct {
	From       uint64   `json:"from" doc:"Size of the older tree."`
	To         uint64   `json:"to" doc:"Size of the newer tree."`
	Path       [][]byte `json:"path" doc:"Hashes in the order of RFC 6962, in base64."`
	Checkpoint string   `json:"checkpoint" doc:"The signed head of the newer tree, in the format of C2SP tlog-checkpoint."`
}

// TrailName returns the store's name of a tenant's trail, which no tenant can have.
func TrailName(tenant string) string { return tenant + "/access" }

// OwnerOf returns the tenant of a log in the store, which may be its trail.
func OwnerOf(name string) string { return strings.TrimSuffix(name, "/access") }

// IsTrail reports whether a log in the store is a trail.
func IsTrail(name string) bool { return strings.HasSuffix(name, "/access") }
