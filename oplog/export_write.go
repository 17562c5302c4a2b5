package oplog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
)

// exportPlan is an export that is ready to be written.
type exportPlan struct {
	Export
	format     ExportFormat
	terms      ExportTerms
	match      Match
	snapshot   uint64 // the last seq that is in it
	checkpoint string
}

// planExport fills in what the asker left open, and counts the rows.
func (l *Log) planExport(ctx context.Context, x Export) (exportPlan, error) {
	t, err := l.tenant(x.Tenant)
	if err != nil {
		return exportPlan{}, err
	}
	p := exportPlan{}
	if p.format, err = l.exports.format(x.Format); err != nil {
		return p, err
	}
	if x.Range == RangeCustom && (x.From.IsZero() || x.To.IsZero()) {
		return p, fieldError("from", nil, "and to are needed for range custom")
	}
	for _, column := range x.Columns {
		if !slices.Contains(ExportColumns, column) {
			return p, fieldError("columns", column, "is not one of %s", strings.Join(ExportColumns, ", "))
		}
	}
	p.match, err = l.match(x.Tenant, Query{Filters: x.Filters, Scope: x.Scope, Range: x.Range, From: x.From, To: x.To})
	if err != nil {
		return p, err
	}
	total, err := l.index.Total(ctx, x.Tenant, p.match)
	if err != nil {
		return p, err
	}
	// After the total, so that nothing of it is missing from the snapshot.
	if p.snapshot, _, err = l.store.Counts(x.Tenant); err != nil {
		return p, err
	}
	if p.checkpoint, err = l.store.Checkpoint(x.Tenant); err != nil {
		return p, err
	}
	now := l.now().UTC()
	x.ID = exportID(now)
	x.Status, x.RowsTotal, x.From, x.To, x.CreatedAt = ExportRunning, total, p.match.From, p.match.To, now
	x.FileName = fmt.Sprintf("operation-log-%s-%s.%s", x.Tenant, now.In(t.Location()).Format(exportTimeStamp), p.format.Name)
	p.Export = x
	p.terms = ExportTerms{Catalog: p.match.Catalog, Locale: x.Locale, Location: t.Location(), Columns: x.Columns}
	return p, nil
}

// WriteExport writes an export at once, with no job and no record of it, and
// returns it with its signed manifest. A FileName that is given is kept. It
// tells how many rows are written, of how many.
func (l *Log) WriteExport(ctx context.Context, x Export, w io.Writer, progress func(done, total int)) (Export, string, error) {
	name := x.FileName
	p, err := l.planExport(ctx, x)
	if err != nil {
		return Export{}, "", err
	}
	if name != "" {
		p.FileName = name
	}
	progress(0, p.RowsTotal)
	m, err := l.writeExport(ctx, p, w, func(rows int) {
		p.RowsDone += rows
		progress(p.RowsDone, p.RowsTotal)
	})
	if err != nil {
		return Export{}, "", err
	}
	p.Status, p.RowsTotal, p.Size, p.FinishedAt = ExportDone, p.RowsDone, m.Size, l.now().UTC()
	signed, err := l.signManifest(m)
	return p.Export, signed, err
}

// measured hashes and counts what goes through it.
type measured struct {
	to   io.Writer
	sum  hash.Hash
	size int64
}

func (w *measured) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	_, _ = w.sum.Write(p[:n]) // never fails
	w.size += int64(n)
	return n, err
}

// writeExport writes the file and returns what its manifest says. It tells of
// rows as they are written.
func (l *Log) writeExport(ctx context.Context, p exportPlan, to io.Writer, written func(rows int)) (Manifest, error) {
	m := Manifest{
		File: p.FileName, Tenant: p.Tenant, Filters: p.Filters, Scope: p.Scope, From: p.From.UTC(), To: p.To.UTC(),
		By: p.CreatedBy.String(), At: p.CreatedAt, Snapshot: p.snapshot, Checkpoint: p.checkpoint,
	}
	file := &measured{to: to, sum: sha256.New()}
	w, err := p.format.New(file, p.terms)
	if err != nil {
		return m, err
	}
	err = l.eachRow(ctx, p, func(entries []Entry) error {
		for i := range entries {
			seq := entries[i].Seq
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
		err = Errorf(CodeConflict, "The store has %d of the %d operations that there were when the export began: days were deleted meanwhile, or entries are missing. Start the export again; where that fails too, oplog verify names what is missing.", m.Rows, p.RowsTotal)
	}
	if err != nil {
		if d, ok := w.(interface{ Discard() }); ok {
			d.Discard()
		}
		return m, err
	}
	if err := w.Close(); err != nil {
		return m, err
	}
	m.SHA256, m.Size = hex.EncodeToString(file.sum.Sum(nil)), file.size
	return m, nil
}

func (l *Log) signManifest(m Manifest) (string, error) {
	text, err := m.Text()
	if err != nil {
		return "", err
	}
	return l.store.Sign(text)
}

// eachRow visits the entries of an export as the list has them, some at a time.
// Reading and writing take turns, with a pause now and then: an export keeps at
// most one processor busy, and leaves the others to those who record and ask.
func (l *Log) eachRow(ctx context.Context, p exportPlan, visit func([]Entry) error) error {
	var pace Pace
	some := func(entries []Entry) error {
		entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Seq > p.snapshot })
		if err := errors.Join(visit(entries), ctx.Err()); err != nil {
			return err
		}
		pace.Rest()
		return nil
	}
	if p.match.isPeriod() {
		return l.eachOfPeriod(p, some)
	}
	return l.eachMatch(ctx, p, some)
}

// eachMatch visits what the index finds.
func (l *Log) eachMatch(ctx context.Context, p exportPlan, visit func([]Entry) error) error {
	var batch Batch
	before := p.match.last()
	for more := true; more; {
		var keys []Key
		var err error
		if keys, more, err = l.index.Page(ctx, p.Tenant, p.match, before, exportPage); err != nil || len(keys) == 0 {
			return err
		}
		before = keys[len(keys)-1]
		for chunk := range slices.Chunk(keys, exportChunk) {
			entries, err := l.store.Get(p.Tenant, chunk, &batch)
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

// eachOfPeriod visits all entries of a period, from the store alone: where
// nothing is filtered, they stand there in order, and what an auditor is given
// depends on no index.
func (l *Log) eachOfPeriod(p exportPlan, visit func([]Entry) error) error {
	var batch Batch
	before := p.match.last()
	for {
		entries, err := l.store.Older(p.Tenant, before, p.match.first(), exportChunk, &batch)
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
