package demo

import (
	"fmt"
	"slices"
	"time"

	"oplog/oplog"
)

// TenantID is the id of the demo tenant.
const TenantID = "demo"

// Tenant returns the demo company.
func Tenant() oplog.Tenant {
	return oplog.Tenant{ID: TenantID, Name: "蓝湾零售 Lanwan Retail", TimeZone: oplog.DefaultTimeZone, DataPermission: true}
}

// Organizations returns the company's current tree. It does not include a closed region, which earlier entries of its people name.
func Organizations() oplog.Tree { return slices.Clone(tree) }

const rootID = "lanwan"

var tree = oplog.Tree{
	{ID: rootID, Name: "蓝湾零售集团 Lanwan Group"},
	{ID: "hq", ParentID: rootID, Name: "总部 Headquarters"},
	{ID: "hq-marketing", ParentID: "hq", Name: "品牌市场部 Brand Marketing"},
	{ID: "hq-members", ParentID: "hq", Name: "会员中心"},
	{ID: "hq-it", ParentID: "hq", Name: "信息技术部 IT"},
	{ID: "east", ParentID: rootID, Name: "华东大区 East China"},
	{ID: "east-shanghai", ParentID: "east", Name: "Shanghai Studio"},
	{ID: "east-hangzhou", ParentID: "east", Name: "杭州分公司"},
	{ID: "east-nanjing", ParentID: "east", Name: "南京分公司"},
	{ID: "east-suzhou", ParentID: "east", Name: "Suzhou Stores"},
	{ID: "south", ParentID: rootID, Name: "华南大区 South China"},
	{ID: "south-guangzhou", ParentID: "south", Name: "广州分公司"},
	{ID: "south-shenzhen", ParentID: "south", Name: "Shenzhen Flagship"},
	{ID: "south-xiamen", ParentID: "south", Name: "厦门分公司"},
	{ID: "overseas", ParentID: rootID, Name: "Overseas"},
	{ID: "overseas-sg", ParentID: "overseas", Name: "Singapore"},
	{ID: "overseas-my", ParentID: "overseas", Name: "Kuala Lumpur"},
	{ID: "ecommerce", ParentID: rootID, Name: "电商事业部 E-commerce"},
	{ID: "ecommerce-tmall", ParentID: "ecommerce", Name: "天猫旗舰店"},
	{ID: "ecommerce-mini", ParentID: "ecommerce", Name: "小程序商城 Mini Program Store"},
	{ID: "ecommerce-live", ParentID: "ecommerce", Name: "直播组"},
}

// closedRegion was dissolved on reorganizationDay.
var closedRegion = oplog.Ref{ID: "southwest", Name: "西南大区"}

var reorganizationDay = dayOf(time.Date(2026, 9, 28, 0, 0, 0, 0, zone))

// duties is the set of an employee's areas of work, which decides which modules they are likely to use.
type duties uint8

const (
	content   duties = 1 << iota // pages, broadcasts, replies, menus
	messages                     // SMS, email, template messages, flows
	customers                    // customer data, tags, segments
	shop                         // commodities, orders
	storeWork                    // coupons, red pockets, QR codes
	reports                      // exports
)

// employee is a user of the host system.
type employee struct {
	user               oplog.User
	organization       oplog.Ref
	formerOrganization oplog.Ref // until reorganizationDay, if different
	newRole            string    // since reorganizationDay, if different
	duties             duties
	activity           float64
	english            bool
	region             string // second level of the tree; colleagues edit each other's objects
	ips                [2]string
	userAgents         [2]string // desktop and mobile
}

// team lists the people of an organization, the most active first.
type team struct {
	organization string
	activity     float64 // of the whole team, relative to other teams
	people       []person
}

type person struct {
	name, role string
	duties     duties
}

