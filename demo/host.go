package demo

import (
	"bytes"
	"crypto/rand"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"oplog/identity"

	"github.com/golang-jwt/jwt/v5"
)

// Host is a fictional host system: the product whose operations the log records. It serves one page; only its admins see the link to the
// log in the upper right corner.
type Host struct {
	Key func() (identity.APIKey, error) // signs the launch tokens
	Now func() time.Time
}

// HostPath is the path of the host system's pages.
const HostPath = "/host"

const (
	stylePath = HostPath + "/style.css"
	openPath  = HostPath + "/open"
)

// hostTokenLife is the lifetime of the token that a click on the link creates.
const hostTokenLife = time.Minute

//go:embed host
var hostFiles embed.FS

var hostPage = template.Must(template.ParseFS(hostFiles, "host/page.html"))

// hostPerson is a person who is signed in to the host system.
type hostPerson struct {
	As         string // in URLs
	ID, Name   string
	Title      string // the host system's name of the role
	Role       identity.Role
	SeesTheLog bool
}

// hostPeople are the two people as whom the page can be viewed.
func hostPeople(words *hostWords) [2]hostPerson {
	admin, member := employees[0].user, employees[employeeNamed("王晓敏")].user
	return [2]hostPerson{
		{"admin", admin.ID, admin.Name, words.Admin, identity.RoleAdmin, true},
		{"member", member.ID, member.Name, words.Member, identity.RoleMember, false},
	}
}

func employeeNamed(name string) int {
	for i := range employees {
		if employees[i].user.Name == name {
			return i
		}
	}
	return 0
}

// ServeHTTP serves the host's page, its stylesheet, and its link to the log.
func (h Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	words := &hostEnglish
	if r.URL.Query().Get("lang") == hostChinese.Lang {
		words = &hostChinese
	}
	people := hostPeople(words)
	person := people[0]
	if r.URL.Query().Get("as") == people[1].As {
		person = people[1]
	}
	w.Header().Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case HostPath:
		h.sendPage(w, words, people, person)
	case stylePath:
		http.ServeFileFS(w, r, hostFiles, "host/style.css")
	case openPath:
		h.redirectToLog(w, r, words, person)
	default:
		http.NotFound(w, r)
	}
}

// redirectToLog redirects to the log with a new token.
func (h Host) redirectToLog(w http.ResponseWriter, r *http.Request, words *hostWords, person hostPerson) {
	if !person.SeesTheLog {
		http.NotFound(w, r)
		return
	}
	key, err := h.Key()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": person.ID, "name": person.Name, "role": person.Role, "locale": words.Lang,
		"exp": h.Now().Add(hostTokenLife).Unix(), "jti": rand.Text(),
	}).SignedString([]byte(key.Secret))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "../launch?"+url.Values{"tenant": {key.Tenant}, "token": {token}}.Encode()) // relative: there may be a base path
	w.WriteHeader(http.StatusFound)
}

func (h Host) sendPage(w http.ResponseWriter, words *hostWords, people [2]hostPerson, person hostPerson) {
	var page bytes.Buffer
	err := hostPage.Execute(&page, map[string]any{
		"Words": words, "People": people, "Person": person, "Company": Tenant().Name,
		"English": &hostEnglish, "Chinese": &hostChinese, "Campaigns": campaigns(words, h.Now()),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}

// campaign is a row of the host's page.
type campaign struct {
	Name, ID, Channel, By, Changed string
	Stage, StageTitle, Reached     string // Stage is also a CSS class
}

// campaigns returns the rows of the host's page, which match the generated log.
func campaigns(words *hostWords, now time.Time) []campaign {
	rows := []struct {
		name, id    string
		channel     int
		stage       string
		reached, by string
		before      time.Duration // now
	}{
		{"会员日邀请函 Members' Day invitation", "eml_103070", 0, "live", "48,210", "Emma Clarke", 26 * time.Minute},
		{"黑五 主会场 Black Friday main venue", "wp_20418", 1, "live", "131,904", "王晓敏", 3 * time.Hour},
		{"双12 预约页 Double 12 pre-order", "wp_20455", 1, "draft", "—", "Nina Fischer", 5 * time.Hour},
		{"新人礼 7 天唤醒 Welcome flow", "flow_3107", 3, "live", "6,482", "蒋雯", 22 * time.Hour},
		{"感恩节 短信提醒 Thanksgiving reminder", "sms_88120", 2, "planned", "24,000", "李婷", 27 * time.Hour},
		{"冬季新品 首发图文 Winter collection", "wb_51873", 1, "planned", "96,350", "苏晓", 49 * time.Hour},
		{"门店周年庆 抽奖 Anniversary draw", "wp_20397", 1, "ended", "58,117", "Alice Ng", 73 * time.Hour},
		{"End of season, last call", "eml_103044", 0, "ended", "39,760", "Rachel Tan", 98 * time.Hour},
	}
	list := make([]campaign, len(rows))
	for i, r := range rows {
		changed := now.Add(-r.before).In(zone).Format("2006-01-02 15:04")
		list[i] = campaign{r.name, r.id, words.Channels[r.channel], r.by, changed, r.stage, words.Stages[r.stage], r.reached}
	}
	return list
}

// hostWords are the texts of the page in one language.
type hostWords struct {
	Lang, Product, Log            string
	Admin, Member                 string
	Note, SeenAs, Language        string
	Sections                      []string
	Title, Lead                   string
	Totals                        [4][2]string
	Name, Channel, Stage, Reached string
	By, Changed                   string
	Channels                      []string
	Stages                        map[string]string
}

var hostEnglish = hostWords{
	Lang: "en", Product: "Harbor Marketing", Log: "Operation Log",
	Admin: "System administrator", Member: "Marketing manager",
	Sections: []string{"Campaigns", "Customers", "WeChat pages", "Broadcasts", "Coupons", "SMS", "Email", "Auto-flows", "Reports"},
	Title:    "Campaigns", Lead: "What is being prepared, sent and wound up across all channels.",
	Name: "Campaign", Channel: "Channel", Stage: "State", Reached: "Customers reached", By: "Last changed by", Changed: "Last changed",
	Note: "A made-up product that stands for yours.", SeenAs: "Seen as", Language: "Language",
	Channels: []string{"Email", "WeChat", "SMS", "Auto-flow"},
	Stages:   map[string]string{"live": "Running", "draft": "Draft", "planned": "Planned", "ended": "Ended"},
	Totals:   [4][2]string{{"12", "running"}, {"7", "planned"}, {"284,713", "customers reached this week"}, {"3.8%", "of them bought"}},
}

var hostChinese = hostWords{
	Lang: "zh-CN", Product: "海港营销云", Log: "操作日志",
	Admin: "系统管理员", Member: "营销经理",
	Sections: []string{"营销活动", "客户", "微信页面", "群发", "优惠券", "短信", "邮件", "自动流程", "报表"},
	Title:    "营销活动", Lead: "各渠道正在准备、投放和收尾的活动。",
	Name: "活动", Channel: "渠道", Stage: "状态", Reached: "触达客户", By: "最后修改人", Changed: "最后修改时间",
	Note: "这是虚构的产品，代表您自己的业务系统。", SeenAs: "当前身份", Language: "语言",
	Channels: []string{"邮件", "微信", "短信", "自动流程"},
	Stages:   map[string]string{"live": "进行中", "draft": "草稿", "planned": "待投放", "ended": "已结束"},
	Totals:   [4][2]string{{"12", "进行中"}, {"7", "待投放"}, {"284,713", "本周触达客户"}, {"3.8%", "下单转化率"}},
}
