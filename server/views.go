package server

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/views"
)

// viewBody is a saved view as a reader sees it.
type viewBody struct {
	ID        string           `json:"id" doc:"The view's id."`
	Name      string           `json:"name" doc:"Display name."`
	Query     string           `json:"query" doc:"The filters, as in the log's URL."`
	Table     *tableLayoutBody `json:"table,omitempty" doc:"Layout of the table, if the view specifies one."`
	Shared    bool             `json:"shared" doc:"Whether it is listed for everyone who may see the log."`
	Own       bool             `json:"own" doc:"Whether the caller owns it."`
	MayChange bool             `json:"may_change" doc:"Whether the caller may change and delete it."`
	Start     bool             `json:"start" doc:"Whether the caller starts with it."`
	MadeBy    string           `json:"made_by" doc:"The owner."`
	ChangedAt time.Time        `json:"changed_at" doc:"Time of the last change."`
}

// tableLayoutBody is the layout of a view's table.
type tableLayoutBody struct {
	Density string   `json:"density,omitempty" enum:"compact,standard,roomy" doc:"Height of the rows."`
	Hidden  []string `json:"hidden,omitempty" maxItems:"6" enum:"user,role,organization,module,type,time" doc:"The hidden columns."`
}

type newViewBody struct {
	Name   string           `json:"name" minLength:"1" maxLength:"128" doc:"Display name."`
	Query  string           `json:"query" maxLength:"4096" doc:"The filters, as in the log's URL."`
	Table  *tableLayoutBody `json:"table,omitempty" doc:"Layout of the table; omitted: each reader's own."`
	Shared bool             `json:"shared,omitempty" doc:"List it for everyone who may see the log; only admins of the whole tenant can share."`
	Start  bool             `json:"start,omitempty" doc:"Make it the caller's start view."`
}

type viewChangeBody struct {
	Name   *string          `json:"name,omitempty" minLength:"1" maxLength:"128" doc:"Display name."`
	Query  *string          `json:"query,omitempty" maxLength:"4096" doc:"The filters, as in the log's URL."`
	Table  *tableLayoutBody `json:"table,omitempty" doc:"Empty: each reader's own layout."`
	Shared *bool            `json:"shared,omitempty" doc:"List it for everyone who may see the log."`
	Start  *bool            `json:"start,omitempty" doc:"The caller's own choice, also for a view shared by someone else."`
}

type (
	viewsOutput struct {
		Body struct {
			Views []viewBody `json:"views" doc:"By name."`
		} `nameHint:"Views"`
	}
	viewOutput   struct{ Body viewBody }
	addViewInput struct{ Body newViewBody }
	viewInput    struct {
		ID string `path:"id" doc:"The view's id."`
	}
	changeViewInput struct {
		ID   string `path:"id" doc:"The view's id."`
		Body viewChangeBody
	}
)

func (s *Server) listViews(_ context.Context, in *call, _ *struct{}) (*viewsOutput, error) {
	list, err := s.views.List(in.tenant.ID, in.account)
	if err == nil {
		list, err = pageOf(in, maxItems, list, func(v *views.View) string { return v.ID })
	}
	if err != nil {
		return nil, err
	}
	start, err := s.startID(in.tenant.ID, in.account)
	if err != nil {
		return nil, err
	}
	out := &viewsOutput{}
	out.Body.Views = make([]viewBody, len(list))
	for i, v := range list {
		out.Body.Views[i] = in.viewBodyOf(v, start)
	}
	return out, nil
}

func (s *Server) addView(_ context.Context, in *call, input *addViewInput) (*viewOutput, error) {
	b := input.Body
	if err := checkViewQuery(b.Query); err != nil {
		return nil, err
	}
	if err := in.mayShare(b.Shared); err != nil {
		return nil, err
	}
	changes := s.auditedViews(in, views.View{})
	v, err := changes.Add(views.View{Tenant: in.tenant.ID, Name: b.Name, Query: b.Query, Table: b.Table.domain(), Shared: b.Shared}, in.account, s.stillMay(in))
	if err != nil {
		return nil, err
	}
	if b.Start {
		if err := changes.SetStart(in.tenant.ID, v.ID, in.account, s.stillMay(in)); err != nil {
			return nil, err
		}
	}
	return s.savedView(in, v)
}

