// Package trail is the log of the log: who read, exported and administered it.
package trail

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"oplog/background"
	"oplog/directory"
	"oplog/oplog"
)

// The trail is the log of the log: who read, exported and administered it. Each
// tenant has one, and the installation has one for what is of no tenant. A trail
// is a log of its own in the store, beside the tenant's, with its own order and
// its own Merkle tree; it is in no index. Its entries name what was done by
// module and operation as others do: log search, log open, export start,
// session sign_in, account change, server start …

// Event is something that a trail tells.
type Event struct {
	Tenant            string // "" for the installation's own trail
	User              oplog.User
	Module, Operation string
	Object            oplog.Ref // what it was done to, if it is one thing
	Failed            bool
	IP, UserAgent     string
	Details           map[string]any

	// Repeats says that the event is worth one entry where it happens again and
	// again: a page that is read on, a summary beside its list. By is then who
	// repeats it, beyond the user: a session.
	Repeats bool
	By      string

	// Act names the act of a person that the event is part of, among those of
	// the session (By); "" for an event that stands alone. Reading is what it
	// read; without one there is no act.
	Act     string
	Reading Reading
}

const (
	trailRepeat   = time.Minute // within which the same again is not told again
	trailRemember = 10_000      // events that are known to have just happened
	trailPending  = 10_000      // events that wait to be written
)

// Trail collects what is told of each log, and writes it in order without making
// anybody wait.
type Trail struct {
	store      oplog.Store
	index      oplog.Index // says what matches
	directory  *directory.Directory
	now        func() time.Time
	background *background.Tasks

	// Of these locks, writing is taken before mu.
	writing sync.Mutex // held while events are written, so that they are in order
	kept    bool       // there is a record of acts that wait; guarded by writing

	mu      sync.Mutex // guards those below
	pending []oplog.Entry
	last    map[[sha256.Size]byte]time.Time // when an event that repeats was told, by what it says
	lost    map[string]int                  // events that could not be written, by trail

	visits map[[sha256.Size]byte]*visit // acts that are known, by whose they are
	held   map[*act]bool                // those that wait to be told
	size   int                          // bytes of all of these, about
	armed  bool                         // the acts that are due will be written
}

// New returns the trails of a store.
func New(store oplog.Store, index oplog.Index, directory *directory.Directory, now func() time.Time) (*Trail, error) {
	t := &Trail{
		store: store, index: index, directory: directory, now: now, background: background.New(),
		last: make(map[[sha256.Size]byte]time.Time), lost: make(map[string]int),
		visits: make(map[[sha256.Size]byte]*visit), held: make(map[*act]bool),
	}
	if err := t.recoverActs(); err != nil {
		t.background.Close()
		return nil, fmt.Errorf("acts that the trails do not tell yet: %w", err)
	}
	return t, nil
}

// Close ends it when all that was told is written.
func (t *Trail) Close() {
	t.endActs()
	t.background.Close()
}

// Record writes an event at once, after all that was told before, and returns the
// id of its entry.
func (t *Trail) Record(ctx context.Context, e oplog.Entry) (string, error) {
	t.writeTrail(e.Tenant)
	t.writing.Lock()
	defer t.writing.Unlock()
	e.ReceivedAt = t.now().UTC().Truncate(time.Microsecond)
	receipts, err := t.store.Append(ctx, e.Tenant, []oplog.Entry{e}, 0)
	if err != nil {
		return "", fmt.Errorf("tell the trail: %w", err)
	}
	return receipts[0].ID, nil
}

// Tell adds an event to its trail. It is written a moment later, in order, and
// before the log is closed. Where it cannot be written, the trail says how many
// are missing as soon as it can be written again.
func (t *Trail) Tell(v Event) {
	details, err := json.Marshal(v.Details)
	switch {
	case err != nil || len(v.Details) == 0:
		details = nil
	case len(details) > oplog.MaxDetailsBytes:
		details = []byte(`{"left_out":"too long"}`)
	}
	now := t.now().UTC().Truncate(time.Microsecond)
	e := oplog.Entry{
		Tenant: oplog.TrailName(v.Tenant), Time: now, User: v.User, Module: v.Module, Operation: v.Operation, Content: v.Object,
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, IP: v.IP, UserAgent: oplog.Clip(v.UserAgent, oplog.MaxOriginLength), Details: details,
	}
	if v.Failed {
		e.Outcome = oplog.OutcomeFailure
	}
	write, arm := t.add(e, v, now)
	if write {
		t.background.Once("trail", t.writeWaiting)
	}
	if arm {
		time.AfterFunc(actPause, t.writeActs)
	}
}

