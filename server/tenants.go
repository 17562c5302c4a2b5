package server

import (
	"context"
	"time"

	"oplog/oplog"
)

type (
	newTenantBody struct {
		ID             string `json:"id" minLength:"1" maxLength:"64" doc:"As in addresses: letters, digits, . _ -"`
		Name           string `json:"name" minLength:"1" maxLength:"128" doc:"Name to show."`
		TimeZone       string `json:"time_zone,omitempty" doc:"IANA name, by which days go; left out: Asia/Shanghai."`
		DataPermission bool   `json:"data_permission,omitempty" doc:"Whether organizations divide what is seen."`
		RetentionDays  int    `json:"retention_days,omitempty" minimum:"0" doc:"Left out, or 0: for ever."`
		BelowMinimum   bool   `json:"below_legal_minimum,omitempty" doc:"Means a retention below 180 days."`

		FrameAncestors []string `json:"frame_ancestors,omitempty" maxItems:"20" doc:"Sites whose pages may hold the console, such as https://app.example.com."`
	}
	tenantChangeBody struct {
		Name           *string `json:"name,omitempty" minLength:"1" maxLength:"128" doc:"Name to show."`
		TimeZone       *string `json:"time_zone,omitempty" doc:"IANA name; days and exports go by it."`
		DataPermission *bool   `json:"data_permission,omitempty" doc:"Whether organizations divide what is seen."`
		RetentionDays  *int    `json:"retention_days,omitempty" minimum:"0" doc:"0: for ever. Whole days of the tenant's time zone; what is older is deleted, by whole UTC days, when the tenant's next day begins."`
		BelowMinimum   *bool   `json:"below_legal_minimum,omitempty" doc:"Means a retention below 180 days; to be said with each."`

		FrameAncestors *[]string `json:"frame_ancestors,omitempty" maxItems:"20" doc:"Sites whose pages may hold the console, such as https://app.example.com."`
	}
	addTenantInput    struct{ Body newTenantBody }
	changeTenantInput struct{ Body tenantChangeBody }
	tenantOutput      struct{ Body oplog.Tenant }
	tenantsOutput     struct {
		Body struct {
			Tenants []oplog.Tenant `json:"tenants" doc:"By id."`
		} `nameHint:"Tenants"`
	}
)

func (s *Server) listTenants(context.Context, *call, *struct{}) (*tenantsOutput, error) {
	tenants, err := s.directory.Tenants()
	out := &tenantsOutput{}
	out.Body.Tenants = orEmpty(tenants)
	return out, err
}

func (s *Server) addTenant(_ context.Context, in *call, input *addTenantInput) (*tenantOutput, error) {
	t, err := s.directory.AddTenant(input.Body.domain(in.user().ID, s.now()))
	in.about = about{tenant: &t.ID, object: oplog.Ref{ID: t.ID, Name: t.Name}, details: map[string]any{"tenant": t}}
	return &tenantOutput{t}, err
}

// domain returns the tenant, as somebody makes it.
func (b newTenantBody) domain(by string, now time.Time) oplog.Tenant {
	t := oplog.Tenant{
		ID: b.ID, Name: b.Name, TimeZone: b.TimeZone, DataPermission: b.DataPermission, FrameAncestors: b.FrameAncestors,
	}
	t.Retain(&b.RetentionDays, &b.BelowMinimum, by, now)
	return t
}

func (s *Server) changeTenant(_ context.Context, in *call, input *changeTenantInput) (*tenantOutput, error) {
	b := input.Body
	t, err := s.directory.ChangeTenant(in.tenant.ID, func(t *oplog.Tenant) {
		replace(&t.Name, b.Name)
		replace(&t.TimeZone, b.TimeZone)
		replace(&t.DataPermission, b.DataPermission)
		t.Retain(b.RetentionDays, b.BelowMinimum, in.user().ID, s.now())
		replace(&t.FrameAncestors, b.FrameAncestors)
	})
	in.about = about{object: oplog.Ref{ID: t.ID, Name: t.Name}, details: map[string]any{"tenant": t}}
	return &tenantOutput{t}, err
}
