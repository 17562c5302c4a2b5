package exports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"oplog/background"
	"oplog/oplog"
)

// plan is an export with its query, period and format resolved.
type plan struct {
	Export
	format     oplog.ExportFormat
	terms      oplog.ExportOptions
	match      oplog.Match
	snapshot   uint64 // the last seq included
	checkpoint string
	mayGoOn    func() error // asked for each chunk; nil for no limit
	waits      func(bool)   // told when it begins and ends to wait for the archive; nil if it does not wait
}

// planExport sets the defaults and counts the rows.
func (s *Exports) planExport(ctx context.Context, x Export) (plan, error) {
	t, err := s.directory.State(x.Tenant)
	if err != nil {
		return plan{}, err
	}
	p := plan{}
	if p.format, err = s.format(x.Format); err != nil {
		return p, err
	}
	if x.Range == oplog.RangeCustom && (x.From.IsZero() || x.To.IsZero()) {
		return p, oplog.InvalidField("from", nil, "period_required", "and to are required for range custom")
	}
	if x.Range == oplog.RangeCustom && x.From.Equal(x.To) {
		return p, oplog.InvalidField("to", x.To.Format(time.RFC3339), "empty_period", "must be after from: the period is empty, because to is exclusive")
	}
	for _, column := range x.Columns {
		if !slices.Contains(oplog.ExportColumns, column) {
			return p, oplog.InvalidField("columns", column, "not_one_of", "is not one of {allowed}", oplog.ExportColumns)
		}
	}
	p.match, err = s.match(x.Tenant, oplog.Query{Filters: x.Filters, Scope: x.Scope, Range: x.Range, From: x.From, To: x.To})
	if err != nil {
		return p, err
	}
	total, err := s.index.Total(ctx, x.Tenant, p.match)
	if err != nil {
		return p, err
	}
	// After the total, so that the snapshot includes everything counted.
	if p.snapshot, _, err = s.store.Counts(x.Tenant); err != nil {
		return p, err
	}
	if p.checkpoint, err = s.store.Checkpoint(x.Tenant); err != nil {
		return p, err
	}
	now := s.now().UTC()
	x.ID = exportID(now)
	x.Status, x.RowsTotal, x.From, x.To, x.CreatedAt = Running, total, p.match.From, p.match.To, now
	x.FileName = fmt.Sprintf("operation-log-%s-%s.%s", x.Tenant, now.In(t.Location()).Format(exportTimeStamp), p.format.Name)
	p.Export = x
	p.terms = oplog.ExportOptions{Catalog: p.match.Catalog, Locale: x.Locale, Location: t.Location(), Columns: x.Columns}
	return p, nil
}

// Write writes an export synchronously, without a job or record, and returns it with its signed manifest. It keeps a given FileName, and
// reports the rows written out of the total.
func (s *Exports) Write(ctx context.Context, x Export, w io.Writer, progress func(done, total int)) (Export, string, error) {
	name := x.FileName
	p, err := s.planExport(ctx, x)
	if err != nil {
		return Export{}, "", err
	}
	if name != "" {
		p.FileName = name
	}
	progress(0, p.RowsTotal)
	start := time.Now()
	m, err := s.writeExport(ctx, p, w, func(rows int) {
		p.RowsDone += rows
		progress(p.RowsDone, p.RowsTotal)
	})
	s.measure(start, err)
	if err != nil {
		return Export{}, "", err
	}
	p.Status, p.RowsTotal, p.Size, p.FinishedAt = Done, p.RowsDone, m.Size, s.now().UTC()
	signed, err := s.signManifest(m)
	return p.Export, signed, err
}

// hashingWriter hashes and counts the bytes written through it.
type hashingWriter struct {
	to   io.Writer
	sum  hash.Hash
	size int64
}

func (w *hashingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	_, _ = w.sum.Write(p[:n]) // never fails
	w.size += int64(n)
	return n, err
}

