package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"oplog/oplog"
)

// Common parts of SQLite and PostgreSQL: a table with a row for each entry, whose key is its time, and statements built around a condition.

// columns are the columns of the table, in the order of values.
const columns = "id,sender_id,user_id,user_name,role,organization_id,organization_name,module,operation,content_id,content_name,outcome,ip"

// values returns an entry's values of the columns.
func values(e oplog.Entry) []any {
	return []any{
		e.Time.UnixMicro(), e.ID, e.User.ID, e.User.Name, e.User.Role, e.Organization.ID, e.Organization.Name,
		e.Module, e.Operation, e.Content.ID, e.Content.Name, e.Outcome, first(e.IP),
	}
}

// first and last are the first and last address of a network as numbers: the addresses of a network are consecutive.
func first(network string) int64 {
	p, _ := oplog.ParseNetwork(network)
	a := p.Addr().As4()
	return int64(binary.BigEndian.Uint32(a[:]))
}

func last(network string) int64 {
	p, _ := oplog.ParseNetwork(network)
	return first(network) | (1<<(32-p.Bits()) - 1)
}

// row is a row of a page, which has all columns.
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

// condition is the part of a statement after FROM: tables and conditions.
type condition struct {
	from, key string   // tables, and the column that rows are ordered by
	countFrom string   // tables that suffice to count
	where     []string // joined by AND; "?" is a placeholder
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
		{"user_id", q.Users}, {"module", q.Modules}, {"operation", q.Operations}, {"organization_id", q.organizationIDs},
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

// countStatement counts over the tables that suffice, or with another plan over all of them.
func (c *condition) countStatement(way int) string {
	from := c.countFrom
	if way > 0 {
		from = c.from
	}
	return "SELECT count(*) FROM " + from + c.clause()
}

// groupColumns are the columns by which a summary counts, cast to text.
func groupColumns(q query, key string) [1 + facetKinds]string {
	bar := fmt.Sprintf("(%s/%[2]d)*%[2]d", key, q.bucket.Microseconds())
	return [...]string{bar, "module", "operation", "user_id", "organization_id"}
}

// unionStatement reads the matching rows once and groups them in five ways.
func (c *condition) unionStatement(q query) string {
	var b strings.Builder
	g := groupColumns(q, c.key)
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

// separateStatements groups the matching rows in five statements.
func (c *condition) separateStatements(q query) []string {
	var all []string
	for i, column := range groupColumns(q, c.key) {
		all = append(all, fmt.Sprintf("SELECT %d,CAST(%s AS text),count(*) FROM %s%s GROUP BY %s", i, column, c.from, c.clause(), column))
	}
	return all
}

// groupingSetsStatement groups in five ways with GROUPING SETS.
func (c *condition) groupingSetsStatement(q query) string {
	g := groupColumns(q, c.key)
	var sets, values []string
	for _, column := range g {
		sets = append(sets, "("+column+")")
		values = append(values, fmt.Sprintf("CAST(%s AS text)", column))
	}
	list := strings.Join(g[:], ",")
	return fmt.Sprintf("SELECT CASE GROUPING(%s) WHEN 15 THEN 0 WHEN 23 THEN 1 WHEN 27 THEN 2 WHEN 29 THEN 3 ELSE 4 END,COALESCE(%s),count(*) FROM %s%s GROUP BY GROUPING SETS (%s)",
		list, strings.Join(values, ","), c.from, c.clause(), strings.Join(sets, ","))
}

// statements returns the statements of a summary for one of its plans.
func (c *condition) statements(q query, way int) []string {
	switch way {
	case 0:
		return []string{c.unionStatement(q)}
	case 1:
		return c.separateStatements(q)
	default:
		return []string{c.groupingSetsStatement(q)}
	}
}

// groupCount is a row of a summary.
type groupCount struct {
	kind  int // 0 for a histogram bucket, otherwise 1 + the facet
	value string
	n     int
}

// collect builds an answer from the rows of a summary.
func collect(rows []row, lines []groupCount) (answer, error) {
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

// sqlRunner runs statements with a database's driver.
type sqlRunner interface {
	page(ctx context.Context, statement string, args []any) ([]row, error)
	count(ctx context.Context, statement string, args []any) (int, error)
	lines(ctx context.Context, statement string, args []any) ([]groupCount, error)
}

// runSQL runs a query as statements with a condition.
func runSQL(ctx context.Context, db sqlRunner, c *condition, q query, what request, way int) (func() (answer, error), error) {
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
	var lines []groupCount
	for _, statement := range c.statements(q, way) {
		more, err := db.lines(ctx, statement, c.args)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return func() (answer, error) { return collect(rows, lines) }, nil
}
