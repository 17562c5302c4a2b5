package wire

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Notice is a page for a person whom the console cannot be shown.
type Notice struct {
	Lang, Title, Text string
	Detail            string // in English, below a text of another language
}

// ContentSecurityPolicy keeps the console to its own files, and out of frames.
const ContentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed notice.html
var noticeHTML string

var noticePage = template.Must(template.New("notice").Parse(noticeHTML))

// noticePolicy allows the page's own style sheet besides, by its hash.
var noticePolicy = func() string {
	_, sheet, _ := strings.Cut(noticeHTML, "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	sum := sha256.Sum256([]byte(sheet))
	return strings.Replace(ContentSecurityPolicy, "style-src 'self'", "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1)
}()

// Send answers with the notice.
func (n Notice) Send(c *fiber.Ctx, status int) error {
	var page bytes.Buffer
	if err := noticePage.Execute(&page, n); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, noticePolicy)
	return c.Status(status).Send(page.Bytes())
}

// AcceptedLocale picks a locale by the language that a program asks for first.
func AcceptedLocale(acceptLanguage string) string {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(acceptLanguage)), "zh") {
		return oplog.LocaleZH
	}
	return oplog.LocaleEN
}

// SendText answers with a line of text.
func SendText(c *fiber.Ctx, status int, text string) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).SendString(text)
}
