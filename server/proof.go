package server

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
	"oplog/server/wire"
)

// sendCheckpoint sends the signed tree head unchanged, as text for verifiers.
func (s *Server) sendCheckpoint(c *fiber.Ctx, in *call) error {
	checkpoint, err := s.journal.Checkpoint(in.tenant.ID)
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
		r.Fail("from", nil, "is required: the size of the older checkpoint, its second line")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	c, err := prove(tenant, from, to)
	c.Path = orEmpty(c.Path)
	return &consistencyOutput{c}, err
}

type keyOutput struct {
	Body struct {
		Key string `json:"key" doc:"In the format of golang.org/x/mod/sumdb/note."`
	} `nameHint:"VerifierKey"`
}

func (s *Server) getVerifierKey(context.Context, *call, *struct{}) (*keyOutput, error) {
	out := &keyOutput{}
	out.Body.Key = s.journal.VerifierKey()
	return out, nil
}
