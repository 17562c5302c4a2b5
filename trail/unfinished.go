package trail

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Entries that are not written yet, because further readings can still join them, are saved in records. Each read waits for that, so it must not
// write what others read: the entries are spread over a fixed number of records, and only those are written whose entries have changed.

// unfinishedRecords is the number of records. They have names that are known, so that a damaged one can be removed.
const unfinishedRecords = 256

// unfinishedName is the record that has all unfinished entries in logs of earlier versions, and what the names of the records begin with.
const unfinishedName = "acts"

func unfinishedRecord(i int) string { return fmt.Sprintf("%s/%02x", unfinishedName, i) }

// recordOf returns the number of the record for the entry with an id.
func recordOf(id string) int {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id))
	return int(sum.Sum32() % unfinishedRecords)
}

// unfinished is an entry that is not written yet.
type unfinished struct {
	Trail string      `json:"trail"`
	Entry oplog.Entry `json:"entry"`

	state any // another one once the entry is another one
}

// states of unfinished entries, beside pointers to the entries of actions
type (
	queued      struct{}
	foldedState struct {
		of    *folded
		calls int
	}
)

// savedRecord is a record of unfinished entries.
type savedRecord struct {
	revision oplog.Revision
	entries  []savedEntry // by time and id; nil if not known
}

// savedEntry identifies an entry and its state.
type savedEntry struct {
	id    string
	state any
}

// unfinishedEntries returns all entries that have to be saved, by record, in order.
func (t *Trail) unfinishedEntries() map[string][]unfinished {
	byRecord := make(map[string][]unfinished)
	add := func(e oplog.Entry, state any) {
		name := unfinishedRecord(recordOf(e.ID))
		byRecord[name] = append(byRecord[name], unfinished{e.Tenant, e, state})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.pending {
		if e.ID != "" {
			add(e, queued{})
		}
	}
	for a := range t.buffered {
		if a.pending == nil {
			a.pending, _ = a.trailEntries()
		}
		for i := range a.pending {
			add(a.pending[i], &a.pending[i])
		}
	}
	for _, f := range t.folded {
		add(f.trailEntry(), foldedState{f, f.calls})
	}
	for _, list := range byRecord {
		sort.Slice(list, func(i, j int) bool { return isBefore(&list[i].Entry, &list[j].Entry) })
	}
	return byRecord
}

// isBefore reports whether an entry comes before another: by time, then by id.
func isBefore(a, b *oplog.Entry) bool {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) < 0
}

// saveUnfinished saves unfinished entries in the records that have others, in one transaction.
func (t *Trail) saveUnfinished() error {
	t.writeMu.Lock()
	defer t.writeMu.Unlock()
	if t.store.Failure() != nil && t.place.Alone() { // of several nodes, it may be that none leads, which these records do not need
		return nil // what they have from before stays
	}
	if t.saved == nil {
		if err := t.readSaved(); err != nil {
			return err
		}
	}
	wanted, after := t.unfinishedEntries(), make(map[string]savedRecord)
	var changes []oplog.RecordChange
	for name, list := range wanted {
		before, states := t.saved[name], make([]savedEntry, len(list))
		for i, u := range list {
			states[i] = savedEntry{u.Entry.ID, u.state}
		}
		if slices.Equal(before.entries, states) {
			after[name] = before
			continue
		}
		data, err := json.Marshal(list)
		if err != nil {
			return err
		}
		changes = append(changes, oplog.RecordChange{Kind: oplog.RecordServer, Name: name, Replaces: before.revision, Data: data})
		after[name] = savedRecord{oplog.RevisionOf(data), states}
	}
	for name, before := range t.saved {
		if wanted[name] == nil {
			changes = append(changes, oplog.RecordChange{Kind: oplog.RecordServer, Name: name, Replaces: before.revision})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	sort.Slice(changes, func(i, j int) bool { return changes[i].Name < changes[j].Name })
	if err := t.store.PutRecords(changes); err != nil {
		t.saved = nil // they are read again
		return err
	}
	t.saved = after
	return nil
}

// readSaved reads which records there are.
func (t *Trail) readSaved() error {
	found, err := t.store.Records(oplog.RecordServer, unfinishedName)
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged { // of which a damaged one may be another of the server's
		return err
	}
	t.saved = make(map[string]savedRecord, len(found))
	for _, r := range found {
		t.saved[r.Name] = savedRecord{revision: oplog.RevisionOf(r.Data)}
	}
	return nil
}

// loseUnfinished gives up a damaged record of unfinished entries, and reports that some events are lost.
func (t *Trail) loseUnfinished(name string, damage error) {
	faults.Report("reading the unfinished entries of access logs", damage)
	faults.Report("removing them", records.Mend[[]unfinished](t.store, oplog.RecordServer, name, nil))
	e := t.lostEntry(oplog.TrailName(""), t.now().UTC().Truncate(time.Microsecond), 0)
	e.Details = nil // their number is not known
	t.mu.Lock()
	t.enqueue(e)
	t.mu.Unlock()
}

// recoverUnfinished writes the entries that were unfinished when the program last crashed.
func (t *Trail) recoverUnfinished() error {
	names := []string{unfinishedName}
	for i := range unfinishedRecords {
		names = append(names, unfinishedRecord(i))
	}
	var all []unfinished
	some := false
	for _, name := range names {
		list, err := records.Read[[]unfinished](t.store, oplog.RecordServer, name)
		switch oplog.CodeOf(err) {
		case oplog.CodeNotFound:
			continue
		case oplog.CodeDamaged:
			t.loseUnfinished(name, err)
			err = nil
		}
		if err != nil {
			return err
		}
		all, some = append(all, list...), true
	}
	if err := t.readSaved(); err != nil || !some {
		return err
	}
	sort.SliceStable(all, func(i, j int) bool { return isBefore(&all[i].Entry, &all[j].Entry) })
	for _, u := range all {
		_, err := t.store.Find(u.Trail, u.Entry.ID, nil)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if err != nil {
			u.Entry.Tenant = u.Trail
			t.enqueue(u.Entry)
		}
	}
	if t.store.Failure() != nil {
		t.recovered = len(t.pending)
	}
	if t.place.Alone() { // else it may take until there is a leader
		t.writePending() // before a reading of the same action looks for it
	}
	t.background.Once("trail", t.writeAll)
	return nil
}
