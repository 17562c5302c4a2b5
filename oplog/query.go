package oplog

import "time"

// Query selects entries by filters and period.
type Query struct {
	Filters
	Scope    string    // the organization that the caller is limited to, including descendants; "" for all
	Range    Range     // a preset, "" for none
	From, To time.Time // operation time, From inclusive, To exclusive; zero is unbounded; both narrow a Range
}

// Match resolves everything but the organizations of a query. Days are in the time zone of now.
func (q *Query) Match(catalog *Catalog, now time.Time) (Match, error) {
	m := Match{Catalog: catalog, Values: q.Values, Not: q.Not, From: q.From, To: q.To}
	m.Organizations, m.Not.Organizations = nil, nil
	err := q.Validate()
	if err != nil {
		return Match{}, err
	}
	if m.Words, err = ParseSearch(q.Search); err != nil {
		return Match{}, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return Match{}, InvalidQuery("from", q.From.Format(time.RFC3339), "after_to", "is after to, {to}", q.To.Format(time.RFC3339))
	}
	if q.Range != "" && q.Range != RangeCustom {
		from, to, ok := q.Range.Period(now)
		if !ok {
			return Match{}, InvalidQuery("range", string(q.Range), "not_one_of", "is not one of {allowed}", PresetNames())
		}
		m.From, m.To = Intersect(q.From, q.To, from, to)
	}
	return m, nil
}
