package storage

import (
	"time"

	"github.com/fxamacker/cbor/v2"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// entryHead holds the fields that determine an entry's key.
type entryHead struct {
	Tenant string `cbor:"1,keyasint"`
	Seq    uint64 `cbor:"2,keyasint"`
	Time   int64  `cbor:"3,keyasint"`
	ID     string `cbor:"5,keyasint"`
}

var headDecoding = must(cbor.DecOptions{}.DecMode())

// headLength exceeds the head of any entry: two texts of 80 bytes, three numbers.
const headLength = 256

// headOf decodes the head of an encoded entryRecord, and returns false for anything else. It ignores what follows.
func headOf(data []byte) (h entryHead, ok bool) {
	r := cborReader{text: string(data[:min(len(data), headLength)])}
	fields, ok := r.head(majorMap)
	var micros, received uint64
	ok = ok && fields >= 4 &&
		r.isNext(1) && r.readString(&h.Tenant) &&
		r.isNext(2) && r.readNumber(&h.Seq) &&
		r.isNext(3) && r.readNumber(&micros) &&
		r.isNext(4) && r.readNumber(&received)
	h.Time = int64(micros)
	if ok && r.isNext(5) {
		ok = r.readString(&h.ID)
	}
	return h, ok
}

// isNext skips the key of a field if it is the next.
func (r *cborReader) isNext(key uint64) bool {
	at := r.at
	if k, ok := r.head(majorNumber); ok && k == key {
		return true
	}
	r.at = at
	return false
}

func (r *cborReader) readNumber(n *uint64) (ok bool) {
	*n, ok = r.head(majorNumber)
	return ok
}

func (r *cborReader) readString(s *string) (ok bool) {
	*s, ok = r.string()
	return ok
}

func (h *entryHead) key() oplog.Key { return oplog.MakeKey(time.UnixMicro(h.Time), h.Seq) }

func (h *entryHead) id() string {
	if h.ID != "" {
		return h.ID
	}
	return h.key().ID()
}

// tileReader reads arrivals in one transaction and caches the last tile.
type tileReader struct {
	arrivals *bolt.Bucket
	number   uint64
	tile     []byte
}

func (t *tileReader) arrival(seq uint64) (oplog.Key, tlog.Hash, error) {
	return arrivalOf(t.load((seq-1)/tileSize), seq)
}

func (t *tileReader) load(number uint64) []byte {
	if t.tile == nil || number != t.number {
		t.tile, t.number = t.arrivals.Get(tileKey(number)), number
	}
	return t.tile
}
