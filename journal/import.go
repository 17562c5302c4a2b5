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

// Imported counts what became of the lines of a file.
type Imported struct {
	Recorded   int
	Duplicates int
	Skipped    int
	Refused    int
}

// Lines returns how many lines there were.
func (i Imported) Lines() int { return i.Recorded + i.Duplicates + i.Skipped + i.Refused }

// importBatch is how many entries of a file are recorded at a time.
const importBatch = 5000

// Import records the entries of a file, in its order, by the rules of [Journal.Append].
// A line that breaks one stops nothing: refused is told of it, and why. What
// was recorded when an error comes stays, and is counted. A line without an id
// that the log has already ends it with an [AgainError], unless twice allows to
// store such lines a second time.
func (j *Journal) Import(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], twice bool, refused func(number int, why error)) (Imported, error) {
	again, err := j.newAgain(tenant)
	if err != nil {
		return Imported{}, err
	}
	again.empty = again.empty || twice
	b := importing{journal: j, tenant: tenant, refused: refused, again: again}
	b.take = func(ctx context.Context, entries []oplog.Entry) error {
		answer, err := j.Append(ctx, tenant, entries)
		b.Recorded += answer.Recorded
		b.Duplicates += answer.Duplicates
		b.Skipped += answer.Skipped
		return err
	}
	b.taken = again.recorded
	err = b.run(ctx, lines)
	return b.Imported, err
}

// CheckImport tells of the lines that Import would refuse, and records nothing.
// Of the others it counts none.
func (j *Journal) CheckImport(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], refused func(number int, why error)) (Imported, error) {
	b := importing{journal: j, tenant: tenant, refused: refused}
	t, err := j.directory.State(tenant)
	if err != nil {
		return Imported{}, err
	}
	seen := make(map[[sha256.Size]byte][sha256.Size]byte) // of ids that the file gives, what their entries hold
	b.take = func(_ context.Context, entries []oplog.Entry) error {
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
		if broken := t.Tree.NoRoomFor(manual); len(broken) > 0 {
			return inRequest(oplog.TooManyOrganizationsError(broken), receipts)
		}
		if err := conflictsWithin(seen, manual); err != nil {
			return inRequest(err, receipts)
		}
		if unknown := t.UnknownOrganizations(manual); len(unknown) > 0 {
			t.SetTree(t.Tree.With(unknown))
		}
		return nil
	}
	err = b.run(ctx, lines)
	return b.Imported, err
}

// importing is an import that runs.
type importing struct {
	Imported
	journal *Journal
	tenant  string
	refused func(number int, why error)
	take    func(ctx context.Context, entries []oplog.Entry) error // all, or an error that names those that it does not
	taken   func() error                                           // called after take, nil for nothing to do
	entries []oplog.Entry
	numbers []int       // of their lines
	again   *again      // nil where lines may be in the log already
	timed   []againLine // the lines of entries that it looks for
}

func (b *importing) run(ctx context.Context, lines iter.Seq2[oplog.ImportLine, error]) error {
	t, err := b.journal.directory.State(b.tenant)
	if err != nil {
		return err
	}
	for line, err := range lines {
		if err != nil {
			return errors.Join(b.flush(ctx), err)
		}
		if err := line.Err; err != nil {
			b.refuse(line.Number, err)
			continue
		}
		sent := line
		if broken := t.Validate(&line.Entry, b.journal.now()); len(broken) > 0 {
			b.refuse(line.Number, reasons(broken))
			continue
		}
		if err := b.lookFor(sent, &line.Entry); err != nil {
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

// lookFor has the log searched for the entry of a line without an id before it is
// recorded.
func (b *importing) lookFor(sent oplog.ImportLine, e *oplog.Entry) error {
	switch {
	case b.again == nil || sent.Entry.ID != "" || e.Origin == oplog.OriginAPI:
		return nil
	case sent.Entry.Time.IsZero():
		return b.again.add(sent)
	}
	line, err := newAgainLine(sent.Number, e)
	b.timed = append(b.timed, line)
	return err
}

func (b *importing) refuse(number int, why error) {
	b.Refused++
	b.refused(number, why)
}

// reasons words what is wrong with an entry.
func reasons(broken []oplog.FieldError) error {
	var words []string
	for _, f := range broken {
		if text, ok := f.Value.(string); ok && text != "" {
			words = append(words, f.Field+" "+oplog.Quote(text)+" "+f.Message)
		} else {
			words = append(words, f.Field+" "+f.Message)
		}
	}
	return errors.New(strings.Join(words, "; "))
}

// flush takes the entries that wait, without those that are refused: whose ids
// are taken, or whose days were deleted.
func (b *importing) flush(ctx context.Context) error {
	if b.again != nil {
		defer b.again.next()
		err := b.again.find(ctx, b.timed)
		b.timed = b.timed[:0]
		if err != nil {
			return err
		}
	}
	for len(b.entries) > 0 {
		err := b.take(ctx, b.entries)
		if err == nil {
			break
		}
		named := namedIn(err, len(b.entries))
		if len(named) == 0 {
			return err
		}
		kept := 0
		for i := range b.entries {
			if broken := named[i]; len(broken) > 0 {
				b.refuse(b.numbers[i], reasons(broken))
				continue
			}
			b.entries[kept], b.numbers[kept] = b.entries[i], b.numbers[i]
			kept++
		}
		b.entries, b.numbers = b.entries[:kept], b.numbers[:kept]
	}
	b.entries, b.numbers = b.entries[:0], b.numbers[:0]
	if b.taken != nil {
		if err := b.taken(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// namedIn returns, by their places, what is wrong with the entries that an error
// names; nothing for an error that names none.
func namedIn(err error, n int) map[int][]oplog.FieldError {
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

// conflictsWithin refuses entries whose ids stood before in the same file, with
// other content.
func conflictsWithin(seen map[[sha256.Size]byte][sha256.Size]byte, entries []oplog.Entry) error {
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
			taken = append(taken, oplog.FieldError{Item: i + 1, Field: "id", Message: idTaken, Value: e.ID})
			continue
		}
		seen[id] = held
	}
	if len(taken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeConflict, Message: "Some ids are taken.", Fields: taken}
}

const idTaken = "was used on this day for an entry with other content; give each entry an id of its own, for example prefixed with the name of its system"
