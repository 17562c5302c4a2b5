package server

import (
	"context"
	"time"

	"oplog/identity"
)

// identityBody is how people sign in other than by local accounts.
type identityBody struct {
	Sources    []sourceBody `json:"sources" doc:"In the order in which they are asked."`
	Rules      []ruleBody   `json:"rules" doc:"In their order; the first that fits a person decides."`
	TurnedAway []turnedBody `json:"turned_away" doc:"Those whom a source knew in the last 30 days and no rule fits, newest first; at most 20."`
}

type sourceBody struct {
	Name    string       `json:"name" doc:"As in the configuration."`
	Title   string       `json:"title" doc:"What people read."`
	Kind    string       `json:"kind" enum:"ldap,oidc" doc:"ldap: a directory, oidc: an identity provider."`
	Answers bool         `json:"answers" doc:"Whether it can sign people in now."`
	Since   time.Time    `json:"since" doc:"Since when this node sees it so, at the earliest since it started."`
	Servers []serverBody `json:"servers" doc:"Its servers in the order in which they are asked; of an identity provider, its issuer."`
}

type serverBody struct {
	URL             string    `json:"url" doc:"Its address."`
	Error           string    `json:"error,omitempty" doc:"Why it cannot be asked, and what to do; omitted if it can."`
	CertificateEnds time.Time `json:"certificate_ends,omitzero" doc:"When its certificate ends; omitted without TLS, or if TLS could not begin."`
}

type ruleBody struct {
	Number       int           `json:"number" doc:"Its place in the configuration file, from 1."`
	Source       string        `json:"source,omitempty" doc:"Omitted: of all sources."`
	Group        string        `json:"group" doc:"The group, or *."`
	Role         identity.Role `json:"role" enum:"owner,admin,auditor,member" doc:"The role that it gives."`
	Tenant       string        `json:"tenant,omitempty" doc:"The tenant; omitted for an owner."`
	Organization string        `json:"organization,omitempty" doc:"The organization, or {organization} for the one that the source says; omitted for all."`
	People       int           `json:"people" doc:"How many people have their role by it and may sign in."`
	Error        string        `json:"error,omitempty" doc:"Why it gives nothing, such as a tenant that does not exist; omitted if it works."`
}

type turnedBody struct {
	Account string    `json:"account" doc:"SOURCE/USERNAME."`
	Name    string    `json:"name,omitempty" doc:"Display name."`
	Groups  []string  `json:"groups" doc:"Its groups then; at most 20, and long names are cut."`
	At      time.Time `json:"at" doc:"When it was last turned away."`
}

type identityOutput struct {
	Body identityBody `nameHint:"Identity"`
}

// getIdentity shows the sources with their state, and the rules.
func (s *Server) getIdentity(ctx context.Context, _ *call, _ *struct{}) (*identityOutput, error) {
	out := &identityOutput{identityBody{[]sourceBody{}, []ruleBody{}, []turnedBody{}}}
	for _, state := range s.sources.States(ctx) {
		one := sourceBody{state.Source.Name, state.Source.Title, state.Source.Kind, state.Answers, state.Since, []serverBody{}}
		for _, server := range state.Servers {
			one.Servers = append(one.Servers, serverBody{server.URL, server.Err, server.CertificateEnds})
		}
		out.Body.Sources = append(out.Body.Sources, one)
	}
	people, err := s.sources.People()
	if err != nil {
		return nil, err
	}
	for i, rule := range s.sources.Rules() {
		one := ruleBody{Number: i + 1, Source: rule.Source, Group: rule.Group, Role: rule.Role, Tenant: rule.Tenant, Organization: rule.Organization, People: people[i+1]}
		if err := s.sources.CheckRule(rule); err != nil {
			one.Error = err.Error()
		}
		out.Body.Rules = append(out.Body.Rules, one)
	}
	turned, err := s.sources.TurnedAway(ctx)
	for _, one := range turned {
		body := turnedBody{one.Account, one.Name, orEmpty(one.Groups), one.At}
		if body.Name == body.Account {
			body.Name = ""
		}
		out.Body.TurnedAway = append(out.Body.TurnedAway, body)
	}
	return out, err
}
