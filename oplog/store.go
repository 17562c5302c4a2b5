package oplog

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
)

// Store keeps entries and records durably. It is the truth: what it has
// acknowledged survives a crash, and everything else can be rebuilt from it.
//
// Entries of a tenant are numbered 1, 2, 3 … in order of arrival (their seq),
// and hashed into the tenant's Merkle tree in that order. Tenants exist as soon
// as something is appended; whether they should is the directory's to say.
type Store interface {
	Appender
	Reader
	Prover
	Retainer
	Records

	// WriteTo writes all that the store holds as of now, as one file that it can
	// be restored from.
	WriteTo(w io.Writer) (int64, error)

	// Bytes returns how much the store takes on disk.
	Bytes() (int64, error)

	Close() error
}

// Appender records entries.
type Appender interface {
	// OnAppend registers what is told of entries once they are on disk and
	// before their Append returns: called in order of arrival, by one goroutine.
	// It must be registered before the first Append.
	OnAppend(told func(tenant string, entries []Entry))

	// Append records entries that the journal has validated, all or none, and
	// returns once they are on disk: a receipt for each, in order. Their time of
	// receipt is given with them; seq, id and leaf follow from what is appended, in
	// its order, and are the same on every copy. An entry with
	// a sender's id that the tenant has on that UTC day is answered as a
	// duplicate with its first seq; a CodeConflict error names those that were
	// sent again with other content, CodeInvalid those of a deleted day. Skipped operations are added to the
	// tenant's count. CodeDiskFull and CodeUnavailable mean that nothing is
	// acknowledged and the sender may repeat the request with the same ids.
	Append(ctx context.Context, tenant string, entries []Entry, skipped int) ([]Receipt, error)

	// Conflicts returns the CodeConflict error with which Append would refuse the
	// entries, or nil, and records nothing.
	Conflicts(tenant string, entries []Entry) error
}

// Reader reads entries.
type Reader interface {
	// Get returns the entries at the keys, in their order. One that was deleted
	// is left out; any other that is not there is an error. They are read into
	// the batch, or, where that is nil, into memory of their own.
	Get(tenant string, keys []Key, into *Batch) ([]Entry, error)

	// Find returns the entry that the log gave that id, else the newest entry
	// with that id, among those that through lets pass (nil: all); CodeNotFound
	// where there is none.
	Find(tenant, id string, through func(*Entry) bool) (Entry, error)

	// KeyOfSeq returns the key of the entry that arrived as number seq, deleted or
	// not, or CodeNotFound.
	KeyOfSeq(tenant string, seq uint64) (Key, error)

	// Arrivals visits entries in order of arrival, from a seq, inclusive, to
	// another, exclusive (zero for the end), in short read transactions. Deleted
	// entries are omitted; those that arrive meanwhile may be visited or not.
	Arrivals(ctx context.Context, tenant string, from, to uint64, visit func(Entry) error) error

	// Scan visits entries in order of their keys, from inclusive, to exclusive
	// (zero for the end), in short read transactions.
	Scan(ctx context.Context, tenant string, from, to Key, visit func(Entry) error) error

	// Older returns up to n entries before a key, and not before another, the
	// newest first. They are read into the batch, as by Get.
	Older(tenant string, before, from Key, n int, into *Batch) ([]Entry, error)

	// Counts returns how many entries the tenant has recorded (its last seq),
	// and how many operations were skipped.
	Counts(tenant string) (entries, skipped uint64, err error)
}

// Prover proves what is recorded.
type Prover interface {
	// Prove returns the proof that the entry is part of the tenant's tree as it
	// stands.
	Prove(tenant string, key Key) (Proof, error)

	// ProveConsistency returns the proof that the tree of the first from entries
	// is a part of that of the first to, 0 for all that there are; CodeInvalid
	// where there are not so many.
	ProveConsistency(tenant string, from, to uint64) (Consistency, error)

	// Checkpoint returns the signed head of the tenant's tree, a C2SP
	// tlog-checkpoint.
	Checkpoint(tenant string) (string, error)

	// VerifierKey returns the public key of checkpoints, in the form of
	// golang.org/x/mod/sumdb/note.
	VerifierKey() string

	// Sign returns a text of lines as a note signed with the key of checkpoints.
	Sign(text string) (string, error)
}

// Retainer deletes what is not kept any more.
type Retainer interface {
	// DaysBefore lists the dates before one that the tenant has entries of, in
	// order, with how many.
	DaysBefore(ctx context.Context, tenant, date string) ([]DayCount, error)

	// BeginDeletion writes a deletion's record and closes its days: their entries
	// are not read or found any more, and none is taken. What has arrived and its
	// leaves stay.
	BeginDeletion(d Deletion) error

	// DeleteDays takes the entries of days that are closed off the disk, with
	// their senders' ids, in short transactions.
	DeleteDays(ctx context.Context, tenant string, days Days) error

	// Arrived tells whether an entry with that key has arrived, deleted or not.
	Arrived(tenant string, key Key) (bool, error)
}

