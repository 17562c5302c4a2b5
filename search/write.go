package search

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"

	index "github.com/blevesearch/bleve_index_api"
	"github.com/blevesearch/vellum"
	zap "github.com/blevesearch/zapx/v17"

	"oplog/background"
)

// segmentWriter writes a segment in zapx format, which zapx reads. zapx's own writers support any document, with frequencies, positions and
// doc values; ours need none of these and take a third of the time.
//
// The caller writes the documents in order of their numbers; then, field by field, the terms in order; then calls finish.
type segmentWriter struct {
	out    *bufio.Writer // Flush returns its first error, so others are ignored
	sum    *zap.CountHashWriter
	pace   background.Pacer
	image  image
	offset uint64   // of the next byte
	starts []uint64 // offsets of documents
	varint [binary.MaxVarintLen64]byte

	dictionary *vellum.Builder
	encoded    bytes.Buffer // dictionary of the current field
	postings   []byte       // of the current term
	written    map[postingsSum]uint64
}

// postingsSum is the checksum of a term's postings, by which a segmentWriter knows the offsets of those that it has written.
type postingsSum [16]byte

// image holds a segment's bytes and offsets.
type image struct {
	bytes  []byte
	count  uint32              // of documents
	stored uint64              // end of the documents, where the list of their offsets begins
	terms  [len(fields)]uint64 // start of each field's dictionary
}

// fields of a document, in zapx's numbering: the id, then by name.
var fields = [...]string{
	fieldID, fieldContentText, fieldContentID, fieldIP, fieldKey, fieldModule, fieldOperation, fieldOrganization, fieldOutcome, fieldRole, fieldUser,
}

// dictionaryOptions are those of zapx: suffixes are not shared, which would take long to find.
var dictionaryOptions = &vellum.BuilderOpts{Encoder: 1, RegistryTableSize: 0, RegistryMRUSize: 1}

// writeSize is the size of writes.
const writeSize = 16 << 10

func newSegmentWriter(to io.Writer) (*segmentWriter, error) {
	w := &segmentWriter{written: make(map[postingsSum]uint64)}
	w.sum = zap.NewCountHashWriterWithStatsReporter(to, w)
	w.out = bufio.NewWriterSize(w.sum, writeSize)
	var err error
	w.dictionary, err = vellum.New(&w.encoded, dictionaryOptions)
	return w, err
}

// ReportBytesWritten is called after bytes were written.
func (w *segmentWriter) ReportBytesWritten(uint64) { w.pace.Yield() }

func (w *segmentWriter) write(data []byte) {
	_, _ = w.out.Write(data)
	w.offset += uint64(len(data))
}

func (w *segmentWriter) writeUvarint(v uint64) {
	w.write(w.varint[:binary.PutUvarint(w.varint[:], v)])
}

func (w *segmentWriter) writeUint16(v uint16) {
	w.write(binary.BigEndian.AppendUint16(w.varint[:0], v))
}
func (w *segmentWriter) writeUint32(v uint32) {
	w.write(binary.BigEndian.AppendUint32(w.varint[:0], v))
}
func (w *segmentWriter) writeUint64(v uint64) {
	w.write(binary.BigEndian.AppendUint64(w.varint[:0], v))
}

// document adds a document with its stored id.
func (w *segmentWriter) document(id []byte) {
	w.starts = append(w.starts, w.offset)
	const nothing = 0 // length of the other stored fields
	w.writeUvarint(1) // length of the data between the two lengths and the id
	w.writeUvarint(uint64(len(id)) + 1)
	w.writeUvarint(uint64(len(id)))
	w.write(id)
	w.writeUvarint(nothing)
}

// copyDocuments copies the documents of a part.
func (w *segmentWriter) copyDocuments(p part) {
	if p.from == p.to {
		return
	}
	begin, end := p.start(p.from), p.start(p.to)
	for number := p.from; number < p.to; number++ {
		w.starts = append(w.starts, w.offset+p.start(number)-begin)
	}
	w.write(p.bytes[begin:end])
}

// endDocuments is called after the last document.
func (w *segmentWriter) endDocuments() {
	w.image.count, w.image.stored = uint32(len(w.starts)), w.offset
	for _, start := range w.starts {
		w.writeUint64(start)
	}
	w.writeUvarint(0) // there are no nested documents
}

