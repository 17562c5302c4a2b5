package journal

import (
	"fmt"

	"oplog/oplog"
)

// NoID stands in for an entry's id where only its seq names it. No entry can
// have it: ids hold A-Z a-z 0-9 . _ : - only. Some of them, "." and "..", cannot
// stand in an address at all.
const NoID = "~"

// Entry returns the entry with that id which the scope (an organization, "" for
// all) lets see: the one that the log gave the id, else the newest. CodeGone says
// when it was deleted, to unscoped callers only: a deleted entry's organization
// is no longer known.
func (j *Journal) Entry(tenant, id, scope string) (oplog.Entry, error) {
	t, err := j.directory.State(tenant)
	if err != nil {
		return oplog.Entry{}, err
	}
	e, err := j.store.Find(tenant, id, t.Visible(scope))
	key, given := oplog.KeyOfID(id)
	if oplog.CodeOf(err) != oplog.CodeNotFound && err != nil || scope != "" || !given || err == nil && e.Key() == key {
		return e, err
	}
	if gone := j.goneSince(t, key); gone != nil {
		return oplog.Entry{}, gone
	}
	return e, err
}

// EntryAt returns the entry that arrived as number seq, where it has that id, or
// the id is [NoID]; its errors are those of [Journal.Entry]. Of a deleted entry no
// sender's id is known any more, so any is taken.
func (j *Journal) EntryAt(tenant, id string, seq uint64, scope string) (oplog.Entry, error) {
	t, err := j.directory.State(tenant)
	if err != nil {
		return oplog.Entry{}, err
	}
	missing := oplog.Errorf(oplog.CodeNotFound, "There is no entry %s with seq %d.", id, seq)
	if id == NoID {
		missing = oplog.Errorf(oplog.CodeNotFound, "There is no entry with seq %d.", seq)
	}
	key, err := j.store.KeyOfSeq(tenant, seq)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return oplog.Entry{}, missing
	}
	if err != nil {
		return oplog.Entry{}, err
	}
	found, err := j.store.Get(tenant, []oplog.Key{key}, nil)
	if err != nil {
		return oplog.Entry{}, err
	}
	visible := t.Visible(scope)
	switch {
	case len(found) == 1 && (id == NoID || found[0].ID == id) && (visible == nil || visible(&found[0])):
		return found[0], nil
	case len(found) == 0 && scope == "":
		if gone := j.goneSince(t, key); gone != nil {
			return oplog.Entry{}, gone
		}
	}
	return oplog.Entry{}, missing
}

// goneSince returns the CodeGone error of a deleted entry, which names the
// tenant's day; nil for one that never arrived or is still kept; or why that
// cannot be told.
func (j *Journal) goneSince(t oplog.TenantState, key oplog.Key) error {
	at, deleted, err := j.deletedOn(t, key)
	if err != nil || !deleted {
		return err
	}
	day := t.Today(at)
	return &oplog.Error{
		Code: oplog.CodeGone, Message: fmt.Sprintf("Deleted on %s under the retention rule.", day),
		Fields: []oplog.FieldError{{Part: oplog.InPath, Field: "id", Message: "was deleted under the retention rule", Value: day}},
	}
}
