package storage

import (
	"encoding/json"
	"math"
	"time"
	"unsafe"

	"oplog/oplog"
)

// epoch is the time of a record that has none.
var epoch = time.UnixMicro(0).UTC()

// rawOf returns JSON that aliases a text. Nobody changes an entry's JSON in place.
func rawOf(text string) json.RawMessage {
	return unsafe.Slice(unsafe.StringData(text), len(text)) //nolint:gosec // not empty, and as long as the text
}

// fastDecode decodes the output of entryRecord's encoding into an empty entry with few allocations: the entry's texts alias the data. It
// returns false for anything else, which the library then decodes or rejects. UTF-8 is not re-validated: Append accepts only valid UTF-8,
// and Verify detects later damage.
func fastDecode(data string, e *oplog.Entry) bool {
	r := cborReader{text: data}
	n, ok := r.head(majorMap)
	if !ok {
		return false
	}
	e.Time, e.ReceivedAt = epoch, epoch
	last := uint64(0)
	for range n {
		key, ok := r.head(majorNumber)
		if !ok || key <= last {
			return false
		}
		last = key
		switch key {
		case 2:
			e.Seq, ok = r.number()
		case 3:
			e.Time, ok = r.time()
		case 4:
			e.ReceivedAt, ok = r.time()
		case 19:
			e.Changes, ok = r.changes()
		case 20:
			var text string
			if text, ok = r.string(); text != "" {
				e.Details = rawOf(text)
			}
		default:
			text := textOf(e, key)
			if text == nil {
				return false
			}
			*text, ok = r.string()
		}
		if !ok {
			return false
		}
	}
	return r.at == len(r.text)
}

// textOf returns the field of an entry with the text of a key, or nil.
func textOf(e *oplog.Entry, key uint64) *string {
	switch key {
	case 1:
		return &e.Tenant
	case 5:
		return &e.ID
	case 6:
		return &e.User.ID
	case 7:
		return &e.User.Name
	case 8:
		return &e.User.Role
	case 9:
		return &e.Organization.ID
	case 10:
		return &e.Organization.Name
	case 11:
		return &e.Module
	case 12:
		return &e.Operation
	case 13:
		return &e.Content.ID
	case 14:
		return &e.Content.Name
	case 15:
		return &e.Outcome
	case 16:
		return &e.Origin
	case 17:
		return &e.IP
	case 18:
		return &e.UserAgent
	case 21:
		return &e.KeyID
	}
	return nil
}

// changes decodes an array of changeRecord.
func (r *cborReader) changes() ([]oplog.Change, bool) {
	n, ok := r.head(majorArray)
	if !ok || n == 0 || n > oplog.MaxChanges {
		return nil, false
	}
	changes := make([]oplog.Change, n)
	for i := range changes {
		c := &changes[i]
		fields, ok := r.head(majorMap)
		if !ok {
			return nil, false
		}
		last := uint64(0)
		for range fields {
			key, isKey := r.head(majorNumber)
			text, isText := r.string()
			if !isKey || !isText || key <= last {
				return nil, false
			}
			last = key
			switch {
			case key == 1:
				c.Field = text
			case key == 2 && text != "":
				c.Before = rawOf(text)
			case key == 3 && text != "":
				c.After = rawOf(text)
			default:
				return nil, false
			}
		}
	}
	return changes, true
}

// cborReader reads items of definite length, of the major types that entries use.
type cborReader struct {
	text string
	at   int
}

// head reads the head of an item of a major type: its number or its length.
func (r *cborReader) head(major byte) (uint64, bool) {
	text := r.text[r.at:]
	if text == "" || text[0]>>5 != major {
		return 0, false
	}
	switch info := text[0] & 31; {
	case info < 24:
		r.at++
		return uint64(info), true
	case info == 24 && len(text) > 1:
		r.at += 2
		return uint64(text[1]), true
	case info == 25 && len(text) > 2:
		r.at += 3
		return uint64(text[1])<<8 | uint64(text[2]), true
	case info == 26 && len(text) > 4:
		r.at += 5
		return uint64(text[1])<<24 | uint64(text[2])<<16 | uint64(text[3])<<8 | uint64(text[4]), true
	case info == 27 && len(text) > 8:
		r.at += 9
		return uint64(text[1])<<56 | uint64(text[2])<<48 | uint64(text[3])<<40 | uint64(text[4])<<32 |
			uint64(text[5])<<24 | uint64(text[6])<<16 | uint64(text[7])<<8 | uint64(text[8]), true
	}
	return 0, false
}

func (r *cborReader) number() (uint64, bool) {
	n, ok := r.head(majorNumber)
	return n, ok && n <= math.MaxInt64
}

func (r *cborReader) time() (time.Time, bool) {
	micros, ok := r.number()
	return time.UnixMicro(int64(micros)).UTC(), ok
}

func (r *cborReader) string() (string, bool) {
	n, ok := r.head(majorText)
	if !ok || n > uint64(len(r.text)-r.at) {
		return "", false
	}
	s := r.text[r.at : r.at+int(n)]
	r.at += int(n)
	return s, true
}
