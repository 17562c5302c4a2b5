package demo

import (
	"encoding/json"
	"strconv"

	"oplog/oplog"
)

// failureDetails are the details of failed operations.
var failureDetails = func() [len(operations)][]json.RawMessage {
	busy := errorDetails("The content is locked by another editor", "Session expired", "该内容正在被他人编辑")
	invalid := errorDetails("Name already in use", "名称不能为空", "Image larger than 2 MB")
	remote := errorDetails("WeChat API: 45009 reach max api daily quota limit", "微信接口超时", "WeChat API: 40001 invalid credential")
	outward := errorDetails("Sending quota used up", "余额不足", "Recipient list is empty", "审核未通过：含敏感词")
	files := errorDetails("Row 17: phone number is not valid", "文件格式不正确", "File larger than 20 MB")
	exports := errorDetails("Export timed out after 60 s", "导出超时，请缩小时间范围", "No permission to export phone numbers")
	inUse := errorDetails("In use by a running flow", "已被 2 个自动化流程引用，无法删除")
	return [...][]json.RawMessage{
		none: busy, create: invalid, duplicate: invalid, edit: busy, remove: inUse, batchDelete: inUse,
		importing: files, batchImport: files, export: exports, batchExport: exports, send: outward, syncing: remote,
		merge: busy, start: inUse, stop: busy,
	}
}()

func errorDetails(texts ...string) []json.RawMessage {
	all := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		all[i] = json.RawMessage(`{"error":` + strconv.Quote(text) + `}`)
	}
	return all
}

// details returns the details of an operation; most have none.
func (g *generator) details(k *kind, o *object, op operation) json.RawMessage {
	roll := g.rng.IntN(100)
	d := jsonBuilder{append(g.arena.scratch(), '{')}
	switch {
	case op == duplicate && roll < 80:
		older := *o
		older.day -= int32(1 + o.pick(4, 40))
		older.index = 0
		d.text("copied_from", string(k.id(nil, &older)))
	case op == send:
		d.number("recipients", 120+g.rng.IntN(48000))
		if roll < 30 {
			d.number("excluded", g.rng.IntN(900))
		}
	case op == export, op == batchExport:
		d.number("rows", 20+g.rng.IntN(9000))
		d.text("format", [...]string{"xlsx", "xlsx", "csv"}[roll%3])
	case op == importing, op == batchImport:
		rows := 30 + g.rng.IntN(5000)
		d.number("rows", rows)
		d.number("skipped", g.rng.IntN(rows/20+1))
	case op == merge:
		d.number("kept", 5100000+g.rng.IntN(60000))
		d.number("merged", 1+g.rng.IntN(3))
	case op == batchDelete:
		d.number("deleted", 3+g.rng.IntN(400))
	case op == syncing:
		d.number("updated", g.rng.IntN(60))
	case op == remove && roll < 25:
		d.text("reason", [...]string{"已过期", "duplicate", "活动取消", "replaced by a newer one"}[roll%4])
	case op == create && roll < 6:
		d.text("template", [...]string{"blank", "双11通用", "newsletter"}[roll%3])
	default:
		return nil
	}
	return g.arena.json(append(d.b, '}'))
}

// jsonBuilder builds a JSON object of numbers and of texts that need no escaping.
type jsonBuilder struct{ b []byte }

func (d *jsonBuilder) key(name string) {
	if len(d.b) > 1 {
		d.b = append(d.b, ',')
	}
	d.b = append(append(append(d.b, '"'), name...), `":`...)
}

func (d *jsonBuilder) number(name string, n int) {
	d.key(name)
	d.b = strconv.AppendInt(d.b, int64(n), 10)
}

func (d *jsonBuilder) text(name, s string) {
	d.key(name)
	d.b = append(append(append(d.b, '"'), s...), '"')
}

// arena allocates memory in large blocks, because an entry needs many small ones.
type arena struct {
	buffer []byte // for scratch
	values []byte
	list   []oplog.Change
}

// scratch returns an empty buffer that is valid until the next call.
func (a *arena) scratch() []byte {
	if a.buffer == nil {
		a.buffer = make([]byte, 0, 512)
	}
	return a.buffer[:0]
}

// json returns a copy of a value.
func (a *arena) json(value []byte) json.RawMessage {
	if cap(a.values)-len(a.values) < len(value) {
		a.values = make([]byte, 0, max(16<<10, len(value)))
	}
	first := len(a.values)
	a.values = append(a.values, value...)
	return json.RawMessage(a.values[first:len(a.values):len(a.values)])
}

// changes returns an empty list with capacity for n changes; pass it to keep next.
func (a *arena) changes(n int) []oplog.Change {
	if cap(a.list)-len(a.list) < n {
		a.list = make([]oplog.Change, 0, 256)
	}
	return a.list[len(a.list):]
}

// keep allocates the list that changes returned.
func (a *arena) keep(list []oplog.Change) []oplog.Change {
	a.list = a.list[:len(a.list)+len(list)]
	return list[:len(list):len(list)]
}
