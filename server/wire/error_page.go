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

// ErrorPage is a page shown to people instead of the console.
type ErrorPage struct {
	Lang, Title, Text string
	Detail            string // in English, below a text in another language
}

// ContentSecurityPolicy restricts the console to its own files and keeps it out of frames.
const ContentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed error_page.html
var errorPageHTML string

var errorPageTemplate = template.Must(template.New("notice").Parse(errorPageHTML))

// errorPagePolicy also allows the page's style sheet, by its hash.
var errorPagePolicy = func() string {
	_, sheet, _ := strings.Cut(errorPageHTML, "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	sum := sha256.Sum256([]byte(sheet))
	return strings.Replace(ContentSecurityPolicy, "style-src 'self'", "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1)
}()

// Send sends the page.
func (n ErrorPage) Send(c *fiber.Ctx, status int) error {
	var page bytes.Buffer
	if err := errorPageTemplate.Execute(&page, n); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, errorPagePolicy)
	return c.Status(status).Send(page.Bytes())
}

// AcceptedLocale returns the locale of the client's preferred language.
func AcceptedLocale(acceptLanguage string) string {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(acceptLanguage)), "zh") {
		return oplog.LocaleZH
	}
	return oplog.LocaleEN
}

// SendText sends a line of text.
func SendText(c *fiber.Ctx, status int, text string) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).SendString(text)
}
