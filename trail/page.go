package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"oplog/oplog"
)

// catalog holds the titles of trail modules, for searches.
var catalog = &oplog.Catalog{Modules: []oplog.Module{
	{Key: "log", Title: oplog.Title{EN: "Log", ZH: "日志"}},
	{Key: "export", Title: oplog.Title{EN: "Exports", ZH: "导出"}},
	{Key: "backup", Title: oplog.Title{EN: "Backups", ZH: "备份"}},
	{Key: "access", Title: oplog.Title{EN: "Access log", ZH: "访问日志"}},
	{Key: RefusedModule, Title: oplog.Title{EN: "Refused requests", ZH: "被拒绝的请求"}},
	{Key: "session", Title: oplog.Title{EN: "Sign-in and sign-out", ZH: "登录与退出"}},
	{Key: "view", Title: oplog.Title{EN: "Views", ZH: "视图"}},
	{Key: "account", Title: oplog.Title{EN: "Accounts", ZH: "账号"}},
	{Key: "key", Title: oplog.Title{EN: "API keys", ZH: "API 密钥"}},
	{Key: "tenant", Title: oplog.Title{EN: "Tenants", ZH: "租户"}},
	{Key: "retention", Title: oplog.Title{EN: "Retention and legal holds", ZH: "保留期限与法律保留"}},
	{Key: "archive", Title: oplog.Title{EN: "Archive", ZH: "归档"}},
	{Key: "catalog", Title: oplog.Title{EN: "Catalog", ZH: "目录"}},
	{Key: "organization", Title: oplog.Title{EN: "Organizations", ZH: "组织"}},
	{Key: "server", Title: oplog.Title{EN: "Server", ZH: "服务器"}},
}}

// Modules returns the keys of the modules in trails.
func Modules() []string { return catalog.ModuleKeys() }

// scanSize is the number of entries read at once for a filtered page.
const scanSize = 1000

// Page returns a page of a trail, newest first, after a cursor. It includes every event added before. An operation may be qualified by its
// module: "account.create". A search also matches the content and the details. Days of the installation's trail are in the machine's time
// zone.
func (t *Trail) Page(ctx context.Context, tenant string, q oplog.Query, limit int, cursor string) (oplog.Page, error) {
	if limit < 1 || limit > oplog.MaxPageSize {
		return oplog.Page{}, oplog.InvalidQuery("limit", limit, "out_of_range", "is not between {min} and {max}", 1, oplog.MaxPageSize)
	}
	name := oplog.TrailName(tenant)
	before, err := oplog.ParseCursor(name, cursor)
	if err != nil {
		return oplog.Page{}, err
	}
	now := t.now()
	if tenant != "" {
		of, err := t.directory.Tenant(tenant)
		if err != nil {
			return oplog.Page{}, err
		}
		now = now.In(of.Location())
	}
	m, err := q.Match(catalog, now)
	if err != nil {
		return oplog.Page{}, err
	}
	through, err := t.matcher(m)
	if err != nil {
		return oplog.Page{}, err
	}
	if last := m.Last(); before.IsZero() || last.Compare(before) < 0 {
		before = last
	}
	chunk := limit + 1
	if !m.IsPeriod() {
		chunk = scanSize
	}
	t.writeFolded(name)
	ctx, cancel := context.WithTimeout(ctx, oplog.QueryDeadline)
	defer cancel()
	page := oplog.Page{Entries: []oplog.Entry{}}
	for more := true; more; {
		entries, err := t.store.Older(name, before, m.First(), chunk, nil)
		if err != nil {
			return oplog.Page{}, err
		}
		for i := range entries {
			if !through(&entries[i]) {
				continue
			}
			if len(page.Entries) == limit {
				page.NextCursor = oplog.MakeCursor(name, page.Entries[limit-1].Key())
				return page, nil
			}
			page.Entries = append(page.Entries, entries[i])
		}
		if more = len(entries) == chunk; more {
			before = entries[len(entries)-1].Key()
		}
		if ctx.Err() != nil {
			return oplog.Page{}, oplog.DeadlineError(ctx.Err())
		}
	}
	return page, nil
}

// matcher returns a function that reports whether a trail entry matches.
func (t *Trail) matcher(m oplog.Match) (func(e *oplog.Entry) bool, error) {
	operations := m.Operations
	m.Operations = nil
	matches, err := t.index.Matcher(m)
	if err != nil {
		return nil, err
	}
	return func(e *oplog.Entry) bool {
		if len(operations) > 0 && !slices.ContainsFunc(operationsOf(e), func(operation string) bool {
			return slices.Contains(operations, operation) || slices.Contains(operations, e.Module+"."+operation)
		}) {
			return false
		}
		if len(m.Words) == 0 || len(e.Details) == 0 {
			return matches(e)
		}
		searched := *e
		searched.Content.Name += " " + textsOf(e.Details)
		return matches(&searched)
	}, nil
}

// operationsOf returns the operations of a trail entry, including those under “also”.
func operationsOf(e *oplog.Entry) []string {
	operations := []string{e.Operation}
	if !bytes.Contains(e.Details, []byte(`"also"`)) {
		return operations
	}
	var details struct {
		Also []struct {
			Operation string `json:"operation"`
		} `json:"also"`
	}
	if json.Unmarshal(e.Details, &details) == nil {
		for _, one := range details.Also {
			operations = append(operations, one.Operation)
		}
	}
	return operations
}

// textsOf returns the strings and numbers in a JSON value, without member names.
func textsOf(details json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(details))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return ""
	}
	var texts []string
	var add func(value any)
	add = func(value any) {
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case json.Number:
			texts = append(texts, v.String())
		case []any:
			for _, one := range v {
				add(one)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				add(v[name])
			}
		}
	}
	add(value)
	return strings.Join(texts, " ")
}
