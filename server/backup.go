package server

import (
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// sendBackup streams a copy of the whole store, which is deleted afterwards.
func (s *Server) sendBackup(c *fiber.Ctx, _ *call) error {
	b, err := s.node.Backup()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="oplog-%s.backup"`, s.now().UTC().Format("20060102T150405Z")))
	return c.Status(http.StatusOK).SendStream(&filePart{io.NewSectionReader(b, 0, b.Size), b, c.Context().Conn()}, int(b.Size))
}

func describeBackup(_ huma.Registry, op *huma.Operation) {
	op.Description = "One consistent file for oplog restore. It contains everything but signing.key, of which a copy has to be kept elsewhere."
	op.Responses["200"] = &huma.Response{
		Description: "The file",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}
