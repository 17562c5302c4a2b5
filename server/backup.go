package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/node"
	"oplog/oplog"
	"oplog/server/wire"
)

// maxBackups is how many backups are made at the same time, one of each caller: each is a copy of the whole store, until it is sent.
const maxBackups = 2

// sendBackup streams a copy of the whole store, which is deleted afterwards.
func (s *Server) sendBackup(c *fiber.Ctx, in *call) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="oplog-%s.backup"`, s.now().UTC().Format("20060102T150405Z")))
	if c.Method() == http.MethodHead {
		in.trailDetails.quiet = true // nothing is copied
		return nil
	}
	holder := in.holder()
	if s.copies.Take(holder, 1) != nil {
		return oplog.Refuse(oplog.CodeTooMany, "too-many-backups", "A backup of this caller, or {max} of others, are being downloaded; retry when one is done.", maxBackups)
	}
	end := func() { s.copies.Give(holder, 1) }
	b, err := s.copyStore(c.Context())
	if err != nil {
		end()
		return err
	}
	if b.ReliesOn.Days > 0 {
		c.Set(wire.ReliesOnHeader, b.ReliesOn.String())
	}
	return c.Status(http.StatusOK).SendStream(&filePart{io.NewSectionReader(b, 0, b.Size), &ending{b, sync.OnceFunc(end)}, c.Context().Conn()}, int(b.Size))
}

// copyStore makes the copy, if the disk has room for it.
func (s *Server) copyStore(ctx context.Context) (*node.Backup, error) {
	if err := s.node.CheckTempSpace(); err != nil {
		return nil, err
	}
	return s.node.Backup(ctx)
}

// ending calls end after it was closed.
type ending struct {
	io.Closer
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.Closer.Close()
}

func describeBackup(_ huma.Registry, op *huma.Operation) {
	op.Description = "One consistent file for oplog restore. It contains everything but signing.key, of which a copy has to be kept elsewhere. Days whose entries are in the archive alone are not in it: Oplog-Relies-On says which they are."
	op.Responses["200"] = &huma.Response{
		Description: "The file",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}
