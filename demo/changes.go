package demo

import (
	"encoding/json"
	"strconv"

	"oplog/oplog"
)

// field is something of a thing that edits change. Its values follow from the
// thing and from how often the field was changed, so that what one edit leaves
// is what the next one finds.
type field struct {
	name  string
	value func(g *generator, t *thing, changed int) json.RawMessage
}

// title is the field that the thing's name shows.
func title(name string, of names) field {
	return field{name, func(g *generator, t *thing, changed int) json.RawMessage {
		return g.arena.json(append(of(append(g.arena.scratch(), '"'), t, changed), '"'))
	}}
}

// cycle is a field that goes through values in turn, starting anywhere.
func cycle(name string, values ...string) field { return cycleFrom(name, 40, values) }

// states is a field that starts with the first value.
func states(values ...string) field { return cycleFrom("status", 64, values) }

func cycleFrom(name string, part uint, values []string) field {
	quoted := make([]json.RawMessage, len(values))
	for i, v := range values {
		quoted[i] = json.RawMessage(strconv.Quote(v))
	}
	return field{name, func(_ *generator, t *thing, changed int) json.RawMessage {
		return quoted[(t.pick(part, len(quoted))+changed)%len(quoted)]
	}}
}

// number is a field whose values lie some steps around a middle.
func number(name string, least, step, most int) field {
	steps := (most - least) / step
	return field{name, func(g *generator, t *thing, changed int) json.RawMessage {
		n := least + (t.pick(8, steps)+changed*7)%steps*step
		return g.arena.json(strconv.AppendInt(g.arena.scratch(), int64(n), 10))
	}}
}

// price is a number with cents.
func price(name string) field {
	return field{name, func(g *generator, t *thing, changed int) json.RawMessage {
		yuan := 59 + t.pick(24, 120)*10 - changed%5*10
		return g.arena.json(append(strconv.AppendInt(g.arena.scratch(), int64(yuan), 10), ".00"...))
	}}
}

// when is a field with a date and a time of day, put off by every change.
func when(name, clock string) field {
	return field{name, func(g *generator, t *thing, changed int) json.RawMessage {
		d := int(t.day) + 5 + t.pick(12, 20) + changed*(2+t.pick(20, 9))
		b := append(appendDate(append(g.arena.scratch(), '"'), d, "-"), ' ')
		return g.arena.json(append(append(b, clock...), '"'))
	}}
}

