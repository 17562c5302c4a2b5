package clickhouse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"oplog/archive"
	"oplog/oplog"
	"oplog/search"
)

// dayNumber returns a UTC date as days since 1970, as the type Date has it.
func dayNumber(date string) (uint16, error) {
	t, err := time.Parse(time.DateOnly, date)
	if n := t.Unix() / 86400; err == nil && n >= 0 && n <= 65535 {
		return uint16(n), nil
	}
	return 0, fmt.Errorf("ClickHouse has no date %s", date)
}

// appendRow appends a row of a shipment, in the order of columns.
func appendRow(b []byte, day uint16, attempt uint32, r *archive.Row) []byte {
	e := r.Entry
	b = binary.LittleEndian.AppendUint16(b, day)
	b = binary.LittleEndian.AppendUint32(b, attempt)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Time.UnixMicro()))
	b = binary.LittleEndian.AppendUint64(b, e.Seq)
	id := e.ID
	if id == e.Key().ID() {
		id = "" // generated: it is the key
	}
	for _, text := range [...]string{
		id, search.Analyse(e.User.Name, e.User.ID), e.User.ID, e.User.Name, e.User.Role, search.Analyse(e.Content.Name, e.Content.ID), e.Content.ID,
		e.Module, e.Operation, e.Organization.ID, e.Outcome, address(e), e.KeyID,
	} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Leaf)))
	return append(b, r.Leaf...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// address returns the bytes of an entry's IP address, or none.
func address(e *oplog.Entry) string {
	a, ok := e.Address()
	if !ok {
		return ""
	}
	return string(a.AsSlice())
}

// rowReader encodes rows as they are read.
type rowReader struct {
	next    func() (*archive.Row, error, bool)
	day     uint16
	attempt uint32
	buffer  []byte
	at      int
	rows    int // still to come
	ended   bool
	failed  error
}

// rowBytes is about how much is encoded at a time.
const rowBytes = 64 << 10

// Read reads encoded rows; io.EOF after as many as an insertion takes.
func (r *rowReader) Read(p []byte) (int, error) {
	if r.at == len(r.buffer) {
		r.fill()
	}
	if r.at == len(r.buffer) {
		if r.failed != nil {
			return 0, r.failed
		}
		return 0, io.EOF
	}
	n := copy(p, r.buffer[r.at:])
	r.at += n
	return n, nil
}

func (r *rowReader) fill() {
	r.buffer, r.at = r.buffer[:0], 0
	for len(r.buffer) < rowBytes && r.rows > 0 && !r.ended && r.failed == nil {
		row, err, ok := r.next()
		switch {
		case !ok:
			r.ended = true
		case err != nil:
			r.failed = err
		default:
			r.buffer = appendRow(r.buffer, r.day, r.attempt, row)
			r.rows--
		}
	}
}

// pull returns rows one by one.
func pull(rows iter.Seq2[*archive.Row, error]) (next func() (*archive.Row, error, bool), stop func()) {
	return iter.Pull2(rows)
}

var errShort = errors.New("the answer of the archive ends in the middle of a row")

// rowDecoder reads values of the format RowBinary. After the first failure all values are zero.
type rowDecoder struct {
	left []byte
	err  error
}

// more reports whether there is another row.
func (d *rowDecoder) more() bool { return d.err == nil && len(d.left) > 0 }

func (d *rowDecoder) bytes(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.left) {
		d.err = errShort
		return make([]byte, min(max(n, 0), 8))
	}
	b := d.left[:n]
	d.left = d.left[n:]
	return b
}

func (d *rowDecoder) uint8() uint8   { return d.bytes(1)[0] }
func (d *rowDecoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.bytes(8)) }

// text returns a String, which is valid as long as the answer.
func (d *rowDecoder) text() []byte {
	n, size := binary.Uvarint(d.left)
	if d.err != nil || size <= 0 || n > uint64(len(d.left)) {
		d.err = errShort
		return nil
	}
	d.left = d.left[size:]
	return d.bytes(int(n))
}

// key returns the columns time and seq.
func (d *rowDecoder) key() oplog.Key {
	micros := int64(d.uint64())
	return oplog.MakeKey(time.UnixMicro(micros), d.uint64())
}
