package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// theme is the subject of an object: a seasonal campaign, or an all-year topic.
type theme struct {
	zh, en   string
	from, to int // month*100 + day of month; includes preparation and follow-up
}

var themes = []theme{
	{"会员日", "Members' Day", 101, 1231},
	{"新人礼", "New Member Gift", 101, 1231},
	{"生日特权", "Birthday Privilege", 101, 1231},
	{"门店周年庆", "Store Anniversary", 101, 1231},
	{"周末闪购", "Weekend Flash Sale", 101, 1231},
	{"羊绒系列", "Cashmere Collection", 901, 1231},
	{"换季清仓", "End of Season", 101, 1231},
	{"积分兑换", "Points Redemption", 101, 1231},
	{"春节年货", "Spring Festival", 101, 215},
	{"妇女节", "Women's Day", 220, 310},
	{"春季新品", "Spring Collection", 215, 430},
	{"劳动节", "May Day", 415, 505},
	{"618", "618", 520, 622},
	{"夏季新品", "Summer Collection", 501, 731},
	{"开学季", "Back to School", 810, 910},
	{"七夕", "Qixi", 801, 831},
	{"秋季新品", "Autumn Collection", 815, 1031},
	{"中秋", "Mid-Autumn", 901, 928},
	{"国庆", "National Day", 915, 1008},
	{"双11", "Double 11", 1012, 1120},
	{"双11", "Double 11", 1018, 1116},
	{"双11", "Double 11", 1025, 1113},
	{"预售尾款", "Pre-sale Balance", 1020, 1125},
	{"感恩节", "Thanksgiving", 1105, 1127},
	{"黑五", "Black Friday", 1108, 1201},
	{"黑五", "Black Friday", 1113, 1130},
	{"双12", "Double 12", 1120, 1213},
	{"冬季新品", "Winter Collection", 1101, 1231},
	{"圣诞", "Christmas", 1120, 1226},
	{"年终盛典", "Year End", 1210, 1231},
}

// themeOn picks a theme that is current on a day, by index.
func themeOn(d int, r *rand.Rand) uint8 {
	_, month, date := dateOf(d)
	md := int(month)*100 + date
	for {
		i := r.IntN(len(themes))
		if themes[i].from <= md && md <= themes[i].to {
			return uint8(i)
		}
	}
}

// noun is the type of an object in both languages, and its variant after a rename.
type noun struct{ zh, zhRenamed, en, enRenamed string }

// nouns parses lines of "zh|zh renamed|en|en renamed".
func nouns(lines ...string) []noun {
	all := make([]noun, len(lines))
	for i, line := range lines {
		p := strings.Split(line, "|")
		all[i] = noun{p[0], p[1], p[2], p[3]}
	}
	return all
}

