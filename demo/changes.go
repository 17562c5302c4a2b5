package demo

import (
	"encoding/json"
	"strconv"

	"oplog/oplog"
)

// field is a field of an object that edits change. Its value is a function of the object and the number of changes so far, so that an edit
// starts from the value that the previous one left.
type field struct {
	name  string
	value func(g *generator, o *object, changed int) json.RawMessage
}

// titleField is the field that determines the object's name.
func titleField(name string, of nameFunc) field {
	return field{name, func(g *generator, o *object, changed int) json.RawMessage {
		return g.arena.json(append(of(append(g.arena.scratch(), '"'), o, changed), '"'))
	}}
}

// cycleField is a field that cycles through values, starting at any of them.
func cycleField(name string, values ...string) field { return newCycle(name, 40, values) }

// statusField is a field that starts with the first value.
func statusField(values ...string) field { return newCycle("status", 64, values) }

func newCycle(name string, part uint, values []string) field {
	quoted := make([]json.RawMessage, len(values))
	for i, v := range values {
		quoted[i] = json.RawMessage(strconv.Quote(v))
	}
	return field{name, func(_ *generator, o *object, changed int) json.RawMessage {
		return quoted[(o.pick(part, len(quoted))+changed)%len(quoted)]
	}}
}

// numberField is a field with numbers between two bounds.
func numberField(name string, least, step, most int) field {
	steps := (most - least) / step
	return field{name, func(g *generator, o *object, changed int) json.RawMessage {
		n := least + (o.pick(8, steps)+changed*7)%steps*step
		return g.arena.json(strconv.AppendInt(g.arena.scratch(), int64(n), 10))
	}}
}

// priceField is a field with an amount that has cents.
func priceField(name string) field {
	return field{name, func(g *generator, o *object, changed int) json.RawMessage {
		yuan := 59 + o.pick(24, 120)*10 - changed%5*10
		return g.arena.json(append(strconv.AppendInt(g.arena.scratch(), int64(yuan), 10), ".00"...))
	}}
}

// dateField is a field with a date and a time of day, postponed by every change.
func dateField(name, clock string) field {
	return field{name, func(g *generator, o *object, changed int) json.RawMessage {
		d := int(o.day) + 5 + o.pick(12, 20) + changed*(2+o.pick(20, 9))
		b := append(appendDate(append(g.arena.scratch(), '"'), d, "-"), ' ')
		return g.arena.json(append(append(b, clock...), '"'))
	}}
}

