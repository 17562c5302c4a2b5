package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/exports"
	"oplog/oplog"
)

// exportRequestBody is a request for an export.
type exportRequestBody struct {
	Range   oplog.Range `json:"range" enum:"today,yesterday,last_7_days,last_30_days,last_90_days,last_week,this_month,last_month,custom" doc:"Days are in the tenant's time zone; the last N days include today, weeks start on Monday."`
	From    *time.Time  `json:"from,omitempty" nullable:"true" doc:"Required for custom; narrows any other range."`
	To      *time.Time  `json:"to,omitempty" nullable:"true" doc:"Exclusive. Required for custom; narrows any other range."`
	Format  string      `json:"format" enum:"csv,xlsx,ndjson" doc:"File format."`
	Columns []string    `json:"columns,omitempty" nullable:"true" enum:"exact_time,received,key,user_agent,changes,details" maxItems:"16" doc:"Additional columns of csv and xlsx, such as exact_time with fractions of a second; ndjson has every field."`
	Filters newFilters  `json:"filters,omitzero" doc:"Filters as in lists."`
}

// exportBody is the current state of an export.
type exportBody struct {
	ID         string          `json:"id" doc:"The export's id."`
	Status     exports.Status  `json:"status" enum:"running,done,failed,cancelled" doc:"Status of the export."`
	RowsDone   int             `json:"rows_done" doc:"Rows written so far."`
	RowsTotal  int             `json:"rows_total" doc:"Total rows."`
	Waiting    string          `json:"waiting,omitempty" enum:"archive" doc:"What a running export waits for to go on; omitted if it does not wait."`
	Format     string          `json:"format" enum:"csv,xlsx,ndjson" doc:"Also the file extension."`
	Range      oplog.Range     `json:"range" enum:"today,yesterday,last_7_days,last_30_days,last_90_days,last_week,this_month,last_month,custom" doc:"The requested period."`
	From       time.Time       `json:"from,omitzero" doc:"The period, resolved when the export started."`
	To         time.Time       `json:"to,omitzero" doc:"Exclusive."`
	Columns    []string        `json:"columns,omitempty" enum:"exact_time,received,key,user_agent,changes,details" doc:"Its additional columns."`
	Filters    filtersBody     `json:"filters"`
	FileName   string          `json:"file_name" doc:"Name of the downloaded file."`
	Size       int64           `json:"size" doc:"File size in bytes."`
	CreatedBy  exports.Creator `json:"created_by"`
	CreatedAt  time.Time       `json:"created_at" doc:"Time of creation."`
	FinishedAt time.Time       `json:"finished_at,omitzero" doc:"Time of completion, successful or not."`
	ExpiresAt  time.Time       `json:"expires_at,omitzero" doc:"When the export, with its file, is deleted."`
	Error      string          `json:"error,omitempty" doc:"Why it failed."`

	ErrorReason string         `json:"error_reason,omitempty" doc:"The same for programs, such as exports-in-use."`
	ErrorParams map[string]any `json:"error_params,omitempty" doc:"Numbers and names in the error."`

	UserNames map[string]string `json:"user_names,omitempty" doc:"Names by id of the users in the filters when the export started: at most 50, and only users in the log."`
}

type (
	startExportInput struct{ Body exportRequestBody }
	exportInput      struct {
		ID string `path:"id" doc:"The export's id."`
	}
	exportOutput struct {
		Status int
		Body   *exportBody
	}
	exportsOutput struct {
		Body struct {
			Exports []exportBody `json:"exports" doc:"Newest first."`
		} `nameHint:"Exports"`
	}
)

func (s *Server) startExport(ctx context.Context, in *call, input *startExportInput) (*exportOutput, error) {
	b := input.Body
	x := exports.Export{
		Tenant: in.tenant.ID, Range: b.Range, Format: b.Format, Columns: b.Columns, Filters: b.Filters.Filters,
		Scope: in.scope(), Locale: in.locale, CreatedBy: in.creator(),
	}
	if b.From != nil {
		x.From = *b.From
	}
	if b.To != nil {
		x.To = *b.To
	}
	x, err := s.auditedExports(in, func(x exports.Export) trailDetails {
		details := map[string]any{"range": x.Range, "from": x.From, "to": x.To, "format": x.Format, "filters": b.Filters.Filters}
		if len(x.Columns) > 0 {
			details["columns"] = x.Columns
		}
		return trailDetails{object: oplog.Ref{ID: x.ID, Name: x.FileName}, details: details}
	}).Start(ctx, x, s.stillMay(in))
	if err != nil {
		return nil, fieldInBody(err)
	}
	return describeExport(http.StatusAccepted, x), nil
}

// placeInBody moves field errors of a query to the body.
func fieldInBody(err error) error {
	var errs *oplog.Error
	if !errors.As(err, &errs) {
		return err
	}
	for i := range errs.Fields {
		f := &errs.Fields[i]
		if f.Part != oplog.InQuery {
			continue
		}
		f.Part = oplog.InBody
		if f.Field != "from" && f.Field != "to" && f.Field != "range" {
			f.Field = "filters." + f.Field
		}
	}
	return errs
}

func (s *Server) listExports(_ context.Context, in *call, _ *struct{}) (*exportsOutput, error) {
	list, err := s.exports.List(in.tenant.ID, in.scope())
	if err == nil {
		list, err = pageOf(in, maxItems, list, func(x *exports.Export) string { return x.ID })
	}
	out := &exportsOutput{}
	out.Body.Exports = make([]exportBody, len(list))
	for i, x := range list {
		out.Body.Exports[i] = newExportBody(x)
	}
	return out, err
}

