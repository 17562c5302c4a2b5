package trail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"

	"oplog/oplog"
)

// A page stays open across a restart, and its action continues: the stream is opened again, counts are read again. What the action recorded
// before is found by the ids of its entries, which are derived from session and action, and from the node if there are several.

// idOf returns the id of the nth entry that records an action.
func (a *action) idOf(n int) string {
	if n == 0 {
		return a.id
	}
	return fmt.Sprintf("%s-%d", a.id, n)
}

// pastAction returns an event's action as the trail has it, or nil if it is in memory.
func (t *Trail) pastAction(e oplog.Entry, v Event) *action {
	key := visitOf(e, v)
	t.mu.Lock()
	visit := t.visits[key]
	known := visit != nil && visit.actions[v.Action] != nil
	t.mu.Unlock()
	if known {
		return nil
	}
	name := append(key[:], v.Action...)
	if !t.place.Alone() {
		name = append(append(name, 0), t.place.Node...)
	}
	sum := sha256.Sum256(name)
	a := &action{id: base32.StdEncoding.EncodeToString(sum[:])[:26]}
	for {
		entry, err := t.find(e.Tenant, a.idOf(a.entries))
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			return a
		}
		if err != nil { // what cannot be read is recorded again
			return &action{id: rand.Text()}
		}
		a.recorded, a.entries = append(a.recorded, readingsOf(entry)...), a.entries+1
	}
}

// find returns an entry of a trail, including pending ones.
func (t *Trail) find(trail, id string) (oplog.Entry, error) {
	if e, ok := t.findPending(trail, id); ok {
		return e, nil
	}
	return t.store.Find(trail, id, nil)
}

func (t *Trail) findPending(trail, id string) (oplog.Entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, entries := range [][]oplog.Entry{t.pending, t.writing} {
		if i := slices.IndexFunc(entries, func(e oplog.Entry) bool { return e.ID == id && e.Tenant == trail }); i >= 0 {
			return entries[i], true
		}
	}
	return oplog.Entry{}, false
}

// readingsOf returns the readings that an entry records.
func readingsOf(e oplog.Entry) []reading {
	type recorded struct {
		Operation string              `json:"operation"`
		Filters   map[string][]string `json:"filters"`
		Hash      string              `json:"filters_sha256"` // of filters that were cut
	}
	var details struct {
		recorded
		Also []recorded `json:"also"`
	}
	_ = json.Unmarshal(e.Details, &details) // readings that it leaves out are recorded again
	of := func(r recorded) reading {
		if r.Hash != "" { // nothing that is requested has these filters
			r.Filters = map[string][]string{filtersHash: {r.Hash}}
		}
		return reading{Reading: Reading{Kind: r.Operation, Filters: r.Filters}, at: e.Time}
	}
	details.Operation = e.Operation
	first := of(details.recorded)
	first.entry = e
	first.entry.Details = ownDetails(e.Details)
	list := []reading{first}
	for _, r := range details.Also {
		list = append(list, of(r))
	}
	return list
}

// ownDetails returns the details of an entry without those of further readings.
func ownDetails(details []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(details, &members) != nil {
		return details
	}
	for _, name := range []string{"also", "searches", "calls", "rows"} {
		delete(members, name)
	}
	if len(members) == 0 {
		return nil
	}
	text, err := json.Marshal(members)
	if err != nil {
		return details
	}
	return text
}
