package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/faults"
	"oplog/oplog"
)

const zipType = "application/zip"

// sendExportBundle streams an export with everything needed to verify it, as one ZIP.
func (s *Server) sendExportBundle(c *fiber.Ctx, in *call) error {
	x, err := s.exports.Export(in.tenant.ID, c.Params("id"), in.scope())
	if err != nil {
		return err
	}
	bundle, err := s.exports.OpenBundle(x, in.locale)
	if errors.Is(err, os.ErrNotExist) {
		return errFileGone
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, zipType)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s"`, bundle.Name))
	if c.Method() == http.MethodHead {
		return bundle.Close()
	}
	return c.SendStream(newZipStream(bundle, c.Context().Conn()))
}

var errFileGone = oplog.Errorf(oplog.CodeNotFound, "The file of this export no longer exists.")

// zipStream is a bundle that is generated while it is sent, never held in memory. The write deadline is extended for each piece.
type zipStream struct {
	*io.PipeReader
	to net.Conn
}

// written is a ZIP that can be written once.
type written interface {
	Write(to io.Writer) error
	io.Closer
}

// newZipStream starts to write a bundle, which it closes. It ends at the end of the bundle or with Close.
func newZipStream(bundle written, to net.Conn) *zipStream {
	out, in := io.Pipe()
	go func() {
		err := writeBundle(bundle, in)
		_ = in.CloseWithError(errors.Join(err, bundle.Close())) // never fails; nil means the end
	}()
	return &zipStream{out, to}
}

// writeBundle writes a bundle; a panic only ends its stream.
func writeBundle(bundle written, to io.Writer) (err error) {
	defer faults.Catch("writing a ZIP", &err)
	return bundle.Write(to)
}

func (z *zipStream) Read(p []byte) (int, error) {
	if err := z.to.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return z.PipeReader.Read(p)
}

func describeExportBundle(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters, exportIDParam)
	op.Description = "An attachment for oplog verify-export: the file, its manifest, the verifier key, and instructions in the caller's language. " +
		"The key in it proves nothing by itself: get it from a trusted person."
	op.Responses["200"] = &huma.Response{
		Description: "The ZIP",
		Content:     map[string]*huma.MediaType{zipType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}
