package archive_test

import (
	"testing"

	"oplog/oplog"
	"oplog/trail"
)

// TestRemoveTenantFromTheArchive: what the archive has of a removed tenant is dropped on every server; while one is away, the removal is not finished.
func TestRemoveTenantFromTheArchive(t *testing.T) {
	f := newFixture(t, 2, 2)
	f.settle()
	held := func() (rows int) {
		t.Helper()
		for _, shard := range f.shards {
			servers, err := shard.Holdings(t.Context(), "plain")
			f.Must(servers, err)
			for _, days := range servers {
				rows += len(days)
			}
		}
		return rows
	}
	if held() == 0 {
		t.Fatal("nothing is archived")
	}
	f.shards[0].SetAway(1, true)
	f.shards[1].SetAway(1, true)
	audit := f.Trail.Audit(trail.Stored(oplog.RecordTenant, func(any) trail.Event {
		return trail.Event{User: trail.CommandUser, Module: "tenant", Operation: "remove"}
	}))
	_, err := f.RemoveTenant("plain", "owner", audit)
	f.Must(nil, err)
	if err := f.FinishRemovals(t.Context()); err == nil {
		t.Error("it is finished while servers are away")
	}
	f.shards[0].SetAway(1, false)
	f.shards[1].SetAway(1, false)
	f.Archive.Retry()
	f.Must(nil, f.FinishRemovals(t.Context()))
	if rows := held(); rows != 0 {
		t.Errorf("servers still have %d days", rows)
	}
	removed, err := f.Directory.Removed()
	if err != nil || len(removed) != 1 || removed[0].Removal.FinishedAt.IsZero() {
		t.Errorf("%+v %v", removed, err)
	}
	if v, err := f.Store.Verify(t.Context(), "plain", nil, func(_, _ uint64) {}); err != nil || v.Bad != 0 || v.Deleted != v.Size {
		t.Errorf("%+v %v", v, err)
	}
}
