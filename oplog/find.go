package oplog

import (
	"fmt"
	"slices"
)

// NoID stands in for an entry's id where only its seq names it. No entry can
// have it: ids hold A-Z a-z 0-9 . _ : - only. Some of them, "." and "..", cannot
// stand in an address at all.
const NoID = "~"

// Entry returns the entry with that id which the scope (an organization, "" for
// all) lets see: the one that the log gave the id, else the newest. CodeGone says
// when it was deleted, to unscoped callers only: a deleted entry's organization
// is no longer known.
func (l *Log) Entry(tenant, id, scope string) (Entry, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Entry{}, err
	}
	e, err := l.store.Find(tenant, id, t.visible(scope))
	key, given := KeyOfID(id)
	if CodeOf(err) != CodeNotFound && err != nil || scope != "" || !given || err == nil && e.Key() == key {
		return e, err
	}
	if gone := l.goneSince(t, key); gone != nil {
		return Entry{}, gone
	}
	return e, err
}

// EntryAt returns the entry that arrived as number seq, where it has that id, or
// the id is [NoID]; its errors are those of [Log.Entry]. Of a deleted entry no
// sender's id is known any more, so any is taken.
func (l *Log) EntryAt(tenant, id string, seq uint64, scope string) (Entry, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Entry{}, err
	}
	missing := Errorf(CodeNotFound, "There is no entry %s with seq %d.", id, seq)
	if id == NoID {
		missing = Errorf(CodeNotFound, "There is no entry with seq %d.", seq)
	}
	key, err := l.store.KeyOfSeq(tenant, seq)
	if CodeOf(err) == CodeNotFound {
		return Entry{}, missing
	}
	if err != nil {
		return Entry{}, err
	}
	found, err := l.store.Get(tenant, []Key{key}, nil)
	if err != nil {
		return Entry{}, err
	}
	visible := t.visible(scope)
	switch {
	case len(found) == 1 && (id == NoID || found[0].ID == id) && (visible == nil || visible(&found[0])):
		return found[0], nil
	case len(found) == 0 && scope == "":
		if gone := l.goneSince(t, key); gone != nil {
			return Entry{}, gone
		}
	}
	return Entry{}, missing
}

// visible tells the entries of a scope; nil stands for all.
func (t *tenantState) visible(scope string) func(*Entry) bool {
	if scope == "" {
		return nil
	}
	below := t.tree.Below(scope)
	return func(e *Entry) bool { return slices.Contains(below, e.Organization.ID) }
}

// goneSince returns the CodeGone error of a deleted entry, which names the
// tenant's day, nil for one that never
// arrived or is still kept, or why that cannot be told.
func (l *Log) goneSince(t tenantState, key Key) error {
	at, deleted, err := l.deletedOn(t, key)
	if err != nil || !deleted {
		return err
	}
	day := t.today(at)
	return &Error{
		Code: CodeGone, Message: fmt.Sprintf("Deleted on %s under the retention rule.", day),
		Fields: []FieldError{{Part: InPath, Field: "id", Message: "was deleted under the retention rule", Value: day}},
	}
}
