package server

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

var retentionParams = listParams(maxItems,
	wire.TextParam("days", "Also return what a retention of this many days would delete.", &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}),
)

type retentionBody struct {
	oplog.Retention
	Would *expiredBody `json:"would,omitempty" doc:"What the retention given as a parameter would delete."`

	Waiting []oplog.Waiting `json:"waiting,omitempty" doc:"Deletions that wait until an owner agrees, of the log and of the access log, and for owners also of the installation's access log; omitted if there are none."`
}

type expiredBody struct {
	Before  time.Time `json:"before" doc:"Entries before this time would be deleted: the start of the UTC day in which the first kept day begins."`
	Dates   int       `json:"dates" doc:"UTC days with entries."`
	Entries int       `json:"entries" doc:"Entries of these days."`
}

type (
	retentionOutput struct {
		Body retentionBody `nameHint:"Retention"`
	}
	holdOutput   struct{ Body oplog.Hold }
	addHoldInput struct {
		Body struct {
			From   string `json:"from,omitempty" format:"date" doc:"The first day, in the tenant's time zone; omitted: unbounded."`
			To     string `json:"to,omitempty" format:"date" doc:"The last day, in the tenant's time zone; omitted: unbounded. The hold covers every UTC day that overlaps these days: covers_from and covers_until of the response."`
			Reason string `json:"reason" minLength:"1" maxLength:"1024" doc:"Reason of the hold."`
		} `nameHint:"NewHold"`
	}
	agreeInput struct {
		Body struct {
			Reason oplog.WaitReason `json:"reason" enum:"clock,amount" doc:"The reason for which the deletion waits: clock confirms the server's clock, for all tenants; amount allows to delete much more than last time."`
		} `nameHint:"DeletionAgreement"`
	}
	agreeOutput struct {
		Body struct {
			Agreed []oplog.Waiting `json:"agreed" doc:"The deletions that waited, which begin now."`
		} `nameHint:"DeletionsAgreed"`
	}
	holdInput struct {
		ID string `path:"id" doc:"The hold's id."`
	}
)

func (s *Server) getRetention(ctx context.Context, in *call, _ *struct{}) (*retentionOutput, error) {
	r := wire.ReadQuery(in.query)
	days := r.Int("days", 1)
	if days < 1 || days > oplog.MaxRetentionDays {
		r.Fail("days", in.query.Get("days"), "out_of_range", "is not {min} to {max}", 1, oplog.MaxRetentionDays)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	kept, err := s.directory.Retention(in.tenant.ID)
	if err != nil {
		return nil, err
	}
	kept.AccessDeletions = orEmpty(kept.AccessDeletions)
	list, key := joined(kept.Holds, func(h *oplog.Hold) string { return h.ID }, kept.Deletions, func(d *oplog.Deletion) string { return d.ID })
	if list, err = pageOf(in, maxItems, list, key); err != nil {
		return nil, err
	}
	kept.Holds, kept.Deletions = parted(list)
	out := &retentionOutput{retentionBody{Retention: kept, Waiting: s.journal.WaitingFor(in.tenant.ID, in.account.Role == identity.RoleOwner)}}
	if in.query.Has("days") {
		out.Body.Would = &expiredBody{}
		out.Body.Would.Before, out.Body.Would.Dates, out.Body.Would.Entries, err = s.journal.Expired(ctx, in.tenant.ID, days)
	}
	return out, err
}

func (s *Server) addHold(_ context.Context, in *call, input *addHoldInput) (*holdOutput, error) {
	b := input.Body
	h, err := auditedDirectory(s, in, oplog.RecordHold, aboutHold).AddHold(in.tenant.ID, oplog.Hold{From: b.From, To: b.To, Reason: b.Reason, SetBy: in.user().ID}, s.stillMay(in))
	return &holdOutput{h}, err
}

func (s *Server) liftHold(_ context.Context, in *call, input *holdInput) (*holdOutput, error) {
	h, err := auditedDirectory(s, in, oplog.RecordHold, aboutHold).LiftHold(in.tenant.ID, input.ID, in.user().ID, s.stillMay(in))
	return &holdOutput{h}, err
}

func aboutHold(r oplog.HoldRecord) trailDetails {
	h := r.Decode()
	return trailDetails{object: oplog.Ref{ID: h.ID, Name: h.Reason}, details: map[string]any{"hold": h}}
}

// agreeToDeletion lets deletions begin that wait for an owner.
func (s *Server) agreeToDeletion(_ context.Context, in *call, input *agreeInput) (*agreeOutput, error) {
	tell := func(of string, agreed []oplog.Waiting) oplog.Audit {
		about := trailDetails{object: oplog.Ref{ID: string(input.Body.Reason)}, details: map[string]any{"agreed": agreed}, tenant: &of}
		in.audit = nil // each trail is told of its own
		return s.audit(in, stored(s, in, oplog.RecordServer, func(any) trailDetails { return about }))
	}
	agreed, err := s.journal.AgreeToDeletion(in.tenant.ID, input.Body.Reason, in.user().ID, tell, s.stillMay(in))
	out := &agreeOutput{}
	out.Body.Agreed = agreed
	return out, err
}
