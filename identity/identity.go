// Package identity manages accounts and their sessions, API keys, and users authenticated by a host system.
package identity

import (
	"strings"
	"sync"
	"time"

	"oplog/background"
	"oplog/directory"
	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Identity manages accounts and their sessions, API keys, and users authenticated by a host system.
type Identity struct {
	*common
	changes oplog.Records // the records, for changes that the trail tells of; see Audited
	signIn  oplog.Records // the same, for what signs people in and out; see inMemory
}

// common is what is common to an Identity and those that tell.
type common struct {
	records    *records.Fallback
	inMemory   oplog.Records // the records, for changes that are kept in memory while the log is read-only
	directory  *directory.Directory
	place      oplog.Place
	now        func() time.Time
	background *background.Tasks // records uses, removes expired records

	accountsMu sync.Mutex // serializes changes to accounts, so that one active owner remains

	newKeysMu sync.Mutex // serializes new keys, so that a tenant has few

	sessions *sessionIndex
	launches usedLaunches

	keysMu sync.Mutex        // guards keys; also held while a key is read from the store, so that a key revoked meanwhile is not cached
	keys   map[string]APIKey // cache of used, unrevoked keys by hash
}

// New returns the accounts, keys and sessions of a store.
func New(store records.Store, directory *directory.Directory, place oplog.Place, now func() time.Time) *Identity {
	sessions := newSessionIndex(store)
	kept := records.NewFallback(store, launchedIn, func(kind oplog.RecordKind, name string, data []byte) {
		if kind == oplog.RecordSession {
			sessions.keptInMemory(name, data)
		}
	})
	inMemory := kept.InMemory(kept)
	i := &Identity{changes: kept, signIn: inMemory, common: &common{
		records: kept, inMemory: inMemory, directory: directory, place: place, now: now, background: background.New(), keys: make(map[string]APIKey),
		sessions: sessions,
	}}
	store.OnRecord(func(kind oplog.RecordKind, name string) {
		switch kind {
		case oplog.RecordKey:
			i.forgetKey(name)
		case oplog.RecordSession:
			sessions.stored(name)
		case oplog.RecordLaunch:
			if !place.Leads() {
				i.launches.recount.Store(true)
			}
		}
	})
	return i
}

// launchedIn returns the tenant whose host system caused a record of a sign-in; "" for all others.
func launchedIn(kind oplog.RecordKind, name string, data []byte) string {
	switch kind {
	case oplog.RecordLaunch:
		tenant, _, _ := strings.Cut(name, "/")
		return tenant
	case oplog.RecordSession:
		if s := sessionOf(oplog.Record{Name: name, Data: data}); s.Launched != nil {
			return s.Launched.Tenant
		}
	}
	return ""
}

// Audited returns the same Identity, whose next change of an account, a key, a session or a rule is recorded together with the entry that
// tells of it.
func (i *Identity) Audited(a oplog.Audit) *Identity {
	changes := records.Audited(i.records, a)
	return &Identity{i.common, changes, i.records.InMemory(changes)}
}

// Close waits for pending background writes.
func (i *Identity) Close() {
	i.background.Close()
	i.records.Flush()
}

// The times after which the use of a record is written again: at most that often, on all nodes together.
const (
	usedInterval        = time.Minute
	usedIntervalOfNodes = 5 * time.Minute // each write is one of all nodes
)

// markUsed records the use of a record, unless it was recorded lately. A failed write is retried by the next use.
func markUsed[T any](i *Identity, kind oplog.RecordKind, name string, last time.Time, lastOf func(record *T) *time.Time) {
	now := i.now().UTC()
	// While the log is read-only, only sessions need it: they end when they are idle.
	interval := usedInterval
	if !i.place.Alone() {
		interval = usedIntervalOfNodes
	}
	if now.Sub(last) < interval || kind == oplog.RecordKey && i.records.Failure() != nil {
		return
	}
	through := i.inMemory
	if kind == oplog.RecordKey {
		through = i.records // one that was kept in memory would be stored by a read under keysMu, which forgetKey needs then
	}
	i.background.Once(string(kind)+"/"+name, func() {
		_, err := records.Change(through, kind, name, func(record *T, exists bool) (bool, error) {
			if at := lastOf(record); i.place.Alone() || now.Sub(*at) >= interval { // else another node was first
				*at = now
			}
			return !exists, nil
		})
		if kind == oplog.RecordKey && i.records.Failure() != nil {
			return // a use that is not noted is not worth a line each
		}
		faults.Report("writing the last use of "+string(kind), err)
	})
}