var teams = []team{
	{"hq", 2, []person{{"林静", "系统管理员", customers | reports}}},
	{"hq-marketing", 13, []person{
		{"何思源", "品牌总监", content}, {"Grace Lin", "Campaign manager", content | messages}, {"许嘉宁", "活动策划", content | storeWork},
		{"Olivia Brown", "Copywriter", content | messages}, {"邓凯", "视觉设计师", content}, {"马晓东", "媒介专员", messages},
		{"Thomas Weber", "Brand manager", content},
	}},
	{"hq-members", 9, []person{
		{"蒋雯", "会员运营经理", customers | messages}, {"Kevin Zhao", "CRM analyst", customers | reports}, {"沈佳怡", "会员运营", customers | messages},
		{"罗志强", "数据分析师", reports | customers}, {"Zoë Müller", "Loyalty specialist", customers | storeWork},
	}},
	{"hq-it", 3, []person{{"郑宇航", "系统工程师", shop | customers}, {"Ivan Petrov", "Integration engineer", messages | shop}, {"白雪", "测试工程师", content | messages}}},
	{"east", 2, []person{{"宋建国", "大区总经理", reports | storeWork}}},
	{"east-shanghai", 13, []person{
		{"王晓敏", "营销经理", content | storeWork}, {"Emma Clarke", "Content editor", content | messages}, {"Daniel Ho", "CRM specialist", customers | reports},
		{"钱多多", "新媒体运营", content}, {"Lucy Chen", "Email marketer", messages}, {"丁一凡", "活动策划", storeWork | content},
		{"方圆", "设计师", content}, {"Marco Rossi", "Visual merchandiser", shop | content},
	}},
	{"east-hangzhou", 10, []person{
		{"陈志远", "店长", storeWork | messages}, {"赵磊", "数据专员", reports | customers}, {"吕梦琪", "社群运营", content | messages},
		{"俞菲", "会员运营", customers}, {"韩冰", "电商运营", shop}, {"叶子涵", "营销专员", content | storeWork}, {"Sophie Wang", "Store trainer", storeWork},
	}},
	{"east-nanjing", 7, []person{
		{"李婷", "会员运营", customers | content}, {"孙浩然", "电商运营", shop | reports}, {"顾晨", "店长", storeWork}, {"施雨", "营销专员", content | messages},
		{"薛明", "客服主管", customers}, {"Peter Lang", "Merchandiser", shop},
	}},
	{"east-suzhou", 5, []person{
		{"周雨桐", "活动策划", storeWork | content}, {"Alice Ng", "Store manager", storeWork | messages}, {"冯磊", "店员", storeWork | customers},
		{"Ryan O'Connor", "Visual merchandiser", shop}, {"毛丹", "会员顾问", customers | messages},
	}},
	{"south", 1, []person{{"黄伟雄", "大区总监", reports | content}}},
	{"south-guangzhou", 8, []person{
		{"梁嘉欣", "营销经理", content | messages}, {"欧阳志豪", "数据专员", reports | customers}, {"谭咏仪", "新媒体运营", content},
		{"潘子杰", "电商运营", shop}, {"Cindy Kwok", "CRM specialist", customers | messages}, {"邱伟", "店长", storeWork},
	}},
	{"south-shenzhen", 7, []person{
		{"吴昊", "旗舰店店长", storeWork | customers}, {"Jason Lee", "Store manager", storeWork | messages}, {"苏晓", "会员顾问", customers},
		{"Nina Fischer", "Content editor", content}, {"江河", "陈列主管", shop | storeWork},
	}},
	{"south-xiamen", 4, []person{{"林婉清", "店长", storeWork | content}, {"蔡明哲", "营销专员", messages | content}, {"Ella Tan", "CRM specialist", customers}, {"许文", "店员", storeWork}}},
	{"overseas", 1, []person{{"Michael Ong", "Regional director", reports | messages}}},
	{"overseas-sg", 7, []person{
		{"Rachel Tan", "Marketing manager", content | messages}, {"Amir Rahman", "CRM specialist", customers | reports}, {"Chloé Laurent", "Content editor", content | messages},
		{"Samuel Goh", "Store manager", storeWork}, {"Priya Nair", "E-commerce executive", shop},
	}},
	{"overseas-my", 4, []person{{"Nurul Aisyah", "Marketing executive", messages | content}, {"Wei Jie Lim", "Store manager", storeWork | customers}, {"Farah Idris", "Content editor", content}, {"陈美玲", "会员运营", customers}}},
	{"ecommerce", 1, []person{{"江南", "事业部总经理", reports | shop}}},
	{"ecommerce-tmall", 4, []person{{"杜鹃", "电商运营", shop | reports}, {"Leo Fang", "Category manager", shop}, {"曹阳", "商品专员", shop | storeWork}}},
	{"ecommerce-mini", 4, []person{{"石磊", "产品运营", content | shop}, {"Hannah Kim", "Growth manager", messages | customers}, {"田甜", "活动运营", storeWork | content}}},
	{"ecommerce-live", 2, []person{{"胡可", "直播运营", content | storeWork}, {"Mia Zhou", "Host", content}}},
}

// People whose organization or role changed on reorganizationDay: earlier entries keep the old one.
var (
	fromClosedRegion = []string{"邱伟", "蒋雯", "吕梦琪"}
	newRoles         = map[string]string{"李婷": "会员运营主管", "Emma Clarke": "Senior content editor", "赵磊": "数据主管"}
)

var (
	desktopUserAgents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
	}
	mobileUserAgents = []string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
	}
)

// employees are all employees in the order of teams. The generator refers to them by index.
var employees = newEmployees()

func newEmployees() []employee {
	var all []employee
	for t, team := range teams {
		o, _ := tree.Find(team.organization)
		share := 0.0
		for rank := range team.people {
			share += relativeActivity(rank)
		}
		for rank, p := range team.people {
			n := len(all)
			e := employee{
				user:         oplog.User{ID: fmt.Sprintf("u_%d", 10010+n), Name: p.name, Role: p.role},
				organization: oplog.Ref{ID: o.ID, Name: o.Name},
				newRole:      newRoles[p.name],
				duties:       p.duties,
				activity:     team.activity * relativeActivity(rank) / share,
				english:      p.name[0] < 0x80,
				region:       regionOf(o),
				ips:          [2]string{fmt.Sprintf("10.%d.%d.%d", 20+t, rank%3*4+4, 20+n*37%200), fmt.Sprintf("10.200.%d.%d", t, 10+n*53%240)},
				userAgents:   [2]string{desktopUserAgents[n*n%len(desktopUserAgents)], mobileUserAgents[n%len(mobileUserAgents)]},
			}
			if slices.Contains(fromClosedRegion, p.name) {
				e.formerOrganization = closedRegion
			}
			all = append(all, e)
		}
	}
	return all
}

// relativeActivity returns the activity of the person with a rank, relative to the first.
func relativeActivity(rank int) float64 { return 1 / float64(rank+1) }

func regionOf(o oplog.Organization) string {
	for o.ParentID != "" && o.ParentID != rootID {
		o, _ = tree.Find(o.ParentID)
	}
	return o.ID
}

// on returns the user and organization as of a day.
func (e *employee) on(day int) (oplog.User, oplog.Ref) {
	user, organization := e.user, e.organization
	if day < reorganizationDay && e.formerOrganization.ID != "" {
		organization = e.formerOrganization
	}
	if day >= reorganizationDay && e.newRole != "" {
		user.Role = e.newRole
	}
	return user, organization
}
