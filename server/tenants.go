package server

import (
	"context"
	"time"

	"oplog/oplog"
)

type (
	newTenantBody struct {
		ID             string `json:"id" minLength:"1" maxLength:"64" doc:"As in URLs: letters, digits, . _ -"`
		Name           string `json:"name" minLength:"1" maxLength:"128" doc:"Display name."`
		TimeZone       string `json:"time_zone,omitempty" doc:"IANA name; defaults to Asia/Shanghai."`
		DataPermission bool   `json:"data_permission,omitempty" doc:"Whether people only see their own organization."`
		RetentionDays  int    `json:"retention_days,omitempty" minimum:"0" doc:"Omitted or 0: forever."`
		BelowMinimum   bool   `json:"below_legal_minimum,omitempty" doc:"Confirms a retention below 180 days."`

		AccessDays int `json:"access_retention_days,omitempty" minimum:"0" doc:"Days to keep the access log, at least 365; omitted or 0: forever."`

		FrameAncestors []string `json:"frame_ancestors,omitempty" maxItems:"20" doc:"Sites that may embed the console, such as https://app.example.com."`

		RequireSecondFactor bool `json:"require_second_factor,omitempty" doc:"Whether its people must sign in with a second factor."`
	}
	tenantChangeBody struct {
		Name           *string `json:"name,omitempty" minLength:"1" maxLength:"128" doc:"Display name."`
		TimeZone       *string `json:"time_zone,omitempty" doc:"IANA name; used for days and exports."`
		DataPermission *bool   `json:"data_permission,omitempty" doc:"Whether people only see their own organization."`
		RetentionDays  *int    `json:"retention_days,omitempty" minimum:"0" doc:"0: forever. Whole days in the tenant's time zone; older entries are deleted, by whole UTC days, when the tenant's next day begins."`
		BelowMinimum   *bool   `json:"below_legal_minimum,omitempty" doc:"Confirms a retention below 180 days; required with each such change."`

		AccessDays *int `json:"access_retention_days,omitempty" minimum:"0" doc:"Days to keep the access log, at least 365; 0: forever. Older days are deleted as those of the log are."`

		ArchiveAfter *int `json:"archive_after,omitempty" minimum:"0" doc:"Whole days before today, in the tenant's time zone, after which entries go to the archive, at least 30; 0: never, and what is there stays."`

		FrameAncestors *[]string `json:"frame_ancestors,omitempty" maxItems:"20" doc:"Sites that may embed the console, such as https://app.example.com."`

		RequireSecondFactor *bool `json:"require_second_factor,omitempty" doc:"Whether its people must sign in with a second factor, from their next sign-in on."`
	}
	knownTenantBody struct {
		ID             string `json:"id" doc:"As in URLs."`
		Name           string `json:"name" doc:"Display name."`
		TimeZone       string `json:"time_zone" doc:"IANA name; used for days and exports."`
		DataPermission bool   `json:"data_permission" doc:"Whether people only see their own organization."`
	}
	knownTenantOutput struct{ Body knownTenantBody }
	addTenantInput    struct{ Body newTenantBody }
	changeTenantInput struct{ Body tenantChangeBody }
	tenantOutput      struct{ Body oplog.Tenant }
	tenantsOutput     struct {
		Body struct {
			Tenants []oplog.Tenant `json:"tenants" doc:"By id."`
		} `nameHint:"Tenants"`
	}
)

func (s *Server) listTenants(_ context.Context, in *call, _ *struct{}) (*tenantsOutput, error) {
	tenants, err := rangeOf(in, maxItems, s.directory.TenantsAfter, tenantKey)
	out := &tenantsOutput{}
	out.Body.Tenants = tenants
	return out, err
}

func tenantKey(t *oplog.Tenant) string { return t.ID }

func (s *Server) getTenant(_ context.Context, in *call, _ *struct{}) (*knownTenantOutput, error) {
	t := in.tenant
	return &knownTenantOutput{knownTenantBody{t.ID, t.Name, t.TimeZone, t.DataPermission}}, nil
}

func (s *Server) addTenant(_ context.Context, in *call, input *addTenantInput) (*tenantOutput, error) {
	t, err := auditedDirectory(s, in, oplog.RecordTenant, aboutTenant).AddTenant(input.Body.domain(in.user().ID, s.now()), s.stillMay(in))
	return &tenantOutput{t}, err
}

func aboutTenant(t oplog.Tenant) trailDetails {
	return trailDetails{tenant: &t.ID, object: oplog.Ref{ID: t.ID, Name: t.Name}, details: map[string]any{"tenant": t}}
}

// domain converts the body to a tenant.
func (b newTenantBody) domain(by string, now time.Time) oplog.Tenant {
	t := oplog.Tenant{
		ID: b.ID, Name: b.Name, TimeZone: b.TimeZone, DataPermission: b.DataPermission, FrameAncestors: b.FrameAncestors,
		RequireSecondFactor: b.RequireSecondFactor,
	}
	t.Retain(&b.RetentionDays, &b.BelowMinimum, by, now)
	t.RetainAccess(&b.AccessDays, by, now)
	return t
}

func (s *Server) changeTenant(_ context.Context, in *call, input *changeTenantInput) (*tenantOutput, error) {
	var refused error
	t, err := auditedDirectory(s, in, oplog.RecordTenant, aboutTenant).ChangeTenant(in.tenant.ID, func(t *oplog.Tenant) {
		changed := *t
		input.Body.change(&changed, in.user().ID, s.now())
		if refused = mayShorten(in, t, &changed); refused == nil {
			*t = changed
		}
	}, s.stillMay(in))
	if err == nil {
		err = refused // nothing was changed
	}
	if err != nil {
		return nil, err
	}
	in.trailDetails = aboutTenant(t)
	return &tenantOutput{t}, nil
}

// change applies every given field.
func (b tenantChangeBody) change(t *oplog.Tenant, by string, now time.Time) {
	replace(&t.Name, b.Name)
	replace(&t.TimeZone, b.TimeZone)
	replace(&t.DataPermission, b.DataPermission)
	t.Retain(b.RetentionDays, b.BelowMinimum, by, now)
	t.RetainAccess(b.AccessDays, by, now)
	replace(&t.ArchiveAfter, b.ArchiveAfter)
	replace(&t.FrameAncestors, b.FrameAncestors)
	replace(&t.RequireSecondFactor, b.RequireSecondFactor)
}

// mayShorten returns an error if a valid change lets entries be deleted sooner than before, and the caller has not just confirmed who it is.
func mayShorten(in *call, before, after *oplog.Tenant) error {
	isSooner := sooner(after.RetentionDays, before.RetentionDays) || sooner(after.AccessDays, before.AccessDays)
	if !isSooner || len(after.Validate()) > 0 {
		return nil
	}
	return in.hasConfirmed()
}

// sooner reports whether entries kept for a number of days are deleted sooner than before; 0 keeps them forever.
func sooner(days, before int) bool { return days > 0 && (before == 0 || days < before) }