// writeExport writes the file and returns its manifest. It reports rows as they are written.
func (s *Exports) writeExport(ctx context.Context, p plan, to io.Writer, written func(rows int)) (Manifest, error) {
	m := Manifest{
		File: p.FileName, Tenant: p.Tenant, Filters: p.Filters, Scope: p.Scope, From: p.From.UTC(), To: p.To.UTC(),
		By: p.CreatedBy.String(), At: p.CreatedAt, Snapshot: p.snapshot, Checkpoint: p.checkpoint,
	}
	file := &hashingWriter{to: to, sum: sha256.New()}
	var pace background.Pacer
	p.terms.Pause = pace.YieldWithin
	w, err := p.format.New(file, p.terms)
	if err != nil {
		return m, err
	}
	err = s.eachRow(ctx, p, &pace, func(entries []oplog.Entry) error {
		for i := range entries {
			seq := entries[i].Seq
			if entries[i].Damaged {
				return oplog.Refuse(oplog.CodeDamaged, "entry-damaged", "Entry {seq}, of {date} (UTC), is damaged in the store; nothing is exported that was not recorded. Export the days before and after it, or restore the log from a backup.", seq, oplog.DateOf(entries[i].Time))
			}
			if m.LastSeq = max(m.LastSeq, seq); m.FirstSeq == 0 || seq < m.FirstSeq {
				m.FirstSeq = seq
			}
		}
		if err := w.Write(entries); err != nil {
			return err
		}
		m.Rows += len(entries)
		written(len(entries))
		return nil
	})
	if err == nil && m.Rows < p.RowsTotal {
		err = oplog.Refuse(oplog.CodeConflict, "export-incomplete", "The store has only {found} of the {expected} operations that it had when the export started: days were deleted meanwhile, or entries are missing. Start the export again; if it fails again, run oplog verify to find the missing entries.", m.Rows, p.RowsTotal)
	}
	if err != nil {
		return m, err
	}
	if err := w.Close(); err != nil {
		return m, err
	}
	m.SHA256, m.Size = hex.EncodeToString(file.sum.Sum(nil)), file.size
	return m, nil
}

func (s *Exports) signManifest(m Manifest) (string, error) {
	text, err := m.Text()
	if err != nil {
		return "", err
	}
	return s.store.Sign(text)
}

// eachRow calls visit with an export's entries in the order of the list, in chunks. Reading and writing alternate, with pauses: an export
// uses at most one processor and leaves the others to appends and queries.
func (s *Exports) eachRow(ctx context.Context, p plan, pace *background.Pacer, visit func([]oplog.Entry) error) error {
	some := func(entries []oplog.Entry) error {
		if p.mayGoOn != nil {
			if err := p.mayGoOn(); err != nil {
				return err
			}
		}
		entries = slices.DeleteFunc(entries, func(e oplog.Entry) bool { return e.Seq > p.snapshot })
		if err := errors.Join(visit(entries), ctx.Err()); err != nil {
			return err
		}
		pace.Yield()
		return nil
	}
	if p.match.IsPeriod() {
		return s.eachOfPeriod(ctx, p, some)
	}
	return s.eachMatch(ctx, p, some)
}

// eachMatch calls visit with the matches that the index finds.
func (s *Exports) eachMatch(ctx context.Context, p plan, visit func([]oplog.Entry) error) error {
	var batch oplog.ReadBuffer
	before := p.match.Last()
	for more := true; more; {
		var keys []oplog.Key
		err := s.await(ctx, &p, func() (err error) {
			keys, more, err = s.index.Page(ctx, p.Tenant, p.match, before, exportPage)
			return err
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		before = keys[len(keys)-1]
		for chunk := range slices.Chunk(keys, exportChunk) {
			var entries []oplog.Entry
			err := s.await(ctx, &p, func() (err error) {
				entries, err = s.store.Get(p.Tenant, chunk, &batch)
				return err
			})
			if err != nil {
				return err
			}
			if err := visit(entries); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachOfPeriod calls visit with all entries of a period, from the store alone: without filters its order is the list's order, and what an
// auditor receives does not depend on an index.
func (s *Exports) eachOfPeriod(ctx context.Context, p plan, visit func([]oplog.Entry) error) error {
	var batch oplog.ReadBuffer
	before := p.match.Last()
	for {
		var entries []oplog.Entry
		err := s.await(ctx, &p, func() (err error) {
			entries, err = s.store.Older(p.Tenant, before, p.match.First(), exportChunk, &batch)
			return err
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		n := len(entries)
		before = entries[n-1].Key()
		if err := visit(entries); err != nil || n < exportChunk {
			return err
		}
	}
}
