// Package trail keeps the access log: who read, exported and administered a log.
package trail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"oplog/background"
	"oplog/directory"
	"oplog/faults"
	"oplog/oplog"
)

// A trail is the access log of a tenant's log. Each tenant has one, and the installation has one for events without a tenant. A trail is a
// separate log in the store, with its own order and Merkle tree; it is not indexed. Its entries name events by module and operation: log
// search, log open, export start, session sign_in, account change, server start …

// Event is an event to record in a trail.
type Event struct {
	Tenant            string // "" for the installation's trail
	User              oplog.User
	Module, Operation string
	Object            oplog.Ref // the affected object, if there is exactly one
	Failed            bool
	IP, UserAgent     string
	Details           map[string]any

	// Deduplicate suppresses the event if an equal one was recorded within the last minute: further pages, a summary beside its list.
	// Source, a session or an address, then also distinguishes events of the same user.
	Deduplicate bool
	// Distinct records the event even so, and suppresses equal ones that follow: a whole file, downloaded again.
	Distinct bool
	Source   string

	// Refused marks an attempt that was refused. Those of a user from one network, which is then the Source, with the same reason and area in
	// their details are counted in one entry.
	Refused bool

	// Action names the user action, within Source, that the event is part of; "" for a single event. Reading describes the read. Without a
	// Kind the event creates Object, or, with Deduplicate, downloads it: the first download by the action that created it is part of that.
	Action  string
	Reading Reading
}

const (
	repeatWindow  = time.Minute // within which an equal event is suppressed
	maxRemembered = 10_000      // recent events remembered for deduplication
	maxPending    = 10_000      // events waiting to be written
)

// Trail collects events of all trails and writes them in order in the background.
type Trail struct {
	store      oplog.Store
	index      oplog.Index // parses searches
	directory  *directory.Directory
	place      oplog.Place
	now        func() time.Time
	background *background.Tasks

	// Lock order: writeMu before mu.
	writeMu sync.Mutex             // held while events are written, to keep their order
	saved   map[string]savedRecord // records of unfinished entries, by name; nil if not known; guarded by writeMu
	synced  uint64                 // value of added when the last Sync began to write; guarded by syncMu

	syncMu sync.Mutex // held while events are written for those that wait in Sync; acquired before writeMu

	mu           sync.Mutex // guards the fields below
	added        uint64     // counts events that have to be written
	pending      []oplog.Entry
	writing      []oplog.Entry                   // those that writePending took
	lastRecorded map[[sha256.Size]byte]time.Time // when a deduplicated event was last recorded, by digest
	lost         map[string]int                  // events that could not be written, by trail
	waiting      bool                            // pending events wait until the store can be written; see await
	retrying     bool                            // and are tried again soon
	unreachable  bool                            // the other nodes could not be reached when it was last tried
	recovered    int                             // pending events that a record has, too

	visits         map[[sha256.Size]byte]*visit // known actions, by session and address
	buffered       map[*action]bool             // actions with readings to be written
	visitBytes     int                          // approximate memory of visits
	folded         map[[sha256.Size]byte]*folded
	flushScheduled bool // a flush of complete actions is scheduled
}

// New returns the trails of a store, as far as they tell of what happens at a place.
func New(store oplog.Store, index oplog.Index, directory *directory.Directory, place oplog.Place, now func() time.Time) (*Trail, error) {
	t := &Trail{
		store: store, index: index, directory: directory, place: place, now: now, background: background.New(),
		lastRecorded: make(map[[sha256.Size]byte]time.Time), lost: make(map[string]int),
		visits: make(map[[sha256.Size]byte]*visit), buffered: make(map[*action]bool),
		folded: make(map[[sha256.Size]byte]*folded),
	}
	if err := t.recoverUnfinished(); err != nil {
		t.background.Close()
		return nil, fmt.Errorf("recover unfinished actions: %w", err)
	}
	return t, nil
}

// Close writes all pending events and stops.
func (t *Trail) Close() {
	t.flushAll()
	t.background.Close()
	t.reportUnwritten()
}

// Flush writes all pending events of all trails, including unfinished actions.
func (t *Trail) Flush() {
	t.mu.Lock()
	t.flushEverything()
	t.mu.Unlock()
	t.writeAll()
}

// flushEverything moves all buffered actions and folded events to the pending entries.
func (t *Trail) flushEverything() {
	t.flush(func(*action) bool { return true })
	t.flushFolded(func(*folded) bool { return true })
}

// Following returns an entry that is to be stored together with what it reports, after all events added before.
func (t *Trail) Following(e oplog.Entry) oplog.Entry {
	t.writeTrail(e.Tenant)
	e.ReceivedAt = t.now().UTC().Truncate(time.Microsecond)
	return e
}

