package trail

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"

	"oplog/oplog"
)

// One user action, such as a search, makes the console issue several reads: rows, counts, facets, the live stream. The console sends the
// action's name with each of these calls, and the trail records the action as one entry: the call that shows most, and under “also” what
// the others requested beyond it. A search typed slowly is one action: its entry has the last search, the number of searches that ran, and
// each of the earlier ones. The name comes from the client, so it must not hide any rows: a call goes unrecorded only if the entry of the
// same action already implies it; see covers.

// Reading describes a read request that may be part of an action.
type Reading struct {
	Kind      string              // ReadOpen, ReadPrint, ReadSearch, ReadFollow or ReadCount: the operation in the trail
	Requested time.Time           // when the call arrived; responses come in any order
	Filters   map[string][]string // as sent
	ContentID string              // of an opened entry: the id of its content
	UserID    string              // of an opened entry: the id of its user
	Related   bool                // a search for the first rows only, as shown beside an opened entry
	Further   bool                // a further page of a search, which is counted
	Rows      int                 // in the response
}

// The kinds of readings, from most to least informative.
const (
	ReadOpen   = "open"
	ReadPrint  = "print"
	ReadSearch = "search"
	ReadFollow = "follow"
	ReadCount  = "count"
)

var readingKinds = []string{ReadOpen, ReadPrint, ReadSearch, ReadFollow, ReadCount}

// MaxRelated is the number of related rows read beside an opened entry.
const MaxRelated = 50

const (
	actionIdle         = 15 * time.Second // an action is recorded after this time without another reading, which is also the interval of checks,
	actionMaxTime      = 2 * time.Minute  // or after this time in total
	actionRepeat       = 15 * time.Minute // after which a repeated reading is recorded again
	maxActionReadings  = 64               // readings buffered per action
	maxBufferedActions = 256              // buffered actions
	maxVisitBytes      = 8 << 20          // memory for known actions, approximate
)

// reading is a reading of an action, with the trail entry that would record it alone.
type reading struct {
	Reading
	entry    oplog.Entry
	details  map[string]any
	at       time.Time
	hasFirst bool // whether the first page is among the calls
	calls    int  // pages; Rows is their sum
}

// action is the state of a user action.
type action struct {
	visit              *visit
	id                 string // of the first entry that records it; further entries have a number appended
	entries            int    // that record it already
	buffered, recorded []reading
	start, last        time.Time     // of the buffered readings
	pending            []oplog.Entry // the entries that would record them; nil if not computed
	created            created
}

// created has the objects that an action created, such as an export, by id, with the time of their download: the page downloads an export by
// itself as part of the action that created it.
type created map[string]time.Time

// isDownloadOfCreated reports whether an event is the first download of what its action created. A browser that resumes an interrupted
// download continues the same one.
func (c created) isDownloadOfCreated(v Event, now time.Time) bool {
	at, ok := c[v.Object.ID]
	if !ok || !at.IsZero() && (v.Distinct || now.Sub(at) >= repeatWindow) {
		return false
	}
	c[v.Object.ID] = now
	return true
}

// visit is what one session, from one address, has read of a log.
type visit struct {
	trail          string
	source         [sha256.Size]byte
	actions        map[string]*action
	openedUsers    map[string]time.Time // of opened entries
	openedContents map[string]time.Time // contents of opened entries
}

// addReading adds a reading to its action, and reports whether there is something to write.
func (t *Trail) addReading(a *action, e oplog.Entry, v Event, now time.Time) bool {
	e.Operation = v.Reading.Kind
	r := reading{Reading: v.Reading, entry: e, details: v.Details, at: now, hasFirst: !v.Reading.Further, calls: 1}
	if r.isOfEntry() {
		a.visit.openedUsers[r.UserID], a.visit.openedContents[r.ContentID] = now, now
	}
	if a.last = now; !r.Further && a.covers(a.recorded, nil, &r) {
		return false
	}
	if is, save := a.isBuffered(&r); is {
		return save
	}
	if len(a.buffered) == 0 {
		a.start = now
	}
	a.buffered, a.pending = append(a.buffered, r), nil
	t.buffered[a] = true
	t.visitBytes += 500 + 2*len(e.Details) + sizeOf(v.Reading.Filters)
	switch {
	case t.visitBytes > maxVisitBytes:
		t.flush(func(*action) bool { return true })
		clear(t.visits) // ongoing readings are recorded again
		t.visitBytes = 0
	case len(t.buffered) > maxBufferedActions:
		t.flush(func(*action) bool { return true })
	case len(a.buffered) == maxActionReadings:
		t.flush(func(one *action) bool { return one == a })
	}
	return true
}

