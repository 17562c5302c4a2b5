package storage

import (
	"encoding/json"
	"math"
	"time"

	"oplog/oplog"
)

// decodeQuickly decodes into e, which is empty, what entryRecord encodes to, with
// few allocations: the entry's texts are parts of the data. It returns false
// for anything else, which the library then decodes or refuses. That texts are
// valid UTF-8 is not asked again: only such are recorded, and what has become of
// the bytes since is told by Verify.
func decodeQuickly(data string, e *oplog.Entry) bool {
	r := cborReader{text: data}
	n, ok := r.head(majorMap)
	if !ok {
		return false
	}
	e.Time, e.ReceivedAt = time.UnixMicro(0).UTC(), time.UnixMicro(0).UTC()
	last := uint64(0)
	for range n {
		key, ok := r.head(majorNumber)
		if !ok || key <= last {
			return false
		}
		last = key
		var number uint64
		var text string
		switch key {
		case 2, 3, 4:
			number, ok = r.head(majorNumber)
			ok = ok && number <= math.MaxInt64
		case 19:
			e.Changes, ok = r.changes()
		default:
			text, ok = r.string()
		}
		if !ok {
			return false
		}
		switch key {
		case 1:
			e.Tenant = text
		case 2:
			e.Seq = number
		case 3:
			e.Time = time.UnixMicro(int64(number)).UTC()
		case 4:
			e.ReceivedAt = time.UnixMicro(int64(number)).UTC()
		case 5:
			e.ID = text
		case 6:
			e.User.ID = text
		case 7:
			e.User.Name = text
		case 8:
			e.User.Role = text
		case 9:
			e.Organization.ID = text
		case 10:
			e.Organization.Name = text
		case 11:
			e.Module = text
		case 12:
			e.Operation = text
		case 13:
			e.Content.ID = text
		case 14:
			e.Content.Name = text
		case 15:
			e.Outcome = text
		case 16:
			e.Origin = text
		case 17:
			e.IP = text
		case 18:
			e.UserAgent = text
		case 19: // read above
		case 20:
			if text != "" {
				e.Details = json.RawMessage(text)
			}
		default:
			return false
		}
	}
	return r.at == len(r.text)
}

// changes reads what an array of changeRecord encodes to.
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

// cborReader reads definite lengths of the major types that entries use.
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

func (r *cborReader) string() (string, bool) {
	n, ok := r.head(majorText)
	if !ok || n > uint64(len(r.text)-r.at) {
		return "", false
	}
	s := r.text[r.at : r.at+int(n)]
	r.at += int(n)
	return s, true
}