func (s *Server) changeView(_ context.Context, in *call, input *changeViewInput) (*viewOutput, error) {
	v, err := s.views.View(in.tenant.ID, input.ID, in.account)
	if err != nil {
		return nil, err
	}
	b, changes := input.Body, s.auditedViews(in, v)
	if b.Query != nil {
		if err := checkViewQuery(*b.Query); err != nil {
			return nil, err
		}
	}
	if b.Name != nil || b.Query != nil || b.Table != nil || b.Shared != nil {
		v, err = changes.Change(in.tenant.ID, input.ID, in.account, func(v *views.View) error {
			if err := in.mayChangeView(*v); err != nil {
				return err
			}
			replace(&v.Name, b.Name)
			replace(&v.Query, b.Query)
			replace(&v.Shared, b.Shared)
			if b.Table != nil {
				v.Table = b.Table.domain()
			}
			return in.mayShare(b.Shared != nil && v.Shared)
		}, s.stillMay(in))
		if err != nil {
			return nil, err
		}
	}
	if b.Start != nil {
		if err := s.setStart(in, changes, v.ID, *b.Start); err != nil {
			return nil, err
		}
	}
	return s.savedView(in, v)
}

// setStart makes a view the caller's start view, or stops it being that.
func (s *Server) setStart(in *call, changes *views.Views, id string, on bool) error {
	now, err := s.startID(in.tenant.ID, in.account)
	switch {
	case err != nil || on == (now == id):
		return err
	case !on:
		id = ""
	}
	return changes.SetStart(in.tenant.ID, id, in.account, s.stillMay(in))
}

func (s *Server) removeView(_ context.Context, in *call, input *viewInput) (*struct{}, error) {
	audited := s.views.Audited(s.audit(in, s.removed(in, oplog.RecordView)))
	_, err := audited.Remove(in.tenant.ID, input.ID, in.account, func(v views.View) error {
		in.trailDetails = aboutView(v)
		return in.mayChangeView(v)
	}, s.stillMay(in))
	return nil, err
}

// savedView responds with the current state of a view.
func (s *Server) savedView(in *call, v views.View) (*viewOutput, error) {
	in.trailDetails = aboutView(v)
	start, err := s.startID(in.tenant.ID, in.account)
	return &viewOutput{in.viewBodyOf(v, start)}, err
}

func aboutView(v views.View) trailDetails {
	return trailDetails{object: oplog.Ref{ID: v.ID, Name: v.Name}, details: map[string]any{"query": v.Query, "shared": v.Shared}}
}

// startID returns the id of an account's start view, or "".
func (s *Server) startID(tenant string, a identity.Account) (string, error) {
	v, err := s.views.Start(tenant, a)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return "", nil
	}
	return v.ID, err
}

func (in *call) viewBodyOf(v views.View, start string) viewBody {
	return viewBody{
		ID: v.ID, Name: v.Name, Query: v.Query, Table: newTableLayoutBody(v.Table), Shared: v.Shared, Own: v.Owns(in.account),
		MayChange: in.mayChangeView(v) == nil, Start: v.ID == start, MadeBy: v.MadeBy, ChangedAt: v.ChangedAt,
	}
}

func newTableLayoutBody(t *views.TableLayout) *tableLayoutBody {
	if t == nil {
		return nil
	}
	return &tableLayoutBody{t.Density, t.Hidden}
}

func (b *tableLayoutBody) domain() *views.TableLayout {
	if b == nil || b.Density == "" && len(b.Hidden) == 0 {
		return nil
	}
	return &views.TableLayout{Density: b.Density, Hidden: b.Hidden}
}

// checkViewQuery rejects a query that the log's URL does not support.
func checkViewQuery(text string) error {
	query, err := url.ParseQuery(text)
	if err != nil {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The view is invalid.", Fields: []oplog.FieldError{
			{Field: "query", Value: wire.Shorten(text), Violation: oplog.Violates("not_a_query", "is not a valid URL query: {reason}", err.Error())},
		}}
	}
	for name := range query {
		if !slices.ContainsFunc(filterParams, func(p *huma.Param) bool { return p.Name == name }) {
			return &oplog.Error{Code: oplog.CodeInvalid, Message: "The view is invalid.", Fields: []oplog.FieldError{
				{Field: "query", Value: wire.Shorten(text), Violation: oplog.Violates("unknown_filter", "has an unknown filter: {name}", wire.Shorten(name))},
			}}
		}
	}
	return nil
}
