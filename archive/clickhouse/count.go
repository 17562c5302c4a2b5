package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"oplog/archive"
)

// facet is a column whose values are counted.
type facet struct {
	column string
	of     func(c *archive.Counts) map[string]int
}

var facets = []facet{
	{"module", func(c *archive.Counts) map[string]int { return c.Modules }},
	{"operation", func(c *archive.Counts) map[string]int { return c.Operations }},
	{"organization_id", func(c *archive.Counts) map[string]int { return c.Organizations }},
	{"outcome", func(c *archive.Counts) map[string]int { return c.Outcomes }},
	{"role", func(c *archive.Counts) map[string]int { return c.Roles }},
}

// Count counts in one pass where the server can, else in one for each kind of value; see [archive.Engine].
func (s *Shard) Count(ctx context.Context, q *archive.Query, buckets []time.Time) (*archive.Counts, error) {
	if len(q.Days) == 0 {
		return newCounts(buckets), nil
	}
	var c *archive.Counts
	step := bucketStep(buckets)
	err := s.complete(ctx, q.Tenant, q.Days, func(one *server) error {
		modern, err := one.modern(ctx)
		if err != nil {
			return err
		}
		statement := countByColumn(q, step)
		if modern {
			statement = countAtOnce(q, step)
		}
		answer, err := one.ask(ctx, statement, reading)
		if err != nil {
			return err
		}
		c = newCounts(buckets)
		return readCounts(answer, c, buckets, step)
	})
	return c, err
}

func newCounts(buckets []time.Time) *archive.Counts {
	return &archive.Counts{
		Buckets: make([]int, len(buckets)), Modules: map[string]int{}, Operations: map[string]int{}, Organizations: map[string]int{},
		Outcomes: map[string]int{}, Roles: map[string]int{}, Users: map[string]archive.UserCount{},
	}
}

// bucketStep returns the longest time, in microseconds, of which all starts of buckets but the first are multiples: the first may lie before everything.
func bucketStep(buckets []time.Time) int64 {
	step := int64(0)
	for _, start := range buckets[min(1, len(buckets)):] {
		for a := ceilMicros(start); a != 0; {
			step, a = a, step%max(a, 1)
		}
	}
	if step == 0 {
		step = 1 << 62 // all in one
	}
	return step
}

// Kinds of rows of an answer: steps of time, then the facets, then users.
func userKind() int { return len(facets) + 1 }

// countAtOnce counts with GROUPING SETS.
func countAtOnce(q *archive.Query, step int64) string {
	names := []string{"step"}
	for _, f := range facets {
		names = append(names, f.column)
	}
	names = append(names, "user_id")
	var kinds, values, sets []string
	for i, name := range names {
		flags := (1<<len(names) - 1) ^ 1<<(len(names)-1-i) // 0 for the column of the set
		kinds = append(kinds, fmt.Sprintf("flags = %d, %d", flags, i))
		values = append(values, fmt.Sprintf("flags = %d, toString(%s)", flags, name))
		sets = append(sets, "("+name+")")
	}
	last := len(names) - 1
	return fmt.Sprintf(`SELECT toUInt8(multiIf(%s, 255)) AS kind, multiIf(%s, '') AS value, if(kind = %d, name, '') AS name, latest, latest_seq, n FROM (
SELECT intDiv(time, %d) AS step, %s, grouping(%s) AS flags, argMax(toString(user_name), (time, seq)) AS name, max(time) AS latest, argMax(seq, (time, seq)) AS latest_seq, count() AS n
FROM %s%s GROUP BY GROUPING SETS (%s)) FORMAT RowBinary`,
		strings.Join(kinds, ", "), strings.Join(values, ", "), last, step, strings.Join(names[1:], ", "), strings.Join(names, ", "), tableOf(q.Tenant), where(q), strings.Join(sets, ", "))
}

// countByColumn counts with a query for each kind.
func countByColumn(q *archive.Query, step int64) string {
	from := " FROM " + tableOf(q.Tenant) + where(q).String() + " GROUP BY value"
	one := func(kind int, value, name string) string {
		return fmt.Sprintf("SELECT toUInt8(%d) AS kind, toString(%s) AS value, %s AS name, max(time) AS latest, argMax(seq, (time, seq)) AS latest_seq, count() AS n%s", kind, value, name, from)
	}
	all := []string{one(0, "intDiv(time, "+strconv.FormatInt(step, 10)+")", "''")}
	for i, f := range facets {
		all = append(all, one(i+1, f.column, "''"))
	}
	all = append(all, one(userKind(), "user_id", "argMax(user_name, (time, seq))"))
	return "SELECT kind, value, name, latest, latest_seq, n FROM (" + strings.Join(all, " UNION ALL ") + ") FORMAT RowBinary"
}

// readCounts adds the rows of an answer.
func readCounts(answer []byte, c *archive.Counts, buckets []time.Time, step int64) error {
	starts := make([]int64, len(buckets))
	for i, b := range buckets {
		starts[i] = ceilMicros(b)
	}
	d := rowDecoder{left: answer}
	for d.more() {
		kind, value, name := int(d.uint8()), string(d.text()), string(d.text())
		latest := d.key()
		n := int(d.uint64()) //nolint:gosec // fewer than rows
		switch {
		case d.err != nil:
		case kind == 0:
			at, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return err
			}
			c.Total += n
			if len(starts) > 0 {
				i, exact := slices.BinarySearch(starts, at*step)
				if !exact {
					i--
				}
				c.Buckets[max(i, 0)] += n
			}
		case kind == userKind():
			c.Users[value] = archive.UserCount{Count: n, Name: name, Latest: latest}
		case kind <= len(facets) && value != "":
			facets[kind-1].of(c)[value] = n
		case kind > userKind():
			return fmt.Errorf("the archive counted %q, which was not asked for", value)
		}
	}
	return d.err
}