// add takes an event, and reports whether there is something to write now, and
// whether there is something to write later that nobody waits for yet.
func (t *Trail) add(e oplog.Entry, v Event, now time.Time) (write, arm bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.Act != "" && v.Reading.Kind != "" {
		write = t.fold(e, v, now)
		arm = len(t.held) > 0 && !t.armed
		t.armed = t.armed || arm
		return write, arm
	}
	if v.Repeats {
		what := sha256.Sum256([]byte(strings.Join([]string{e.Tenant, e.User.ID, v.By, e.Module, e.Operation, e.Content.ID, string(e.Details)}, "\x00")))
		if last, told := t.last[what]; told && now.Sub(last) < trailRepeat {
			return false, false
		}
		if len(t.last) >= trailRemember {
			clear(t.last) // they are told once more
		}
		t.last[what] = now
	}
	if v.By != "" { // what the same session did before comes before
		by := sha256.Sum256([]byte(v.By))
		t.settle(func(a *act) bool { return a.visit.by == by })
	}
	return t.wait(e), false
}

// wait puts an entry among those to be written, or counts it as lost.
func (t *Trail) wait(e oplog.Entry) bool {
	if len(t.pending) >= trailPending {
		t.lost[e.Tenant]++
		return false
	}
	t.pending = append(t.pending, e)
	return true
}

// writeTrail writes all that is to be told by a trail, acts that go on too.
func (t *Trail) writeTrail(name string) {
	t.mu.Lock()
	t.settle(func(a *act) bool { return a.visit.trail == name })
	t.mu.Unlock()
	t.writePending()
	t.writing.Lock()
	defer t.writing.Unlock()
	if t.kept {
		t.background.Once("trail", t.writeWaiting)
	}
}

// writePending writes what waits.
func (t *Trail) writePending() {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	pending, lost := t.pending, t.lost
	t.pending, t.lost = nil, make(map[string]int)
	t.mu.Unlock()
	var names []string
	byName := make(map[string][]oplog.Entry)
	for _, e := range pending {
		if byName[e.Tenant] == nil {
			names = append(names, e.Tenant)
			if n := lost[e.Tenant]; n > 0 {
				byName[e.Tenant] = append(byName[e.Tenant], lostEntry(e.Tenant, e.Time, n))
			}
		}
		byName[e.Tenant] = append(byName[e.Tenant], e)
	}
	for name, n := range lost {
		if byName[name] == nil {
			names = append(names, name)
			byName[name] = []oplog.Entry{lostEntry(name, t.now().UTC().Truncate(time.Microsecond), n)}
		}
	}
	received := t.now().UTC().Truncate(time.Microsecond)
	for _, name := range names {
		for i := range byName[name] {
			byName[name][i].ReceivedAt = received
		}
		if _, err := t.store.Append(context.Background(), name, byName[name], 0); err == nil {
			continue
		}
		events := len(byName[name])
		if lost[name] > 0 {
			events += lost[name] - 1 // the first tells of those
		}
		t.mu.Lock()
		t.lost[name] += events
		t.mu.Unlock()
	}
}

// lostEntry says that events are missing.
func lostEntry(trail string, at time.Time, n int) oplog.Entry {
	details, _ := json.Marshal(map[string]int{"events": n})
	return oplog.Entry{
		Tenant: trail, Time: at, User: ServerUser, Module: "server", Operation: "lose", Origin: oplog.OriginManual,
		Outcome: oplog.OutcomeFailure, Details: details,
	}
}

// ServerUser is who does what the program does by itself, and CommandUser who
// uses its commands.
var (
	ServerUser  = oplog.User{ID: "server", Name: "oplog"}
	CommandUser = oplog.User{ID: "command", Name: "command line"}
)

// TellAll adds an event to every trail.
func (t *Trail) TellAll(v Event) error {
	tenants, err := t.directory.Tenants()
	if err != nil {
		return err
	}
	v.Tenant = ""
	t.Tell(v)
	for _, tenant := range tenants {
		v.Tenant = tenant.ID
		t.Tell(v)
	}
	return nil
}

// Entry returns an entry of a trail; [Journal.Proof] proves it.
func (t *Trail) Entry(tenant, id string) (oplog.Entry, error) {
	t.writeTrail(oplog.TrailName(tenant))
	return t.store.Find(oplog.TrailName(tenant), id, nil)
}

// Checkpoint returns the signed head of a trail's tree.
func (t *Trail) Checkpoint(tenant string) (string, error) {
	t.writeTrail(oplog.TrailName(tenant))
	return t.store.Checkpoint(oplog.TrailName(tenant))
}
