package server

import (
	"bytes"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
	"oplog/server/wire"
)

// organizationBody is a node of the tree; parent_id is null for a root.
type organizationBody struct {
	ID       string  `json:"id" doc:"Id in the host system."`
	ParentID *string `json:"parent_id" nullable:"true" doc:"null for a root."`
	Name     string  `json:"name" doc:"Current name."`
	Archived bool    `json:"archived,omitempty" doc:"No longer in the host system's tree, kept for its entries."`
	Entries  *int    `json:"entries,omitempty" doc:"Number of entries, without those of organizations below it. Only with counts=true; rejected by PUT."`
}

// organizationsParams are the parameters of getOrganizations.
var organizationsParams = listParams(maxOrganizationsListed,
	wire.TextParam("counts", "true: include the number of entries of each; for admins of the whole tenant.", &huma.Schema{Type: huma.TypeBoolean}),
)

func organizationKey(o *oplog.Organization) string { return o.ID }

type organizationsOutput struct{ Body []organizationBody }

func newOrganizationBodies(tree oplog.Tree) []organizationBody {
	bodies := make([]organizationBody, len(tree))
	for i, o := range tree {
		bodies[i] = organizationBody{ID: o.ID, Name: o.Name, Archived: o.Archived}
		if o.ParentID != "" {
			bodies[i].ParentID = &o.ParentID
		}
	}
	return bodies
}

func (s *Server) getOrganizations(ctx context.Context, in *call, _ *struct{}) (*organizationsOutput, error) {
	r := wire.ReadQuery(in.query)
	counted := r.Bool("counts")
	if err := r.Err(); err != nil {
		return nil, err
	}
	if counted && in.kind&admins == 0 { // others count with getSummary, which is recorded in the trail
		return nil, oplog.Refuse(oplog.CodeForbidden, "whole-tenant-only", "Only an admin of the whole tenant can count the entries of organizations.")
	}
	tree, err := s.directory.Organizations(in.tenant.ID, in.scope())
	if err == nil {
		tree, err = pageOf(in, maxOrganizationsListed, tree, organizationKey)
	}
	if err != nil {
		return nil, err
	}
	bodies := newOrganizationBodies(tree)
	if !counted {
		return &organizationsOutput{bodies}, nil
	}
	counts, err := s.journal.CountByOrganization(ctx, in.tenant.ID, in.scope())
	for i := range bodies {
		bodies[i].Entries = new(counts[bodies[i].ID])
	}
	return &organizationsOutput{bodies}, err
}

// setOrganizations accepts the response of getOrganizations, or an object with it in organizations.
func (s *Server) setOrganizations(c *fiber.Ctx, in *call) error {
	if _, err := wire.ContentType(c, wire.JSONType); err != nil {
		return err
	}
	text, err := s.readBody(c, in)
	if err != nil {
		return err
	}
	if err := wire.CheckSyntax(text); err != nil {
		return err
	}
	if _, err := s.directory.Organizations(in.tenant.ID, ""); err != nil {
		return err // data permission is off: storing an invisible tree would be a surprise later
	}
	next, list, err := parseOrganizations(text)
	if err != nil {
		return err
	}
	describe := func(tree oplog.Tree) trailDetails {
		return trailDetails{details: map[string]any{"organizations": len(tree)}}
	}
	ctx, stop := s.whileThere(c)
	defer stop()
	if err := s.takeTurn(ctx, c, in.holder()); err != nil {
		return err
	}
	tree, err := auditedDirectory(s, in, oplog.RecordOrganizations, describe).SetOrganizations(ctx, in.tenant.ID, next, s.stillMay(in))
	if err != nil {
		return wire.InList(err, list)
	}
	in.trailDetails = describe(tree)
	return wire.SendJSON(c, http.StatusOK, wire.JSONType, newOrganizationBodies(firstOf(in, maxOrganizationsListed, tree, organizationKey)))
}

// parseOrganizations returns a tree and the name of the body's field that has it, "" if the body is an array.
func parseOrganizations(text []byte) (tree oplog.Tree, list string, err error) {
	var body struct {
		Organizations oplog.Tree `json:"organizations"`
	}
	if bytes.TrimSpace(text)[0] == '[' {
		err = jsonv2.Unmarshal(text, &body.Organizations, wire.Leniently)
	} else {
		list = "organizations"
		err = jsonv2.Unmarshal(text, &body, wire.Leniently)
	}
	var errs oplog.FieldError
	switch {
	case err != nil:
		errs = wire.FieldOf(err)
	case body.Organizations == nil: // an empty tree has to be explicit
		errs = oplog.FieldError{Field: list, Violation: oplog.Violates("required", "is required; [] for an empty tree")}
	default:
		return body.Organizations, list, nil
	}
	return nil, list, &oplog.Error{
		Code: oplog.CodeInvalid, Message: "The organization tree cannot be parsed; it was not changed.", Fields: []oplog.FieldError{errs},
	}
}

func describeOrganizations(r huma.Registry, op *huma.Operation) {
	list := &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[organizationBody](), true, "")}
	op.Description = "Replaces the whole tree. Omitted organizations that still have entries stay, archived. " +
		"An object with the list in organizations is accepted, too. The response has the first 10,000, and in the header " + nextCursor +
		" a cursor for getOrganizations if there are more. A tenant can have at most 100,000 organizations, including archived ones " +
		"and those added by entries."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		wire.JSONType: {Schema: &huma.Schema{Type: list.Type, Items: list.Items, MaxItems: new(oplog.MaxOrganizations)}},
	}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{wire.JSONType: {Schema: list}}}
}
