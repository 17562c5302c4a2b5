package journal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"iter"
	"math"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// AgainError names a line of a file that has no id and that the log has already,
// so that it would be stored twice.
type AgainError struct {
	Line int
	At   time.Time // when the log received it
}

func (e *AgainError) Error() string {
	return fmt.Sprintf("line %d has no id, and has been in the log since %s", e.Line, e.At.UTC().Format(time.RFC3339))
}

// FindAgain returns an AgainError for the first lines without an id that the log
// has already, and records nothing.
func (j *Journal) FindAgain(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error]) error {
	again, err := j.newAgain(tenant)
	if err != nil || again.empty {
		return err
	}
	b := importing{journal: j, tenant: tenant, again: again, refused: func(int, error) {}}
	b.take = func(context.Context, []oplog.Entry) error { return nil }
	return b.run(ctx, lines)
}

// againChunk is how many entries are read at a time.
const againChunk = 256

// again finds lines that would be stored twice. One with a time is looked for in
// the log itself: whatever is in it with that time and the same content was sent
// before, in this file or another. Lines without a time get the time of their
// import, by which they cannot be found; a digest of those that were recorded
// together is kept.
type again struct {
	journal *Journal
	tenant  string
	upTo    uint64 // the last seq before the import, whose own lines may be alike
	empty   bool   // nothing was recorded before
	batch   oplog.ReadBuffer

	untimed hash.Hash // of the lines without a time that wait
	first   int       // the first of them, 0 for none
}

// importRecord is what is kept of lines without a time that were recorded.
type importRecord struct {
	At time.Time `json:"at"`
}

func (j *Journal) newAgain(tenant string) (*again, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return nil, err
	}
	upTo, _, err := j.store.Counts(tenant)
	if err != nil {
		return nil, err
	}
	return &again{journal: j, tenant: tenant, upTo: upTo, empty: upTo == 0, untimed: sha256.New()}, nil
}

// add notes a line without a time, as the file has it.
func (a *again) add(line oplog.ImportLine) error {
	text, err := json.Marshal(line.Entry)
	if err != nil {
		return err
	}
	if a.first == 0 {
		a.first = line.Number
	}
	_, _ = a.untimed.Write(append(text, '\n')) // never fails
	return nil
}

// find looks for the entries that wait, of which timed has those to be looked
// for by their time, with the numbers of their lines.
func (a *again) find(ctx context.Context, timed []againLine) error {
	if a.empty {
		return nil
	}
	found, err := a.findUntimed()
	if err != nil {
		return err
	}
	slices.SortFunc(timed, func(a, b againLine) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.number, b.number)) })
	for len(timed) > 0 {
		n := 1
		for n < len(timed) && timed[n].at.Equal(timed[0].at) {
			n++
		}
		e, err := a.findAt(timed[:n])
		if err != nil {
			return err
		}
		if e != nil && (found == nil || e.Line < found.Line) {
			found = e
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		timed = timed[n:]
	}
	if found != nil {
		return found
	}
	return nil
}

func (a *again) findUntimed() (*AgainError, error) {
	if a.first == 0 {
		return nil, nil
	}
	r, err := records.Read[importRecord](a.journal.store, oplog.RecordImport, a.untimedName())
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return nil, nil
	}
	return &AgainError{a.first, r.At}, err
}

// againLine is a line without an id: its number, its time and its content.
type againLine struct {
	number int
	at     time.Time
	sum    [sha256.Size]byte
}

func newAgainLine(number int, e *oplog.Entry) (againLine, error) {
	sum, err := contentSum(*e)
	return againLine{number, e.Time, sum}, err
}

// contentSum is the same for entries that are the same but for what the log
// gave them.
func contentSum(e oplog.Entry) ([sha256.Size]byte, error) {
	e.ID, e.Seq, e.ReceivedAt = "", 0, time.Time{}
	text, err := json.Marshal(e)
	return sha256.Sum256(text), err
}

// findAt looks for lines of one time, which are in order of their numbers.
func (a *again) findAt(lines []againLine) (*AgainError, error) {
	wanted := make(map[[sha256.Size]byte]int, len(lines))
	for _, l := range slices.Backward(lines) {
		wanted[l.sum] = l.number
	}
	var found *AgainError
	before, from := oplog.MakeKey(lines[0].at, math.MaxUint64), oplog.MakeKey(lines[0].at, 0)
	for {
		stored, err := a.journal.store.Older(a.tenant, before, from, againChunk, &a.batch)
		if err != nil || len(stored) == 0 {
			return found, err
		}
		for i := range stored {
			if stored[i].Seq > a.upTo {
				continue
			}
			sum, err := contentSum(stored[i])
			if err != nil {
				return nil, err
			}
			if number, ok := wanted[sum]; ok && (found == nil || number < found.Line) {
				found = &AgainError{number, stored[i].ReceivedAt}
			}
		}
		before = stored[len(stored)-1].Key()
	}
}

func (a *again) untimedName() string { return a.tenant + "/" + hex.EncodeToString(a.untimed.Sum(nil)) }

// recorded keeps that the lines without a time that waited are in the log.
func (a *again) recorded() error {
	if a.first == 0 {
		return nil
	}
	_, err := records.Change(a.journal.store, oplog.RecordImport, a.untimedName(), func(r *importRecord, exists bool) (bool, error) {
		if !exists {
			r.At = a.journal.now().UTC()
		}
		return false, nil
	})
	a.next()
	return err
}

// next forgets the lines that waited.
func (a *again) next() {
	a.untimed.Reset()
	a.first = 0
}
