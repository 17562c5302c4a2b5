package oplog

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// Key is the place of an entry in its tenant's log: the operation time in
// microseconds since 1970, then the seq, each 8 bytes big-endian. Keys sort by
// time, then by arrival; pages, cursors and segments all go by this order.
type Key [16]byte

// MakeKey returns the key of an entry with that time and seq.
func MakeKey(t time.Time, seq uint64) Key {
	var k Key
	binary.BigEndian.PutUint64(k[:8], uint64(t.UnixMicro()))
	binary.BigEndian.PutUint64(k[8:], seq)
	return k
}

// Time returns the operation time, in UTC.
func (k Key) Time() time.Time { return time.UnixMicro(k.Micros()).UTC() }

// Micros returns the operation time in microseconds since 1970.
func (k Key) Micros() int64 { return int64(binary.BigEndian.Uint64(k[:8])) }

// Seq returns the number of the entry's arrival in its tenant.
func (k Key) Seq() uint64 { return binary.BigEndian.Uint64(k[8:]) }

// Compare orders keys by time, then by arrival.
func (k Key) Compare(other Key) int { return bytes.Compare(k[:], other[:]) }

// IsZero tells the key of no entry.
func (k Key) IsZero() bool { return k == Key{} }

// idEncoding is Crockford's base 32, whose digits sort as their values do.
var idEncoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// ID returns the id that the log gives to an entry whose sender gave none: the
// key as 26 characters that sort by time.
func (k Key) ID() string { return idEncoding.EncodeToString(k[:]) }

// KeyOfID returns the key that a log-given id stands for, and false for an id
// of another form.
func KeyOfID(id string) (Key, bool) {
	var k Key
	if len(id) != 26 {
		return k, false
	}
	raw, err := idEncoding.DecodeString(id)
	if err != nil || len(raw) != len(k) {
		return k, false
	}
	copy(k[:], raw)
	return k, k.ID() == id
}
