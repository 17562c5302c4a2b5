// Package identity knows who may do what: accounts and their sessions, API keys,
// and people whom a host system vouches for.
package identity

import (
	"sync"
	"time"

	"oplog/background"
	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
)

// Identity knows who may do what: the accounts of people and their sessions, the
// API keys of programs, and the people whom a host system vouches for.
type Identity struct {
	records    oplog.Records
	directory  *directory.Directory
	now        func() time.Time
	background *background.Tasks // notes uses, and removes what has ended

	accounts sync.Mutex // held while accounts change, so that one owner is left who can sign in

	keysMu sync.Mutex        // guards keys, also while one is read, so that none is kept that was revoked meanwhile
	keys   map[string]APIKey // that were used and are not revoked, by hash
}

// New returns the accounts, keys and sessions of a store.
func New(records oplog.Records, directory *directory.Directory, now func() time.Time) *Identity {
	i := &Identity{records: records, directory: directory, now: now, background: background.New(), keys: make(map[string]APIKey)}
	records.OnRecord(func(kind oplog.RecordKind, name string) {
		if kind == oplog.RecordKey {
			i.forgetKey(name)
		}
	})
	return i
}

// Close ends it when all that waits is written.
func (i *Identity) Close() { i.background.Close() }

// usedEvery is how often a use is written down.
const usedEvery = time.Minute

// markUsed notes that a record was used, unless that was noted just before. A
// use that cannot be written is noted by the next.
func markUsed[T any](i *Identity, kind oplog.RecordKind, name string, last time.Time, mark func(record *T, at time.Time)) {
	now := i.now().UTC()
	if now.Sub(last) < usedEvery {
		return
	}
	i.background.Once(string(kind)+"/"+name, func() {
		_, _ = records.Change(i.records, kind, name, func(record *T, exists bool) (bool, error) {
			mark(record, now)
			return !exists, nil
		})
	})
}
