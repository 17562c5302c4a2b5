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

// One act of a person, such as a search, makes the console read several times:
// rows, counts, panels, the live stream. The console names the act with each of
// these calls, and the trail tells the act by one entry: the call that shows
// most, and under “also” what the others asked for beyond it. The name comes
// from outside, so it hides nothing: a call is left untold only where what an
// entry of the same act tells lets a reader know of it; see covers.

// Reading is what a call read, where it may be part of an act.
type Reading struct {
	Kind    string              // ReadOpen, ReadSearch, ReadFollow or ReadCount: the operation that tells it
	Filters map[string][]string // as they were sent
	Content string              // of an opened entry: the id of its content
	Of      string              // of an opened entry: the id of its user
	Beside  bool                // of a search: the first rows alone, as many as stand beside an opened entry
}

// The kinds of readings. The first tell more than the last.
const (
	ReadOpen   = "open"
	ReadSearch = "search"
	ReadFollow = "follow"
	ReadCount  = "count"
)

var readings = []string{ReadOpen, ReadSearch, ReadFollow, ReadCount}

// MaxBeside is how many rows are read beside an opened entry.
const MaxBeside = 50

const (
	actPause  = 3 * time.Second  // an act is told when nothing was read for it so long, which is looked at as often,
	actLonger = 12 * time.Second // or when it has gone on for so long
	actLasts  = 15 * time.Minute // after which what an act reads is told again
	actMost   = 16               // readings that an act collects before it is told
	actHeld   = 256              // acts that wait to be told
	actSize   = 8 << 20          // bytes of what is remembered of acts
)

// told is a reading of an act, with the entry that would tell it alone.
type told struct {
	Reading
	entry   oplog.Entry
	details map[string]any
	at      time.Time
}

// act is what is known of an act.
type act struct {
	visit       *visit
	id          string // of the entry that will tell what is held
	held, told  []told
	begun, last time.Time     // of what is held
	waiting     []oplog.Entry // what would tell what is held, where it is known
}

// visit is what one session, from one place, has read of a log.
type visit struct {
	trail string
	by    [sha256.Size]byte
	acts  map[string]*act
	users map[string]time.Time // of entries that were opened
	about map[string]time.Time // their contents
	times map[string]time.Time // periods that searches told
}

// fold adds a reading to its act, and reports whether there is something to write.
func (t *Trail) fold(e oplog.Entry, v Event, now time.Time) bool {
	a := t.act(e, v)
	e.Operation = v.Reading.Kind
	r := told{Reading: v.Reading, entry: e, details: v.Details, at: now}
	if r.Kind == ReadOpen {
		a.visit.users[r.Of], a.visit.about[r.Content] = now, now
	}
	if a.last = now; a.covers(a.told, nil, &r) || slices.ContainsFunc(a.held, func(h told) bool { return h.same(&r) }) {
		return false
	}
	if len(a.held) == 0 {
		a.id, a.begun = rand.Text(), now
	}
	a.held, a.waiting = append(a.held, r), nil
	t.held[a] = true
	t.size += 500 + 2*len(e.Details)
	switch {
	case t.size > actSize:
		t.settle(func(*act) bool { return true })
		clear(t.visits) // what goes on is told again
		t.size = 0
	case len(t.held) > actHeld:
		t.settle(func(*act) bool { return true })
	case len(a.held) == actMost:
		t.settle(func(one *act) bool { return one == a })
	}
	return true
}

// act finds the act that an event is part of. One session is not another, nor
// is it the same from another address: what the entry says must be true of all
// that it tells.
func (t *Trail) act(e oplog.Entry, v Event) *act {
	key := sha256.Sum256([]byte(strings.Join([]string{e.Tenant, e.User.ID, e.User.Name, e.User.Role, v.By, e.Module, e.IP, e.UserAgent}, "\x00")))
	of := t.visits[key]
	if of == nil {
		of = &visit{
			trail: e.Tenant, by: sha256.Sum256([]byte(v.By)), acts: make(map[string]*act),
			users: make(map[string]time.Time), about: make(map[string]time.Time), times: make(map[string]time.Time),
		}
		t.visits[key] = of
	}
	a := of.acts[v.Act]
	if a == nil {
		a = &act{visit: of}
		of.acts[v.Act] = a
		t.size += 500
	}
	return a
}

// same reports whether two readings asked for the same.
func (r *told) same(other *told) bool {
	if r.Kind == ReadOpen && !bytes.Equal(r.entry.Details, other.entry.Details) {
		return false // another of one id
	}
	return r.Kind == other.Kind && r.Beside == other.Beside && r.entry.Content == other.entry.Content && equalFilters(r.Filters, other.Filters)
}