// Records keeps small records beside the entries. They change by compare-and-set:
// a change names the revision of what it was made from, so that it is data, which
// can be sent to other copies, and fails where something else came first.
type Records interface {
	// Record returns a record's bytes and their revision, or CodeNotFound.
	Record(kind RecordKind, name string) (data []byte, revision Revision, err error)

	// Records returns all records of a kind whose names start with a prefix, by
	// name.
	Records(kind RecordKind, prefix string) ([]Record, error)

	// PutRecord puts a record in the place of the one with a revision, and returns
	// once that is on disk; nil data removes it. ErrRevision means that the record
	// has another revision, and nothing was changed.
	PutRecord(kind RecordKind, name string, replaces Revision, data []byte) error

	// OnRecord registers what is told of each record that was changed or removed,
	// here or on another copy, before PutRecord returns. It must not change records
	// itself.
	OnRecord(changed func(kind RecordKind, name string))
}

// Revision tells a record's bytes from others: their SHA-256. The zero Revision
// stands for no record.
type Revision [sha256.Size]byte

// RevisionOf returns the revision of a record's bytes; nil stands for no record.
func RevisionOf(data []byte) Revision {
	if data == nil {
		return Revision{}
	}
	return sha256.Sum256(data)
}

// ErrRevision says that a record was changed since it was read.
var ErrRevision = errors.New("the record was changed meanwhile")

// Batch is memory that entries are read into, many times by who reads much: it
// makes no garbage, whose collection would hold up those who record and ask.
// Entries that were read into it, and their texts, are valid until the next are.
type Batch struct {
	Entries []Entry
	Texts   []byte
}

// RecordKind is a kind of small record that the log keeps beside its entries.
type RecordKind string

// The kinds of records.
const (
	RecordTenant        RecordKind = "tenants"       // by tenant id
	RecordOrganizations RecordKind = "organizations" // by tenant id: the tree
	RecordCatalog       RecordKind = "catalogs"      // by tenant id: what it adds to the built-in catalog
	RecordIndex         RecordKind = "index"         // by tenant id: the index's manifest
	RecordAccount       RecordKind = "accounts"      // by username
	RecordKey           RecordKind = "keys"          // by hash of the API key
	RecordSession       RecordKind = "sessions"      // by hash of the token
	RecordLaunch        RecordKind = "launches"      // by tenant id, "/", hash of the launch token's id
	RecordExport        RecordKind = "exports"       // by tenant id, "/", export id
	RecordView          RecordKind = "views"         // by tenant id, "/", view id
	RecordStart         RecordKind = "starts"        // by tenant id, "/", person: the view to begin with
	RecordServer        RecordKind = "server"        // what is of no tenant, by what it is
	RecordHold          RecordKind = "holds"         // by tenant id, "/", hold id
	RecordDeletion      RecordKind = "deletions"     // by tenant id, "/", deletion id
	RecordImport        RecordKind = "imports"       // by tenant id, "/", digest of lines that have neither id nor time
)

// RecordKinds lists all kinds.
var RecordKinds = []RecordKind{
	RecordTenant, RecordOrganizations, RecordCatalog, RecordIndex, RecordAccount, RecordKey, RecordSession, RecordLaunch, RecordExport,
	RecordView, RecordStart, RecordServer, RecordHold, RecordDeletion, RecordImport,
}

// Record is a record's name and bytes.
type Record struct {
	Name string
	Data []byte
}

// Receipt is the answer to one entry that was sent.
type Receipt struct {
	ID     string `json:"id,omitempty"`
	Seq    uint64 `json:"seq,omitempty"`
	Status Status `json:"status"`
}

// Status is what became of an entry that was sent.
type Status string

// What becomes of an entry.
const (
	StatusRecorded  Status = "recorded"
	StatusDuplicate Status = "duplicate" // recorded before, with the seq of then
	StatusSkipped   Status = "skipped"   // not a manual operation
)

// Proof shows that an entry is part of a tenant's log, unchanged: the RFC 6962
// inclusion proof of a leaf in a tree whose head is signed.
type Proof struct {
	Leaf       []byte   `json:"leaf"`       // the recorded bytes of the entry, which the leaf hashes
	Index      uint64   `json:"index"`      // of the leaf: seq - 1
	Size       uint64   `json:"size"`       // of the tree
	Path       [][]byte `json:"path"`       // hashes from the leaf to the root
	Checkpoint string   `json:"checkpoint"` // the signed head, a C2SP tlog-checkpoint
}

// Consistency shows that a tenant's log only grew from one size to another: the
// RFC 6962 consistency proof between two heads of its tree.
type Consistency struct {
	From       uint64   `json:"from"`
	To         uint64   `json:"to"`
	Path       [][]byte `json:"path"`       // hashes, in the order of RFC 6962
	Checkpoint string   `json:"checkpoint"` // the signed head at To, a C2SP tlog-checkpoint
}

// TrailOf returns the name that a tenant's trail has in the store, which no
// tenant can have.
func TrailOf(tenant string) string { return tenant + "/access" }

// IsTrail tells whether a log in the store is a trail.
func IsTrail(name string) bool { return strings.HasSuffix(name, "/access") }