var (
	status      = statusField("draft", "published", "paused", "published", "archived")
	audience    = cycleField("audience", "all_members", "vip", "华东会员", "new_members_30d", "沉睡 90 天", "East China, VIP")
	validUntil  = dateField("valid_until", "23:59")
	sendAt      = dateField("send_at", "10:00")
	validFrom   = dateField("valid_from", "00:00")
	budget      = numberField("budget", 2000, 500, 60000)
	cover       = cycleField("cover", "img/kv_autumn.jpg", "img/kv_double11.jpg", "img/kv_blackfriday.jpg", "img/kv_members.jpg", "img/kv_v2.jpg")
	wording     = cycleField("text", "会员先享，今晚 20:00 开抢", "最后 3 小时，错过等一年", "Members shop first, from 8 pm", "Last hours: up to 40% off", "尾款立减，回 T 退订", "到店领取专属好礼")
	pageFields  = []field{titleField("title", campaignName(pageNouns)), status, validUntil, cover, cycleField("share_text", "一起来逛", "会员专享，点开有惊喜", "Members first", "限时返场"), cycleField("layout", "single", "two_columns", "waterfall"), audience}
	emailFields = []field{titleField("subject", campaignName(emailNouns)), status, sendAt, audience, cycleField("sender", "service@lanwan.example", "hello@lanwan.example", "vip@lanwan.example"), cycleField("template", "winter_light", "winter_dark", "plain")}
	flowFields  = []field{titleField("name", campaignName(flowNouns)), cycleField("trigger", "member_joined", "tag_added", "order_paid", "basket_abandoned"), numberField("wait_hours", 1, 1, 72), audience, numberField("branches", 1, 1, 6), cycleField("channel", "wechat", "sms", "email")}

	moduleFields      = []field{titleField("name", nounName(moduleNouns)), cycleField("style", "light", "dark", "brand"), numberField("height", 120, 20, 640), cycleField("link", "/pages/double11", "/pages/members", "/pages/new", "/pages/stores"), status}
	broadcastFields   = []field{titleField("title", campaignName(articleNouns)), cover, sendAt, status, audience, cycleField("author", "蓝湾零售", "Lanwan Editors", "会员中心")}
	qrFields          = []field{titleField("name", storeName(qrNouns)), validUntil, cycleField("landing_page", "page_20261105_0017", "page_20261018_0004", "page_20260918_0003"), cycleField("tags", "门店", "活动", "快递", "导购")}
	messageFields     = []field{titleField("title", campaignName(noticeNouns)), wording, sendAt, audience, status, cycleField("link", "https://m.lanwan.example/d11", "https://m.lanwan.example/vip", "https://m.lanwan.example/bf")}
	menuMessageFields = []field{titleField("title", nounName(menuMessageNouns)), wording, cover, cycleField("link", "/pages/double11", "/pages/members", "/pages/stores"), status}
	couponFields      = []field{titleField("name", campaignName(couponNouns)), validFrom, validUntil, numberField("stock", 200, 100, 20000), numberField("per_person", 1, 1, 5), status, budget}
	redPocketFields   = []field{titleField("name", campaignName(redPocketNouns)), budget, numberField("count", 100, 50, 8000), validUntil, status}
	commodityFields   = []field{titleField("name", commodityName), priceField("price"), numberField("stock", 0, 5, 900), cycleField("shelf", "on", "off"), numberField("sort", 1, 1, 99), cycleField("freight", "包邮", "满 99 包邮", "¥8")}
	replyFields       = []field{titleField("name", nounName(replyNouns)), wording, cycleField("match", "contains", "exact"), cycleField("enabled", "on", "off")}
	menuFields        = []field{titleField("name", nounName(menuNouns)), cycleField("type", "view", "miniprogram", "click"), cycleField("url", "https://m.lanwan.example/d11", "https://m.lanwan.example/points", "https://m.lanwan.example/stores"), numberField("sort", 1, 1, 5), status}
	tagFields         = []field{titleField("name", nounName(tagNouns)), cycleField("rule", "spend_365d >= 10000", "last_order_days > 90", "source = live", "manual"), cycleField("colour", "blue", "green", "orange", "red")}
)

// changedFields returns the set of one to four fields that an object's n-th edit changes.
func (k *kind) changedFields(o *object, edit int) uint8 {
	h := mix(o.hash, uint64(edit))
	count := 1
	for roll := h % 100; count < 4 && roll < [4]uint64{0, 55, 25, 8}[count]; {
		count++
	}
	n := len(k.fields)
	f := int(h >> 8 % uint64(4*n))
	if f >= n || f == 0 && h>>16&1 == 0 { // titles change less often than other fields
		f = 1 + f%(n-1)
	}
	var set uint8
	for range count {
		set |= 1 << f
		f = (f + 1 + int(h>>24&1)) % n
	}
	return set
}

// titleChanges returns the number of title changes in the first edits.
func (k *kind) titleChanges(o *object, edits int) int {
	if k.renamesEachStep || len(k.fields) == 0 {
		return edits
	}
	return k.fieldChanges(o, 0, edits)
}

// fieldChanges returns the number of changes of a field in the first edits.
func (k *kind) fieldChanges(o *object, field, edits int) int {
	n := 0
	for e := range edits {
		n += int(k.changedFields(o, e) >> field & 1)
	}
	return n
}

// changes returns the changes of an object's n-th edit.
func (g *generator) changes(k *kind, o *object, edit int) []oplog.Change {
	set := k.changedFields(o, edit)
	list := g.arena.changes(len(k.fields))
	for f := range k.fields {
		if set>>f&1 == 0 {
			continue
		}
		times := k.fieldChanges(o, f, edit)
		list = append(list, oplog.Change{
			Field: k.fields[f].name, Before: k.fields[f].value(g, o, times), After: k.fields[f].value(g, o, times+1),
		})
	}
	return g.arena.keep(list)
}

// flowChanges are the changes recorded for starting and stopping a flow.
var flowChanges = map[operation]oplog.Change{
	start: {Field: "status", Before: json.RawMessage(`"stopped"`), After: json.RawMessage(`"running"`)},
	stop:  {Field: "status", Before: json.RawMessage(`"running"`), After: json.RawMessage(`"stopped"`)},
}
