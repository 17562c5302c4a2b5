package demo

import (
	"math/rand/v2"
)

// operation is an operation type, as an index into operations.
type operation uint8

const (
	none operation = iota
	create
	duplicate // "copy"; Go has a built-in function of that name
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

// operations holds the key of each operation type, and how many of 1000 fail.
var operations = [...]struct {
	key      string
	failures int
}{
	none: {}, create: {"create", 10}, duplicate: {"copy", 8}, edit: {"edit", 14}, remove: {"delete", 22},
	batchDelete: {"batch_delete", 40}, importing: {"import", 60}, batchImport: {"batch_import", 70},
	export: {"export", 45}, batchExport: {"batch_export", 40}, send: {"send", 45}, syncing: {"sync", 70},
	merge: {"merge", 25}, start: {"start", 25}, stop: {"stop", 10},
}

// kind is a kind of object: its possible operations and its names.
type kind struct {
	module          string
	weight          float64 // number of new objects relative to other kinds
	duties          duties
	id              func(b []byte, o *object) []byte
	name            func(b []byte, o *object, title int) []byte // title is the number of renames
	first           []step
	middle          []step
	middleSteps     float64 // average number of middle steps
	last            []step  // with the remaining probability there is none
	fields          []field // changed by edits; the first is the title
	renamesEachStep bool    // each step changes the title, such as the size of a segment

	share      float64 // of all new objects
	everyone   sampler
	colleagues map[string]sampler // by region
}

// step is a possible next operation and its probability.
type step struct {
	op      operation
	percent int
}

func pickStep(steps []step, r *rand.Rand) operation {
	roll := r.IntN(100)
	for _, s := range steps {
		if roll -= s.percent; roll < 0 {
			return s.op
		}
	}
	return none
}

func createOrCopy(copyPercent int) []step {
	return []step{{create, 100 - copyPercent}, {duplicate, copyPercent}}
}
func always(op operation) []step { return []step{{op, 100}} }

var kinds = completeKinds([]kind{
	{module: "customer", weight: 9, duties: customers, id: serial("cus_", 5100000), name: personName,
		first: createOrCopy(8), last: []step{{remove, 6}, {merge, 9}}},
	{module: "customer", weight: 6.5, duties: customers | reports, id: serial("seg_", 61000), name: segmentName, renamesEachStep: true,
		first: always(batchExport), middle: always(batchExport), middleSteps: 1.2, last: []step{{batchDelete, 4}}},
	{module: "customer", weight: 3, duties: customers, id: dated("imp_", "_%02d"), name: fileName,
		first: always(batchImport)},
	{module: "wechat_page", weight: 13, duties: content, id: dated("page_", "_%04d"), name: campaignName(pageNouns),
		first: createOrCopy(30), middle: always(edit), middleSteps: 3.2, last: []step{{remove, 10}}, fields: pageFields},
	{module: "wechat_page_module", weight: 5, duties: content, id: serial("mod_", 900), name: nounName(moduleNouns),
		first: createOrCopy(35), middle: always(edit), middleSteps: 1.8, last: []step{{remove, 12}}, fields: moduleFields},
	{module: "wechat_broadcast", weight: 6, duties: content | messages, id: dated("bc_", "_%02d"), name: campaignName(articleNouns),
		first: createOrCopy(15), middle: always(edit), middleSteps: 1.9, last: []step{{remove, 7}}, fields: broadcastFields},
	{module: "wechat_qrcode", weight: 6, duties: storeWork, id: serial("qr_", 106000), name: storeName(qrNouns),
		first: []step{{create, 72}, {duplicate, 16}, {importing, 12}}, middle: []step{{edit, 62}, {export, 38}}, middleSteps: 1, last: []step{{remove, 7}}, fields: qrFields},
	{module: "wechat_template_message", weight: 6, duties: messages, id: serial("tpl_msg_", 44000), name: campaignName(noticeNouns),
		first: createOrCopy(22), middle: []step{{edit, 62}, {send, 26}, {syncing, 12}}, middleSteps: 2.4, last: []step{{send, 70}, {remove, 6}}, fields: messageFields},
	{module: "wechat_menu_message", weight: 3, duties: content | messages, id: serial("mm_", 2400), name: nounName(menuMessageNouns),
		first: createOrCopy(18), middle: always(edit), middleSteps: 1.3, last: []step{{remove, 14}}, fields: menuMessageFields},
	{module: "wechat_coupon", weight: 7, duties: storeWork, id: serial("cpn_", 64000), name: campaignName(couponNouns),
		first: createOrCopy(28), middle: []step{{edit, 74}, {syncing, 26}}, middleSteps: 1.9, last: []step{{remove, 8}}, fields: couponFields},
	{module: "merchant_coupon", weight: 3, duties: storeWork, id: serial("mc_", 17400), name: campaignName(couponNouns),
		first: []step{{create, 62}, {duplicate, 20}, {importing, 18}}, last: []step{{remove, 22}}},
	{module: "merchant_red_pocket", weight: 4, duties: storeWork, id: serial("rp_", 27300), name: campaignName(redPocketNouns),
		first: createOrCopy(20), middle: always(edit), middleSteps: 1.3, last: []step{{remove, 9}}, fields: redPocketFields},
	{module: "merchant_commodity", weight: 8.5, duties: shop, id: skuID, name: commodityName,
		first: createOrCopy(32), middle: always(edit), middleSteps: 2.4, last: []step{{remove, 7}}, fields: commodityFields},
	{module: "merchant_commodity", weight: 1.5, duties: shop | reports, id: dated("sku_exp_", "_%02d"), name: commodityListName,
		first: always(export)},
	{module: "merchant_order", weight: 5.5, duties: shop | reports, id: dated("ord_exp_", "_%02d"), name: orderName,
		first: always(export)},
	{module: "wechat_auto_reply", weight: 4, duties: content | customers, id: serial("ar_", 4100), name: nounName(replyNouns),
		first: createOrCopy(12), middle: always(edit), middleSteps: 1.6, last: []step{{remove, 13}}, fields: replyFields},
	{module: "wechat_menu", weight: 1.5, duties: content, id: serial("menu_", 120), name: nounName(menuNouns),
		first: createOrCopy(25), middle: always(edit), middleSteps: 3.5, last: []step{{remove, 12}}, fields: menuFields},
	{module: "wechat_tag", weight: 4, duties: customers, id: serial("tag_", 1100), name: nounName(tagNouns),
		first: createOrCopy(6), middle: always(edit), middleSteps: 0.6, last: []step{{remove, 14}}, fields: tagFields},
	{module: "sms", weight: 5.5, duties: messages, id: serial("sms_", 35300), name: campaignName(noticeNouns),
		first: createOrCopy(34), middle: always(edit), middleSteps: 1.3, last: []step{{send, 76}, {remove, 8}}, fields: messageFields},
	{module: "email", weight: 7, duties: messages, id: serial("eml_", 3100), name: campaignName(emailNouns),
		first: createOrCopy(30), middle: always(edit), middleSteps: 2.3, last: []step{{send, 72}, {remove, 7}}, fields: emailFields},
	{module: "auto_flow", weight: 4.5, duties: messages | customers, id: serial("flow_", 900), name: campaignName(flowNouns),
		first: createOrCopy(24), middle: []step{{edit, 58}, {start, 42}}, middleSteps: 3, last: []step{{start, 55}, {remove, 6}}, fields: flowFields},
})

// completeKinds computes each kind's share of objects, and who works on it.
func completeKinds(all []kind) []kind {
	total := 0.0
	for k := range all {
		total += all[k].weight
	}
	for k := range all {
		all[k].share = all[k].weight / total
		all[k].everyone = newSampler(all[k].duties, "")
		all[k].colleagues = make(map[string]sampler)
		for i := range employees {
			if region := employees[i].region; all[k].colleagues[region] == nil {
				all[k].colleagues[region] = newSampler(all[k].duties, region)
			}
		}
	}
	return all
}

// sampler lists employees by index, each as often as they are likely to be picked.
type sampler []uint8

const samplerSlots = 2048

func newSampler(w duties, region string) sampler {
	likely := make([]float64, len(employees))
	sum := 0.0
	for i, e := range employees {
		if region != "" && e.region != region {
			continue
		}
		likely[i] = e.activity
		if e.duties&w == 0 {
			likely[i] *= 0.03 // sometimes colleagues with other duties help
		}
		sum += likely[i]
	}
	slots := make(sampler, 0, samplerSlots)
	reached := 0.0
	for i, l := range likely {
		for reached += l / sum * samplerSlots; float64(len(slots)) < reached-0.5; {
			slots = append(slots, uint8(i))
		}
	}
	return slots
}

func (w sampler) pick(r *rand.Rand) uint8 { return w[r.IntN(len(w))] }
