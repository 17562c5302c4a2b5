package archive_test

import (
	"bytes"
	"io"
	"testing"

	"oplog/exports/formats"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
)

// TestExportTenantWithArchivedDays: the ZIP of a tenant has the entries of days that are in the archive alone; while it cannot be read, there is no ZIP
// rather than one that lacks them.
func TestExportTenantWithArchivedDays(t *testing.T) {
	f := newFixture(t, 2, 1)
	f.settle()
	removed := 0
	for _, d := range f.Archive.Days("plain") {
		if d.State == oplog.DayRemoved {
			removed++
		}
	}
	if removed == 0 {
		t.Fatal("no day is in the archive alone")
	}
	f.Must(nil, f.Store.MoveArrivals(t.Context(), "plain"))
	var file bytes.Buffer
	f.Must(f.ExportTenant(t.Context(), "plain", "account ann", &file, nil))
	keys, err := signing.Follow(f.Prover.VerifierKey(), nil)
	f.Must(keys, err)
	b, err := formats.OpenTenant(bytes.NewReader(file.Bytes()), int64(file.Len()))
	f.Must(b, err)
	if x, err := b.Verify(keys, storage.IsLeaf); err != nil || x.Logs[0].Size != (oldDays+2)*dayEntries || x.Logs[0].Deleted != 0 {
		t.Errorf("%+v %v", x, err)
	}
	for _, shard := range f.shards {
		shard.SetAway(0, true)
	}
	_, err = f.ExportTenant(t.Context(), "plain", "account ann", io.Discard, nil)
	nodetest.WantCode(t, err, oplog.CodeUnavailable)
}