// Add adds an event to its trail. It is written in the background, in order, at the latest by Close. If events cannot be written, their
// number is recorded as soon as writes succeed again.
func (t *Trail) Add(v Event) {
	e := t.entryOf(&v)
	var past *action
	if v.Action != "" {
		past = t.pastAction(e, v)
	}
	write, arm := t.collect(e, v, past, e.Time)
	if write {
		t.background.Once("trail", t.writeAll)
	}
	if arm {
		time.AfterFunc(actionIdle, t.scheduleFlush)
	}
}

// Sync returns once the events added before are on disk, in the trail or in the records of unfinished entries, or cannot be written at the
// moment. Those that wait at the same time share a write.
func (t *Trail) Sync() {
	t.mu.Lock()
	wanted := t.added
	t.mu.Unlock()
	t.syncMu.Lock()
	defer t.syncMu.Unlock()
	if t.synced >= wanted {
		return
	}
	t.mu.Lock()
	t.synced = t.added
	t.mu.Unlock()
	t.writeAll()
}

// entryOf returns the entry that records an event now, whose details it shortens.
func (t *Trail) entryOf(v *Event) oplog.Entry {
	v.Details = shorten(v.Details)
	details, err := json.Marshal(v.Details)
	switch {
	case err != nil || len(v.Details) == 0:
		details = nil
	case len(details) > oplog.MaxDetailsBytes:
		details = []byte(`{"left_out":"too long"}`)
	}
	e := oplog.Entry{
		Tenant: oplog.TrailName(v.Tenant), Time: t.now().UTC().Truncate(time.Microsecond), User: v.User, Module: v.Module, Operation: v.Operation,
		Content: v.Object, Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, IP: v.IP, UserAgent: oplog.Clip(v.UserAgent, maxUserAgent),
		Details: details,
	}
	if v.Failed || v.Refused {
		e.Outcome = oplog.OutcomeFailure
	}
	return e
}

// collect takes an event, and reports whether there is something to write now, and whether a later flush has to be scheduled.
func (t *Trail) collect(e oplog.Entry, v Event, past *action, now time.Time) (write, arm bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case v.Refused || v.Action == "" && v.Reading.Further:
		save := isSaved(t.fold(e, v, now))
		if save && !v.Refused {
			t.added++
		}
		return save || len(t.pending) > 0, t.armFlush()
	case v.Action != "" && v.Reading.Kind != "":
		if write = t.addReading(t.actionOf(e, v, past), e, v, now); write {
			t.added++
		}
		return write, t.armFlush()
	}
	if v.Action != "" {
		created := t.actionOf(e, v, past).created
		if v.Deduplicate && created.isDownloadOfCreated(v, now) {
			return false, false
		}
		if !v.Deduplicate {
			created[v.Object.ID] = time.Time{}
		}
	}
	if v.Deduplicate {
		digest := sha256.Sum256([]byte(strings.Join([]string{e.Tenant, e.User.ID, v.Source, e.Module, e.Operation, e.Content.ID, string(e.Details)}, "\x00")))
		if last, known := t.lastRecorded[digest]; known && now.Sub(last) < repeatWindow && !v.Distinct {
			return false, false
		}
		if len(t.lastRecorded) >= maxRemembered {
			clear(t.lastRecorded) // they are recorded once more
		}
		t.lastRecorded[digest] = now
	}
	t.flushSource(v.Source) // earlier readings of the session come first
	return t.enqueue(e), false
}

// flushSource moves the buffered actions of a session to the pending entries.
func (t *Trail) flushSource(source string) {
	if source != "" {
		by := sha256.Sum256([]byte(source))
		t.flush(func(a *action) bool { return a.visit.source == by })
	}
}

// armFlush reports whether a flush has to be scheduled for buffered actions or folded events.
func (t *Trail) armFlush() bool {
	arm := len(t.buffered)+len(t.folded) > 0 && !t.flushScheduled
	t.flushScheduled = t.flushScheduled || arm
	return arm
}

// enqueue adds an entry to the pending ones, or counts it as lost.
func (t *Trail) enqueue(e oplog.Entry) bool {
	if len(t.pending) >= maxPending {
		t.lost[e.Tenant]++
		return false
	}
	if e.ID == "" && !t.place.Alone() {
		e.ID = rand.Text() // see unreachable.go
	}
	t.pending = append(t.pending, e)
	t.added++
	return true
}

// writeTrail writes all pending events of a trail, including unfinished actions.
func (t *Trail) writeTrail(name string) {
	t.mu.Lock()
	t.flush(func(a *action) bool { return a.visit.trail == name })
	t.mu.Unlock()
	t.writePending()
	t.writeMu.Lock()
	defer t.writeMu.Unlock()
	if len(t.saved) > 0 {
		t.background.Once("trail", t.writeAll)
	}
}

