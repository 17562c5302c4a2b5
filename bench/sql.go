package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"oplog/oplog"
)

// What SQLite and PostgreSQL have in common: a table with a row for each entry,
// whose key is its time, and statements with a condition in their middle.

// columns of the table, in the order of values.
const columns = "id,sender_id,user_id,user_name,role,organization_id,organization_name,module,operation,content_id,content_name,outcome,ip"

// values are the columns of an entry.
func values(e oplog.Entry) []any {
	return []any{
		e.Time.UnixMicro(), e.ID, e.User.ID, e.User.Name, e.User.Role, e.Organization.ID, e.Organization.Name,
		e.Module, e.Operation, e.Content.ID, e.Content.Name, e.Outcome, first(e.IP),
	}
}

// first and last are the ends of a network, or an address, as numbers: the
// addresses of a network are neighbours.
func first(network string) int64 {
	p, _ := oplog.ParseNetwork(network)
	a := p.Addr().As4()
	return int64(binary.BigEndian.Uint32(a[:]))
}

func last(network string) int64 {
	p, _ := oplog.ParseNetwork(network)
	return first(network) | (1<<(32-p.Bits()) - 1)
}

// row is what a page reads of each entry: all of it.
type row struct {
	id                                                                 int64
	senderID, userID, userName, role, organizationID, organizationName string
	module, operation, contentID, contentName, outcome                 string
	ip                                                                 int64
}

func (r *row) pointers() []any {
	return []any{
		&r.id, &r.senderID, &r.userID, &r.userName, &r.role, &r.organizationID, &r.organizationName,
		&r.module, &r.operation, &r.contentID, &r.contentName, &r.outcome, &r.ip,
	}
}

// condition is the middle of a statement: tables and what must hold of them.
type condition struct {
	from, key string   // tables; the column that rows are ordered by
	counted   string   // tables that are enough to count
	where     []string // all must hold; "?" stands for an argument
	args      []any
}

func (c *condition) and(where string, args ...any) {
	c.where = append(c.where, where)
	c.args = append(c.args, args...)
}

// period adds the query's period.
func (c *condition) period(q query) {
	if !q.From.IsZero() {
		c.and(c.key+" >= ?", q.From.UnixMicro())
		c.and(c.key+" < ?", q.To.UnixMicro())
	}
}

// filters adds the query's filters on columns of the table.
func (c *condition) filters(q query) {
	for _, f := range []struct {
		column string
		any    []string
	}{
		{"user_id", q.Users}, {"module", q.Modules}, {"operation", q.Operations}, {"organization_id", q.below},
		{"outcome", q.Outcomes}, {"role", q.Roles},
	} {
		switch len(f.any) {
		case 0:
		case 1:
			c.and(f.column+" = ?", f.any[0])
		default:
			marks := strings.Repeat(",?", len(f.any))[1:]
			var args []any
			for _, v := range f.any {
				args = append(args, v)
			}
			c.and(f.column+" IN ("+marks+")", args...)
		}
	}
	for _, network := range q.IPs {
		c.and("ip BETWEEN ? AND ?", first(network), last(network))
	}
	for _, user := range q.Not.Users {
		c.and("user_id <> ?", user)
	}
}

func (c *condition) clause() string {
	if len(c.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.where, " AND ")
}

func (c *condition) pageStatement() string {
	return fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s DESC LIMIT %d", columns, c.from, c.clause(), c.key, pageSize)
}

// countStatement counts over the tables that are enough, or in another way
// over all of them.
func (c *condition) countStatement(way int) string {
	from := c.counted
	if way > 0 {
		from = c.from
	}
	return "SELECT count(*) FROM " + from + c.clause()
}

// groups are what a summary counts by, each spelled as text.
func groups(q query, key string) [1 + facetKinds]string {
	bar := fmt.Sprintf("(%s/%[2]d)*%[2]d", key, q.bucket.Microseconds())
	return [...]string{bar, "module", "operation", "user_id", "organization_id"}
}

