package wire

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Page is a page shown to people instead of the console.
type Page struct {
	Lang, Title, Text string
	Detail            string // in English, below a text in another language
	Choice            *Choice
}

// Choice lets the reader of a page decide what happens.
type Choice struct {
	Text   template.HTML // see Named
	Do     template.HTML // a button that sends a form
	Action string        // the form's URL
	Fields map[string]string

	Instead    template.HTML // a link
	InsteadURL string
}

// Named returns a text as HTML, with names in place of %s. Nothing in a name affects the text around it.
func Named(text string, names ...string) template.HTML {
	inserted := make([]any, len(names))
	for i, name := range names {
		inserted[i] = "<bdi>" + template.HTMLEscapeString(name) + "</bdi>"
	}
	return template.HTML(fmt.Sprintf(template.HTMLEscapeString(text), inserted...)) //nolint:gosec // everything is escaped
}

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("notice").Parse(pageHTML))

// pagePolicy also allows the page's style sheet, by its hash.
var pagePolicy = func() string {
	_, sheet, _ := strings.Cut(pageHTML, "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	sum := sha256.Sum256([]byte(sheet))
	return strings.Replace(ContentSecurityPolicy, "style-src 'self'", "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1)
}()

// Send sends the page.
func (n Page) Send(c *fiber.Ctx, status int) error {
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, n); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, pagePolicy)
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
