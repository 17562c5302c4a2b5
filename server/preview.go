package server

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/oplog"
	"oplog/server/wire"
)

var previewParams = []*huma.Param{
	wire.TextParam("username", "The person's username, or SOURCE/USERNAME.", &huma.Schema{Type: huma.TypeString}),
	wire.TextParam("source", "Only this source.", &huma.Schema{Type: huma.TypeString}),
}

// previewBody is what a source says of somebody, and what the rules would give.
type previewBody struct {
	Source  string         `json:"source" doc:"The source's name."`
	Title   string         `json:"title" doc:"The source's title."`
	Kind    string         `json:"kind" enum:"ldap,oidc" doc:"ldap: a directory, oidc: an identity provider."`
	Person  *previewPerson `json:"person,omitempty" doc:"Omitted if the source does not know the person, or does not answer."`
	Error   string         `json:"error,omitempty" doc:"Why there is no person."`
	Unknown bool           `json:"unknown,omitempty" doc:"Whether the source does not know the person; an identity provider, whether the person has not signed in by it yet."`
	Stored  bool           `json:"stored,omitempty" doc:"Whether the source cannot be asked without the person: it is known only what it said last."`
	SeenAt  time.Time      `json:"seen_at,omitzero" doc:"When the source said so, if it cannot be asked without the person; omitted for now."`
	Rules   []previewRule  `json:"rules" doc:"The rules that fit, in their order; the first decides."`
	Refused string         `json:"refused,omitempty" doc:"Why the person cannot sign in, as in the access log; omitted if it can."`
}

type previewPerson struct {
	Username     string   `json:"username" doc:"In the source."`
	Account      string   `json:"account" doc:"The username of its account here: SOURCE/USERNAME."`
	Name         string   `json:"name,omitempty" doc:"Display name."`
	Groups       []string `json:"groups" doc:"Groups, those of groups included."`
	Organization string   `json:"organization,omitempty" doc:"The organization that the source says."`
	Disabled     bool     `json:"disabled" doc:"Whether the source has disabled the person."`
}

type previewRule struct {
	Number       int           `json:"number" doc:"Its place in the configuration file, from 1."`
	Source       string        `json:"source,omitempty" doc:"Omitted: of all sources."`
	Group        string        `json:"group" doc:"The group, or *."`
	Role         identity.Role `json:"role" enum:"owner,admin,auditor,member" doc:"The role that it gives."`
	Tenant       string        `json:"tenant,omitempty" doc:"The tenant; omitted for an owner."`
	Organization string        `json:"organization,omitempty" doc:"The organization that it gives this person; omitted for all."`
	Differs      bool          `json:"differs" doc:"Whether it gives something else than the one that decides."`
}

type previewOutput struct {
	Body struct {
		Sources []previewBody `json:"sources" doc:"In their order."`
		Local   bool          `json:"local,omitempty" doc:"Whether an account of this log has the name, too: with its own password it signs in before any source is asked."`
	} `nameHint:"Previews"`
}

// previewIdentity shows what would be decided about somebody.
func (s *Server) previewIdentity(ctx context.Context, in *call, _ *struct{}) (*previewOutput, error) {
	r := wire.ReadQuery(in.query)
	username, source := r.Text("username"), r.Text("source")
	if err := r.Err(); err != nil {
		return nil, err
	}
	if username == "" {
		return nil, oplog.InvalidQuery("username", nil, "required", "is required")
	}
	previews, err := s.sources.Preview(ctx, source, username)
	out := &previewOutput{}
	out.Body.Sources = []previewBody{}
	if _, local := s.identity.Account(username); source == "" && !strings.Contains(username, "/") {
		out.Body.Local = local == nil
	}
	for i := range previews {
		p := &previews[i]
		body := previewBody{Source: p.Source.Name, Title: p.Source.Title, Kind: p.Source.Kind, SeenAt: p.SeenAt, Refused: p.Refused, Rules: []previewRule{}}
		body.Stored = p.Source.Kind == sources.KindOIDC || !p.Source.Directory.Looks()
		if p.Err != nil {
			body.Error, body.Unknown = p.Err.Error(), oplog.CodeOf(p.Err) == oplog.CodeNotFound
		}
		if p.Person != nil {
			body.Person = &previewPerson{
				p.Person.Username, p.Source.Name + "/" + identity.ComposeName(p.Person.Username), p.Person.Name, orEmpty(p.Person.Groups), p.Person.Organization, p.Person.Disabled,
			}
		}
		for _, f := range p.Fitting {
			body.Rules = append(body.Rules, previewRule{f.Number, f.Rule.Source, f.Rule.Group, f.Rule.Role, f.Rule.Tenant, f.Organization, f.Differs})
		}
		out.Body.Sources = append(out.Body.Sources, body)
	}
	return out, err
}
