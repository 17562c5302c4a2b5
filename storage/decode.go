package storage

import (
	"encoding/json"
	"math"
	"time"

	"oplog/oplog"
)

// fastDecode decodes the output of entryRecord's encoding into an empty entry with few allocations: the entry's strings alias the data. It
// returns false for anything else, which the library then decodes or rejects. UTF-8 is not re-validated: Append accepts only valid UTF-8,
// and Verify detects later damage.
func fastDecode(data string, e *oplog.Entry) bool {
	r := cborReader{text: data}
	n, ok := r.head(majorMap)
	if !ok {
		return false
	}
	e.Time, e.ReceivedAt = time.UnixMicro(0).UTC(), time.UnixMicro(0).UTC()
	texts := [...]*string{
		1: &e.Tenant, 5: &e.ID, 6: &e.User.ID, 7: &e.User.Name, 8: &e.User.Role, 9: &e.Organization.ID, 10: &e.Organization.Name,
		11: &e.Module, 12: &e.Operation, 13: &e.Content.ID, 14: &e.Content.Name, 15: &e.Outcome, 16: &e.Origin, 17: &e.IP, 18: &e.UserAgent,
		21: &e.KeyID,
	}
	last := uint64(0)
	for range n {
		key, ok := r.head(majorNumber)
		if !ok || key <= last {
			return false
		}
		last = key
		switch {
		case key < uint64(len(texts)) && texts[key] != nil:
			*texts[key], ok = r.string()
		case key == 2:
			e.Seq, ok = r.number()
		case key == 3:
			e.Time, ok = r.time()
		case key == 4:
			e.ReceivedAt, ok = r.time()
		case key == 19:
			e.Changes, ok = r.changes()
		case key == 20:
			var text string
			if text, ok = r.string(); text != "" {
				e.Details = json.RawMessage(text)
			}
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return r.at == len(r.text)
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
				c.Before = json.RawMessage(text)
			case key == 3 && text != "":
				c.After = json.RawMessage(text)
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
	if r.at >= len(r.text) || r.text[r.at]>>5 != major {
		return 0, false
	}
	info := r.text[r.at] & 31
	r.at++
	if info < 24 {
		return uint64(info), true
	}
	if info > 27 {
		return 0, false
	}
	size := 1 << (info - 24)
	if len(r.text)-r.at < size {
		return 0, false
	}
	var n uint64
	for range size {
		n = n<<8 | uint64(r.text[r.at])
		r.at++
	}
	return n, true
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
