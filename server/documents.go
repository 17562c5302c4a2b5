package server

import (
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/server/wire"
)

// docsRoot is the path of the manual.
const docsRoot = "/docs"

// redirectToDocs redirects to the manual's first page, below which its links are relative.
func (s *Server) redirectToDocs(c *fiber.Ctx) error {
	return c.Redirect(s.basePath+docsRoot+"/", http.StatusMovedPermanently)
}

// sendDocs serves the manual: pages, stylesheets and results of searches.
func (s *Server) sendDocs(c *fiber.Ctx) error {
	manual, err := s.manual()
	if err != nil {
		return err
	}
	at := strings.TrimPrefix(c.Path(), docsRoot+"/")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if sheet, found := manual.Asset(at); found {
		c.Set(fiber.HeaderContentType, contentTypes[path.Ext(at)])
		return c.Send(sheet)
	}
	html, found := manual.SearchPage(at, c.Query("q"))
	if !found {
		html, found = manual.Page(at)
	}
	if !found {
		return wire.SendText(c, http.StatusNotFound, "Page not found.\n")
	}
	c.Set(fiber.HeaderContentType, contentTypes[".html"])
	return c.Send(html)
}
