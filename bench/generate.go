package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"oplog/oplog"
)

// Parameters of the data.
const (
	days          = 90
	userCount     = 500
	contentCount  = 200_000
	organizations = 60
)

// data is a generated log, the same for the same number of entries and the same end. Entries are stored as a few numbers and built on
// demand, so that five million fit in memory beside the measured systems.
type data struct {
	from, to time.Time
	records  []record
	users    []oplog.Entry // the fields that a user's entries share
	contents []string      // names by number
	actions  []oplog.Entry // pairs of module and operation
	tree     oplog.Tree
}

// record is the compact form of an entry.
type record struct {
	content       uint32
	ip            uint32
	user          uint16
	action        uint8
	version, mark uint8
	failed        bool
}

// rareWord occurs in one of 50,000 entries.
const (
	rareWord   = "zyzzyva"
	rareEvery  = 50_000
	rareOffset = 777
)

// One of failedEvery operations fails.
const failedEvery = 25

// generate makes n entries, evenly distributed over the 90 days before to. Half of the contents are Chinese, half English, and a few users,
// modules and contents account for most entries.
func generate(n int, to time.Time) *data {
	r := rand.New(rand.NewPCG(42, 1)) //nolint:gosec // the same log every time
	d := &data{from: to.AddDate(0, 0, -days), to: to, records: make([]record, n)}
	var leaves []oplog.Organization
	d.tree, leaves = makeTree()
	for i := range userCount {
		d.users = append(d.users, makeUser(r, i, leaves[r.IntN(len(leaves))]))
	}
	for i := range contentCount {
		d.contents = append(d.contents, makeContent(r, i))
	}
	user := rand.NewZipf(r, 1.2, 10, userCount-1)
	content := rand.NewZipf(r, 1.1, 2000, contentCount-1)
	modules := oplog.BuiltInCatalog().Modules
	module := rand.NewZipf(r, 1.2, 3, uint64(len(modules)-1))
	outcome := rand.New(rand.NewPCG(42, 2)) //nolint:gosec // as above
	var first []int                         // index of each module's first action
	for _, m := range modules {
		first = append(first, len(d.actions))
		for _, operation := range m.Operations {
			d.actions = append(d.actions, oplog.Entry{Module: m.Key, Operation: operation})
		}
	}
	for i := range d.records {
		m := module.Uint64()
		action := first[m] + skewedIndex(r, len(modules[m].Operations))
		rec := record{
			content: uint32(content.Uint64()), user: uint16(user.Uint64()), action: uint8(action),
			ip: r.Uint32N(4 << 16), version: uint8(max(0, r.IntN(40)-20)), failed: outcome.IntN(failedEvery) == 0,
		}
		if i%rareEvery == rareOffset {
			rec.mark = 1
		}
		d.records[i] = rec
	}
	return d
}

// entry builds entry i. All times are distinct and ascending.
func (d *data) entry(i int) oplog.Entry {
	rec := d.records[i]
	e := d.users[rec.user]
	e.Module, e.Operation = d.actions[rec.action].Module, d.actions[rec.action].Operation
	e.ID = senderID(uint64(i))
	e.Time = d.from.Add(time.Duration(float64(i) / float64(len(d.records)) * float64(d.to.Sub(d.from)))).Truncate(time.Microsecond)
	e.Content = oplog.Ref{ID: fmt.Sprintf("c%07d", rec.content), Name: d.contents[rec.content]}
	if rec.version > 0 {
		e.Content.Name += fmt.Sprintf(" v%d", rec.version)
	}
	if rec.mark > 0 {
		e.Content.Name += " " + rareWord
	}
	e.Outcome = oplog.OutcomeSuccess
	if rec.failed {
		e.Outcome = oplog.OutcomeFailure
	}
	e.IP = fmt.Sprintf("10.%d.%d.%d", rec.ip>>16, rec.ip>>8&255, rec.ip&255)
	return e
}