var (
	status      = states("draft", "published", "paused", "published", "archived")
	audience    = cycle("audience", "all_members", "vip", "华东会员", "new_members_30d", "沉睡 90 天", "East China, VIP")
	validUntil  = when("valid_until", "23:59")
	sendAt      = when("send_at", "10:00")
	validFrom   = when("valid_from", "00:00")
	budget      = number("budget", 2000, 500, 60000)
	cover       = cycle("cover", "img/kv_autumn.jpg", "img/kv_double11.jpg", "img/kv_blackfriday.jpg", "img/kv_members.jpg", "img/kv_v2.jpg")
	wording     = cycle("text", "会员先享，今晚 20:00 开抢", "最后 3 小时，错过等一年", "Members shop first, from 8 pm", "Last hours: up to 40% off", "尾款立减，回 T 退订", "到店领取专属好礼")
	pageFields  = []field{title("title", themed(pageNouns)), status, validUntil, cover, cycle("share_text", "一起来逛", "会员专享，点开有惊喜", "Members first", "限时返场"), cycle("layout", "single", "two_columns", "waterfall"), audience}
	emailFields = []field{title("subject", themed(emailNouns)), status, sendAt, audience, cycle("sender", "service@lanwan.example", "hello@lanwan.example", "vip@lanwan.example"), cycle("template", "winter_light", "winter_dark", "plain")}
	flowFields  = []field{title("name", themed(flowNouns)), cycle("trigger", "member_joined", "tag_added", "order_paid", "basket_abandoned"), number("wait_hours", 1, 1, 72), audience, number("branches", 1, 1, 6), cycle("channel", "wechat", "sms", "email")}

	moduleFields      = []field{title("name", plain(moduleNouns)), cycle("style", "light", "dark", "brand"), number("height", 120, 20, 640), cycle("link", "/pages/double11", "/pages/members", "/pages/new", "/pages/stores"), status}
	broadcastFields   = []field{title("title", themed(articleNouns)), cover, sendAt, status, audience, cycle("author", "蓝湾零售", "Lanwan Editors", "会员中心")}
	qrFields          = []field{title("name", placed(qrNouns)), validUntil, cycle("landing_page", "page_20261105_0017", "page_20261018_0004", "page_20260918_0003"), cycle("tags", "门店", "活动", "快递", "导购")}
	messageFields     = []field{title("title", themed(noticeNouns)), wording, sendAt, audience, status, cycle("link", "https://m.lanwan.example/d11", "https://m.lanwan.example/vip", "https://m.lanwan.example/bf")}
	menuMessageFields = []field{title("title", plain(menuMessageNouns)), wording, cover, cycle("link", "/pages/double11", "/pages/members", "/pages/stores"), status}
	couponFields      = []field{title("name", themed(couponNouns)), validFrom, validUntil, number("stock", 200, 100, 20000), number("per_person", 1, 1, 5), status, budget}
	redPocketFields   = []field{title("name", themed(redPocketNouns)), budget, number("count", 100, 50, 8000), validUntil, status}
	commodityFields   = []field{title("name", commodityName), price("price"), number("stock", 0, 5, 900), cycle("shelf", "on", "off"), number("sort", 1, 1, 99), cycle("freight", "包邮", "满 99 包邮", "¥8")}
	replyFields       = []field{title("name", plain(replyNouns)), wording, cycle("match", "contains", "exact"), cycle("enabled", "on", "off")}
	menuFields        = []field{title("name", plain(menuNouns)), cycle("type", "view", "miniprogram", "click"), cycle("url", "https://m.lanwan.example/d11", "https://m.lanwan.example/points", "https://m.lanwan.example/stores"), number("sort", 1, 1, 5), status}
	tagFields         = []field{title("name", plain(tagNouns)), cycle("rule", "spend_365d >= 10000", "last_order_days > 90", "source = live", "manual"), cycle("colour", "blue", "green", "orange", "red")}
)

// changed returns the fields that a thing's edit of that number changes, as a
// set: one to four.
func (k *kind) changed(t *thing, edit int) uint8 {
	h := mix(t.hash, uint64(edit))
	count := 1
	for dice := h % 100; count < 4 && dice < [4]uint64{0, 55, 25, 8}[count]; {
		count++
	}
	n := len(k.fields)
	f := int(h >> 8 % uint64(4*n))
	if f >= n || f == 0 && h>>16&1 == 0 { // titles change less often than the rest
		f = 1 + f%(n-1)
	}
	var set uint8
	for range count {
		set |= 1 << f
		f = (f + 1 + int(h>>24&1)) % n
	}
	return set
}

// titles returns how often the title was changed by the first edits.
func (k *kind) titles(t *thing, edits int) int {
	if k.counts || len(k.fields) == 0 {
		return edits
	}
	return k.times(t, 0, edits)
}

// times returns how often a field was changed by the first edits.
func (k *kind) times(t *thing, field, edits int) int {
	n := 0
	for e := range edits {
		n += int(k.changed(t, e) >> field & 1)
	}
	return n
}

// changes makes the changes of a thing's edit of that number.
func (g *generator) changes(k *kind, t *thing, edit int) []oplog.Change {
	set := k.changed(t, edit)
	list := g.arena.changes(len(k.fields))
	for f := range k.fields {
		if set>>f&1 == 0 {
			continue
		}
		times := k.times(t, f, edit)
		list = append(list, oplog.Change{
			Field: k.fields[f].name, Before: k.fields[f].value(g, t, times), After: k.fields[f].value(g, t, times+1),
		})
	}
	return g.arena.keep(list)
}

// running has what starting and stopping a flow changes.
var running = map[operation]oplog.Change{
	start: {Field: "status", Before: json.RawMessage(`"stopped"`), After: json.RawMessage(`"running"`)},
	stop:  {Field: "status", Before: json.RawMessage(`"running"`), After: json.RawMessage(`"stopped"`)},
}
