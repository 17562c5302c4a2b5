package archive

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"

	"oplog/oplog"
)

// What a day counts is stored when it is shipped (RecordArchiveCounts), so that counts without a filter need no archive: its entries by minute, and its values
// as a whole and by quarter of an hour, where days of all time zones begin. It never changes: the day takes no entries.

// The facets of which values are counted; users are the last.
const (
	ofModules = iota
	ofOperations
	ofOrganizations
	ofOutcomes
	ofRoles
	ofUsers
	facetCount
)

const (
	quarter           = 15 * time.Minute
	quartersPerDay    = int(24 * time.Hour / quarter)
	minutesPerDay     = int(24 * time.Hour / time.Minute)
	minutesPerQuarter = int(quarter / time.Minute)
)

// maxTallied is the most values that a day's counts have. The archive counts days with more.
const maxTallied = 100_000

// tally counts the entries of a day.
type tally struct {
	rows        uint64
	first, last oplog.Key
	minutes     [minutesPerDay]uint32
	counts      [facetCount]map[string]uint32 // by value; emptied if there are too many
	named       map[string]*named             // by user
	values      int
	renamed     int    // earlier names of all users
	cells       *cells // nil if there is too much to tell, or entries came in another order
}

// named is the name of a user in an entry.
type named struct {
	name    string
	in      oplog.Key
	since   int         // the quarter of the day with the first entry with that name, after other ones
	earlier []sinceThen // names before that were the last ones of a quarter, in order
}

// sinceThen is a name that a user had since a quarter of a day.
type sinceThen struct {
	name  string
	since int
}

func newTally() *tally {
	t := &tally{named: map[string]*named{}, cells: newCells()}
	for i := range t.counts {
		t.counts[i] = map[string]uint32{}
	}
	return t
}

// add counts an entry of the day. Quarters of an hour are only counted of entries in the order of their keys.
func (t *tally) add(e *oplog.Entry) {
	key := e.Key()
	if t.rows == 0 || key.Compare(t.first) < 0 {
		t.first = key
	}
	if key.Compare(t.last) > 0 {
		t.last = key
	}
	t.rows++
	minute := minuteOf(key.Micros())
	t.minutes[minute]++
	for i, value := range [facetCount]string{e.Module, e.Operation, e.Organization.ID, e.Outcome, e.User.Role, e.User.ID} {
		t.addValue(i, value)
	}
	if t.values > maxTallied {
		return
	}
	u := t.named[e.User.ID]
	if u == nil {
		u = &named{name: strings.Clone(e.User.Name), since: minute / minutesPerQuarter}
		t.named[strings.Clone(e.User.ID)] = u
	}
	if key.Compare(u.in) > 0 {
		u.in = key
		t.renamed -= len(u.earlier)
		u.take(e.User.Name, minute/minutesPerQuarter)
		t.renamed += len(u.earlier)
	}
	if t.cells != nil && (t.renamed > maxTallied || !t.cells.add(e, minute/minutesPerQuarter)) {
		t.cells = nil
	}
	if t.cells == nil {
		t.renamed, u.earlier = 0, nil
	}
}

// take takes the name that a user has in a later entry.
func (u *named) take(name string, quarter int) {
	if name == u.name {
		return
	}
	last := len(u.earlier) - 1
	switch {
	case u.since < quarter:
		u.earlier = append(u.earlier, sinceThen{u.name, u.since})
	case last >= 0 && u.earlier[last].name == name: // as it was before this quarter
		u.name, u.since = name, u.earlier[last].since
		u.earlier = u.earlier[:last]
		return
	}
	u.name, u.since = strings.Clone(name), quarter
}

func (t *tally) addValue(facet int, value string) {
	if value == "" && facet != ofUsers || t.values > maxTallied {
		return
	}
	counts := t.counts[facet]
	n, known := counts[value]
	if !known {
		value = strings.Clone(value)
		if t.values++; t.values > maxTallied {
			for i := range t.counts {
				clear(t.counts[i])
			}
			clear(t.named)
			t.cells = nil
			return
		}
	}
	counts[value] = n + 1
}

// minuteOf returns the number of the minute, in its UTC day, of a time in microseconds.
func minuteOf(micros int64) int {
	return int(micros / time.Minute.Microseconds() % int64(minutesPerDay))
}

