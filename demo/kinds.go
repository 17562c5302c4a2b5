package demo

import (
	"math/rand/v2"
)

// operation is an operation type, as its place in operations.
type operation uint8

const (
	none operation = iota
	create
	duplicate // "copy", which Go has a function of
	edit
	remove
	batchDelete
	importing
	batchImport
	export
	batchExport
	send
	syncing
	merge
	start
	stop
)

// operations has the key of each operation type, and how many in a thousand
// fail.
var operations = [...]struct {
	key      string
	failures int
}{
	none: {}, create: {"create", 10}, duplicate: {"copy", 8}, edit: {"edit", 14}, remove: {"delete", 22},
	batchDelete: {"batch_delete", 40}, importing: {"import", 60}, batchImport: {"batch_import", 70},
	export: {"export", 45}, batchExport: {"batch_export", 40}, send: {"send", 45}, syncing: {"sync", 70},
	merge: {"merge", 25}, start: {"start", 25}, stop: {"stop", 10},
}

// kind is a kind of things: what can happen to them, what they are called.
type kind struct {
	module string
	births float64 // how many begin, against other kinds
	work   work
	id     func(b []byte, t *thing) []byte
	name   func(b []byte, t *thing, title int) []byte // title: how often it was renamed
	begin  []step
	middle []step
	steps  float64 // in the middle, on average
	end    []step  // what is missing to 100 ends with nothing
	fields []field // what an edit changes; the first is the title
	counts bool    // every step makes a new title, such as the size of a segment

	share      float64 // of all births
	everyone   wheel
	colleagues map[string]wheel // by region
}

// step is an operation that may come next, and how likely.
type step struct {
	op      operation
	percent int
}

func pickStep(steps []step, r *rand.Rand) operation {
	dice := r.IntN(100)
	for _, s := range steps {
		if dice -= s.percent; dice < 0 {
			return s.op
		}
	}
	return none
}

func made(copied int) []step     { return []step{{create, 100 - copied}, {duplicate, copied}} }
func always(op operation) []step { return []step{{op, 100}} }

