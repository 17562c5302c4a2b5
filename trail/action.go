package trail

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// One user action, such as a search, makes the console issue several reads: rows, counts, facets, the live stream. The console sends the
// action's name with each of these calls, and the trail records the action as one entry: the call that shows most, and under “also” what
// the others requested beyond it. The name comes from the client, so it must not hide anything: a call goes unrecorded only if the entry of
// the same action already implies it; see covers.

// Reading describes a read request that may be part of an action.
type Reading struct {
	Kind      string              // ReadOpen, ReadSearch, ReadFollow or ReadCount: the operation in the trail
	Filters   map[string][]string // as sent
	ContentID string              // of an opened entry: the id of its content
	UserID    string              // of an opened entry: the id of its user
	Related   bool                // a search for the first rows only, as shown beside an opened entry
}

// The kinds of readings, from most to least informative.
const (
	ReadOpen   = "open"
	ReadSearch = "search"
	ReadFollow = "follow"
	ReadCount  = "count"
)

var readingKinds = []string{ReadOpen, ReadSearch, ReadFollow, ReadCount}

// MaxRelated is the number of related rows read beside an opened entry.
const MaxRelated = 50

const (
	actionIdle         = 3 * time.Second  // an action is recorded after this time without another reading, which is also the interval of checks,
	actionMaxTime      = 12 * time.Second // or after this time in total
	actionRepeat       = 15 * time.Minute // after which a repeated reading is recorded again
	maxActionReadings  = 16               // readings buffered per action
	maxBufferedActions = 256              // buffered actions
	maxVisitBytes      = 8 << 20          // memory for known actions, approximate
)

// reading is a reading of an action, with the trail entry that would record it alone.
type reading struct {
	Reading
	entry   oplog.Entry
	details map[string]any
	at      time.Time
}

// action is the state of a user action.
type action struct {
	visit              *visit
	id                 string // of the entry that will record the buffered readings
	buffered, recorded []reading
	start, last        time.Time     // of the buffered readings
	pending            []oplog.Entry // the entries that would record them; nil if not computed
}

// visit is what one session, from one address, has read of a log.
type visit struct {
	trail           string
	source          [sha256.Size]byte
	actions         map[string]*action
	openedUsers     map[string]time.Time // of opened entries
	openedContents  map[string]time.Time // contents of opened entries
	searchedPeriods map[string]time.Time // periods of recorded searches
}