// storedCounts is the form of the record. Those that were written first have neither minutes nor parts.
type storedCounts struct {
	Rows     uint64                 `cbor:"1,keyasint"`
	First    oplog.Key              `cbor:"2,keyasint"`
	Last     oplog.Key              `cbor:"3,keyasint"`
	Quarters [quartersPerDay]uint32 `cbor:"4,keyasint"`
	Values   []byte                 `cbor:"5,keyasint,omitempty"` // storedValues, compressed; none if there are too many
	Minutes  []byte                 `cbor:"6,keyasint,omitempty"` // the entries of each, uvarints, compressed
	Parts    []byte                 `cbor:"7,keyasint,omitempty"` // storedParts, compressed; none if there are too many
}

// storedValues are the counts by value, in the order of the values, and the names that users had last on that day.
type storedValues struct {
	Facets [facetCount]storedFacet `cbor:"1,keyasint"`
	Names  []string                `cbor:"2,keyasint"`
}

type storedFacet struct {
	_      struct{} `cbor:",toarray"`
	Values []string
	Counts []uint32
}

// errDamaged is the error of what a record cannot mean.
var errDamaged = errors.New("not as it was written")

var (
	countsDecoding = must(cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8DecodeInvalid, MaxArrayElements: 2 * maxTallied}.DecMode())
	compressor     = sync.OnceValue(func() *zstd.Encoder {
		return must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)))
	})
	decompressor = sync.OnceValue(func() *zstd.Decoder {
		return must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)))
	})
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// encode returns the bytes of the day's RecordArchiveCounts.
func (t *tally) encode() ([]byte, error) {
	s := storedCounts{Rows: t.rows, First: t.first, Last: t.last}
	var minutes []byte
	for i, n := range t.minutes {
		s.Quarters[i/minutesPerQuarter] += n
		minutes = binary.AppendUvarint(minutes, uint64(n))
	}
	s.Minutes = compressor().EncodeAll(minutes, nil)
	if t.values <= maxTallied {
		v := t.storedValues()
		plain, err := cbor.Marshal(&v)
		if err != nil {
			return nil, err
		}
		s.Values = compressor().EncodeAll(plain, nil)
		if t.cells != nil {
			if plain, err = cbor.Marshal(t.storedParts(&v)); err != nil {
				return nil, err
			}
			s.Parts = compressor().EncodeAll(plain, nil)
		}
	}
	return cbor.Marshal(&s)
}

func (t *tally) storedValues() (v storedValues) {
	for i, counts := range t.counts {
		f := &v.Facets[i]
		f.Values = slices.Sorted(maps.Keys(counts))
		f.Counts = make([]uint32, len(f.Values))
		for j, value := range f.Values {
			f.Counts[j] = counts[value]
		}
	}
	users := v.Facets[ofUsers].Values
	v.Names = make([]string, len(users))
	for i, id := range users {
		v.Names[i] = t.named[id].name
	}
	return v
}

// readCounts reads the record of a day, without its values.
func readCounts(name string, data []byte) (s storedCounts, err error) {
	if err := countsDecoding.Unmarshal(data, &s); err != nil {
		return s, oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
	}
	return s, nil
}

// values reads the values of a day's record.
func (s *storedCounts) values(name string) (v storedValues, err error) {
	plain, err := decompressor().DecodeAll(s.Values, nil)
	if err == nil {
		err = countsDecoding.Unmarshal(plain, &v)
	}
	for i := range v.Facets {
		if f := &v.Facets[i]; len(f.Values) != len(f.Counts) {
			err = errDamaged
		}
	}
	if err != nil || len(v.Names) != len(v.Facets[ofUsers].Values) {
		return v, oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
	}
	return v, nil
}

// minutes reads the entries of each minute of a day's record; none if it does not have them.
func (s *storedCounts) minutes(name string) ([]uint32, error) {
	if len(s.Minutes) == 0 {
		return nil, nil
	}
	plain, err := decompressor().DecodeAll(s.Minutes, nil)
	r := numbers{rest: plain}
	minutes := make([]uint32, minutesPerDay)
	sum := uint64(0)
	for i := range minutes {
		n := r.next()
		minutes[i] = uint32(n) //nolint:gosec // its sum is compared
		sum += n
	}
	if err != nil || r.bad || len(r.rest) > 0 || sum != s.Rows {
		return nil, oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
	}
	return minutes, nil
}

// numbers reads uvarints.
type numbers struct {
	rest []byte
	bad  bool
}

func (r *numbers) next() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}
