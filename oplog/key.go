package oplog

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// Key identifies and orders the entries of a tenant: the operation time in microseconds since 1970, then the seq, each 8 bytes big-endian.
// Keys sort by time, then by arrival; pages, cursors and segments use this order.
type Key [16]byte

// MakeKey returns the key of an entry with the given time and seq.
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

// Seq returns the entry's sequence number in its tenant.
func (k Key) Seq() uint64 { return binary.BigEndian.Uint64(k[8:]) }

// Compare orders keys by time, then by arrival.
func (k Key) Compare(other Key) int { return bytes.Compare(k[:], other[:]) }

// IsZero reports whether k is the zero key, which no entry has.
func (k Key) IsZero() bool { return k == Key{} }

// idEncoding is Crockford's base 32, whose digits sort in the order of their values.
var idEncoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// ID returns the generated id of an entry that was sent without one: the key as 26 characters that sort by time.
func (k Key) ID() string { return idEncoding.EncodeToString(k[:]) }

// KeyOfID returns the key encoded in a generated id, and false for any other id.
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