// writeFolded writes all events of a trail, including the folded ones, whose windows end. Checkpoints do without: they are taken too often.
func (t *Trail) writeFolded(name string) {
	t.mu.Lock()
	t.flushFolded(func(f *folded) bool { return f.entry.Tenant == name })
	t.mu.Unlock()
	t.writeTrail(name)
}

// writePending writes the pending entries.
func (t *Trail) writePending() {
	t.writeMu.Lock()
	defer t.writeMu.Unlock()
	if t.await() {
		return
	}
	t.mu.Lock()
	pending, lost := t.pending, t.lost
	t.writing, t.pending, t.lost = pending, nil, make(map[string]int)
	t.mu.Unlock()
	var names []string
	byName := make(map[string][]oplog.Entry)
	for _, e := range pending {
		if byName[e.Tenant] == nil {
			names = append(names, e.Tenant)
			if n := lost[e.Tenant]; n > 0 {
				byName[e.Tenant] = append(byName[e.Tenant], t.lostEntry(e.Tenant, e.Time, n))
			}
		}
		byName[e.Tenant] = append(byName[e.Tenant], e)
	}
	for name, n := range lost {
		if byName[name] == nil {
			names = append(names, name)
			byName[name] = []oplog.Entry{t.lostEntry(name, t.now().UTC().Truncate(time.Microsecond), n)}
		}
	}
	received := t.now().UTC().Truncate(time.Microsecond)
	for _, name := range names {
		for i := range byName[name] {
			byName[name][i].ReceivedAt = received
		}
		err := t.append(name, byName[name])
		if err == nil {
			continue
		}
		if t.await() || t.awaitNodes(err) {
			t.putBack(name, byName[name], lost[name])
			continue
		}
		faults.Report("writing the access log", err, "log", name, "events", len(byName[name]))
		events := len(byName[name])
		if lost[name] > 0 {
			events += lost[name] - 1 // lostEntry itself stands for those
		}
		t.mu.Lock()
		t.lost[name] += events
		t.mu.Unlock()
	}
}

// lostEntry returns the entry that reports lost events.
func (t *Trail) lostEntry(trail string, at time.Time, n int) oplog.Entry {
	details, _ := json.Marshal(map[string]int{"events": n})
	e := oplog.Entry{
		Tenant: trail, Time: at, User: ServerUser, Module: "server", Operation: "lose", Origin: oplog.OriginManual,
		Outcome: oplog.OutcomeFailure, Details: details,
	}
	if !t.place.Alone() {
		e.ID = rand.Text()
	}
	return e
}

// ServerUser is the user of the server's own operations, CommandUser that of command-line operations.
var (
	ServerUser  = oplog.User{ID: "server", Name: "oplog"}
	CommandUser = oplog.User{ID: "command", Name: "command line"}
)

// EntriesForAll returns the entries of an event for every trail, to be stored with what it tells of. Everything that the trails were told before is
// written first.
func (t *Trail) EntriesForAll(v Event) ([]oplog.Entry, error) {
	tenants, err := t.directory.Tenants()
	if err != nil {
		return nil, err
	}
	t.writePending()
	v.Tenant = ""
	entries := []oplog.Entry{t.entryOf(&v)}
	for _, tenant := range tenants {
		v.Tenant = tenant.ID
		entries = append(entries, t.entryOf(&v))
	}
	for i := range entries {
		entries[i].ReceivedAt = t.now().UTC().Truncate(time.Microsecond)
	}
	return entries, nil
}

// AddToAll adds an event to every trail.
func (t *Trail) AddToAll(v Event) error {
	tenants, err := t.directory.Tenants()
	if err != nil {
		return err
	}
	v.Tenant = ""
	t.Add(v)
	for _, tenant := range tenants {
		v.Tenant = tenant.ID
		t.Add(v)
	}
	return nil
}

// Entry returns an entry of a trail, for use with [Journal.Proof].
func (t *Trail) Entry(tenant, id string) (oplog.Entry, error) {
	t.writeFolded(oplog.TrailName(tenant))
	return t.store.Find(oplog.TrailName(tenant), id, nil)
}

// Consistency returns the proof that a trail only grew from one size to another; 0 stands for the current size.
func (t *Trail) Consistency(tenant string, from, to uint64) (oplog.Consistency, error) {
	t.writeTrail(oplog.TrailName(tenant))
	return t.store.ProveConsistency(oplog.TrailName(tenant), from, to)
}

// Checkpoint returns the signed head of a trail's tree.
func (t *Trail) Checkpoint(tenant string) (string, error) {
	t.writeTrail(oplog.TrailName(tenant))
	return t.store.Checkpoint(oplog.TrailName(tenant))
}