// laterEntry builds an entry like entry i with a time after all others, one millisecond after the previous such entry.
func (d *data) laterEntry(i int) oplog.Entry {
	e := d.entry(i % len(d.records))
	e.Time = d.to.Add(time.Duration(i+1) * time.Millisecond)
	e.ID = senderID(uint64(len(d.records) + i))
	return e
}

// batches returns the index ranges of the batches.
func (d *data) batches() [][2]int {
	var all [][2]int
	for from := 0; from < len(d.records); from += batchSize {
		all = append(all, [2]int{from, min(from+batchSize, len(d.records))})
	}
	return all
}

// entries builds a range of entries.
func (d *data) entries(run [2]int) []oplog.Entry {
	batch := make([]oplog.Entry, 0, run[1]-run[0])
	for i := run[0]; i < run[1]; i++ {
		batch = append(batch, d.entry(i))
	}
	return batch
}

// senderID returns the id that a sender would assign; ids are unordered.
func senderID(i uint64) string {
	i = (i + 1) * 0x9E3779B97F4A7C15 // odd, so all are distinct
	var raw [8]byte
	for k := range raw {
		raw[k] = byte(i >> (56 - 8*k))
	}
	return "op-" + hex.EncodeToString(raw[:])
}

// sent is an entry as it is sent.
type sent struct {
	ID           string     `json:"id"`
	Time         time.Time  `json:"time"`
	User         oplog.User `json:"user"`
	Organization oplog.Ref  `json:"organization"`
	Module       string     `json:"module"`
	Operation    string     `json:"operation"`
	Content      oplog.Ref  `json:"content"`
	Outcome      string     `json:"outcome"`
	IP           string     `json:"ip"`
}

// appendJSON appends an entry's NDJSON line.
func appendJSON(body []byte, e oplog.Entry) ([]byte, error) {
	line, err := json.Marshal(sent{e.ID, e.Time, e.User, e.Organization, e.Module, e.Operation, e.Content, e.Outcome, e.IP})
	return append(append(body, line...), '\n'), err
}

// makeTree returns a company with four regions, and its organizations that have users.
func makeTree() (oplog.Tree, []oplog.Organization) {
	tree := oplog.Tree{{ID: "o", Name: "Company 总公司"}}
	var used []oplog.Organization
	for a := 1; a <= 4; a++ {
		region := oplog.Organization{ID: fmt.Sprintf("o%d", a), ParentID: "o", Name: fmt.Sprintf("Region %d 大区", a)}
		tree, used = append(tree, region), append(used, region)
		for b := 1; b <= 4; b++ {
			city := oplog.Organization{ID: fmt.Sprintf("%s%d", region.ID, b), ParentID: region.ID, Name: fmt.Sprintf("City %d%d 分公司", a, b)}
			tree = append(tree, city)
			for c := 1; c <= 4 && len(used) < organizations; c++ {
				shop := oplog.Organization{ID: fmt.Sprintf("%s%d", city.ID, c), ParentID: city.ID, Name: fmt.Sprintf("Shop %d%d%d 门店", a, b, c)}
				tree, used = append(tree, shop), append(used, shop)
			}
		}
	}
	return tree, used
}

func makeUser(r *rand.Rand, i int, o oplog.Organization) oplog.Entry {
	name := pick(r, surnames) + pick(r, givenNames)
	if i%2 == 1 {
		name = pick(r, firstNames) + " " + pick(r, lastNames)
	}
	return oplog.Entry{
		User:         oplog.User{ID: fmt.Sprintf("u%04d", i), Name: name, Role: pick(r, roles)},
		Organization: oplog.Ref{ID: o.ID, Name: o.Name},
	}
}

