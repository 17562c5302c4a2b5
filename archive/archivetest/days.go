package archivetest

import (
	"encoding/json"

	"oplog/archive"
	"oplog/oplog"
	"oplog/storage"
)

// Record returns the record of a date, and whether there is one.
func (w *Twin) Record(date string) (d oplog.ArchivedDay, revision oplog.Revision, found bool) {
	w.t.Helper()
	data, revision, err := w.Here.Record(oplog.RecordArchive, w.Tenant+"/"+date)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return oplog.ArchivedDay{Tenant: w.Tenant, Date: date}, revision, false
	}
	w.Must(err)
	w.Must(json.Unmarshal(data, &d))
	return d, revision, true
}

// Ship puts a date on a shard and records it as archived.
func (w *Twin) Ship(date string, shard int) {
	w.t.Helper()
	d, revision, _ := w.Record(date)
	d.Attempt++
	d.Shard, d.State = shard, oplog.DayShipping
	w.put(&d, revision)
	var sum archive.Sum
	of := archive.Shipment{Tenant: w.Tenant, DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
	err := w.engines[shard].Put(w.t.Context(), of, func(yield func(*archive.Row, error) bool) {
		w.Must(w.Here.DayLeaves(w.t.Context(), w.Tenant, date, func(key oplog.Key, leaf []byte) error {
			e, err := storage.Decode(leaf)
			sum.Add(key.Seq(), archive.LeafHash(leaf))
			yield(&archive.Row{Entry: &e, Leaf: leaf}, err)
			return err
		}))
	})
	w.Must(err)
	d.State, d.Rows, d.MinSeq, d.MaxSeq, d.Sum = oplog.DayArchived, sum.Rows, sum.MinSeq, sum.MaxSeq, sum.Lanes
	_, revision, _ = w.Record(date)
	w.put(&d, revision)
}

// Remove records that a date is read from the archive.
func (w *Twin) Remove(date string) { w.SetState(date, oplog.DayRemoved) }

// SetState changes the state of a date.
func (w *Twin) SetState(date string, state oplog.ArchiveState) {
	w.t.Helper()
	d, revision, _ := w.Record(date)
	d.State = state
	w.put(&d, revision)
}

func (w *Twin) put(d *oplog.ArchivedDay, replaces oplog.Revision) {
	w.t.Helper()
	data, err := json.Marshal(d)
	w.Must(err)
	w.Must(w.Here.PutRecord(oplog.RecordArchive, d.Name(), replaces, data))
}
