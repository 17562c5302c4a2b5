package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oplog/oplog"
	"oplog/server/wire"
)

// console holds the console's files, by path without the leading slash. They are embedded, so they are read once.
type console map[string]*asset

// asset is a file of the console. Its compressed copies are nil until compress has created them, and stay nil if they would save little.
type asset struct {
	contentType string
	hash        string
	plain       []byte
	gzip, br    atomic.Pointer[[]byte]
}

// Levels for files that are compressed once and sent often. Higher levels of Brotli take up to thirty times the CPU time for a tenth fewer
// bytes.
const (
	assetGzipLevel   = 9
	assetBrotliLevel = 5
)

// contentTypes does not depend on the operating system, whose table may be incomplete.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp", ".woff2": "font/woff2",
}

// indexPage is the console's only page.
const indexPage = "index.html"

// loadConsole reads the console's files. The page gets the base path: for its scripts, and before its assets, whose URLs are relative to
// the root in the build.
func loadConsole(files fs.FS, base string) (console, error) {
	loaded := console{}
	if files == nil {
		return loaded, nil
	}
	return loaded, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		a := &asset{contentType: contentTypes[path.Ext(name)]}
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
		if a.plain, err = fs.ReadFile(files, name); err != nil {
			return err
		}
		if name == indexPage {
			a.plain = bytes.ReplaceAll(a.plain, []byte(`"./`), []byte(`"`+base+`/`))
			if base != "" {
				a.plain = bytes.Replace(a.plain, []byte("</head>"), []byte(`<meta name="base-path" content="`+base+`" /></head>`), 1)
			}
		}
		sum := sha256.Sum256(a.plain)
		a.hash = base64.RawURLEncoding.EncodeToString(sum[:12])
		loaded[name] = a
		return nil
	})
}

// compress creates the compressed copies of all files, gzip first because every client supports it. Requests do not wait for it: until a
// copy exists, send uses the next best one.
func (c console) compress() {
	var worth []*asset
	for _, a := range c {
		if a.worthCompressing() {
			worth = append(worth, a)
		}
	}
	for _, a := range worth {
		copied := fasthttp.AppendGzipBytesLevel(nil, a.plain, assetGzipLevel)
		a.gzip.Store(&copied)
	}
	for _, a := range worth {
		copied := fasthttp.AppendBrotliBytesLevel(nil, a.plain, assetBrotliLevel)
		a.br.Store(&copied)
	}
}

func (a *asset) worthCompressing() bool {
	return wire.WorthCompressing(a.contentType, len(a.plain))
}

// sendConsole serves a file of the console, or its index page for every other path, which the console routes itself.
func (s *Server) sendConsole(c *fiber.Ctx) error {
	name := strings.TrimPrefix(c.Path(), "/")
	a, found := s.console[name]
	isAsset := strings.HasPrefix(name, "assets/")
	if !found && !isAsset {
		name = indexPage
		a, found = s.console[name]
	}
	if !found {
		return wire.SendText(c, http.StatusNotFound, "File not found.\n")
	}
	s.allowFrames(c)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if isAsset {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return a.send(c)
}

// allowFrames lets the sites configured by a tenant embed its pages of the console.
func (s *Server) allowFrames(c *fiber.Ctx) {
	below, isTenants := strings.CutPrefix(c.Path(), "/t/")
	if !isTenants {
		return
	}
	id, _, _ := strings.Cut(below, "/")
	if t, err := s.directory.Tenant(id); err == nil {
		allowFramesOf(c, t)
	}
}

// allowFramesOf lets the sites configured by a tenant embed the response.
func allowFramesOf(c *fiber.Ctx, t oplog.Tenant) {
	if len(t.FrameAncestors) > 0 {
		allowed := "frame-ancestors 'self' " + strings.Join(t.FrameAncestors, " ")
		c.Set(fiber.HeaderContentSecurityPolicy, strings.Replace(c.GetRespHeader(fiber.HeaderContentSecurityPolicy), "frame-ancestors 'none'", allowed, 1))
	}
}

// send sends the smallest copy that the client accepts.
func (a *asset) send(c *fiber.Ctx) error {
	if a.worthCompressing() {
		c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	}
	gzip, br := a.gzip.Load(), a.br.Load()
	var offered []string
	if br != nil {
		offered = append(offered, "br")
	}
	if gzip != nil {
		offered = append(offered, "gzip")
	}
	body, tag := a.plain, `"`+a.hash+`"`
	switch wire.PreferredEncoding(c.Get(fiber.HeaderAcceptEncoding), offered...) {
	case "br":
		body, tag = *br, `"`+a.hash+`-br"`
		c.Set(fiber.HeaderContentEncoding, "br")
	case "gzip":
		body, tag = *gzip, `"`+a.hash+`-gz"`
		c.Set(fiber.HeaderContentEncoding, "gzip")
	}
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderContentType, a.contentType)
	if known := c.Get(fiber.HeaderIfNoneMatch); known == "*" || strings.Contains(known, tag) {
		return c.SendStatus(http.StatusNotModified)
	}
	return c.Send(body)
}
