package archive

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"

	"oplog/oplog"
)

// What a day counts is stored when it is shipped (RecordArchiveCounts), so that counts of whole days without a filter need no archive. It never changes:
// the day takes no entries.

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
	quarter        = 15 * time.Minute
	quartersPerDay = int(24 * time.Hour / quarter)
)

// maxTallied is the most values that a day's counts have. The archive counts days with more.
const maxTallied = 100_000

// tally counts the entries of a day.
type tally struct {
	rows        uint64
	first, last oplog.Key
	quarters    [quartersPerDay]uint32
	counts      [facetCount]map[string]uint32 // by value; emptied if there are too many
	named       map[string]*named             // by user
	values      int
}

// named is the name of a user in an entry.
type named struct {
	name string
	in   oplog.Key
}

func newTally() *tally {
	t := &tally{named: map[string]*named{}}
	for i := range t.counts {
		t.counts[i] = map[string]uint32{}
	}
	return t
}

// add counts an entry of the day.
func (t *tally) add(e *oplog.Entry) {
	key := e.Key()
	if t.rows == 0 || key.Compare(t.first) < 0 {
		t.first = key
	}
	if key.Compare(t.last) > 0 {
		t.last = key
	}
	t.rows++
	t.quarters[quarterOf(key.Micros())]++
	for i, value := range [facetCount]string{e.Module, e.Operation, e.Organization.ID, e.Outcome, e.User.Role, e.User.ID} {
		t.addValue(i, value)
	}
	if t.values > maxTallied {
		return
	}
	u := t.named[e.User.ID]
	if u == nil {
		u = &named{}
		t.named[strings.Clone(e.User.ID)] = u
	}
	if key.Compare(u.in) > 0 {
		if u.in = key; u.name != e.User.Name {
			u.name = strings.Clone(e.User.Name)
		}
	}
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
			return
		}
	}
	counts[value] = n + 1
}

// quarterOf returns the number of the quarter of an hour, in its UTC day, of a time in microseconds.
func quarterOf(micros int64) int { return int(micros / quarter.Microseconds() % int64(quartersPerDay)) }

// storedCounts is the form of the record.
type storedCounts struct {
	Rows     uint64                 `cbor:"1,keyasint"`
	First    oplog.Key              `cbor:"2,keyasint"`
	Last     oplog.Key              `cbor:"3,keyasint"`
	Quarters [quartersPerDay]uint32 `cbor:"4,keyasint"`
	Values   []byte                 `cbor:"5,keyasint,omitempty"` // storedValues, compressed; none if there are too many
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
	s := storedCounts{Rows: t.rows, First: t.first, Last: t.last, Quarters: t.quarters}
	if t.values <= maxTallied {
		var v storedValues
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
		plain, err := cbor.Marshal(&v)
		if err != nil {
			return nil, err
		}
		s.Values = compressor().EncodeAll(plain, nil)
	}
	return cbor.Marshal(&s)
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
			err = oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
		}
	}
	if err != nil || len(v.Names) != len(v.Facets[ofUsers].Values) {
		return v, oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
	}
	return v, nil
}
