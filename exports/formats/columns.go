package formats

import (
	"slices"
	"time"

	"oplog/oplog"
)

// column is a column of [CSV] and [XLSX].
type column struct {
	key    string // the name in requests; "" if the column is always present
	field  string // the name in files with field names, see fieldNames
	en, zh string // the title
	text   func(x *texts, e *oplog.Entry) string
}

// columns are all columns, in order.
var columns = []column{
	{"", "time", "Time", "操作时间", func(x *texts, e *oplog.Entry) string { return x.time(e.Time) }},
	{"", "user_name", "User", "用户", func(_ *texts, e *oplog.Entry) string { return e.User.Name }},
	{"", "user_id", "User ID", "用户 ID", func(_ *texts, e *oplog.Entry) string { return e.User.ID }},
	{"", "user_role", "Role", "角色", func(_ *texts, e *oplog.Entry) string { return e.User.Role }},
	{"", "organization_name", "Organization", "组织", func(_ *texts, e *oplog.Entry) string { return e.Organization.Name }},
	{"", "organization_id", "Organization ID", "组织 ID", func(_ *texts, e *oplog.Entry) string { return e.Organization.ID }},
	{"", "module", "Module", "功能模块", func(x *texts, e *oplog.Entry) string { return title(x.modules, e.Module) }},
	{"", "operation", "Operation", "操作类型", func(x *texts, e *oplog.Entry) string { return title(x.operations, e.Operation) }},
	{"", "content_name", "Content", "操作内容", func(_ *texts, e *oplog.Entry) string { return e.Content.Name }},
	{"", "content_id", "Content ID", "内容 ID", func(_ *texts, e *oplog.Entry) string { return e.Content.ID }},
	{"", "ip", "IP", "IP", func(_ *texts, e *oplog.Entry) string { return e.IP }},
	{"", "id", "Entry ID", "记录 ID", func(_ *texts, e *oplog.Entry) string { return e.ID }},
	{"", "outcome", "Outcome", "结果", func(x *texts, e *oplog.Entry) string { return title(x.outcomes, e.Outcome) }},
	{oplog.ColumnExactTime, "exact_time", "Exact time", "精确时间", func(x *texts, e *oplog.Entry) string { return x.exactTime(e.Time) }},
	{oplog.ColumnReceived, "received_at", "Received", "接收时间", func(x *texts, e *oplog.Entry) string { return x.time(e.ReceivedAt) }},
	{oplog.ColumnKey, "key", "Key", "密钥", func(_ *texts, e *oplog.Entry) string { return e.KeyID }},
	{oplog.ColumnUserAgent, "user_agent", "User agent", "用户代理", func(_ *texts, e *oplog.Entry) string { return e.UserAgent }},
	{oplog.ColumnChanges, "changes", "Changes", "变更", func(_ *texts, e *oplog.Entry) string { return changesText(e.Changes) }},
	{oplog.ColumnDetails, "details", "Details", "详情", func(_ *texts, e *oplog.Entry) string { return string(e.Details) }},
}

func (c *column) title(locale string) string {
	if locale == oplog.LocaleZH {
		return c.zh
	}
	return c.en
}

// columnsOf returns the columns of an export with the given optional columns.
func columnsOf(asked []string) []column {
	return slices.DeleteFunc(slices.Clone(columns), func(c column) bool { return c.key != "" && !slices.Contains(asked, c.key) })
}

// outcomesZH are the outcomes in Chinese exports; English ones use the API's values.
var outcomesZH = map[string]string{oplog.OutcomeSuccess: "成功", oplog.OutcomeFailure: "失败"}

// texts formats entries as rows.
type texts struct {
	columns    []column
	locale     string
	modules    map[string]string
	operations map[string]string
	outcomes   map[string]string
	location   *time.Location
	cells      []string // reused for every row
}

func newTexts(t oplog.ExportOptions) *texts {
	x := &texts{
		columns:    columnsOf(t.Columns),
		locale:     t.Locale,
		modules:    make(map[string]string, len(t.Catalog.Modules)),
		operations: make(map[string]string, len(t.Catalog.Operations)),
		location:   t.Location,
	}
	x.cells = make([]string, len(x.columns))
	for _, m := range t.Catalog.Modules {
		x.modules[m.Key] = m.Title.In(t.Locale)
	}
	for _, o := range t.Catalog.Operations {
		x.operations[o.Key] = o.Title.In(t.Locale)
	}
	if t.Locale == oplog.LocaleZH {
		x.outcomes = outcomesZH
	}
	return x
}

// header returns the column titles; valid until the next row.
func (x *texts) header() []string {
	for i := range x.columns {
		x.cells[i] = x.columns[i].title(x.locale)
	}
	return x.cells
}

// row returns the cells of an entry; valid until the next row.
func (x *texts) row(e *oplog.Entry) []string {
	for i := range x.columns {
		x.cells[i] = x.columns[i].text(x, e)
	}
	return x.cells
}

// time formats a time in the tenant's zone, to the second.
func (x *texts) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(x.location).Format(time.DateTime)
}

// exactTime formats a time with its fraction of a second and its offset in the tenant's zone. Spreadsheets keep it as text and save it unchanged;
// of a time with a fraction but no offset, Excel shows and saves minutes and seconds alone, like 41:07.4.
func (x *texts) exactTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local := t.In(x.location)
	if _, offset := local.Zone(); offset%60 != 0 {
		local = t.UTC() // offsets of RFC 3339 have no seconds
	}
	return local.Format(time.RFC3339Nano)
}

// title returns the title of a key, or the key itself if it has none.
func title(titles map[string]string, key string) string {
	if t, ok := titles[key]; ok && t != "" {
		return t
	}
	return key
}