// term adds a term to the current field, with its documents' numbers in order. A single document needs no room beside the dictionary, and
// terms with the same documents share their postings: most do, because the words of a repeated text occur in the same entries.
func (w *segmentWriter) term(term []byte, numbers []uint32) error {
	if len(numbers) == 1 {
		return w.dictionary.Insert(term, zap.FSTValEncode1Hit(uint64(numbers[0]), zap.NormBits1Hit))
	}
	w.postings = appendBitmap(w.postings[:0], numbers)
	sum := sha256.Sum256(w.postings)
	at, known := w.written[postingsSum(sum[:16])]
	if !known {
		at = w.offset
		w.written[postingsSum(sum[:16])] = at
		w.writeUvarint(0) // no frequencies
		w.writeUvarint(0) // no positions
		w.writeUvarint(uint64(len(w.postings)))
		w.write(w.postings)
	}
	return w.dictionary.Insert(term, at)
}

// endField is called after the last term of each field.
func (w *segmentWriter) endField(field int) error {
	if err := w.dictionary.Close(); err != nil {
		return err
	}
	w.image.terms[field] = w.offset
	w.writeUvarint(uint64(w.encoded.Len()))
	w.write(w.encoded.Bytes())
	w.encoded.Reset()
	return w.dictionary.Reset(&w.encoded)
}

// finish completes the segment and returns its image.
func (w *segmentWriter) finish() (image, error) {
	var described [len(fields)]uint64
	for i, name := range fields {
		at := w.offset
		w.writeUvarint(math.MaxUint64) // no doc values: their start
		w.writeUvarint(math.MaxUint64) // and end
		w.writeUvarint(w.image.terms[i])
		described[i] = w.offset
		w.writeUvarint(uint64(len(name)))
		w.write([]byte(name))
		w.writeUvarint(uint64(optionsOf(name)))
		w.writeUvarint(1) // section
		w.writeUint16(zap.SectionInvertedTextIndex)
		w.writeUint64(at)
	}
	list := w.offset
	w.writeUvarint(uint64(len(fields)))
	for _, at := range described {
		w.writeUint64(at)
	}
	w.writeUint32(0) // length of the encryption writer's id
	w.writeUint64(uint64(w.image.count))
	w.writeUint64(w.image.stored)
	w.writeUint64(list)
	w.writeUint32(zap.DefaultChunkMode)
	w.writeUint32(zap.Version)
	if err := w.out.Flush(); err != nil {
		return image{}, err
	}
	w.writeUint32(w.sum.Sum32())
	return w.image, w.out.Flush()
}

func optionsOf(field string) index.FieldIndexingOptions {
	if field == fieldID {
		return index.IndexField | index.StoreField
	}
	return index.IndexField | index.SkipFreqNorm
}

// The format of roaring bitmaps (RoaringFormatSpec): containers of 65,536 numbers each; those with more than 4,096 members are bitmaps, the
// others lists.
const (
	bitmapCookie   = 12346 // without run containers
	listContainer  = 4096
	containerWords = 1 << 16 / 64
)

// appendBitmap appends sorted numbers as a serialized roaring bitmap.
func appendBitmap(b []byte, numbers []uint32) []byte {
	var ends []int // ends of containers, in numbers
	for i := range numbers {
		if i+1 == len(numbers) || numbers[i]>>16 != numbers[i+1]>>16 {
			ends = append(ends, i+1)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, bitmapCookie)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ends)))
	begin := 0
	for _, end := range ends {
		b = binary.LittleEndian.AppendUint16(b, uint16(numbers[begin]>>16))
		b = binary.LittleEndian.AppendUint16(b, uint16(end-begin-1))
		begin = end
	}
	at := uint32(8 + 8*len(ends))
	begin = 0
	for _, end := range ends {
		b = binary.LittleEndian.AppendUint32(b, at)
		if n := end - begin; n > listContainer {
			at += 8 * containerWords
		} else {
			at += 2 * uint32(n)
		}
		begin = end
	}
	begin = 0
	for _, end := range ends {
		b = appendContainer(b, numbers[begin:end])
		begin = end
	}
	return b
}

func appendContainer(b []byte, numbers []uint32) []byte {
	if len(numbers) <= listContainer {
		for _, n := range numbers {
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		}
		return b
	}
	var words [containerWords]uint64
	for _, n := range numbers {
		words[n>>6%containerWords] |= 1 << (n & 63)
	}
	for _, word := range words {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return b
}