func makeContent(r *rand.Rand, i int) string {
	if i%2 == 0 {
		return pickSkewed(r, chineseOccasions) + pickSkewed(r, chineseActions) + pickSkewed(r, chineseThings) + pickSkewed(r, chineseMarks)
	}
	return pickSkewed(r, englishOccasions) + " " + pickSkewed(r, englishActions) + " " + pickSkewed(r, englishThings)
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// pickSkewed picks earlier words more often than later ones.
func pickSkewed(r *rand.Rand, from []string) string { return from[skewedIndex(r, len(from))] }

func skewedIndex(r *rand.Rand, n int) int { return min(r.IntN(n), r.IntN(n)) }

func list(words string) []string { return strings.Split(words, "|") }

var (
	roles            = list("admin|operator|viewer|marketer")
	surnames         = list("王|李|张|刘|陈|杨|赵|黄|周|吴")
	givenNames       = list("伟|芳|娜|敏|静|丽华|志强|晓明|建国|雪梅|文博|思远")
	firstNames       = list("Alice|Bob|Carol|David|Erin|Frank|Grace|Henry|Ivy|Jack")
	lastNames        = list("Chen|Smith|Johnson|Lee|Garcia|Miller|Tan|Wong")
	chineseOccasions = list("双十一|双十二|春节|中秋|国庆|会员日|周年庆典|新品首发|夏季|秋冬|年终|六一八|情人节|母亲节|开学季|圣诞")
	chineseActions   = list("大促|促销|预热|拉新|召回|裂变|抽奖|签到|积分兑换|优惠券|满减|秒杀|拼团|直播|问卷调研|限时特惠")
	chineseThings    = list("活动页|落地页|短信模板|邮件模板|自动流程|客户分组|推送计划|海报素材|报名表单|数据报表|渠道二维码|欢迎语")
	chineseMarks     = list("华东|华南|北京|上海|深圳|门店|旗舰店|测试|备份|正式|新客|老客|沉睡客户|高价值|普通|")
	englishOccasions = list("Spring|Summer|Autumn|Winter|Black Friday|Christmas|New Year|Member Day|Anniversary|Back to School|Valentine|Easter|Weekend|Midnight|VIP|Flash")
	englishActions   = list("sale|promo|launch|reminder|giveaway|discount|referral|welcome|winback|newsletter|upgrade|renewal|feedback|webinar|raffle|bundle")
	englishThings    = list("landing page|sms template|email template|auto flow|audience|push schedule|poster|signup form|dashboard|qr code|survey|banner")
)

// words returns the words of a text as the log analyses it, for texts of this data: runs of Chinese characters, and runs of other letters
// and digits in lower case.
func words(text string) []string {
	var found []string
	var word []rune
	chinese := false
	end := func() {
		if len(word) > 0 {
			found = append(found, string(word))
			word = word[:0]
		}
	}
	for _, r := range strings.ToLower(text) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		if is := unicode.Is(unicode.Han, r); is != chinese {
			end()
			chinese = is
		}
		word = append(word, r)
	}
	end()
	return found
}

// searchedTexts returns the texts of an entry that are searched, without those of modules, which are few and resolved before a query runs.
func searchedTexts(e oplog.Entry) []string {
	return []string{e.User.Name, e.User.ID, e.Content.Name, e.Content.ID}
}

// spacedWords returns all words of an entry, separated by spaces, in order: a word starts with "sale" if " sale" is a substring, and
// Chinese characters are a substring anywhere.
func spacedWords(e oplog.Entry) string {
	var b strings.Builder
	for _, text := range searchedTexts(e) {
		b.WriteByte(' ')
		for _, w := range words(text) {
			b.WriteString(w)
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// bigrams returns the two-character substrings of a run of characters; a single character is its own.
func bigrams(run string) []string {
	runes := []rune(run)
	if len(runes) < 2 {
		return []string{run}
	}
	var pieces []string
	for i := range len(runes) - 1 {
		pieces = append(pieces, string(runes[i:i+2]))
	}
	return pieces
}

func isChinese(word string) bool {
	return slices.ContainsFunc([]rune(word), func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
