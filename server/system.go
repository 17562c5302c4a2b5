package server

import (
	"context"
	"runtime"
	"time"
)

// build is what the program was built from.
type build struct{ version, commit string }

// indexBody reports whether the index answers all that the store holds.
type indexBody struct {
	Ready  bool   `json:"ready" doc:"Whether it answers all that is stored."`
	Detail string `json:"detail,omitempty" doc:"How far it is, where it is not ready."`
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
		Version  string    `json:"version" doc:"Of the program."`
		Recorded uint64    `json:"recorded" doc:"Entries ever."`
		Skipped  uint64    `json:"skipped" doc:"Operations that were not manual, ever."`
		Entries  int       `json:"entries" doc:"Entries that are there; 0 while the index catches up."`
		Oldest   time.Time `json:"oldest,omitzero" doc:"Operation time of the oldest entry."`
		Newest   time.Time `json:"newest,omitzero" doc:"Operation time of the newest entry."`
		Index    indexBody `json:"index"`
	}
	systemOutput struct{ Body systemBody }
	systemBody   struct {
		Version      string    `json:"version" doc:"Of the program."`
		Commit       string    `json:"commit,omitempty" doc:"Of the source that the program was built from."`
		Go           string    `json:"go" doc:"Version of Go, system and processor."`
		StartedAt    time.Time `json:"started_at" doc:"When the program was started."`
		Tenants      int       `json:"tenants" doc:"How many there are."`
		Recorded     uint64    `json:"recorded" doc:"Entries ever, of all tenants."`
		Skipped      uint64    `json:"skipped" doc:"Operations that were not manual, ever."`
		StoreBytes   int64     `json:"store_bytes" doc:"What the entries take on disk."`
		IndexBytes   int64     `json:"index_bytes" doc:"What the index takes on disk."`
		Index        indexBody `json:"index"`
		LastBackupAt time.Time `json:"last_backup_at,omitzero" doc:"When a backup was last taken away whole; left out where none was."`

		Anchor *anchorBody `json:"anchor,omitempty" doc:"The folder that takes the checkpoints of each day, where there is one."`
	}
	anchorBody struct {
		Dir     string    `json:"dir" doc:"The folder."`
		KeptAt  time.Time `json:"kept_at,omitzero" doc:"When it last took one, since the program was started."`
		Failure string    `json:"failure,omitempty" doc:"Why it takes none at present."`
	}
)

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
		Index: newIndexBody(all.CatchingUp), LastBackupAt: all.LastBackupAt,
	}}
	if s.anchors != nil {
		a := s.anchors.State()
		out.Body.Anchor = &anchorBody{a.Dir, a.KeptAt.UTC(), a.Failure}
	}
	return out, nil
}
