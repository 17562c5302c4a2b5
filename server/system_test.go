package server

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/proof"
	"oplog/scrub"
)

// systemStatus holds the fields of the server's status that the tests read.
type systemStatus struct {
	Version, Go                string
	Tenants, Recorded, Skipped int
	StoreBytes                 int64  `json:"store_bytes"`
	LastBackupAt               string `json:"last_backup_at"`
	Anchor                     *struct {
		Dir, Failure string
		KeptAt       string `json:"kept_at"`
	}
	Index struct{ Ready bool }
	Scrub struct {
		LastWholeAt    string `json:"last_whole_at"`
		Pages, Entries int
		Damage         string
	}
}

// TestSystem: an owner sees the whole log, an admin the part of the own tenant, and completed backups are recorded.
func TestSystem(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-20T07:00:00Z"`))
	f.record(entry(`"id":"e2","time":"2026-11-22T07:00:00Z"`))
	f.record(entry(`"origin":"api"`))

	type status struct {
		Version                    string
		Recorded, Skipped, Entries int
		Oldest, Newest             string
		Index                      struct{ Ready bool }
	}
	want := status{"test", 2, 1, 2, "2026-11-20T07:00:00Z", "2026-11-22T07:00:00Z", struct{ Ready bool }{true}}
	if got := decode[status](t, f.get("admin", tenantA+"/status", 200)); got != want {
		t.Errorf("the tenant holds %+v, want %+v", got, want)
	}
	if got := decode[status](t, f.get("stranger", "/api/v1/tenants/other/status", 200)); got.Recorded != 0 || got.Entries != 0 || got.Oldest != "" {
		t.Errorf("an empty tenant holds %+v", got)
	}

	got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200))
	if got.Version != "test" || got.Go == "" || got.Tenants != 2 || got.Recorded != 2 || got.Skipped != 1 || got.StoreBytes < 4096 || !got.Index.Ready || got.LastBackupAt != "" {
		t.Errorf("the server says %+v", got)
	}

	if got.Anchor != nil {
		t.Errorf("there is an anchor: %+v", got.Anchor)
	}

	// An interrupted download does not count as a backup.
	cut := must(f.log.Backup(t.Context()))(t)
	must(cut.ReadAt(make([]byte, 10), 0))(t)
	f.noError(cut.Close())
	if got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)); got.LastBackupAt != "" {
		t.Errorf("a backup that was cut off is noted: %+v", got)
	}
	f.get("owner", "/api/v1/backup", 200)
	if got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)); !strings.HasPrefix(got.LastBackupAt, "2026-11-22T08:00:00") {
		t.Errorf("the backup is not noted: %+v", got)
	}
}

func TestSystemShowsAnchors(t *testing.T) {
	f := newServer(t)
	dir := t.TempDir()
	f.server.anchors = proof.NewAnchors(proof.NewTrees(f.log.Directory, f.log.Prover), oplog.Place{}, f.server.now, dir)
	f.noError(f.server.anchors.Write())
	if got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)).Anchor; got == nil || got.Dir != dir || got.Failure != "" || !strings.HasPrefix(got.KeptAt, "2026-11-22T08:00:00") {
		t.Errorf("the anchor is %+v", got)
	}
	f.server.anchors = proof.NewAnchors(proof.NewTrees(f.log.Directory, f.log.Prover), oplog.Place{}, f.server.now, dir+"/gone")
	if err := f.server.anchors.Write(); err == nil {
		t.Error("a folder that is not there takes checkpoints")
	}
	if got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)).Anchor; got == nil || got.KeptAt != "" || !strings.Contains(got.Failure, "no such file") {
		t.Errorf("the anchor is %+v", got)
	}
}

// TestSystemDescribesWitnesses: the document has what an embedded struct would hide from it, as the answer has.
func TestSystemDescribesWitnesses(t *testing.T) {
	f := newServer(t)
	described := decode[document](t, f.get("owner", "/api/v1/openapi.json", 200)).Components.Schemas["SystemWitness"].Properties
	for _, name := range []string{"name", "key", "state", "cosigned_at", "failing_since", "url", "failure"} {
		if _, has := described[name]; !has {
			t.Errorf("%s of a witness is not in the document", name)
		}
	}
	sent, err := json.Marshal(newSystemWitnessBody(proof.WitnessState{Name: "auditor", Failure: "it answered 422", Refused: true}))
	if got := string(sent); err != nil || !strings.Contains(got, `"name":"auditor"`) || !strings.Contains(got, `"state":"refused"`) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestSystemShowsChecks: the last check of the whole store is in the system status and in the metrics.
func TestSystemShowsChecks(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-20T07:00:00Z"`))
	if got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)).Scrub; got.LastWholeAt != "" || got.Damage != "" {
		t.Errorf("before any check: %+v", got)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	var running sync.WaitGroup
	running.Go(func() { f.log.Scrub.Run(ctx, time.Hour, scrub.Pace{}) })
	for f.log.Scrub.State().WholeAt.IsZero() && ctx.Err() == nil {
		runtime.Gosched()
	}
	stop()
	running.Wait()
	got := decode[systemStatus](t, f.get("owner", "/api/v1/system", 200)).Scrub
	if !strings.HasPrefix(got.LastWholeAt, "2026-11-22T08:00:00") || got.Pages < 2 || got.Entries < 1 || got.Damage != "" {
		t.Errorf("%+v", got)
	}
	m := f.metrics()
	if m["oplog_scrub_last_whole_timestamp_seconds"] != float64(f.server.now().Unix()) || m["oplog_scrub_damaged"] != 0 || m["oplog_scrub_entries"] != float64(got.Entries) {
		t.Errorf("the metrics say %v", m)
	}
}
