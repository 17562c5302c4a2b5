package storage

import "math"

// fastEncode encodes entryRecord with one allocation. It returns false for times before 1970, which the library then encodes.
func fastEncode(r *entryRecord) ([]byte, bool) {
	if r.Time < 0 || r.ReceivedAt < 0 {
		return nil, false
	}
	texts := [...]struct {
		key  byte
		text string
		kept bool // even if it is empty
	}{
		{5, r.ID, false}, {6, r.UserID, true}, {7, r.UserName, true}, {8, r.UserRole, false},
		{9, r.OrganizationID, false}, {10, r.OrganizationName, false}, {11, r.Module, true}, {12, r.Operation, true},
		{13, r.ContentID, false}, {14, r.ContentName, false}, {15, r.Outcome, false}, {16, r.Origin, false},
		{17, r.IP, false}, {18, r.UserAgent, false}, {20, r.Details, false}, {21, r.APIKey, false},
	}
	fields, size := 4, 48+len(r.Tenant)
	for i := range texts {
		if t := &texts[i]; t.kept || t.text != "" {
			fields++
			size += 6 + len(t.text)
		}
	}
	if len(r.Changes) > 0 {
		fields++
		for i := range r.Changes {
			c := &r.Changes[i]
			size += 24 + len(c.Field) + len(c.Before) + len(c.After)
		}
	}
	b := appendHead(make([]byte, 0, size), majorMap, uint64(fields))
	b = appendText(append(b, 1), r.Tenant)
	b = appendHead(append(b, 2), majorNumber, r.Seq)
	b = appendHead(append(b, 3), majorNumber, uint64(r.Time))
	b = appendHead(append(b, 4), majorNumber, uint64(r.ReceivedAt))
	for i := range texts {
		t := &texts[i]
		if t.key == 20 && len(r.Changes) > 0 {
			b = appendChanges(append(b, 19), r.Changes)
		}
		if t.kept || t.text != "" {
			b = appendText(append(b, t.key), t.text)
		}
	}
	return b, true
}

func appendChanges(b []byte, changes []changeRecord) []byte {
	b = appendHead(b, majorArray, uint64(len(changes)))
	for i := range changes {
		c := &changes[i]
		fields := uint64(1)
		if c.Before != "" {
			fields++
		}
		if c.After != "" {
			fields++
		}
		b = appendText(append(appendHead(b, majorMap, fields), 1), c.Field)
		if c.Before != "" {
			b = appendText(append(b, 2), c.Before)
		}
		if c.After != "" {
			b = appendText(append(b, 3), c.After)
		}
	}
	return b
}

// Major types of CBOR (RFC 8949, 3.1).
const (
	majorNumber = 0
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
)

func appendText(b []byte, s string) []byte {
	return append(appendHead(b, majorText, uint64(len(s))), s...)
}

// appendHead appends the head of an item, with its number or length in as few bytes as possible.
func appendHead(b []byte, major byte, n uint64) []byte {
	first := major << 5
	size := 0
	switch {
	case n < 24:
		return append(b, first|byte(n))
	case n <= math.MaxUint8:
		first, size = first|24, 1
	case n <= math.MaxUint16:
		first, size = first|25, 2
	case n <= math.MaxUint32:
		first, size = first|26, 4
	default:
		first, size = first|27, 8
	}
	b = append(b, first)
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		b = append(b, byte(n>>shift))
	}
	return b
}