func (s *Server) getExport(_ context.Context, in *call, input *exportInput) (*exportOutput, error) {
	x, err := s.exports.Export(in.tenant.ID, input.ID, in.scope())
	if err != nil {
		return nil, err
	}
	return describeExport(http.StatusOK, x), nil
}

func (s *Server) removeExport(_ context.Context, in *call, input *exportInput) (*exportOutput, error) {
	x, err := s.exports.Export(in.tenant.ID, input.ID, in.scope())
	if err != nil {
		return nil, err
	}
	cancelled, err := s.exports.Audited(s.audit(in, s.removed(in, oplog.RecordExport))).Remove(x, s.stillMay(in))
	if err != nil {
		return nil, err
	}
	if !cancelled {
		return &exportOutput{Status: http.StatusNoContent}, nil
	}
	x.Status = exports.Cancelled
	return describeExport(http.StatusOK, x), nil
}

func describeExport(status int, x exports.Export) *exportOutput {
	b := newExportBody(x)
	return &exportOutput{status, &b}
}

func newExportBody(x exports.Export) exportBody {
	return exportBody{
		ID: x.ID, Status: x.Status, RowsDone: x.RowsDone, RowsTotal: x.RowsTotal, Waiting: x.Waiting, Format: x.Format, Range: x.Range,
		From: x.From.UTC(), To: x.To.UTC(), Columns: x.Columns, Filters: filtersBody{x.Filters}, FileName: x.FileName, Size: x.Size,
		CreatedBy: x.CreatedBy, CreatedAt: x.CreatedAt, FinishedAt: x.FinishedAt, ExpiresAt: x.ExpiresAt, Error: x.Error,
		ErrorReason: x.ErrorReason, ErrorParams: x.ErrorParams, UserNames: x.UserNames,
	}
}

func (p *principal) creator() exports.Creator {
	return exports.Creator{Username: p.who().Person(), Key: p.key.Name, KeyID: p.key.ID}
}

// sendExportFile streams an export's file from disk, or the requested range.
func (s *Server) sendExportFile(c *fiber.Ctx, in *call) error {
	x, err := s.exports.Export(in.tenant.ID, c.Params("id"), in.scope())
	if err != nil {
		return err
	}
	file, err := s.exports.Open(x)
	if errors.Is(err, os.ErrNotExist) {
		return errFileGone
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	tag := `"` + x.ID + `"`
	c.Set(fiber.HeaderContentType, s.exportContentType(x.Format))
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s"`, x.FileName))
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	c.Set(fiber.HeaderETag, tag)
	start, length, status := int64(0), info.Size(), http.StatusOK
	if when := c.Get(fiber.HeaderIfRange); when == "" || when == tag {
		start, length, status = parseRange(c.Get(fiber.HeaderRange), info.Size())
	}
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", info.Size()))
		return errors.Join(fiber.NewError(status, "The requested range is not satisfiable."), file.Close())
	case http.StatusPartialContent:
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, info.Size()))
	}
	return c.Status(status).SendStream(&filePart{io.NewSectionReader(file, start, length), file, c.Context().Conn()}, int(length))
}

// sendExportManifest sends the signed note that verify-export checks a file against.
func (s *Server) sendExportManifest(c *fiber.Ctx, in *call) error {
	x, err := s.exports.Export(in.tenant.ID, c.Params("id"), in.scope())
	if err != nil {
		return err
	}
	manifest, err := s.exports.Manifest(x)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.manifest"`, x.FileName))
	return c.SendString(manifest)
}

// filePart is a range of a file, closed after it was sent. The write deadline is extended for each piece.
type filePart struct {
	part *io.SectionReader
	io.Closer
	to net.Conn
}

func (f *filePart) Read(p []byte) (int, error) {
	if err := f.to.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return f.part.Read(p)
}

func (s *Server) exportContentType(format string) string {
	for _, f := range s.exports.Formats() {
		if f.Name == format {
			return f.ContentType
		}
	}
	return "application/octet-stream"
}

// parseRange parses a Range with one part. Anything else requests the whole file.
func parseRange(header string, size int64) (start, length int64, status int) {
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, isRange := strings.Cut(spec, "-")
	if !isBytes || !isRange || strings.Contains(spec, ",") {
		return 0, size, http.StatusOK
	}
	from, fromErr := strconv.ParseInt(first, 10, 64)
	to, toErr := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && toErr == nil: // a suffix range
		from, to = max(0, size-to), size-1
	case fromErr == nil && last == "":
		to = size - 1
	case fromErr != nil || toErr != nil || to < from:
		return 0, size, http.StatusOK
	}
	if to = min(to, size-1); from > to {
		return 0, 0, http.StatusRequestedRangeNotSatisfiable
	}
	return from, to - from + 1, http.StatusPartialContent
}

var exportIDParam = &huma.Param{
	Name: "id", In: "path", Required: true, Description: "The export's id.", Schema: &huma.Schema{Type: huma.TypeString},
}

func describeExportManifest(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters, exportIDParam)
	op.Description = "An attachment for oplog verify-export."
	op.Responses["200"] = &huma.Response{
		Description: "A signed note with the description of the file, its SHA-256, and the log's checkpoint when it was written.",
		Content:     map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
}

func describeExportFile(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters, exportIDParam)
	op.Description = "An attachment. Supports Range."
	file := map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op.Responses["200"] = &huma.Response{Description: "The file", Content: file}
	op.Responses["206"] = &huma.Response{Description: "The requested range of the file", Content: file}
}
