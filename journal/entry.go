package journal

import (
	"fmt"

	"oplog/oplog"
)

// NoID is the placeholder in URLs for the id of an entry that is identified by its seq alone. It is no valid id: ids contain only A-Z a-z
// 0-9 . _ : -. Some ids, "." and "..", cannot be in a URL path at all.
const NoID = "~"

// Entry returns the entry with an id that is visible in the scope (an organization, "" for all): the one with that generated id, else the
// newest with that sender's id. CodeGone is returned only to unscoped callers, because a deleted entry's organization is no longer known.
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
	if gone := j.goneError(t, key); gone != nil {
		return oplog.Entry{}, gone
	}
	return e, err
}

// EntryAt returns the entry with a seq if its id matches or the id is [NoID]; errors are those of [Journal.Entry]. The sender's id of a
// deleted entry is no longer known, so any id matches.
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
	case len(found) == 1 && found[0].Damaged && scope == "": // whether it is in a scope is not known any more
		return oplog.Entry{}, oplog.DamagedEntry(tenant, key)
	case len(found) == 1 && (id == NoID || found[0].ID == id) && (visible == nil || visible(&found[0])):
		return found[0], nil
	case len(found) == 0 && scope == "":
		if gone := j.goneError(t, key); gone != nil {
			return oplog.Entry{}, gone
		}
	}
	return oplog.Entry{}, missing
}

// goneError returns the CodeGone error of a deleted entry, with the day in the tenant's zone; nil if the entry never existed or still does.
func (j *Journal) goneError(t oplog.TenantState, key oplog.Key) error {
	at, deleted, err := j.deletedAt(t, key)
	if err != nil || !deleted {
		return err
	}
	day := t.Today(at)
	return &oplog.Error{
		Code: oplog.CodeGone, Message: fmt.Sprintf("Deleted on %s under the retention rule.", day),
		Fields: []oplog.FieldError{{Part: oplog.InPath, Field: "id", Value: day, Violation: oplog.Violates("deleted", "was deleted under the retention rule")}},
	}
}
