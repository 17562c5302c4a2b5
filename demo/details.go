package demo

import (
	"encoding/json"
	"strconv"

	"oplog/oplog"
)

// failures has what is noted when an operation fails.
var failures = func() [len(operations)][]json.RawMessage {
	busy := reasons("The content is locked by another editor", "Session expired", "该内容正在被他人编辑")
	invalid := reasons("Name already in use", "名称不能为空", "Image larger than 2 MB")
	remote := reasons("WeChat API: 45009 reach max api daily quota limit", "微信接口超时", "WeChat API: 40001 invalid credential")
	outward := reasons("Sending quota used up", "余额不足", "Recipient list is empty", "审核未通过：含敏感词")
	files := reasons("Row 17: phone number is not valid", "文件格式不正确", "File larger than 20 MB")
	exports := reasons("Export timed out after 60 s", "导出超时，请缩小时间范围", "No permission to export phone numbers")
	inUse := reasons("In use by a running flow", "已被 2 个自动化流程引用，无法删除")
	return [...][]json.RawMessage{
		none: busy, create: invalid, duplicate: invalid, edit: busy, remove: inUse, batchDelete: inUse,
		importing: files, batchImport: files, export: exports, batchExport: exports, send: outward, syncing: remote,
		merge: busy, start: inUse, stop: busy,
	}
}()

func reasons(texts ...string) []json.RawMessage {
	all := make([]json.RawMessage, len(texts))
	for i, text := range texts {
		all[i] = json.RawMessage(`{"error":` + strconv.Quote(text) + `}`)
	}
	return all
}

// details makes what some operations note besides.
func (g *generator) details(k *kind, t *thing, op operation) json.RawMessage {
	dice := g.dice.IntN(100)
	d := noting{append(g.arena.scratch(), '{')}
	switch {
	case op == duplicate && dice < 80:
		older := *t
		older.day -= int32(1 + t.pick(4, 40))
		older.index = 0
		d.text("copied_from", string(k.id(nil, &older)))
	case op == send:
		d.number("recipients", 120+g.dice.IntN(48000))
		if dice < 30 {
			d.number("excluded", g.dice.IntN(900))
		}
	case op == export, op == batchExport:
		d.number("rows", 20+g.dice.IntN(9000))
		d.text("format", [...]string{"xlsx", "xlsx", "csv"}[dice%3])
	case op == importing, op == batchImport:
		rows := 30 + g.dice.IntN(5000)
		d.number("rows", rows)
		d.number("skipped", g.dice.IntN(rows/20+1))
	case op == merge:
		d.number("kept", 5100000+g.dice.IntN(60000))
		d.number("merged", 1+g.dice.IntN(3))
	case op == batchDelete:
		d.number("deleted", 3+g.dice.IntN(400))
	case op == syncing:
		d.number("updated", g.dice.IntN(60))
	case op == remove && dice < 25:
		d.text("reason", [...]string{"已过期", "duplicate", "活动取消", "replaced by a newer one"}[dice%4])
	case op == create && dice < 6:
		d.text("template", [...]string{"blank", "双11通用", "newsletter"}[dice%3])
	default:
		return nil
	}
	return g.arena.json(append(d.b, '}'))
}

// noting writes a JSON object of plain words and numbers.
type noting struct{ b []byte }

func (d *noting) key(name string) {
	if len(d.b) > 1 {
		d.b = append(d.b, ',')
	}
	d.b = append(append(append(d.b, '"'), name...), `":`...)
}

func (d *noting) number(name string, n int) {
	d.key(name)
	d.b = strconv.AppendInt(d.b, int64(n), 10)
}

func (d *noting) text(name, s string) {
	d.key(name)
	d.b = append(append(append(d.b, '"'), s...), '"')
}

// arena hands out memory in large pieces: an entry needs many small ones.
type arena struct {
	buffer []byte // what scratch returns
	values []byte
	list   []oplog.Change
}

// scratch returns an empty buffer, good until the next call.
func (a *arena) scratch() []byte {
	if a.buffer == nil {
		a.buffer = make([]byte, 0, 512)
	}
	return a.buffer[:0]
}

// json keeps a value.
func (a *arena) json(value []byte) json.RawMessage {
	if cap(a.values)-len(a.values) < len(value) {
		a.values = make([]byte, 0, max(16<<10, len(value)))
	}
	first := len(a.values)
	a.values = append(a.values, value...)
	return json.RawMessage(a.values[first:len(a.values):len(a.values)])
}

// changes returns an empty list with room for n changes, to be kept next.
func (a *arena) changes(n int) []oplog.Change {
	if cap(a.list)-len(a.list) < n {
		a.list = make([]oplog.Change, 0, 256)
	}
	return a.list[len(a.list):]
}

// keep ends a list that changes began.
func (a *arena) keep(list []oplog.Change) []oplog.Change {
	a.list = a.list[:len(a.list)+len(list)]
	return list[:len(list):len(list)]
}
