package oplog

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// trailCatalog tells what the modules of trails are called, for searches.
var trailCatalog = &Catalog{Modules: []Module{
	{Key: "log", Title: Title{"Log", "日志"}},
	{Key: "export", Title: Title{"Exports", "导出"}},
	{Key: "backup", Title: Title{"Backups", "备份"}},
	{Key: "access", Title: Title{"Access log", "访问日志"}},
	{Key: "session", Title: Title{"Sign-in and sign-out", "登录、退出"}},
	{Key: "view", Title: Title{"Views", "视图"}},
	{Key: "account", Title: Title{"Accounts", "账号"}},
	{Key: "key", Title: Title{"API keys", "API 密钥"}},
	{Key: "tenant", Title: Title{"Tenants", "租户"}},
	{Key: "retention", Title: Title{"Retention and legal holds", "保留、法律保留"}},
	{Key: "catalog", Title: Title{"Catalog", "目录"}},
	{Key: "organization", Title: Title{"Organizations", "组织"}},
	{Key: "server", Title: Title{"Server", "服务器"}},
}}

// TrailModules returns the keys of the modules that trails name.
func TrailModules() []string { return trailCatalog.ModuleKeys() }

// trailChunk is how many entries of a trail are read at once where a query
// leaves some out.
const trailChunk = 1000

// Trail returns a page of a trail, newest first, from a cursor on: what a query
// lets through. All that was told before is in it. An operation may be named
// with its module, "account.create". A search looks at what was done to what,
// too, and with which filters: the content and the details. The days of the
// installation's trail are those of the machine.
func (l *Log) Trail(ctx context.Context, tenant string, q Query, limit int, cursor string) (Page, error) {
	if limit < 1 || limit > MaxPageSize {
		return Page{}, queryError("limit", limit, "is not between 1 and %d", MaxPageSize)
	}
	name := TrailOf(tenant)
	before, err := parseCursor(name, cursor)
	if err != nil {
		return Page{}, err
	}
	now := l.now()
	if tenant != "" {
		t, err := l.tenant(tenant)
		if err != nil {
			return Page{}, err
		}
		now = now.In(t.Location())
	}
	m, err := q.match(trailCatalog, now)
	if err != nil {
		return Page{}, err
	}
	through, err := l.trailMatcher(m)
	if err != nil {
		return Page{}, err
	}
	if last := m.last(); before.IsZero() || last.Compare(before) < 0 {
		before = last
	}
	chunk := limit + 1
	if !m.isPeriod() {
		chunk = trailChunk
	}
	l.writeTrail(name)
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	page := Page{Entries: []Entry{}}
	for more := true; more; {
		entries, err := l.store.Older(name, before, m.first(), chunk, nil)
		if err != nil {
			return Page{}, err
		}
		for i := range entries {
			if !through(&entries[i]) {
				continue
			}
			if len(page.Entries) == limit {
				page.NextCursor = makeCursor(name, page.Entries[limit-1].Key())
				return page, nil
			}
			page.Entries = append(page.Entries, entries[i])
		}
		if more = len(entries) == chunk; more {
			before = entries[len(entries)-1].Key()
		}
		if ctx.Err() != nil {
			return Page{}, tooSlow(ctx.Err())
		}
	}
	return page, nil
}

// trailMatcher returns what tells whether an entry of a trail matches.
func (l *Log) trailMatcher(m Match) (func(e *Entry) bool, error) {
	operations := m.Operations
	m.Operations = nil
	matches, err := l.index.Matcher(m)
	if err != nil {
		return nil, err
	}
	return func(e *Entry) bool {
		if len(operations) > 0 && !slices.ContainsFunc(operationsOf(e), func(operation string) bool {
			return slices.Contains(operations, operation) || slices.Contains(operations, e.Module+"."+operation)
		}) {
			return false
		}
		if len(m.Words) == 0 || len(e.Details) == 0 {
			return matches(e)
		}
		told := *e
		told.Content.Name += " " + textsOf(e.Details)
		return matches(&told)
	}, nil
}

// operationsOf returns the operation of an entry of a trail, and those of what
// its act did besides.
func operationsOf(e *Entry) []string {
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

// textsOf returns the texts and numbers in a JSON value, not the names of its
// members.
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