// onceStatement reads the matching rows once and counts them in five ways.
func (c *condition) onceStatement(q query) string {
	var b strings.Builder
	g := groups(q, c.key)
	fmt.Fprintf(&b, "WITH found AS MATERIALIZED (SELECT %s AS bar,module,operation,user_id,organization_id FROM %s%s) ", g[0], c.from, c.clause())
	g[0] = "bar"
	for i, column := range g {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&b, "SELECT %d,CAST(%s AS text),count(*) FROM found GROUP BY 2", i, column)
	}
	return b.String()
}

// eachStatements counts in five statements, each over the matching rows.
func (c *condition) eachStatements(q query) []string {
	var all []string
	for i, column := range groups(q, c.key) {
		all = append(all, fmt.Sprintf("SELECT %d,CAST(%s AS text),count(*) FROM %s%s GROUP BY %s", i, column, c.from, c.clause(), column))
	}
	return all
}

// setsStatement lets the database count in five ways at once.
func (c *condition) setsStatement(q query) string {
	g := groups(q, c.key)
	var sets, values []string
	for _, column := range g {
		sets = append(sets, "("+column+")")
		values = append(values, fmt.Sprintf("CAST(%s AS text)", column))
	}
	list := strings.Join(g[:], ",")
	return fmt.Sprintf("SELECT CASE GROUPING(%s) WHEN 15 THEN 0 WHEN 23 THEN 1 WHEN 27 THEN 2 WHEN 29 THEN 3 ELSE 4 END,COALESCE(%s),count(*) FROM %s%s GROUP BY GROUPING SETS (%s)",
		list, strings.Join(values, ","), c.from, c.clause(), strings.Join(sets, ","))
}

// statements returns those of a summary, in one of the ways to put it.
func (c *condition) statements(q query, way int) []string {
	switch way {
	case 0:
		return []string{c.onceStatement(q)}
	case 1:
		return c.eachStatements(q)
	default:
		return []string{c.setsStatement(q)}
	}
}

// counted is a line of a summary's answer.
type counted struct {
	kind  int // 0 for a bar, then the facets
	value string
	n     int
}

// collect puts the lines of a summary together.
func collect(rows []row, lines []counted) (answer, error) {
	a := answer{buckets: make(map[int64]int)}
	for _, r := range rows {
		a.rows = append(a.rows, r.id)
	}
	for kind := range a.facets {
		a.facets[kind] = make(map[string]int)
	}
	for _, l := range lines {
		if l.kind > 0 {
			a.facets[l.kind-1][l.value] = l.n
			continue
		}
		var start int64
		if _, err := fmt.Sscan(l.value, &start); err != nil {
			return a, fmt.Errorf("bar %q: %w", l.value, err)
		}
		a.buckets[start] = l.n
		a.total += l.n
	}
	a.facets[facetUser] = top(a.facets[facetUser])
	return a, nil
}

// asker runs statements in a database's own manner.
type asker interface {
	page(ctx context.Context, statement string, args []any) ([]row, error)
	count(ctx context.Context, statement string, args []any) (int, error)
	lines(ctx context.Context, statement string, args []any) ([]counted, error)
}

// askSQL puts a question as statements over a condition.
func askSQL(ctx context.Context, db asker, c *condition, q query, what asked, way int) (func() (answer, error), error) {
	rows, err := db.page(ctx, c.pageStatement(), c.args)
	if err != nil {
		return nil, err
	}
	if what != summary {
		var total int
		if what == count {
			total, err = db.count(ctx, c.countStatement(way), c.args)
		}
		return func() (answer, error) {
			a, err := collect(rows, nil)
			a.total = total
			return a, err
		}, err
	}
	var lines []counted
	for _, statement := range c.statements(q, way) {
		more, err := db.lines(ctx, statement, c.args)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return func() (answer, error) { return collect(rows, lines) }, nil
}
