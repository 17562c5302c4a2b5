package journal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"oplog/oplog"
)

// ImportResult counts the lines of a file by result.
type ImportResult struct {
	Recorded   int
	Duplicates int
	Skipped    int
	Rejected   int
}

// Lines returns the number of lines.
func (i ImportResult) Lines() int { return i.Recorded + i.Duplicates + i.Skipped + i.Rejected }

// importBatch is the number of entries recorded at a time.
const importBatch = 5000

// Import records the entries of a file in order, by the rules of [Journal.Append]. Invalid lines are reported to rejected and do not stop
// the import. If an error ends it, entries recorded before stay recorded and counted. A line without an id that is already in the log ends
// it with a [DuplicateLineError], unless twice allows such lines to be stored again.
func (j *Journal) Import(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], twice bool, rejected func(number int, reason error)) (ImportResult, error) {
	duplicates, err := j.newDuplicateFinder(tenant)
	if err != nil {
		return ImportResult{}, err
	}
	duplicates.disabled = duplicates.disabled || twice
	b := importer{journal: j, tenant: tenant, rejected: rejected, duplicates: duplicates}
	b.record = func(ctx context.Context, entries []oplog.Entry) error {
		answer, err := j.Append(ctx, tenant, entries)
		b.Recorded += answer.Recorded
		b.Duplicates += answer.Duplicates
		b.Skipped += answer.Skipped
		return err
	}
	b.recorded = duplicates.saveRecord
	err = b.run(ctx, lines)
	return b.ImportResult, err
}

// CheckImport reports the lines that Import would reject, and records nothing. It does not count the other lines.
func (j *Journal) CheckImport(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], rejected func(number int, reason error)) (ImportResult, error) {
	b := importer{journal: j, tenant: tenant, rejected: rejected}
	t, err := j.directory.State(tenant)
	if err != nil {
		return ImportResult{}, err
	}
	seen := make(map[[sha256.Size]byte][sha256.Size]byte) // content digest by digest of the id, for ids in the file
	b.record = func(_ context.Context, entries []oplog.Entry) error {
		receipts := make([]oplog.Receipt, len(entries))
		var manual []oplog.Entry
		for i, e := range entries {
			if e.Origin == oplog.OriginAPI {
				receipts[i].Status = oplog.StatusSkipped
				continue
			}
			manual = append(manual, e)
		}
		if err := j.store.Conflicts(tenant, manual); err != nil {
			return inRequest(err, receipts)
		}
		if errs := t.Tree.NoRoomFor(manual); len(errs) > 0 {
			return inRequest(oplog.TooManyOrganizationsError(errs), receipts)
		}
		if err := conflictsInFile(seen, manual); err != nil {
			return inRequest(err, receipts)
		}
		if unknown := t.UnknownOrganizations(manual); len(unknown) > 0 {
			t.Tree = t.Tree.Grown(t.Tree.Learn(unknown))
		}
		return nil
	}
	err = b.run(ctx, lines)
	return b.ImportResult, err
}

// importer is the state of an import.
type importer struct {
	ImportResult
	journal    *Journal
	tenant     string
	rejected   func(number int, reason error)
	record     func(ctx context.Context, entries []oplog.Entry) error // records all entries, or returns an error that names those that it rejects
	recorded   func() error                                           // called after record; nil for nothing to do
	entries    []oplog.Entry
	numbers    []int            // their line numbers
	duplicates *duplicateFinder // nil if lines may already be in the log
	timed      []timedLine      // lines to look up in the log by time
}

func (b *importer) run(ctx context.Context, lines iter.Seq2[oplog.ImportLine, error]) error {
	t, err := b.journal.directory.State(b.tenant)
	if err != nil {
		return err
	}
	for line, err := range lines {
		if err != nil {
			return errors.Join(b.flush(ctx), err)
		}
		if err := line.Err; err != nil {
			b.reject(line.Number, err)
			continue
		}
		sent := line
		if errs := t.Validate(&line.Entry, b.journal.now(), b.journal.clock.forRules()); len(errs) > 0 {
			b.reject(line.Number, joinReasons(errs))
			continue
		}
		if err := b.queueLookup(sent, &line.Entry); err != nil {
			return err
		}
		line.Entry.Tenant = b.tenant
		b.entries, b.numbers = append(b.entries, line.Entry), append(b.numbers, line.Number)
		if len(b.entries) == importBatch {
			if err := b.flush(ctx); err != nil {
				return err
			}
		}
	}
	return b.flush(ctx)
}

