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
	"sort"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// DuplicateLineError names a line of a file that has no id and is already in the log, so that importing it would store it twice.
type DuplicateLineError struct {
	Line       int
	ReceivedAt time.Time // by the log
}

func (e *DuplicateLineError) Error() string {
	return fmt.Sprintf("line %d has no id and is already in the log, received %s", e.Line, e.ReceivedAt.UTC().Format(time.RFC3339))
}

// FindDuplicateLines returns a DuplicateLineError for the first line without an id that is already in the log. It records nothing.
func (j *Journal) FindDuplicateLines(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error]) error {
	duplicates, err := j.newDuplicateFinder(tenant)
	if err != nil || duplicates.disabled {
		return err
	}
	b := importer{journal: j, tenant: tenant, duplicates: duplicates, rejected: func(int, error) {}}
	b.record = func(context.Context, []oplog.Entry) error { return nil }
	return b.run(ctx, lines)
}

// duplicateScanSize is the number of entries read at a time.
const duplicateScanSize = 256

// duplicateFinder finds lines that would be stored twice. A line with a time is looked up in the log: an entry with that time and the same
// content was sent before, by this file or another. A line without a time gets the time of its import, by which it cannot be found; instead
// a digest of the lines recorded together is stored.
type duplicateFinder struct {
	journal  *Journal
	tenant   string
	lastSeq  uint64 // the last seq before the import: lines of one file may be alike
	disabled bool   // the log was empty, or duplicates are allowed
	buffer   oplog.ReadBuffer

	sealedDates map[string]bool // days that were looked up

	digest    hash.Hash // of the queued lines without a time
	firstLine int       // number of the first of them, 0 for none
}

// importRecord is the stored record of imported lines without a time.
type importRecord struct {
	At time.Time `json:"at"`
}

func (j *Journal) newDuplicateFinder(tenant string) (*duplicateFinder, error) {
	if _, err := j.directory.State(tenant); err != nil {
		return nil, err
	}
	upTo, _, err := j.store.Counts(tenant)
	if err != nil {
		return nil, err
	}
	return &duplicateFinder{journal: j, tenant: tenant, lastSeq: upTo, disabled: upTo == 0, digest: sha256.New()}, nil
}

// addUntimed adds a line without a time to the digest, as it is in the file.
func (f *duplicateFinder) addUntimed(line oplog.ImportLine) error {
	text, err := json.Marshal(line.Entry)
	if err != nil {
		return err
	}
	if f.firstLine == 0 {
		f.firstLine = line.Number
	}
	_, _ = f.digest.Write(append(text, '\n')) // never fails
	return nil
}

// sealed reports whether a day takes no entries, since it is in the archive or on its way there. Lines of such days are rejected, stored before or not, so
// the archive need not be asked for them.
func (f *duplicateFinder) sealed(at time.Time) (bool, error) {
	date := oplog.DateOf(at)
	if sealed, known := f.sealedDates[date]; known {
		return sealed, nil
	}
	_, _, err := f.journal.store.Record(oplog.RecordArchive, f.tenant+"/"+date)
	if oplog.IsDamagedRecord(err) {
		err = nil // such a day takes none either
	}
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return false, err
	}
	if f.sealedDates == nil {
		f.sealedDates = make(map[string]bool)
	}
	f.sealedDates[date] = err == nil
	return err == nil, nil
}

// find looks up the queued lines; timed holds those with a time.
func (f *duplicateFinder) find(ctx context.Context, timed []timedLine) error {
	if f.disabled {
		return nil
	}
	found, err := f.findUntimed()
	if err != nil {
		return err
	}
	sort.Slice(timed, func(i, j int) bool {
		return cmp.Or(timed[i].at.Compare(timed[j].at), cmp.Compare(timed[i].number, timed[j].number)) < 0
	})
	for len(timed) > 0 {
		n := 1
		for n < len(timed) && timed[n].at.Equal(timed[0].at) {
			n++
		}
		var e *DuplicateLineError
		sealed, err := f.sealed(timed[0].at)
		if err == nil && !sealed {
			e, err = f.findTimed(timed[:n])
		}
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

func (f *duplicateFinder) findUntimed() (*DuplicateLineError, error) {
	if f.firstLine == 0 {
		return nil, nil
	}
	r, err := records.Read[importRecord](f.journal.store, oplog.RecordImport, f.recordName())
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return nil, nil
	}
	return &DuplicateLineError{f.firstLine, r.At}, err
}

// timedLine is a line without an id, with its number, time and content digest.
type timedLine struct {
	number int
	at     time.Time
	sum    [sha256.Size]byte
}

func newTimedLine(number int, e *oplog.Entry) (timedLine, error) {
	sum, err := contentSum(*e)
	return timedLine{number, e.Time, sum}, err
}

// contentSum returns a digest of everything but the fields that the log assigns.
func contentSum(e oplog.Entry) ([sha256.Size]byte, error) {
	e.ID, e.Seq, e.ReceivedAt = "", 0, time.Time{}
	text, err := json.Marshal(e)
	return sha256.Sum256(text), err
}

// findTimed looks up lines with the same time, which are in order of their numbers.
func (f *duplicateFinder) findTimed(lines []timedLine) (*DuplicateLineError, error) {
	wanted := make(map[[sha256.Size]byte]int, len(lines))
	for _, l := range slices.Backward(lines) {
		wanted[l.sum] = l.number
	}
	var found *DuplicateLineError
	before, from := oplog.MakeKey(lines[0].at, math.MaxUint64), oplog.MakeKey(lines[0].at, 0)
	for {
		stored, err := f.journal.store.Older(f.tenant, before, from, duplicateScanSize, &f.buffer)
		if err != nil || len(stored) == 0 {
			return found, err
		}
		for i := range stored {
			if stored[i].Seq > f.lastSeq {
				continue
			}
			sum, err := contentSum(stored[i])
			if err != nil {
				return nil, err
			}
			if number, ok := wanted[sum]; ok && (found == nil || number < found.Line) {
				found = &DuplicateLineError{number, stored[i].ReceivedAt}
			}
		}
		before = stored[len(stored)-1].Key()
	}
}

func (f *duplicateFinder) recordName() string {
	return f.tenant + "/" + hex.EncodeToString(f.digest.Sum(nil))
}

// saveRecord records that the queued lines without a time are in the log.
func (f *duplicateFinder) saveRecord() error {
	if f.firstLine == 0 {
		return nil
	}
	_, err := records.Change(f.journal.store, oplog.RecordImport, f.recordName(), func(r *importRecord, exists bool) (bool, error) {
		if !exists {
			r.At = f.journal.now().UTC()
		}
		return false, nil
	})
	f.reset()
	return err
}

// reset empties the queue of lines without a time.
func (f *duplicateFinder) reset() {
	f.digest.Reset()
	f.firstLine = 0
}
