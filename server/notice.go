package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// notice is a page for a person whom the console cannot be shown.
type notice struct {
	Lang, Title, Text string
	Detail            string // in English, below a text of another language
}

//go:embed notice.html
var noticeHTML string

var noticePage = template.Must(template.New("notice").Parse(noticeHTML))

// noticePolicy allows the page's own style sheet besides, by its hash.
var noticePolicy = func() string {
	_, sheet, _ := strings.Cut(noticeHTML, "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	sum := sha256.Sum256([]byte(sheet))
	return strings.Replace(contentSecurityPolicy, "style-src 'self'", "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1)
}()

// noticesZH says in Chinese why a person is not let in, by status; the detail
// tells the rest.
var noticesZH = map[int]string{
	http.StatusUnauthorized:        "此链接已失效、已使用过或无法验证。请返回业务系统，重新点击链接。",
	http.StatusForbidden:           "此账号无权访问。",
	http.StatusUnprocessableEntity: "业务系统传来的信息不符合要求，请联系其管理员。",
}

// sendNotice answers a person with a page in their language, which names
// nothing that they may have no right to.
func sendNotice(c *fiber.Ctx, status int, detail string) error {
	n := notice{Lang: oplog.LocaleEN, Title: "Not signed in", Text: detail}
	if acceptedLocale(c.Get(fiber.HeaderAcceptLanguage)) == oplog.LocaleZH {
		n = notice{Lang: oplog.LocaleZH, Title: "未能登录", Text: noticesZH[status], Detail: detail}
		if n.Text == "" {
			n.Text = "请稍后重试。"
		}
	}
	return sendPage(c, status, n)
}

// sendPage answers with a notice.
func sendPage(c *fiber.Ctx, status int, n notice) error {
	var page bytes.Buffer
	if err := noticePage.Execute(&page, n); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, noticePolicy)
	return c.Status(status).Send(page.Bytes())
}