// queueLookup queues a line without an id to be looked up in the log before it is recorded.
func (b *importer) queueLookup(sent oplog.ImportLine, e *oplog.Entry) error {
	switch {
	case b.duplicates == nil || sent.Entry.ID != "" || e.Origin == oplog.OriginAPI:
		return nil
	case sent.Entry.Time.IsZero():
		return b.duplicates.addUntimed(sent)
	}
	line, err := newTimedLine(sent.Number, e)
	b.timed = append(b.timed, line)
	return err
}

func (b *importer) reject(number int, reason error) {
	b.Rejected++
	b.rejected(number, reason)
}

// joinReasons formats the invalid fields of an entry.
func joinReasons(errs []oplog.FieldError) error {
	var words []string
	for _, f := range errs {
		if text, ok := f.Value.(string); ok && text != "" {
			words = append(words, f.Field+" "+oplog.Quote(text)+" "+f.Message)
		} else {
			words = append(words, f.Field+" "+f.Message)
		}
	}
	return errors.New(strings.Join(words, "; "))
}

// flush records the queued entries without those that are rejected: their ids are in use or their days were deleted.
func (b *importer) flush(ctx context.Context) error {
	if b.duplicates != nil {
		defer b.duplicates.reset()
		err := b.duplicates.find(ctx, b.timed)
		b.timed = b.timed[:0]
		if err != nil {
			return err
		}
	}
	for len(b.entries) > 0 {
		err := b.record(ctx, b.entries)
		if err == nil {
			break
		}
		named := fieldErrorsByItem(err, len(b.entries))
		if len(named) == 0 {
			return err
		}
		kept := 0
		for i := range b.entries {
			if errs := named[i]; len(errs) > 0 {
				b.reject(b.numbers[i], joinReasons(errs))
				continue
			}
			b.entries[kept], b.numbers[kept] = b.entries[i], b.numbers[i]
			kept++
		}
		b.entries, b.numbers = b.entries[:kept], b.numbers[:kept]
	}
	b.entries, b.numbers = b.entries[:0], b.numbers[:0]
	if b.recorded != nil {
		if err := b.recorded(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fieldErrorsByItem groups the field errors of an error by entry; it returns nothing for other errors.
func fieldErrorsByItem(err error, n int) map[int][]oplog.FieldError {
	var e *oplog.Error
	if !errors.As(err, &e) {
		return nil
	}
	named := make(map[int][]oplog.FieldError, len(e.Fields))
	for _, f := range e.Fields {
		if f.Item == 0 || f.Item > n {
			return nil
		}
		named[f.Item-1] = append(named[f.Item-1], f)
	}
	return named
}

// conflictsInFile rejects entries whose ids occurred earlier in the file with different content.
func conflictsInFile(seen map[[sha256.Size]byte][sha256.Size]byte, entries []oplog.Entry) error {
	var taken []oplog.FieldError
	for i := range entries {
		e := entries[i]
		if e.ID == "" {
			continue
		}
		content, err := json.Marshal(e)
		if err != nil {
			return err
		}
		id, held := sha256.Sum256([]byte(e.Time.Format("2006-01-02 ")+e.ID)), sha256.Sum256(content)
		if before, known := seen[id]; known && before != held {
			taken = append(taken, oplog.FieldError{Item: i + 1, Field: "id", Value: e.ID, Violation: idTaken})
			continue
		}
		seen[id] = held
	}
	if len(taken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeConflict, Message: "Some ids are already in use.", Fields: taken}
}

var idTaken = oplog.Violates("id_taken", "was already used on this day for an entry with different content; give each entry its own id, for example prefixed with the system's name")