// covers reports whether a reading needs no telling, because of what an act tells
// already, or is about to.
func (a *act) covers(already, now []told, r *told) bool {
	for _, list := range [][]told{already, now} {
		for i := range list {
			if list[i].covers(r) && (list[i].lasts(r) || r.at.Sub(list[i].at) < actLasts) {
				return true
			}
		}
	}
	return r.Kind == ReadCount && a.countsUser(now, r) || r.Kind == ReadSearch && a.besideOpened(r)
}

// lasts reports whether a reading stands for another as long as its act goes on:
// the stream of a page and the counts of its panels, which show no more rows.
func (r *told) lasts(other *told) bool {
	return r.rank() < other.rank()
}

// besideOpened reports whether a reading is what stands beside an opened entry:
// what else happened to its content.
func (a *act) besideOpened(r *told) bool {
	content := r.Filters["content_id"]
	return r.Beside && len(r.Filters) == 1 && len(content) == 1 && content[0] != "" && r.at.Sub(a.visit.about[content[0]]) < actLasts
}

// countsUser reports whether a reading counts what the user of an opened entry
// did, in a period that a search told.
func (a *act) countsUser(now []told, r *told) bool {
	user := r.Filters["user"]
	for name := range r.Filters {
		if name != "user" && !slices.Contains(periodFilters, name) {
			return false
		}
	}
	if len(user) != 1 || user[0] == "" || r.at.Sub(a.visit.users[user[0]]) >= actLasts {
		return false
	}
	period := periodOf(r.Filters)
	return r.at.Sub(a.visit.times[period]) < actLasts ||
		slices.ContainsFunc(now, func(one told) bool { return one.Kind == ReadSearch && periodOf(one.Filters) == period })
}

// covers reports whether a reader who knows of one reading of an act knows enough
// of another.
func (r *told) covers(other *told) bool {
	switch {
	case r.same(other):
		return true
	case other.Kind == ReadOpen || r.Kind == ReadOpen:
		return false
	case r.rank() > other.rank(): // counts show no rows
		return false
	case other.Kind != ReadCount:
		return equalFilters(r.Filters, other.Filters)
	default:
		return counts(r.Filters, other.Filters)
	}
}

// rank orders readings, those that tell most first.
func (r *told) rank() int { return slices.Index(readings, r.Kind) }

// counts reports whether counts are of the filters of a reading, of which some
// are left out, and in its period: the panels from which filters are chosen. A
// part of a named period stands for the whole of it.
func counts(filters, counted map[string][]string) bool {
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
	return len(a) == len(b) && counts(a, b)
}

// periodFilters are the filters that say when.
var periodFilters = []string{"range", "from", "to"}

// periodOf spells the period that filters name.
func periodOf(filters map[string][]string) string {
	var period []string
	for _, name := range periodFilters {
		period = append(period, strings.Join(filters[name], ","))
	}
	return strings.Join(period, " ")
}

// entries returns the entries that tell the readings of an act, and the readings
// that they tell. It is one entry, or more where its details would be too long
// or several entries were opened.
func (a *act) entries() (entries []oplog.Entry, fresh []told) {
	held := slices.Clone(a.held)
	slices.SortStableFunc(held, func(x, y told) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(len(y.Filters), len(x.Filters)))
	})
	var also []map[string]any
	var first told
	for _, r := range held {
		if a.covers(a.told, fresh, &r) {
			continue
		}
		fresh = append(fresh, r)
		if len(entries) > 0 && r.Kind != ReadOpen { // each opened entry is found by its id
			last := &entries[len(entries)-1]
			if details, fits := first.with(append(also, r.briefly())); fits {
				also, last.Details = append(also, r.briefly()), details
				continue
			}
		}
		e := r.entry
		if n := len(entries); n > 0 {
			e.ID = fmt.Sprintf("%s-%d", a.id, n)
		} else {
			e.ID, e.Time = a.id, a.begun
		}
		first, also, entries = r, nil, append(entries, e)
	}
	return entries, fresh
}

// briefly is what an entry of another reading tells of one.
func (r *told) briefly() map[string]any {
	brief := map[string]any{"operation": r.Kind}
	var details map[string]any
	if json.Unmarshal(r.entry.Details, &details) == nil {
		for name, value := range details {
			brief[name] = value
		}
	}
	return brief
}

// with returns the details of an entry that tells more readings than one, and
// whether they are short enough for it.
func (r *told) with(also []map[string]any) ([]byte, bool) {
	details := map[string]any{"also": also}
	for name, value := range r.details {
		details[name] = value
	}
	text, err := json.Marshal(details)
	return text, err == nil && len(text) <= oplog.MaxDetailsBytes
}