// sizeOf returns the approximate memory of filters.
func sizeOf(filters map[string][]string) (bytes int) {
	for name, values := range filters {
		bytes += len(name)
		for _, value := range values {
			bytes += 16 + len(value)
		}
	}
	return bytes
}

// visitOf returns the digest of the visit that an event belongs to. Sessions are told apart, and so are addresses: the entry must be true of
// every reading that it records.
func visitOf(e oplog.Entry, v Event) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.Join([]string{e.Tenant, e.User.ID, e.User.Name, e.User.Role, v.Source, e.Module, e.IP, e.UserAgent}, "\x00")))
}

// actionOf returns the action that an event belongs to; past is the action as read from the trail, for one that is not in memory.
func (t *Trail) actionOf(e oplog.Entry, v Event, past *action) *action {
	key := visitOf(e, v)
	of := t.visits[key]
	if of == nil {
		of = &visit{
			trail: e.Tenant, source: sha256.Sum256([]byte(v.Source)), actions: make(map[string]*action),
			openedUsers: make(map[string]time.Time), openedContents: make(map[string]time.Time),
		}
		t.visits[key] = of
	}
	a := of.actions[v.Action]
	if a == nil {
		a = past
		a.visit, a.created = of, make(created)
		of.actions[v.Action] = a
		t.visitBytes += 500
	}
	return a
}

// trailEntries returns the trail entries that record an action's readings, and the readings recorded. There are several entries if the details
// would be too long or several entries were opened.
func (a *action) trailEntries() (entries []oplog.Entry, fresh []reading) {
	buffered := slices.Clone(a.buffered)
	sort.SliceStable(buffered, func(i, j int) bool { return buffered[i].order(&buffered[j]) < 0 })
	var also []map[string]any
	var first reading
	for _, r := range buffered {
		if r.calls == 1 && !r.Further && a.covers(a.recorded, fresh, &r) {
			continue
		}
		fresh = append(fresh, r)
		if len(entries) > 0 && !r.isOfEntry() { // each opened entry must be found by its id
			last := &entries[len(entries)-1]
			if details, fits := first.detailsWith(append(also, r.summary())); fits {
				also, last.Details = append(also, r.summary()), details
				continue
			}
		}
		e := r.entry
		if r.isPaged() {
			if details, fits := r.detailsWith(nil); fits {
				e.Details = details
			}
		}
		if e.ID = a.idOf(a.entries + len(entries)); len(entries) == 0 {
			e.Time = a.start
		}
		first, also, entries = r, nil, append(entries, e)
	}
	return entries, fresh
}

// order puts the reading that names the entry first: the most informative one; of searches, which are narrowed while they are typed, the
// last; of counts the narrowest.
func (r *reading) order(other *reading) int {
	byTime := r.Requested.Compare(other.Requested)
	if r.Kind == ReadSearch {
		byTime = -byTime
	}
	if r.Kind == ReadCount || r.Kind == ReadFollow {
		byTime = 0
	}
	return cmp.Or(cmp.Compare(r.rank(), other.rank()), byTime, cmp.Compare(len(other.Filters), len(r.Filters)))
}

// summary returns a reading's details for the entry of another reading.
func (r *reading) summary() map[string]any {
	brief := map[string]any{"operation": r.Kind}
	var details map[string]any
	if json.Unmarshal(r.entry.Details, &details) == nil {
		for name, value := range details {
			brief[name] = value
		}
	}
	r.addPages(brief)
	return brief
}

// isPaged reports whether a reading is more than its first page.
func (r *reading) isPaged() bool { return r.Further || r.calls > 1 }

// addPages adds how much was read to the details of a reading of several pages.
func (r *reading) addPages(details map[string]any) {
	if r.isPaged() {
		details["calls"], details["rows"] = r.calls, r.Rows
	}
}

// detailsWith returns the details of an entry that records further readings, and whether they fit.
func (r *reading) detailsWith(also []map[string]any) ([]byte, bool) {
	details := map[string]any{}
	if len(also) > 0 {
		details["also"] = also
	}
	for name, value := range r.details {
		details[name] = value
	}
	r.addPages(details)
	if r.Kind == ReadSearch {
		searches := 1
		for _, one := range also {
			if one["operation"] == ReadSearch {
				searches++
			}
		}
		if searches > 1 {
			details["searches"] = searches
		}
	}
	text, err := json.Marshal(details)
	return text, err == nil && len(text) <= oplog.MaxDetailsBytes
}
