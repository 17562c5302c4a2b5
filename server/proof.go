package server

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
	"oplog/proof"
	"oplog/server/wire"
)

// sendCheckpoint sends the signed tree head unchanged, as text for verifiers.
func (s *Server) sendCheckpoint(c *fiber.Ctx, in *call) error {
	checkpoint, err := s.journal.Checkpoint(in.tenant.ID)
	if err == nil && s.witnesses != nil {
		checkpoint, err = s.witnesses.Checkpoint(c.Context(), in.tenant.ID)
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.SendString(checkpoint)
}

func describeCheckpoint(_ huma.Registry, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{
		Description: "A signed note in the format of C2SP tlog-checkpoint.",
		Content:     map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
}

// consistencyParams are two sizes of a log.
var consistencyParams = []*huma.Param{
	{
		Name: "from", In: "query", Required: true, Description: "The second line of the older checkpoint: its number of entries.",
		Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)},
	},
	wire.TextParam("to", "The number of entries of the newer checkpoint; defaults to the current log.", &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}),
}

type consistencyOutput struct{ Body oplog.Consistency }

func (s *Server) getConsistency(_ context.Context, in *call, _ *struct{}) (*consistencyOutput, error) {
	return in.consistency(s.journal.Consistency, in.tenant.ID)
}

// getAccessConsistency proves the growth of the tenant's trail, or of the installation's.
func (s *Server) getAccessConsistency(_ context.Context, in *call, _ *struct{}) (*consistencyOutput, error) {
	return in.consistency(s.trail.Consistency, in.tenant.ID)
}

// consistency answers with the proof between the two sizes of the query.
func (in *call) consistency(prove func(tenant string, from, to uint64) (oplog.Consistency, error), tenant string) (*consistencyOutput, error) {
	r := wire.ReadQuery(in.query)
	from, to := r.Size("from"), r.Size("to")
	if from == 0 && r.Err() == nil {
		r.Fail("from", nil, "required", "is required: the size of the older checkpoint, its second line")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	in.trailDetails.quiet = in.act() != "" // the console asks by itself when an entry is opened, which is recorded
	c, err := prove(tenant, from, to)
	c.Path = orEmpty(c.Path)
	return &consistencyOutput{c}, err
}

// prove returns the proof of an entry: in the newest tree that witnesses cosigned, if that has the entry, else in the current one.
func (s *Server) prove(e oplog.Entry) (oplog.Proof, error) {
	checkpoint, size := "", uint64(0)
	if s.witnesses != nil {
		if text, cosigned, ok := s.witnesses.Cosigned(e.Tenant); ok && cosigned >= e.Seq {
			checkpoint, size = text, cosigned
		}
	}
	p, err := s.journal.Proof(e, size)
	if oplog.CodeOf(err) == oplog.CodeUnavailable && p.Leaf != nil {
		err = nil // the key cannot sign for now: the entry can be read nevertheless
	}
	if checkpoint != "" {
		p.Checkpoint = checkpoint
	}
	p.Path = orEmpty(p.Path)
	return p, err
}

type keyOutput struct {
	Body struct {
		Key       string           `json:"key" doc:"In the format of golang.org/x/mod/sumdb/note."`
		Keys      []earlierKeyBody `json:"keys,omitempty" doc:"The keys that it replaced, oldest first; omitted if it is the first."`
		Witnesses []witnessBody    `json:"witnesses,omitempty" doc:"Witnesses that cosign the checkpoints."`
	} `nameHint:"VerifierKey"`
}

// earlierKeyBody is a verifier key that was replaced.
type earlierKeyBody struct {
	Key       string `json:"key" doc:"In the format of golang.org/x/mod/sumdb/note."`
	Statement string `json:"statement" doc:"A signed note that names this key and the next one. Of a rotation it is signed by both; if this key was lost, by the next one alone."`
}

// witnessBody is a witness, with what everybody may know of its state.
type witnessBody struct {
	Name         string    `json:"name" doc:"Its name."`
	Key          string    `json:"key" doc:"Its verifier key (C2SP tlog-cosignature)."`
	State        string    `json:"state" enum:"ok,silent,refused" doc:"ok; silent: it does not answer; refused: it answers, and does not cosign."`
	CosignedAt   time.Time `json:"cosigned_at,omitzero" doc:"Time of its last cosignature since the program started."`
	FailingSince time.Time `json:"failing_since,omitzero" doc:"Since when it has not cosigned what it was asked to."`
}

func newWitnessBody(w proof.WitnessState) witnessBody {
	b := witnessBody{Name: w.Name, Key: w.Key, State: "ok", CosignedAt: w.CosignedAt.UTC(), FailingSince: w.FailingSince.UTC()}
	switch {
	case w.Refused:
		b.State = "refused"
	case w.Failure != "":
		b.State = "silent"
	}
	return b
}

// witnessStates returns the states of all witnesses.
func (s *Server) witnessStates() []proof.WitnessState {
	if s.witnesses == nil {
		return nil
	}
	return s.witnesses.State()
}

type keyHistoryOutput struct{ Body oplog.KeyHistory }

// getKeyChanges returns what leads verifiers of the tenant's log from a key that they know to the current one.
func (s *Server) getKeyChanges(_ context.Context, in *call, _ *struct{}) (*keyHistoryOutput, error) {
	history, err := s.journal.KeyHistory(in.tenant.ID)
	history.Changes = orEmpty(history.Changes)
	return &keyHistoryOutput{history}, err
}

func (s *Server) getVerifierKey(context.Context, *call, *struct{}) (*keyOutput, error) {
	out := &keyOutput{}
	history, err := s.journal.KeyHistory("")
	if err != nil {
		return nil, err
	}
	out.Body.Key = history.Key
	for _, c := range history.Changes {
		out.Body.Keys = append(out.Body.Keys, earlierKeyBody{c.Replaced(), c.Statement})
	}
	for _, w := range s.witnessStates() {
		out.Body.Witnesses = append(out.Body.Witnesses, newWitnessBody(w))
	}
	return out, nil
}
