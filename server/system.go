package server

import (
	"context"
	"runtime"
	"time"

	"oplog/oplog"
	"oplog/proof"
)

// build describes the build of the program.
type build struct{ version, commit string }

// indexBody is the state of the search index.
type indexBody struct {
	Ready  bool   `json:"ready" doc:"Whether it has caught up with the store."`
	Detail string `json:"detail,omitempty" doc:"Progress, if it is not ready."`
}

func newIndexBody(catchingUp error) indexBody {
	if catchingUp == nil {
		return indexBody{Ready: true}
	}
	return indexBody{Detail: catchingUp.Error()}
}

type (
	statusOutput struct{ Body statusBody }
	statusBody   struct {
		Version  string    `json:"version" doc:"Program version."`
		Recorded uint64    `json:"recorded" doc:"Entries recorded so far."`
		Skipped  uint64    `json:"skipped" doc:"Operations skipped so far because they were not manual."`
		Entries  int       `json:"entries" doc:"Entries present; 0 while the index catches up."`
		Oldest   time.Time `json:"oldest,omitzero" doc:"Operation time of the oldest entry."`
		Newest   time.Time `json:"newest,omitzero" doc:"Operation time of the newest entry."`
		Index    indexBody `json:"index"`
	}
	systemOutput struct{ Body systemBody }
	systemBody   struct {
		Version      string    `json:"version" doc:"Program version."`
		Commit       string    `json:"commit,omitempty" doc:"Source commit of the build."`
		Go           string    `json:"go" doc:"Version of Go, system and processor."`
		StartedAt    time.Time `json:"started_at" doc:"Start time of the program."`
		Tenants      int       `json:"tenants" doc:"Number of tenants."`
		Recorded     uint64    `json:"recorded" doc:"Entries recorded so far, of all tenants."`
		Skipped      uint64    `json:"skipped" doc:"Operations skipped so far because they were not manual."`
		StoreBytes   int64     `json:"store_bytes" doc:"Size of the store on disk."`
		IndexBytes   int64     `json:"index_bytes" doc:"Size of the index on disk."`
		FreeBytes    *uint64   `json:"free_bytes,omitempty" doc:"Free disk space in the data directory; omitted if it is not known."`
		ReserveBytes uint64    `json:"reserve_bytes,omitempty" doc:"Free disk space that only recording uses: below it, reading, exports and backups are rejected with 507."`
		Index        indexBody `json:"index"`
		ReadOnly     string    `json:"read_only,omitempty" doc:"Why nothing can be recorded currently, and what to do; omitted if all is well."`
		Damage       string    `json:"damage,omitempty" doc:"Damage of the store found when the program started, which cost no entries as far as known, and damaged records of tenants, accounts and keys; omitted if there is none."`
		LastBackupAt time.Time `json:"last_backup_at,omitzero" doc:"Time of the last completed backup; omitted if there was none."`

		RetentionWaiting []oplog.Waiting `json:"retention_waiting,omitempty" doc:"Deletions under retention rules that wait until an owner agrees; omitted if there are none."`

		Witnesses []systemWitnessBody `json:"witnesses,omitempty" doc:"Witnesses that cosign the checkpoints, if configured."`

		Anchor *anchorBody `json:"anchor,omitempty" doc:"The folder for checkpoints, if configured."`

		Scrub scrubBody `json:"scrub"`
	}
	scrubBody struct {
		EverySeconds int64     `json:"every_seconds" doc:"How often all pages and entries of the store are checked in the background; 0 for never."`
		LastWholeAt  time.Time `json:"last_whole_at,omitzero" doc:"When they were last all checked; omitted if they never were."`
		BeganAt      time.Time `json:"began_at,omitzero" doc:"When the check in progress began; omitted if there is none."`
		Pages        uint64    `json:"pages" doc:"Pages checked so far by the check in progress, or by the last one."`
		Entries      uint64    `json:"entries" doc:"Entries checked, likewise, with those of access logs."`
		Damage       string    `json:"damage,omitempty" doc:"The first damage that the check in progress or the last one found; omitted if there was none."`
	}
	systemWitnessBody struct { // an embedded witnessBody would be missing in the OpenAPI document
		Name         string    `json:"name" doc:"Its name."`
		Key          string    `json:"key" doc:"Its verifier key (C2SP tlog-cosignature)."`
		State        string    `json:"state" enum:"ok,silent,refused" doc:"ok; silent: it does not answer; refused: it answers, and does not cosign."`
		CosignedAt   time.Time `json:"cosigned_at,omitzero" doc:"Time of its last cosignature since the program started."`
		FailingSince time.Time `json:"failing_since,omitzero" doc:"Since when it has not cosigned what it was asked to."`
		URL          string    `json:"url" doc:"Its URL."`
		Failure      string    `json:"failure,omitempty" doc:"Why it does not cosign currently."`
	}
	anchorBody struct {
		Dir     string    `json:"dir" doc:"The folder."`
		KeptAt  time.Time `json:"kept_at,omitzero" doc:"Time of the last checkpoint written since the program started."`
		Failure string    `json:"failure,omitempty" doc:"Why writing currently fails."`
	}
)

func newSystemWitnessBody(w proof.WitnessState) systemWitnessBody {
	b := newWitnessBody(w)
	return systemWitnessBody{b.Name, b.Key, b.State, b.CosignedAt, b.FailingSince, w.URL, w.Failure}
}

func (s *Server) getStatus(ctx context.Context, in *call, _ *struct{}) (*statusOutput, error) {
	t, err := s.journal.Status(ctx, in.tenant.ID)
	if err != nil {
		return nil, err
	}
	return &statusOutput{statusBody{s.built.version, t.Recorded, t.Skipped, t.Entries, t.Oldest, t.Newest, newIndexBody(t.CatchingUp)}}, nil
}

func (s *Server) getSystem(context.Context, *call, *struct{}) (*systemOutput, error) {
	all, err := s.node.Status()
	if err != nil {
		return nil, err
	}
	out := &systemOutput{systemBody{
		Version: s.built.version, Commit: s.built.commit, Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, StartedAt: s.started,
		Tenants: all.Tenants, Recorded: all.Recorded, Skipped: all.Skipped, StoreBytes: all.StoreBytes, IndexBytes: all.IndexBytes,
		Index: newIndexBody(all.CatchingUp), LastBackupAt: all.LastBackupAt, RetentionWaiting: s.journal.Waiting(""),
		Scrub: scrubBody{int64(all.Scrub.Every.Seconds()), all.Scrub.WholeAt, all.Scrub.BeganAt, all.Scrub.Pages, all.Scrub.Entries, all.Scrub.Damage},
	}}
	if free, reserve, err := s.node.FreeSpace(); err == nil {
		out.Body.FreeBytes, out.Body.ReserveBytes = &free, reserve
	}
	if all.Failure != nil {
		out.Body.ReadOnly = all.Failure.Error()
	}
	if all.Damage != nil {
		out.Body.Damage = all.Damage.Error()
	}
	for _, w := range s.witnessStates() {
		out.Body.Witnesses = append(out.Body.Witnesses, newSystemWitnessBody(w))
	}
	if s.anchors != nil {
		a := s.anchors.State()
		out.Body.Anchor = &anchorBody{a.Dir, a.KeptAt.UTC(), a.Failure}
	}
	return out, nil
}
