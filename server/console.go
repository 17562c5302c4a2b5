package server

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// console is the console's files, by path without the leading slash. They are
// read once: they are part of the program.
type console map[string]*asset

// asset is a file in every encoding that it was built in.
type asset struct {
	contentType string
	hash        string
	plain       []byte
	br, gzip    []byte // nil where the build made none
}

// contentTypes is not left to the operating system, whose table may be bare.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp", ".woff2": "font/woff2",
}

func loadConsole(files fs.FS) (console, error) {
	loaded := console{}
	if files == nil {
		return loaded, nil
	}
	return loaded, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".br" || path.Ext(name) == ".gz" {
			return err
		}
		a := &asset{contentType: contentTypes[path.Ext(name)]}
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
		if a.plain, err = fs.ReadFile(files, name); err != nil {
			return err
		}
		if a.br, err = readOptional(files, name+".br"); err != nil {
			return err
		}
		if a.gzip, err = readOptional(files, name+".gz"); err != nil {
			return err
		}
		sum := sha256.Sum256(a.plain)
		a.hash = base64.RawURLEncoding.EncodeToString(sum[:12])
		loaded[name] = a
		return nil
	})
}

func readOptional(files fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// sendConsole serves a file of the console, and the console itself at every
// address that is no file: what stands there is the console's to say.
func (s *Server) sendConsole(c *fiber.Ctx) error {
	name := strings.TrimPrefix(c.Path(), "/")
	a, found := s.console[name]
	isAsset := strings.HasPrefix(name, "assets/")
	if !found && !isAsset {
		name = "index.html"
		a, found = s.console[name]
	}
	if !found {
		return sendText(c, http.StatusNotFound, "There is no such file.\n")
	}
	s.allowFrames(c)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if isAsset {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return a.send(c)
}

// allowFrames lets the sites that a tenant names hold its pages of the console.
func (s *Server) allowFrames(c *fiber.Ctx) {
	below, isTenants := strings.CutPrefix(c.Path(), "/t/")
	if !isTenants {
		return
	}
	id, _, _ := strings.Cut(below, "/")
	t, err := s.log.Tenant(id)
	if err != nil || len(t.FrameAncestors) == 0 {
		return
	}
	allowed := strings.Replace(contentSecurityPolicy, "frame-ancestors 'none'", "frame-ancestors 'self' "+strings.Join(t.FrameAncestors, " "), 1)
	c.Set(fiber.HeaderContentSecurityPolicy, allowed)
}

func (a *asset) send(c *fiber.Ctx) error {
	body, tag := a.plain, `"`+a.hash+`"`
	if a.br != nil || a.gzip != nil {
		c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	}
	var offered []string
	if a.br != nil {
		offered = append(offered, "br")
	}
	if a.gzip != nil {
		offered = append(offered, "gzip")
	}
	switch preferred(c.Get(fiber.HeaderAcceptEncoding), offered...) {
	case "br":
		body, tag = a.br, `"`+a.hash+`-br"`
		c.Set(fiber.HeaderContentEncoding, "br")
	case "gzip":
		body, tag = a.gzip, `"`+a.hash+`-gz"`
		c.Set(fiber.HeaderContentEncoding, "gzip")
	}
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderContentType, a.contentType)
	if known := c.Get(fiber.HeaderIfNoneMatch); known == "*" || strings.Contains(known, tag) {
		return c.SendStatus(http.StatusNotModified)
	}
	return c.Send(body)
}
