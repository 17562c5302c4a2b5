package oplog

import (
	"slices"
	"strings"
	"time"
)

// Hold is a legal hold: it keeps days from being deleted, regardless of the retention rule. Its days are in the tenant's time zone at the
// time the hold was set; it covers every UTC date that overlaps them.
type Hold struct {
	ID          string    `json:"id" doc:"The hold's id."`
	From        string    `json:"from,omitempty" doc:"The first day, in time_zone; omitted: unbounded."`
	To          string    `json:"to,omitempty" doc:"The last day, in time_zone; omitted: unbounded."`
	TimeZone    string    `json:"time_zone" doc:"The tenant's when the hold was set; UTC for holds on UTC days."`
	CoversFrom  time.Time `json:"covers_from,omitzero" doc:"Start of the first UTC day covered; omitted: unbounded."`
	CoversUntil time.Time `json:"covers_until,omitzero" doc:"End of the last UTC day covered; omitted: unbounded."`
	Reason      string    `json:"reason" doc:"Reason of the hold."`
	SetBy       string    `json:"set_by" doc:"Username, or command for the command line."`
	SetAt       time.Time `json:"set_at" doc:"Time of the setting."`
	LiftedBy    string    `json:"lifted_by,omitempty" doc:"Username, or command for the command line."`
	LiftedAt    time.Time `json:"lifted_at,omitzero" doc:"Time of lifting; omitted while the hold is active."`

	dates Days // the UTC dates covered; "" is unbounded
}

// covers reports whether the hold keeps a date from being deleted.
func (h *Hold) covers(date string) bool {
	return h.LiftedAt.IsZero() && h.dates.From <= date && (h.dates.To == "" || date <= h.dates.To)
}

// SetZone computes the UTC dates covered from the hold's days in a time zone.
func (h *Hold) SetZone(zone *time.Location) {
	h.TimeZone = zone.String()
	h.setDates(overlappingDates(h.From, h.To, zone))
}

// setDates sets the UTC dates covered.
func (h *Hold) setDates(dates Days) {
	h.dates, h.CoversFrom, h.CoversUntil = dates, time.Time{}, time.Time{}
	if dates.From != "" {
		h.CoversFrom = startOfDate(dates.From, 0, time.UTC)
	}
	if dates.To != "" {
		if end := startOfDate(dates.To, 1, time.UTC); end.Year() <= maxYear {
			h.CoversUntil = end
		}
	}
}

// Validate returns the invalid fields of a hold.
func (h *Hold) Validate() []FieldError {
	v := Validation{}
	for _, field := range [][2]string{{"from", h.From}, {"to", h.To}} {
		if _, err := time.Parse(time.DateOnly, field[1]); err != nil && field[1] != "" {
			v.Fail(field[0], field[1], "not_a_date", "is not a date such as 2026-01-31")
		}
	}
	if h.From != "" && h.To != "" && h.To < h.From {
		v.Fail("from", h.From, "after_to", "is after to, {to}", h.To)
	}
	v.Text("reason", strings.TrimSpace(h.Reason), 1, MaxNameLength)
	return v.Errors
}

// HoldRecord is the stored form of a hold. Its From and To are the UTC dates covered: earlier builds let users choose UTC dates and stored
// them in these fields. Holds of those builds have no time zone and no separate days.
type HoldRecord struct {
	Hold
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	FirstDay string `json:"first_day,omitempty"`
	LastDay  string `json:"last_day,omitempty"`
}

// Record returns the stored form of the hold.
func (h Hold) Record() HoldRecord {
	r := HoldRecord{Hold: h, From: h.dates.From, To: h.dates.To, FirstDay: h.From, LastDay: h.To}
	r.CoversFrom, r.CoversUntil = time.Time{}, time.Time{}
	return r
}

// Decode returns the hold of a stored record.
func (r HoldRecord) Decode() Hold {
	h := r.Hold
	h.From, h.To = r.FirstDay, r.LastDay
	if h.TimeZone == "" {
		h.From, h.To, h.TimeZone = r.From, r.To, time.UTC.String()
	}
	h.setDates(Days{r.From, r.To})
	return h
}

// hasHoldBetween reports whether a hold covers a day strictly between two dates, which are not held themselves.
func (t *TenantState) hasHoldBetween(after, before string) bool {
	return slices.ContainsFunc(t.Holds, func(h Hold) bool {
		return h.LiftedAt.IsZero() && after < h.dates.From && h.dates.From < before
	})
}
