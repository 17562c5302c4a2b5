package oplog

import (
	"context"
	"crypto/sha256"
	"time"
)

// Archived days: whole UTC dates of a large tenant may be kept in a database of the site instead of in the store. A day is sealed when it begins to be
// shipped, and takes no further entries; when the archive has it, verified, and a grace period is over, its entries are removed from the store. That is no
// deletion: they are still found, proved and exported. The store keeps a record of each such day; see package archive.

// ArchivedDay is the record of a day that is in the archive, or on its way there.
type ArchivedDay struct {
	Tenant string       `json:"tenant"`
	Date   string       `json:"date"` // UTC
	State  ArchiveState `json:"state"`

	Attempt  uint32   `json:"attempt"`            // the shipment that counts, or is under way
	Attempts []uint32 `json:"attempts,omitempty"` // those given up, whose rows may still lie in the archive
	Next     uint32   `json:"next,omitempty"`     // the shipment under way that is to take the place of a removed day's, whose texts an earlier version analysed
	Replaced uint32   `json:"replaced,omitempty"` // the shipment whose place Attempt has taken, if it was read until then
	Shard    int      `json:"shard"`              // its number, from 0, in the configuration
	Analysis int      `json:"analysis"`           // version of the analysis of its texts

	// Once it is archived: what the archive has.
	Rows   uint64    `json:"rows,omitempty"`
	MinSeq uint64    `json:"min_seq,omitempty"`
	MaxSeq uint64    `json:"max_seq,omitempty"`
	Sum    [4]uint64 `json:"sum,omitzero"` // of the leaf hashes' four little-endian parts of 64 bits, modulo 2^64

	BegunAt    time.Time `json:"begun_at"`             // of the attempt
	ArchivedAt time.Time `json:"archived_at,omitzero"` // when all of it was verified
	RemovedAt  time.Time `json:"removed_at,omitzero"`  // when it was verified again, and removed from the store
	VerifiedAt time.Time `json:"verified_at,omitzero"` // when it was last compared
}

// ArchiveState is how far a day is on its way to the archive.
type ArchiveState string

// The states of archived days. In all of them the day takes no entries.
const (
	DayShipping ArchiveState = "shipping" // it is being sent
	DayArchived ArchiveState = "archived" // it is in the archive, and still in the store, from which it is read
	DayRemoved  ArchiveState = "removed"  // it is read from the archive; what is left in the stores of nodes is being removed
	DayDeleted  ArchiveState = "deleted"  // it was deleted; what is left of its shipments is being dropped
)

// DayUnknown is the state of a day of which a damaged record does not say any more where its entries are: here, in the archive, or deleted. No record has it.
// The day takes no entries, is not read, and stays as it is: nothing of it is removed, shipped or dropped. Restoring the log makes it known again.
const DayUnknown ArchiveState = "unknown"

// UnknownDay is a day that a damaged record tells of.
type UnknownDay struct {
	Tenant, Date string // of the log, which may be a trail
	Deleted      bool   // a deletion has closed it, so that only what the archive has of it is unknown
	Why          error  // names the record
}

// Name returns the log and the date.
func (d *UnknownDay) Name() string { return d.Tenant + "/" + d.Date }

// Name returns the name of the day's record.
func (d *ArchivedDay) Name() string { return d.Tenant + "/" + d.Date }

// Arrival is the position of an entry in the order of arrival, and the hash of its leaf. Both follow from the recorded bytes.
type Arrival struct {
	Key  Key
	Hash [sha256.Size]byte
}

// FetchArrivals returns the arrivals of tiles that have been moved to the archive, in the order of the first seqs of these tiles: of each tile those
// of [TileSize] consecutive seqs. Arrivals that the archive has no longer are left out. As long as a tile does not fit, other copies are asked.
type FetchArrivals func(ctx context.Context, tenant string, firsts []uint64, fits Fits) ([][]Arrival, error)

// Fits reports whether arrivals are those of the tile with a number among the first seqs.
type Fits func(i int, tile []Arrival) bool

// TileSize is the number of arrivals in a tile: the first seq of each is one more than a multiple of it.
const TileSize = 256

// ArchivedBefore returns the first UTC date that stays out of the archive; "" if all do. A date goes there once its last moment is old enough.
func (t *TenantState) ArchivedBefore(now time.Time) string {
	if t.ArchiveAfter == 0 {
		return ""
	}
	y, m, d := now.In(t.Zone).Date()
	return DateOf(Midnight(y, m, d-t.ArchiveAfter, t.Zone))
}

// NeverArchives reports whether a tenant's entries are deleted before they are old enough for the archive, so that none goes there.
func (t *Tenant) NeverArchives() bool {
	return t.ArchiveAfter > 0 && t.RetentionDays > 0 && t.RetentionDays <= t.ArchiveAfter
}
