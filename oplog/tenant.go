package oplog

import (
	"fmt"
	"regexp"
	"sync"
	"time"
)

// Tenant is a customer of the host system, with a log of its own.
type Tenant struct {
	ID             string `json:"id" doc:"As in URLs."`
	Name           string `json:"name" doc:"Display name."`
	TimeZone       string `json:"time_zone" doc:"IANA name; used for days and exports."`
	DataPermission bool   `json:"data_permission" doc:"Whether people only see their own organization."`
	RetentionDays  int    `json:"retention_days,omitempty" doc:"Whole days before today, in its time zone, for which entries are kept; omitted: forever."`
	BelowMinimum   bool   `json:"below_legal_minimum,omitempty" doc:"Whether a retention below 180 days was confirmed."`

	RetentionBy string    `json:"retention_set_by,omitempty" doc:"Who set the retention."`
	RetentionAt time.Time `json:"retention_set_at,omitzero" doc:"When the retention was set."`

	AccessDays  int       `json:"access_retention_days,omitempty" doc:"Whole days before today, in its time zone, for which its access log is kept, at least 365; omitted: forever."`
	AccessBy    string    `json:"access_retention_set_by,omitempty" doc:"Who set the retention of the access log."`
	AccessSetAt time.Time `json:"access_retention_set_at,omitzero" doc:"When the retention of the access log was set."`

	ArchiveAfter int `json:"archive_after,omitempty" doc:"Whole days before today, in its time zone, after which entries go to the archive, at least 30; omitted: never."`

	FrameAncestors []string `json:"frame_ancestors,omitempty" doc:"Sites that may embed the console."`

	RequireSecondFactor bool `json:"require_second_factor,omitempty" doc:"Whether its people must sign in with a second factor."`
}

// DefaultTimeZone is used if a tenant specifies none.
const DefaultTimeZone = "Asia/Shanghai"

// MinRetentionDays is the legal minimum (MLPS 2.0, Cybersecurity Law art. 21).
const MinRetentionDays = 180

// MinAccessDays is how long access logs are kept at least.
const MinAccessDays = 365

// MinArchiveDays is how long entries stay out of the archive at least.
const MinArchiveDays = 30

// MaxRetentionDays is a hundred years.
const MaxRetentionDays = 36_500

// Location returns the tenant's time zone.
func (t Tenant) Location() *time.Location {
	if known, ok := locations.Load(t.TimeZone); ok {
		return known.(*time.Location)
	}
	loc, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		return time.UTC // validated when the tenant was written; the time zone database may have changed since
	}
	locations.Store(t.TimeZone, loc)
	return loc
}

// locations caches time zones by name: time.LoadLocation reads a file.
var locations sync.Map

// Validate returns the invalid fields of a tenant's settings.
func (t *Tenant) Validate() []FieldError {
	v := Validation{}
	switch {
	case t.ID == "" || len(t.ID) > MaxIDLength:
		v.Fail("id", t.ID, "required", "is required, 1 to {max} characters", MaxIDLength)
	case !validName(t.ID):
		v.Fail("id", t.ID, "not_a_tenant_id", "may contain only A-Z a-z 0-9 . _ - and must start with a letter or digit")
	}
	v.Name("name", t.Name, 1, MaxUserLength)
	if t.TimeZone == "" {
		t.TimeZone = DefaultTimeZone
	}
	if _, err := time.LoadLocation(t.TimeZone); err != nil || t.TimeZone == "Local" {
		v.Fail("time_zone", t.TimeZone, "not_a_time_zone", "is not a time zone name such as Asia/Shanghai or UTC")
	}
	switch {
	case t.RetentionDays < 0:
		v.Fail("retention_days", t.RetentionDays, "negative_days", "is negative; omit it to keep entries forever")
	case t.RetentionDays > MaxRetentionDays:
		v.Fail("retention_days", t.RetentionDays, "too_many_days", "is more than {max}; omit it to keep entries forever", MaxRetentionDays)
	case t.RetentionDays > 0 && t.RetentionDays < MinRetentionDays && !t.BelowMinimum:
		v.Fail("retention_days", t.RetentionDays, "below_legal_minimum", "is below the legal minimum of {min} days; confirm with --below-legal-minimum or below_legal_minimum", MinRetentionDays)
	}
	if t.AccessDays != 0 && (t.AccessDays < MinAccessDays || t.AccessDays > MaxRetentionDays) {
		v.Fail("access_retention_days", t.AccessDays, "not_access_days", "is not {min} to {max}; 0 keeps the access log forever", MinAccessDays, MaxRetentionDays)
	}
	if t.ArchiveAfter != 0 && (t.ArchiveAfter < MinArchiveDays || t.ArchiveAfter > MaxRetentionDays) {
		v.Fail("archive_after", t.ArchiveAfter, "not_archive_days", "is not {min} to {max}; 0 keeps entries out of the archive", MinArchiveDays, MaxRetentionDays)
	}
	if len(t.FrameAncestors) > maxFrameAncestors {
		v.Fail("frame_ancestors", len(t.FrameAncestors), "too_many", "has more than {max} sites", maxFrameAncestors)
	}
	for i, site := range t.FrameAncestors {
		if !frameAncestor.MatchString(site) {
			v.Fail(fmt.Sprintf("frame_ancestors[%d]", i), site, "not_a_site", "is not a site such as https://app.example.com or https://*.example.com")
		}
	}
	return v.Errors
}

const maxFrameAncestors = 20

// frameAncestor matches a host source of a Content-Security-Policy, and no other source expression.
var frameAncestor = regexp.MustCompile(`^https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// validName reports whether a name is safe in paths and URLs.
func validName(s string) bool {
	for i, c := range []byte(s) {
		if !isASCIIWord(c) && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && s[0] != '_'
}