var kinds = staffed([]kind{
	{module: "customer", births: 9, work: customers, id: serial("cus_", 5100000), name: personName,
		begin: made(8), end: []step{{remove, 6}, {merge, 9}}},
	{module: "customer", births: 6.5, work: customers | reports, id: serial("seg_", 61000), name: segmentName, counts: true,
		begin: always(batchExport), middle: always(batchExport), steps: 1.2, end: []step{{batchDelete, 4}}},
	{module: "customer", births: 3, work: customers, id: dated("imp_", "_%02d"), name: fileName,
		begin: always(batchImport)},
	{module: "wechat_page", births: 13, work: content, id: dated("page_", "_%04d"), name: themed(pageNouns),
		begin: made(30), middle: always(edit), steps: 3.2, end: []step{{remove, 10}}, fields: pageFields},
	{module: "wechat_page_module", births: 5, work: content, id: serial("mod_", 900), name: plain(moduleNouns),
		begin: made(35), middle: always(edit), steps: 1.8, end: []step{{remove, 12}}, fields: moduleFields},
	{module: "wechat_broadcast", births: 6, work: content | messages, id: dated("bc_", "_%02d"), name: themed(articleNouns),
		begin: made(15), middle: always(edit), steps: 1.9, end: []step{{remove, 7}}, fields: broadcastFields},
	{module: "wechat_qrcode", births: 6, work: stores, id: serial("qr_", 106000), name: placed(qrNouns),
		begin: []step{{create, 72}, {duplicate, 16}, {importing, 12}}, middle: []step{{edit, 62}, {export, 38}}, steps: 1, end: []step{{remove, 7}}, fields: qrFields},
	{module: "wechat_template_message", births: 6, work: messages, id: serial("tpl_msg_", 44000), name: themed(noticeNouns),
		begin: made(22), middle: []step{{edit, 62}, {send, 26}, {syncing, 12}}, steps: 2.4, end: []step{{send, 70}, {remove, 6}}, fields: messageFields},
	{module: "wechat_menu_message", births: 3, work: content | messages, id: serial("mm_", 2400), name: plain(menuMessageNouns),
		begin: made(18), middle: always(edit), steps: 1.3, end: []step{{remove, 14}}, fields: menuMessageFields},
	{module: "wechat_coupon", births: 7, work: stores, id: serial("cpn_", 64000), name: themed(couponNouns),
		begin: made(28), middle: []step{{edit, 74}, {syncing, 26}}, steps: 1.9, end: []step{{remove, 8}}, fields: couponFields},
	{module: "merchant_coupon", births: 3, work: stores, id: serial("mc_", 17400), name: themed(couponNouns),
		begin: []step{{create, 62}, {duplicate, 20}, {importing, 18}}, end: []step{{remove, 22}}},
	{module: "merchant_red_pocket", births: 4, work: stores, id: serial("rp_", 27300), name: themed(redPocketNouns),
		begin: made(20), middle: always(edit), steps: 1.3, end: []step{{remove, 9}}, fields: redPocketFields},
	{module: "merchant_commodity", births: 8.5, work: shop, id: skuID, name: commodityName,
		begin: made(32), middle: always(edit), steps: 2.4, end: []step{{remove, 7}}, fields: commodityFields},
	{module: "merchant_commodity", births: 1.5, work: shop | reports, id: dated("sku_exp_", "_%02d"), name: listName,
		begin: always(export)},
	{module: "merchant_order", births: 5.5, work: shop | reports, id: dated("ord_exp_", "_%02d"), name: orderName,
		begin: always(export)},
	{module: "wechat_auto_reply", births: 4, work: content | customers, id: serial("ar_", 4100), name: plain(replyNouns),
		begin: made(12), middle: always(edit), steps: 1.6, end: []step{{remove, 13}}, fields: replyFields},
	{module: "wechat_menu", births: 1.5, work: content, id: serial("menu_", 120), name: plain(menuNouns),
		begin: made(25), middle: always(edit), steps: 3.5, end: []step{{remove, 12}}, fields: menuFields},
	{module: "wechat_tag", births: 4, work: customers, id: serial("tag_", 1100), name: plain(tagNouns),
		begin: made(6), middle: always(edit), steps: 0.6, end: []step{{remove, 14}}, fields: tagFields},
	{module: "sms", births: 5.5, work: messages, id: serial("sms_", 35300), name: themed(noticeNouns),
		begin: made(34), middle: always(edit), steps: 1.3, end: []step{{send, 76}, {remove, 8}}, fields: messageFields},
	{module: "email", births: 7, work: messages, id: serial("eml_", 3100), name: themed(emailNouns),
		begin: made(30), middle: always(edit), steps: 2.3, end: []step{{send, 72}, {remove, 7}}, fields: emailFields},
	{module: "auto_flow", births: 4.5, work: messages | customers, id: serial("flow_", 900), name: themed(flowNouns),
		begin: made(24), middle: []step{{edit, 58}, {start, 42}}, steps: 3, end: []step{{start, 55}, {remove, 6}}, fields: flowFields},
})

// staffed fills in each kind's share of births, and who works on it.
func staffed(all []kind) []kind {
	births := 0.0
	for k := range all {
		births += all[k].births
	}
	for k := range all {
		all[k].share = all[k].births / births
		all[k].everyone = newWheel(all[k].work, "")
		all[k].colleagues = make(map[string]wheel)
		for i := range staff {
			if region := staff[i].region; all[k].colleagues[region] == nil {
				all[k].colleagues[region] = newWheel(all[k].work, region)
			}
		}
	}
	return all
}

// wheel has people, as their places in staff, each as often as they are
// likely to be who does it.
type wheel []uint8

const wheelSlots = 2048

func newWheel(w work, region string) wheel {
	likely := make([]float64, len(staff))
	sum := 0.0
	for i, e := range staff {
		if region != "" && e.region != region {
			continue
		}
		likely[i] = e.activity
		if e.work&w == 0 {
			likely[i] *= 0.03 // now and then someone helps out
		}
		sum += likely[i]
	}
	slots := make(wheel, 0, wheelSlots)
	reached := 0.0
	for i, l := range likely {
		for reached += l / sum * wheelSlots; float64(len(slots)) < reached-0.5; {
			slots = append(slots, uint8(i))
		}
	}
	return slots
}

func (w wheel) pick(r *rand.Rand) uint8 { return w[r.IntN(len(w))] }
