package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/directory"
	"oplog/exports"
	"oplog/oplog"
)

// removedTenantBody is what is kept of a removed tenant.
type removedTenantBody struct {
	ID         string    `json:"id" doc:"Its id, which no other tenant gets."`
	Name       string    `json:"name" doc:"Display name."`
	By         string    `json:"by" doc:"Who removed it."`
	At         time.Time `json:"at" doc:"When it was removed."`
	FinishedAt time.Time `json:"finished_at,omitzero" doc:"When everything was off the disk; omitted while it is being removed."`
	Entries    uint64    `json:"entries" doc:"How many entries it had ever recorded."`
	Statement  string    `json:"statement,omitempty" doc:"What the log signed: who, when, how many entries, and the last checkpoints; a signed note. Omitted until its logs are closed."`
}

type (
	removeTenantInput struct {
		Body struct {
			Confirm string `json:"confirm" maxLength:"64" doc:"The id of the tenant once more."`
		} `nameHint:"TenantRemoval"`
	}
	removedTenantOutput  struct{ Body removedTenantBody }
	removedTenantsOutput struct {
		Body struct {
			Tenants []removedTenantBody `json:"tenants" doc:"By id."`
		} `nameHint:"RemovedTenants"`
	}
)

func removedTenantBodyOf(t directory.RemovedTenant) removedTenantBody {
	r := t.Removal
	s, _ := oplog.ParseRemoval(r.Statement) // none yet: no entries
	return removedTenantBody{t.ID, t.Name, r.By, r.At, r.FinishedAt, s.Entries, r.Statement}
}

// removeTenant begins to remove a tenant, which goes on in the background.
func (s *Server) removeTenant(_ context.Context, in *call, input *removeTenantInput) (*removedTenantOutput, error) {
	if input.Body.Confirm != in.tenant.ID {
		return nil, oplog.InvalidField("confirm", input.Body.Confirm, "not_the_id", "is not the id of the tenant")
	}
	describe := func(t directory.RemovedTenant) trailDetails {
		return trailDetails{tenant: new(string), object: oplog.Ref{ID: t.ID, Name: t.Name}} // the tenant's own trail goes
	}
	removed, err := s.node.RemoveTenant(in.tenant.ID, in.account.Person(), s.audit(in, stored(s, in, oplog.RecordTenant, describe)), s.stillMay(in))
	if err != nil {
		return nil, err
	}
	return &removedTenantOutput{removedTenantBodyOf(removed)}, nil
}

func (s *Server) listRemovedTenants(_ context.Context, in *call, _ *struct{}) (*removedTenantsOutput, error) {
	removed, err := s.directory.Removed()
	if err == nil {
		removed, err = pageOf(in, maxItems, removed, func(t *directory.RemovedTenant) string { return t.ID })
	}
	out := &removedTenantsOutput{}
	out.Body.Tenants = make([]removedTenantBody, len(removed))
	for i, t := range removed {
		out.Body.Tenants[i] = removedTenantBodyOf(t)
	}
	return out, err
}

// tenantZIP is the ZIP of a whole tenant, for zipStream.
type tenantZIP struct {
	s      *Server
	ctx    context.Context
	tenant string
	by     string
	close  func()
}

// Write writes the ZIP.
func (z *tenantZIP) Write(to io.Writer) error {
	_, err := z.s.node.ExportTenant(z.ctx, z.tenant, z.by, to, nil)
	return err
}

// Close ends it.
func (z *tenantZIP) Close() error {
	z.close()
	return nil
}

// sendTenant streams a ZIP with everything of a tenant, which has the event of this as well.
func (s *Server) sendTenant(c *fiber.Ctx, in *call) error {
	c.Set(fiber.HeaderContentType, zipType)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s-%s.zip"`, in.tenant.ID, s.now().UTC().Format("20060102T150405Z")))
	if c.Method() == http.MethodHead {
		in.trailDetails.quiet = true
		return nil
	}
	holder := in.holder()
	if s.copies.Take(holder, 1) != nil {
		return oplog.Refuse(oplog.CodeTooMany, "too-many-backups", "A backup of this caller, or {max} of others, are being downloaded; retry when one is done.", maxBackups)
	}
	s.recordInTrail(in)
	in.trailDetails.quiet = true
	ctx, cancel := context.WithCancel(s.streamsContext)
	end := sync.OnceFunc(func() { cancel(); s.copies.Give(holder, 1) })
	z := &tenantZIP{s, ctx, in.tenant.ID, exports.Creator{Username: in.account.Person()}.String(), end}
	return c.SendStream(newZipStream(z, c.Context().Conn()))
}

func describeTenantZIP(_ huma.Registry, op *huma.Operation) {
	op.Description = "An attachment for oplog verify-export: the entries and the access log by arrival, each with its leaf in the Merkle tree, signed heads, what is set up, and what retention deleted. The key in it proves nothing by itself: get it from a trusted person."
	op.Responses["200"] = &huma.Response{
		Description: "The ZIP",
		Content:     map[string]*huma.MediaType{zipType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}
