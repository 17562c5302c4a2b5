package oplog

import (
	"slices"
	"strings"
	"time"
)

// Hold keeps days from being deleted, whatever the rule says. The days are those
// of the time zone that the tenant had when the hold was placed; what is held is
// every UTC date that they have a moment in.
type Hold struct {
	ID          string    `json:"id"`
	From        string    `json:"from,omitempty"` // the first day; "" for all before
	To          string    `json:"to,omitempty"`   // the last day; "" for all after
	TimeZone    string    `json:"time_zone"`
	CoversFrom  time.Time `json:"covers_from,omitzero"`  // when the first UTC date that is held begins; zero for all before
	CoversUntil time.Time `json:"covers_until,omitzero"` // when the last has ended; zero for all after
	Reason      string    `json:"reason"`
	SetBy       string    `json:"set_by"`
	SetAt       time.Time `json:"set_at"`
	LiftedBy    string    `json:"lifted_by,omitempty"`
	LiftedAt    time.Time `json:"lifted_at,omitzero"`

	dates Days // the UTC dates that are held; "" is no bound
}

// holds tells whether a date may not be deleted because of the hold.
func (h *Hold) holds(date string) bool {
	return h.LiftedAt.IsZero() && h.dates.From <= date && (h.dates.To == "" || date <= h.dates.To)
}

// Place puts the hold on its days in a time zone.
func (h *Hold) Place(zone *time.Location) {
	h.TimeZone = zone.String()
	h.cover(touchedDates(h.From, h.To, zone))
}

// cover puts the hold on UTC dates.
func (h *Hold) cover(dates Days) {
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
			v.Fail(field[0], field[1], "is not a date such as 2026-01-31")
		}
	}
	if h.From != "" && h.To != "" && h.To < h.From {
		v.Fail("from", h.From, "is after to, %s", h.To)
	}
	v.Text("reason", strings.TrimSpace(h.Reason), 1, MaxNameLength)
	return v.Errors
}

// HoldRecord is a hold as it is stored. Its from and to are the UTC dates that
// are held: so they were when people chose UTC dates, and builds of then read
// them so. A hold of that time has no time zone, and no days besides.
type HoldRecord struct {
	Hold
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	FirstDay string `json:"first_day,omitempty"`
	LastDay  string `json:"last_day,omitempty"`
}

// Record returns the hold as it is stored.
func (h Hold) Record() HoldRecord {
	r := HoldRecord{Hold: h, From: h.dates.From, To: h.dates.To, FirstDay: h.From, LastDay: h.To}
	r.CoversFrom, r.CoversUntil = time.Time{}, time.Time{}
	return r
}

// Read returns the hold that is stored.
func (r HoldRecord) Read() Hold {
	h := r.Hold
	h.From, h.To = r.FirstDay, r.LastDay
	if h.TimeZone == "" {
		h.From, h.To, h.TimeZone = r.From, r.To, time.UTC.String()
	}
	h.cover(Days{r.From, r.To})
	return h
}

// heldBetween tells whether a hold is on a day between two dates, which are not
// held themselves.
func (t *TenantState) heldBetween(after, before string) bool {
	return slices.ContainsFunc(t.Holds, func(h Hold) bool {
		return h.LiftedAt.IsZero() && after < h.dates.From && h.dates.From < before
	})
}
