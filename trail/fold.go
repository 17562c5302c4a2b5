package trail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"reflect"
	"sort"
	"strings"
	"time"

	"oplog/oplog"
)

// Refused attempts, and further pages that a program reads, come as fast as their sender likes. Equal ones within a window are folded into
// one entry with their number, so that they neither fill the disk nor cause a write each. Of refused attempts, each trail has a bounded number
// of entries per window; whatever exceeds it is counted in an entry for the others.

const (
	refusalWindow  = 10 * time.Minute // equal refused attempts within it are one entry
	maxRefusals    = 16               // distinct refused attempts of a trail in a window, of known callers and of unknown ones each
	maxAllRefusals = 2000             // those of all trails
	maxFoldedPages = 256              // folded readings; one more writes them all
)

// UnknownUser is the user of attempts by callers who are not known.
var UnknownUser = oplog.User{ID: "unknown", Name: "unknown"}

// RefusedModule and RefusedOperation name refused requests.
const (
	RefusedModule    = "request"
	RefusedOperation = "refuse"
)

// folded stands for equal events within a window. Its entry keeps what is true of all of them: an address, a user agent, an object or a
// detail in which they differ is left out.
type folded struct {
	entry   oplog.Entry
	details map[string]any
	refused bool
	calls   int
	rows    int
	last    time.Time // of the calls
	due     time.Time // when it is recorded
}

// fold counts an event in the entry of its equals, and returns how many there are.
func (t *Trail) fold(e oplog.Entry, v Event, now time.Time) (calls int) {
	key := foldKey(e, v)
	f := t.folded[key]
	if f == nil && v.Refused && !t.hasRoom(e) {
		e, v.Details, v.Source = othersOf(e), map[string]any{"reason": ReasonOthers}, ""
		key = foldKey(e, v)
		f = t.folded[key]
	}
	if f == nil {
		if !v.Refused && t.foldedPages() >= maxFoldedPages {
			t.flushFolded(func(f *folded) bool { return !f.refused })
		}
		e.ID = rand.Text() // by which a crash does not record it twice
		f = &folded{entry: e, details: maps.Clone(v.Details), refused: v.Refused, due: now.Add(repeatWindow)}
		if v.Refused {
			f.due = now.Add(refusalWindow)
		}
		t.folded[key] = f
	}
	f.keepCommon(e, v)
	f.calls, f.rows, f.last = f.calls+1, f.rows+v.Reading.Rows, now
	return f.calls
}

// isSaved reports whether a count is saved as soon as it is reached, not only with all others every actionIdle: the first, the second, the
// fourth and so on. A crash then loses less than half of it, and it causes few writes.
func isSaved(calls int) bool { return calls&(calls-1) == 0 }

// ReasonOthers is the reason of the entry that counts further refused attempts.
const ReasonOthers = "others"

// othersOf returns the entry that counts the refused attempts beyond the bound, of known callers or of unknown ones.
func othersOf(e oplog.Entry) oplog.Entry {
	others := oplog.Entry{
		Tenant: e.Tenant, Time: e.Time, User: UnknownUser, Module: RefusedModule, Operation: RefusedOperation, Origin: e.Origin, Outcome: e.Outcome,
	}
	if e.User != UnknownUser {
		others.User = oplog.User{ID: "several", Name: "several"}
	}
	return others
}

// foldKey returns what equal events have in common: of a refused attempt the caller and its network, its kind and its reason; of a reading
// also what was read.
func foldKey(e oplog.Entry, v Event) [sha256.Size]byte {
	parts := []string{e.Tenant, e.User.ID, v.Source, e.Module, e.Operation}
	if v.Refused {
		for _, name := range []string{"reason", "area"} {
			text, _ := v.Details[name].(string)
			parts = append(parts, text)
		}
	} else {
		parts = append(parts, e.Content.ID, string(e.Details))
	}
	return sha256.Sum256([]byte(strings.Join(parts, "\x00")))
}

// hasRoom reports whether a trail may have another distinct refused attempt: known callers and unknown ones leave each other room.
func (t *Trail) hasRoom(e oplog.Entry) bool {
	all, own := 0, 0
	for _, f := range t.folded {
		if !f.refused {
			continue
		}
		if all++; f.entry.Tenant == e.Tenant && (f.entry.User == UnknownUser) == (e.User == UnknownUser) {
			own++
		}
	}
	return own < maxRefusals && all < maxAllRefusals
}

func (t *Trail) foldedPages() (n int) {
	for _, f := range t.folded {
		if !f.refused {
			n++
		}
	}
	return n
}

// keepCommon leaves out what another event does not have, too.
func (f *folded) keepCommon(e oplog.Entry, v Event) {
	if f.entry.IP != e.IP {
		if f.entry.IP = ""; v.Refused {
			f.entry.IP = v.Source // the network of both
		}
	}
	if f.entry.UserAgent != e.UserAgent {
		f.entry.UserAgent = ""
	}
	if f.entry.Content != e.Content {
		f.entry.Content = oplog.Ref{}
	}
	maps.DeleteFunc(f.details, func(name string, value any) bool { return !reflect.DeepEqual(v.Details[name], value) })
}

// trailEntry returns the entry that records a folded event.
func (f *folded) trailEntry() oplog.Entry {
	e, details := f.entry, maps.Clone(f.details)
	if details == nil {
		details = make(map[string]any)
	}
	switch {
	case !f.refused:
		details["calls"], details["rows"] = f.calls, f.rows // of further pages
	case f.calls > 1:
		details["count"] = f.calls
	}
	if f.calls > 1 {
		details["last_at"] = f.last
	}
	text, err := json.Marshal(details)
	if err != nil || len(text) > oplog.MaxDetailsBytes {
		text, _ = json.Marshal(map[string]any{"left_out": "too long", "calls": f.calls, "rows": f.rows})
	}
	e.Details = text
	return e
}

// flushFolded moves the selected folded events to the pending entries, in order of their first occurrence.
func (t *Trail) flushFolded(which func(*folded) bool) {
	var entries []oplog.Entry
	for key, f := range t.folded {
		if which(f) {
			entries = append(entries, f.trailEntry())
			delete(t.folded, key)
		}
	}
	sort.Slice(entries, func(i, j int) bool { return isBefore(&entries[i], &entries[j]) })
	for _, e := range entries {
		t.enqueue(e)
	}
}