var (
	pageNouns = nouns("主会场|返场主会场|Main Venue|Encore", "预约页|预约页（新版）|Pre-order Page|Pre-order Page v2", "领券页|限时领券页|Coupon Page|Coupon Page, limited",
		"会员专享页|会员专享页（升级）|Members Only|Members First", "新品首发|新品首发（直播版）|New Arrivals|New Arrivals Live", "秒杀专场|秒杀返场|Flash Sale|Flash Sale Encore",
		"抽奖活动页|转盘抽奖页|Lucky Draw|Lucky Wheel", "门店打卡页|门店打卡页（旧版）|Store Check-in|Store Check-in (old)", "拼团页|两人拼团页|Group Buy|Group Buy for Two", "问卷|满意度问卷|Survey|Satisfaction Survey")
	moduleNouns = nouns("首页轮播图|首页轮播图（冬）|Home carousel|Home carousel, winter", "倒计时组件|倒计时组件 v2|Countdown|Countdown v2", "优惠券卡片|优惠券卡片（双列）|Coupon card|Coupon card, two columns",
		"会员等级进度条|会员等级进度条（深色）|Tier progress bar|Tier progress bar, dark", "商品瀑布流|商品瀑布流（三列）|Product grid|Product grid, three columns", "悬浮客服按钮|悬浮客服按钮（右下）|Chat button|Chat button, bottom right",
		"门店地图|门店地图（含营业时间）|Store map|Store map with hours", "直播预告条|直播预告条（置顶）|Live teaser|Live teaser, pinned")
	articleNouns = nouns("攻略|攻略（终版）|Guide|Guide, final", "预告|正式预告|Preview|Preview: members first", "穿搭指南|穿搭指南 12 套|Style Notes|12 Looks", "战报|战报（更正）|Results|Results, corrected",
		"门店活动汇总|门店活动汇总（更新）|Store Events|Store Events, updated", "用户故事|用户故事（第二期）|Customer Stories|Customer Stories II")
	qrNouns          = nouns("门店海报二维码|门店海报二维码（A3）|Store Poster QR|Store Poster QR, A3", "收银台二维码|收银台二维码（新）|Cash Desk QR|Cash Desk QR, new", "试衣间二维码|试衣间二维码（竖版）|Fitting Room QR|Fitting Room QR, portrait", "导购企微二维码|导购企微二维码（11月）|Shop Assistant QR|Shop Assistant QR, Nov", "快递卡片二维码|快递卡片二维码（防水）|Parcel Card QR|Parcel Card QR, waterproof")
	noticeNouns      = nouns("提醒|温馨提醒|Reminder|Friendly Reminder", "开抢通知|开抢通知（提前 1 小时）|Starts Now|Starts in 1 Hour", "物流通知|物流通知（含单号）|Shipping Notice|Shipping Notice with Number", "优惠券到期提醒|优惠券今晚到期|Coupon Expiry|Coupon Expires Tonight", "积分到账通知|积分到账通知（双倍）|Points Credited|Double Points Credited", "门店邀约|门店邀约（周末）|Store Invitation|Weekend Invitation")
	menuMessageNouns = nouns("今日优惠|今日优惠（晚间）|Today's offers|Tonight's offers", "新品推荐|新品推荐（冬）|New in|New in: winter", "附近门店|附近门店（含停车）|Stores near you|Stores near you, parking", "会员权益说明|会员权益说明 2026|Member benefits|Member benefits 2026", "人工客服指引|人工客服指引（9:00–21:00）|Talk to us|Talk to us, 9 to 9", "退换货政策|退换货政策（更新）|Returns|Returns, updated")
	couponNouns      = nouns("满300减50券|满299减50券|50 off 300|50 off 299", "无门槛20元券|无门槛30元券|20 off|30 off", "9折券|88折券|10% off|12% off", "免邮券|全场免邮券|Free Shipping|Free Shipping on All", "兑换券：手冲咖啡|兑换券：手冲咖啡（中杯）|Voucher: pour-over coffee|Voucher: pour-over coffee, medium", "生日双倍积分券|生日三倍积分券|Double points|Triple points")
	redPocketNouns   = nouns("惊喜红包|惊喜红包（加码）|Surprise Red Pocket|Surprise Red Pocket Plus", "裂变红包|裂变红包（3人）|Share Red Pocket|Share Red Pocket for 3", "拜年红包|拜年红包（门店）|Greeting Red Pocket|Greeting Red Pocket, stores", "口令红包|口令红包（直播间）|Passphrase Red Pocket|Passphrase Red Pocket, live")
	replyNouns       = nouns("关注后自动回复|关注后自动回复（新客礼）|Welcome reply|Welcome reply with gift", "关键词：优惠券|关键词：优惠券、领券|Keyword: coupon|Keyword: coupon, voucher", "关键词：门店|关键词：门店、地址|Keyword: store|Keyword: store, address", "关键词：发票|关键词：发票、开票|Keyword: invoice|Keyword: invoice, receipt", "非工作时间回复|非工作时间回复（21:00 后）|Out of hours|After 9 pm", "关键词：尺码|关键词：尺码、尺寸|Keyword: size|Keyword: size, fit")
	menuNouns        = nouns("会员中心 › 我的积分|会员中心 › 积分商城|Members › My points|Members › Points mall", "商城 › 双11主会场|商城 › 双11返场|Shop › Double 11|Shop › Encore", "服务 › 附近门店|服务 › 门店预约|Service › Stores|Service › Appointments", "商城 › 新品|商城 › 冬季新品|Shop › New in|Shop › Winter")
	tagNouns         = nouns("高价值客户|高价值客户（年消费 1 万+）|High value|High value, 10k a year", "沉睡 90 天|沉睡 180 天|Inactive 90 days|Inactive 180 days", "羊绒偏好|羊绒、羊毛偏好|Likes cashmere|Likes cashmere and wool", "价格敏感|价格敏感（券）|Price sensitive|Price sensitive, coupons", "新客 30 天|新客 60 天|New, 30 days|New, 60 days", "直播间来源|直播间来源（双11）|From live room|From live room, Double 11", "企业团购|企业团购（50 人以上）|Corporate|Corporate, 50 or more", "母婴家庭|母婴家庭（0–3 岁）|Young family|Young family, 0 to 3")
	emailNouns       = nouns("预览：会员先享|预览：会员提前 24 小时|preview: members first|preview: members 24 h early", "周报|周报（第二期）|weekly|weekly, issue 2", "邀请函|邀请函（VIP）|invitation|invitation, VIP", "购物车提醒|购物车提醒（含优惠）|basket reminder|basket reminder with offer", "感谢信|感谢信（含调查）|thank you|thank you with survey", "新品图册|新品图册（秋冬）|lookbook|lookbook, winter")
	flowNouns        = nouns("新会员欢迎旅程|新会员欢迎旅程（30 天）|Welcome journey for new members|Welcome journey for new members, 30 days", "沉睡唤醒流程|沉睡唤醒流程（短信+券）|Win-back|Win-back, SMS and coupon", "购后关怀|购后关怀（7 天）|After-sales care|After-sales care, 7 days", "弃购挽回|弃购挽回（1 小时）|Abandoned basket|Abandoned basket, 1 hour", "升级提醒|等级升级提醒|Tier upgrade|Tier upgrade reminder")
	goods            = nouns("羊绒围巾礼盒装|羊绒围巾礼盒装（含手提袋）|Cashmere scarf gift box|Cashmere scarf gift box with bag", "轻羽绒服|轻羽绒服（可收纳）|Light down jacket|Packable down jacket", "真丝衬衫|真丝衬衫（重磅）|Silk shirt|Heavy silk shirt", "托特包|托特包（大号）|Tote bag|Tote bag, large", "羊毛大衣|双面羊毛大衣|Wool coat|Double-faced wool coat", "香薰蜡烛|香薰蜡烛（三件套）|Scented candle|Scented candle, set of 3", "保温杯|保温杯（刻字）|Thermos|Thermos, engraved", "儿童雨靴|儿童雨靴（加绒）|Kids' rain boots|Kids' rain boots, lined")
	colours          = nouns("燕麦色||oat|", "炭灰||charcoal|", "雾蓝||mist blue|", "酒红||burgundy|", "墨绿||dark green|", "驼色||camel|")
	sizes            = nouns("均码||one size|", "S||S|", "M||M|", "L||L|", "XL||XL|")
	stores           = nouns("苏州中心店||Suzhou Centre|", "南京西路店||Nanjing West Road|", "湖滨银泰店||Hubin Intime|", "新街口店||Xinjiekou|", "天河城店||Teemall|", "万象天地店||MixC World|", "Orchard Road||Orchard Road|", "Pavilion KL||Pavilion KL|", "中山路店||Zhongshan Road|")
	segmentTypes     = nouns("VIP 客户||VIP customers|", "90 天未购||No purchase in 90 days|", "双11加购未付||Double 11, in basket|", "生日当月||Birthday this month|", "新关注粉丝||New followers|", "高客单||High spenders|", "券已领未用||Coupon unused|", "重复手机号||Duplicate phone numbers|")
	areas            = nouns("华东||East China|", "华南||South China|", "上海||Shanghai|", "杭州||Hangzhou|", "全国||all regions|", "新马||Singapore and Malaysia|", "深圳||Shenzhen|")
	surnames         = []string{"张", "王", "李", "刘", "陈", "杨", "黄", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "高", "林", "罗", "郑", "欧阳"}
	givenNames       = []string{"伟", "芳", "娜", "敏", "静", "秀英", "丽", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超", "兰", "霞", "思远", "梓涵", "雨桐", "子轩"}
	firstNames       = []string{"Sarah", "Adam", "Mei", "Daniel", "Nurul", "Priya", "Jonas", "Chloé", "Ahmad", "Grace", "Ethan", "Siti", "Renée", "Björn"}
	lastNames        = []string{"Tan", "Lim", "Smith", "Kumar", "Abdullah", "Müller", "Ng", "O'Brien", "Wong", "Ibrahim", "García", "Lee"}
)

// pick chooses a number below n by a part of the object's hash. Different properties use different parts, and always the same one.
func (o *object) pick(part uint, n int) int { return int(o.hash >> part & 0xffff * uint64(n) >> 16) }

func pickFrom[T any](o *object, part uint, from []T) T { return from[o.pick(part, len(from))] }

// nameFunc appends an object's name, after a number of title changes, to b.
type nameFunc = func(b []byte, o *object, title int) []byte

// campaignName names objects after a campaign: "双11返场主会场 Double 11 Encore".
func campaignName(from []noun) nameFunc {
	return func(b []byte, o *object, title int) []byte {
		n, about := pickFrom(o, 0, from), &themes[o.theme]
		if o.language != english {
			b = append(b, about.zh...)
			b = append(b, n.inChinese(title)...)
		}
		if o.language == bilingual {
			b = append(b, ' ')
		}
		if o.language != chinese {
			b = append(b, about.en...)
			b = append(b, ' ')
			b = append(b, n.inEnglish(title)...)
		}
		return appendVersion(b, o, title)
	}
}

// nounName names objects after their type.
func nounName(from []noun) nameFunc {
	return func(b []byte, o *object, title int) []byte {
		n := pickFrom(o, 0, from)
		if o.language == english {
			return appendVersion(append(b, n.inEnglish(title)...), o, title)
		}
		return appendVersion(append(b, n.inChinese(title)...), o, title)
	}
}

// storeName names objects after their store.
func storeName(from []noun) nameFunc {
	return func(b []byte, o *object, title int) []byte {
		n, where := pickFrom(o, 0, from), pickFrom(o, 16, stores)
		if o.language == english {
			b = append(append(append(b, where.en...), ' '), n.inEnglish(title)...)
		} else {
			b = append(append(b, where.zh...), n.inChinese(title)...)
		}
		return appendVersion(b, o, title)
	}
}

func (n *noun) inChinese(title int) string {
	if title > 0 {
		return n.zhRenamed
	}
	return n.zh
}

func (n *noun) inEnglish(title int) string {
	if title > 0 {
		return n.enRenamed
	}
	return n.en
}

// appendVersion adds a number to titles after the second, for which the noun has no variants.
func appendVersion(b []byte, o *object, title int) []byte {
	if title < 2 {
		return b
	}
	if o.language == english {
		return strconv.AppendInt(append(b, " #"...), int64(title), 10)
	}
	return append(strconv.AppendInt(append(b, "（第"...), int64(title), 10), "稿）"...)
}

// personName names customers as marketing systems do, with part of the phone number: "张伟（138****2217）".
func personName(b []byte, o *object, _ int) []byte {
	if o.language == english {
		b = append(append(append(b, pickFrom(o, 0, firstNames)...), ' '), pickFrom(o, 16, lastNames)...)
		b = strconv.AppendInt(append(b, " (+65 "...), int64(8+o.pick(48, 2)), 10)
		return append(strconv.AppendInt(append(b, "***"...), int64(1000+o.pick(32, 9000)), 10), ')')
	}
	b = append(append(b, pickFrom(o, 0, surnames)...), pickFrom(o, 16, givenNames)...)
	b = strconv.AppendInt(append(b, "（"...), int64(130+o.pick(48, 60)), 10)
	return append(strconv.AppendInt(append(b, "****"...), int64(1000+o.pick(32, 9000)), 10), "）"...)
}

// segmentName includes the current number of customers: "VIP customers, East China (2,431)".
func segmentName(b []byte, o *object, title int) []byte {
	who, where := pickFrom(o, 0, segmentTypes), pickFrom(o, 16, areas)
	count := int64(40 + o.pick(32, 9000) + title*o.pick(48, 97))
	if o.language == english {
		b = append(append(append(b, who.en...), ", "...), where.en...)
		return append(appendThousands(append(b, " ("...), count), ')')
	}
	b = append(append(append(b, where.zh...), ' '), who.zh...)
	return append(appendThousands(append(b, "（"...), count), " 人）"...)
}

func appendThousands(b []byte, n int64) []byte {
	if n < 1000 {
		return strconv.AppendInt(b, n, 10)
	}
	b = append(appendThousands(b, n/1000), ',')
	return append(b, byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// fileName names uploaded files.
func fileName(b []byte, o *object, _ int) []byte {
	if o.language == english {
		b = append(append(b, "members_"...), strings.ReplaceAll(strings.ToLower(pickFrom(o, 16, areas).en), " ", "_")...)
		return append(appendDate(append(b, '_'), int(o.day), ""), ".csv"...)
	}
	b = append(append(b, "会员导入_"...), pickFrom(o, 16, areas).zh...)
	return append(appendDate(append(b, '_'), int(o.day), ""), ".xlsx"...)
}

// orderName names exports of orders by their period: "订单明细 2026-11-01 至 2026-11-19".
func orderName(b []byte, o *object, _ int) []byte {
	last := int(o.day) - 1 - o.pick(0, 3)
	first := last - pickFrom(o, 16, []int{0, 6, 13, 29})
	from, to := "Orders ", " to "
	if o.language != english {
		from, to = "订单明细 ", " 至 "
	}
	return appendDate(append(appendDate(append(b, from...), first, "-"), to...), last, "-")
}

func commodityListName(b []byte, o *object, _ int) []byte {
	if o.language == english {
		return appendDate(append(append(append(b, "Commodities, "...), pickFrom(o, 0, goods).en...), ", "...), int(o.day), "-")
	}
	return appendDate(append(append(append(b, "商品清单（"...), pickFrom(o, 0, goods).zh...), "）"...), int(o.day), "-")
}

func commodityName(b []byte, o *object, title int) []byte {
	n, colour, size := pickFrom(o, 0, goods), pickFrom(o, 16, colours), pickFrom(o, 32, sizes)
	if o.language == english {
		b = append(append(append(b, n.inEnglish(title)...), ", "...), colour.en...)
		return appendVersion(append(append(b, ", "...), size.en...), o, title)
	}
	b = append(append(append(b, n.inChinese(title)...), "（"...), colour.zh...)
	return appendVersion(append(append(append(b, "，"...), size.zh...), "）"...), o, title)
}

// Ids increase over the years, as in real systems.

var systemStart = dayOf(time.Date(2024, 3, 1, 0, 0, 0, 0, zone))

func (o *object) serial() int64 {
	return int64(int(o.day)-systemStart)*int64(o.stride) + int64(o.index)
}

// serial returns consecutive ids: eml_7731.
func serial(prefix string, first int64) func(b []byte, o *object) []byte {
	return func(b []byte, o *object) []byte { return strconv.AppendInt(append(b, prefix...), first+o.serial(), 10) }
}

// dated returns ids that are consecutive within a day: page_20261105_0017.
func dated(prefix, format string) func(b []byte, o *object) []byte {
	return func(b []byte, o *object) []byte {
		return fmt.Appendf(appendDate(append(b, prefix...), int(o.day), ""), format, o.index+1)
	}
}

func skuID(b []byte, o *object) []byte {
	year, _, _ := dateOf(int(o.day))
	return fmt.Appendf(b, "sku_LW-%d-%s-%05d", year, pickFrom(o, 0, []string{"SC", "DJ", "SS", "TB", "WC", "CD", "TH", "RB"}), o.serial())
}

func appendDate(b []byte, d int, between string) []byte {
	year, month, date := dateOf(d)
	b = append(strconv.AppendInt(b, int64(year), 10), between...)
	b = append(append(b, byte('0'+month/10), byte('0'+month%10)), between...)
	return append(b, byte('0'+date/10), byte('0'+date%10))
}