// addReading adds a reading to its action, and reports whether there is something to write.
func (t *Trail) addReading(e oplog.Entry, v Event, now time.Time) bool {
	a := t.actionOf(e, v)
	e.Operation = v.Reading.Kind
	r := reading{Reading: v.Reading, entry: e, details: v.Details, at: now}
	if r.Kind == ReadOpen {
		a.visit.openedUsers[r.UserID], a.visit.openedContents[r.ContentID] = now, now
	}
	if a.last = now; a.covers(a.recorded, nil, &r) || slices.ContainsFunc(a.buffered, func(h reading) bool { return h.equals(&r) }) {
		return false
	}
	if len(a.buffered) == 0 {
		a.id, a.start = rand.Text(), now
	}
	a.buffered, a.pending = append(a.buffered, r), nil
	t.buffered[a] = true
	t.visitBytes += 500 + 2*len(e.Details)
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

// actionOf returns the action that an event belongs to. Sessions are told apart, and so are addresses: the entry must be true of every
// reading that it records.
func (t *Trail) actionOf(e oplog.Entry, v Event) *action {
	key := sha256.Sum256([]byte(strings.Join([]string{e.Tenant, e.User.ID, e.User.Name, e.User.Role, v.Source, e.Module, e.IP, e.UserAgent}, "\x00")))
	of := t.visits[key]
	if of == nil {
		of = &visit{
			trail: e.Tenant, source: sha256.Sum256([]byte(v.Source)), actions: make(map[string]*action),
			openedUsers: make(map[string]time.Time), openedContents: make(map[string]time.Time), searchedPeriods: make(map[string]time.Time),
		}
		t.visits[key] = of
	}
	a := of.actions[v.Action]
	if a == nil {
		a = &action{visit: of}
		of.actions[v.Action] = a
		t.visitBytes += 500
	}
	return a
}

// equals reports whether two readings requested the same data.
func (r *reading) equals(other *reading) bool {
	if r.Kind == ReadOpen && !bytes.Equal(r.entry.Details, other.entry.Details) {
		return false // another entry with the same id
	}
	return r.Kind == other.Kind && r.Related == other.Related && r.entry.Content == other.entry.Content && equalFilters(r.Filters, other.Filters)
}

// covers reports whether a reading need not be recorded because of readings that are recorded or about to be.
func (a *action) covers(already, now []reading, r *reading) bool {
	for _, list := range [][]reading{already, now} {
		for i := range list {
			if list[i].covers(r) && (list[i].outranks(r) || r.at.Sub(list[i].at) < actionRepeat) {
				return true
			}
		}
	}
	return r.Kind == ReadCount && a.countsUser(now, r) || r.Kind == ReadSearch && a.isRelated(r)
}

// outranks reports whether a reading implies another for the rest of its action, such as a search the stream of its page and the counts of
// its facets, which show no more rows.
func (r *reading) outranks(other *reading) bool {
	return r.rank() < other.rank()
}

// isRelated reports whether a reading shows the rows beside an opened entry: the history of its content.
func (a *action) isRelated(r *reading) bool {
	content := r.Filters["content_id"]
	return r.Related && len(r.Filters) == 1 && len(content) == 1 && content[0] != "" && r.at.Sub(a.visit.openedContents[content[0]]) < actionRepeat
}

// countsUser reports whether a reading counts the operations of an opened entry's user in a period already recorded by a search.
func (a *action) countsUser(now []reading, r *reading) bool {
	user := r.Filters["user"]
	for name := range r.Filters {
		if name != "user" && !slices.Contains(periodFilters, name) {
			return false
		}
	}
	if len(user) != 1 || user[0] == "" || r.at.Sub(a.visit.openedUsers[user[0]]) >= actionRepeat {
		return false
	}
	period := periodOf(r.Filters)
	return r.at.Sub(a.visit.searchedPeriods[period]) < actionRepeat ||
		slices.ContainsFunc(now, func(one reading) bool { return one.Kind == ReadSearch && periodOf(one.Filters) == period })
}

// covers reports whether recording r implies the other reading of the same action.
func (r *reading) covers(other *reading) bool {
	switch {
	case r.equals(other):
		return true
	case other.Kind == ReadOpen || r.Kind == ReadOpen:
		return false
	case r.rank() > other.rank(): // counts show no rows
		return false
	case other.Kind != ReadCount:
		return equalFilters(r.Filters, other.Filters)
	default:
		return countsSubset(r.Filters, other.Filters)
	}
}

// rank orders readings from most to least informative.
func (r *reading) rank() int { return slices.Index(readingKinds, r.Kind) }

// countsSubset reports whether counts use a subset of a reading's filters and its period, as the facet panels do. A part of a named period
// implies the whole period.
func countsSubset(filters, counted map[string][]string) bool {
	for name, values := range counted {
		if !slices.Equal(filters[name], values) {
			return false
		}
	}
	if periodOf(filters) == periodOf(counted) {
		return true
	}
	return len(counted["range"]) > 0 && len(counted["from"])+len(counted["to"]) == 0
}

func equalFilters(a, b map[string][]string) bool {
	return len(a) == len(b) && countsSubset(a, b)
}

// periodFilters are the filters of the period.
var periodFilters = []string{"range", "from", "to"}

// periodOf formats the period of filters.
func periodOf(filters map[string][]string) string {
	var period []string
	for _, name := range periodFilters {
		period = append(period, strings.Join(filters[name], ","))
	}
	return strings.Join(period, " ")
}

// entries returns the trail entries that record an action's readings, and the readings recorded. There are several entries if the details
// would be too long or several entries were opened.
func (a *action) entries() (entries []oplog.Entry, fresh []reading) {
	buffered := slices.Clone(a.buffered)
	slices.SortStableFunc(buffered, func(x, y reading) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(len(y.Filters), len(x.Filters)))
	})
	var also []map[string]any
	var first reading
	for _, r := range buffered {
		if a.covers(a.recorded, fresh, &r) {
			continue
		}
		fresh = append(fresh, r)
		if len(entries) > 0 && r.Kind != ReadOpen { // each opened entry must be found by its id
			last := &entries[len(entries)-1]
			if details, fits := first.detailsWith(append(also, r.summary())); fits {
				also, last.Details = append(also, r.summary()), details
				continue
			}
		}
		e := r.entry
		if n := len(entries); n > 0 {
			e.ID = fmt.Sprintf("%s-%d", a.id, n)
		} else {
			e.ID, e.Time = a.id, a.start
		}
		first, also, entries = r, nil, append(entries, e)
	}
	return entries, fresh
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
	return brief
}

// detailsWith returns the details of an entry that records further readings, and whether they fit.
func (r *reading) detailsWith(also []map[string]any) ([]byte, bool) {
	details := map[string]any{"also": also}
	for name, value := range r.details {
		details[name] = value
	}
	text, err := json.Marshal(details)
	return text, err == nil && len(text) <= oplog.MaxDetailsBytes
}
