package clickhouse

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// quote returns a text as a literal.
func quote(text string) string { return "'" + escape.Replace(text) + "'" }

var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// inList returns the condition that a column has one of the values, of which there is at least one.
func inList(column string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return column + " IN (" + strings.Join(quoted, ",") + ")"
}

// condition collects conditions that must all hold.
type condition []string

func (c *condition) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// String returns the clause.
func (c condition) String() string { return " WHERE " + strings.Join(c, " AND ") }

// inDays selects the rows of recorded attempts alone: runs of dates with one attempt.
func inDays(days []archive.Day) string {
	if len(days) == 0 {
		return "0"
	}
	var runs []string
	for from := 0; from < len(days); {
		to := from
		for to+1 < len(days) && days[to+1].Attempt == days[from].Attempt && follows(days[to].Date, days[to+1].Date) {
			to++
		}
		runs = append(runs, fmt.Sprintf("attempt = %d AND day BETWEEN '%s' AND '%s'", days[from].Attempt, days[from].Date, days[to].Date))
		from = to + 1
	}
	return "(" + strings.Join(runs, " OR ") + ")"
}

// follows reports whether a date is the day after another.
func follows(date, next string) bool {
	t, err := time.Parse(time.DateOnly, date)
	return err == nil && oplog.DateOf(t.AddDate(0, 0, 1)) == next
}

// where returns the conditions of a query.
func where(q *archive.Query) condition {
	m := &q.Match
	c := condition{inDays(q.Days)}
	c.add("time >= %d AND time < %d", m.First().Micros(), m.Last().Micros())
	for _, f := range []struct {
		column    string
		any, none []string
	}{
		{"user_id", m.Users, m.Not.Users}, {"module", m.Modules, m.Not.Modules}, {"operation", m.Operations, m.Not.Operations}, {"content_id", m.ContentIDs, m.Not.ContentIDs},
		{"outcome", m.Outcomes, m.Not.Outcomes}, {"role", m.Roles, m.Not.Roles}, {"key_id", m.Keys, m.Not.Keys},
		{"organization_id", nil, m.Not.Organizations},
	} {
		if len(f.any) > 0 {
			c.anyOf(f.column, f.any)
		}
		c.noneOf(f.column, f.none)
	}
	for _, ids := range [][]string{m.Organizations, q.Within} {
		if ids != nil {
			c.anyOf("organization_id", ids)
		}
	}
	c.noneOf("organization_id", q.NotWithin)
	if len(m.IPs) > 0 {
		c = append(c, inNetworks(m.IPs))
	}
	if len(m.Not.IPs) > 0 {
		c = append(c, "NOT "+inNetworks(m.Not.IPs))
	}
	for _, g := range q.Words {
		c = append(c, hasWord(g))
	}
	return c
}

// anyOf selects rows with one of the values; an empty value never matches.
func (c *condition) anyOf(column string, values []string) {
	values = given(values)
	if len(values) == 0 {
		c.add("0")
		return
	}
	*c = append(*c, inList(column, values))
}

// noneOf leaves out rows with one of the values.
func (c *condition) noneOf(column string, values []string) {
	if values = given(values); len(values) > 0 {
		*c = append(*c, "NOT "+inList(column, values))
	}
}

// given returns the values that are not empty.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
}

// inNetworks selects rows whose address is in one of the networks.
func inNetworks(networks []string) string {
	alternatives := []string{"0"}
	for _, text := range networks {
		n, ok := oplog.ParseNetwork(text)
		if !ok {
			continue
		}
		first, last := bounds(n)
		alternatives = append(alternatives, fmt.Sprintf("length(address) = %d AND address BETWEEN unhex('%s') AND unhex('%s')", len(first), hex.EncodeToString(first), hex.EncodeToString(last)))
	}
	return "(" + strings.Join(alternatives, " OR ") + ")"
}

// bounds returns the first and the last address of a network.
func bounds(n netip.Prefix) (first, last []byte) {
	first = n.Masked().Addr().AsSlice()
	last = slices.Clone(first)
	for bit := n.Bits(); bit < 8*len(last); bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	return first, last
}

// hasWord selects rows with a word, or without one that is excluded.
func hasWord(g oplog.WordGroup) string {
	var all []string
	for _, n := range g.Needles {
		alternatives := []string{"0"}
		if n.User {
			alternatives = append(alternatives, "position(user_text, "+quote(n.Text)+") > 0")
		}
		if n.Content {
			alternatives = append(alternatives, "position(content_text, "+quote(n.Text)+") > 0")
		}
		if len(n.Modules) > 0 {
			alternatives = append(alternatives, inList("module", n.Modules))
		}
		all = append(all, "("+strings.Join(alternatives, " OR ")+")")
	}
	if g.Not {
		return "NOT (" + strings.Join(all, " AND ") + ")"
	}
	return strings.Join(all, " AND ")
}
