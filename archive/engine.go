package archive

import (
	"context"
	"errors"
	"iter"
	"time"

	"oplog/oplog"
)

// Engine is a database that keeps archived days. It stands for one shard: one or several servers, each with a copy of all that is put on the shard.
//
// Rows are only ever added, by Put, and dropped by whole shipments. No error says that nothing was written.
type Engine interface {
	// Servers returns the URLs of the servers, in their order.
	Servers() []string

	// Check returns an error if a server does not answer, or what it keeps of a tenant is not as it should be.
	Check(ctx context.Context, tenant string) error

	// Highest returns the highest attempt to ship a date of which any server has rows, or 0. A server that does not answer is an error.
	Highest(ctx context.Context, tenant, date string) (uint32, error)

	// Put adds rows to a shipment, in any order. A row is valid until the next one. After an error it is unknown which of them are there: the attempt is given up.
	Put(ctx context.Context, s Shipment, rows iter.Seq2[*Row, error]) error

	// Verify returns what each server holds of a shipment, in the order of the servers. A server that does not answer is an error.
	Verify(ctx context.Context, s Shipment) ([]Sum, error)

	// Drop removes the rows of a shipment from every server. It may be repeated.
	Drop(ctx context.Context, s Shipment) error

	// Holdings returns the numbers of rows that each server holds of a tenant, by day and attempt, in the order of the servers. One that does not
	// answer has nil, and the error tells of each of these by a [ServerError].
	Holdings(ctx context.Context, tenant string) ([]map[DayAttempt]uint64, error)

	// Page returns the keys of up to limit matching entries older than before (zero for no bound), newest first, and whether there are more.
	Page(ctx context.Context, q *Query, before oplog.Key, limit int) (keys []oplog.Key, more bool, err error)

	// Count counts matching entries per bucket and value, as oplog.Index does, and names all users and roles, however many.
	Count(ctx context.Context, q *Query, buckets []time.Time) (*Counts, error)

	// Leaves calls visit for the recorded bytes of entries, in the order of the range. Bytes are valid during the call.
	Leaves(ctx context.Context, r *Range, visit func(key oplog.Key, leaf []byte) error) error

	// Find returns the keys of all entries with a sender's id, newest first. Of which copy, it is told as by [Range].
	Find(ctx context.Context, tenant string, days []Day, id string, number int) ([]oplog.Key, error)
}

// ErrIncomplete means that no server of a shard holds all rows of the days that were asked for.
var ErrIncomplete = errors.New("no server of the archive holds all rows of these days")

// ServerError is the error of one server.
type ServerError struct {
	Server string // its URL
	Err    error  // whose text names it
}

func (e *ServerError) Error() string { return e.Err.Error() }

func (e *ServerError) Unwrap() error { return e.Err }

// ErrTooLong means that a query took more time or memory than it may.
var ErrTooLong = errors.New("the archive gave up a query that takes too much")

// Shipment names the rows of one attempt to ship a tenant's day.
type Shipment struct {
	Tenant string
	DayAttempt
}

// DayAttempt is a UTC date and the number of an attempt to ship it, from 1.
type DayAttempt struct {
	Date    string // 2006-01-02
	Attempt uint32
}

// Day is an archived day: only rows of that attempt count, and there are that many of them.
type Day struct {
	DayAttempt
	Rows uint64
}

// Row is an entry as it is archived.
type Row struct {
	Entry *oplog.Entry
	Leaf  []byte // the recorded bytes
}

// Sum tells whether rows are those that were sent, in whatever order they lie.
type Sum struct {
	Rows           uint64    `json:"rows"`
	MinSeq, MaxSeq uint64    `json:"-"`
	Lanes          [4]uint64 `json:"sum"` // of the leaf hashes' four little-endian parts of 64 bits, modulo 2^64
}

// Query selects entries of a tenant's archived days.
type Query struct {
	Tenant            string
	Days              []Day // those that the period touches, in order of their dates
	Match             oplog.Match
	Words             []oplog.WordGroup // those of Match, compiled
	Within, NotWithin []string          // ids of the organizations of Match's sets; nil if it has no such set
}

// Counts are an engine's counts. Users and roles are complete, so that those of two sides can be added before the most frequent are taken.
type Counts struct {
	Total                                               int
	Buckets                                             []int
	Modules, Operations, Organizations, Outcomes, Roles map[string]int
	Users                                               map[string]UserCount
}

// UserCount is a user's number of entries, and the name in the latest of them.
type UserCount struct {
	Count  int
	Name   string
	Latest oplog.Key
}

// Range selects entries of archived days by their keys or seqs.
type Range struct {
	Tenant           string
	Days             []Day
	Keys             []oplog.Key // these alone; nil for all of the other bounds
	From, To         oplog.Key   // From inclusive, To exclusive; zero for no bound
	FirstSeq, EndSeq uint64      // EndSeq exclusive; zero for no bound
	Spans            []Span      // of seqs, in order and apart from each other: those of any of them; nil for no bound
	BySeq            bool        // in order of arrival instead of newest first
	OldestFirst      bool        // in the order of their keys instead of newest first
	Limit            int         // the most that are visited; 0 for all
	Copy             int         // the only server that is asked, from 1 in the order of Servers; 0 for one that has all rows
}

// Span is a range of seqs: End is exclusive.
type Span struct{ First, End uint64 }
