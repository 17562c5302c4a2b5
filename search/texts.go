package search

import (
	"bytes"
	"crypto/sha256"
	"hash/maphash"
)

// Users and roles are as many as senders like, and as long as they may be. What tells them apart stays in memory: of a long text its brief
// form, which is its first bytes and a part of its checksum.

const (
	longText  = 40 // bytes from which a text is long; the length of brief forms
	briefText = 24 // first bytes that a brief form keeps
)

// appendBrief appends a text, or the brief form of a long one.
func appendBrief[T string | []byte](b []byte, text T) []byte {
	if len(text) < longText {
		return append(b, text...)
	}
	sum := sha256.Sum256([]byte(text))
	return append(append(b, text[:briefText]...), sum[:longText-briefText]...)
}

// brief returns a text, or its brief form.
func brief(text string) string {
	if len(text) < longText {
		return text
	}
	return string(appendBrief(nil, text))
}

// isBrief reports whether a text is a brief form.
func isBrief(text []byte) bool { return len(text) == longText }

// appendUser appends the record of a user: the length of the id, the id, the name, each brief if it is long.
func appendUser[T string | []byte](b []byte, id, name T) []byte {
	at := len(b)
	b = appendBrief(append(b, 0), id)
	b[at] = byte(len(b) - at - 1)
	return appendBrief(b, name)
}

// appendTermUser appends the record of a user, given as a term of fieldUser.
func appendTermUser(b, term []byte) []byte {
	id, name, _ := bytes.Cut(term, []byte(userSeparator))
	return appendUser(b, id, name)
}

// maxRecord is the maximum length of a user's record.
const maxRecord = 1 + 2*longText

// userParts returns the id and the name of a user's record.
func userParts(record []byte) (id, name []byte) {
	end := 1 + record[0]
	return record[1:end], record[end:]
}

// isLongUser reports whether a user's record has brief forms.
func isLongUser(record []byte) bool {
	id, name := userParts(record)
	return isBrief(id) || isBrief(name)
}

// userStart returns the start of terms of fieldUser that may have a record.
func userStart(record []byte) string {
	id, name := userParts(record)
	if isBrief(id) {
		return string(id[:briefText])
	}
	if isBrief(name) {
		name = name[:briefText]
	}
	return string(id) + userSeparator + string(name)
}

// textList is a list of texts by number. A copy stays readable while others add to the original.
type textList struct {
	places []uint32
	arena  arena
}

func (l *textList) text(number uint32) []byte { return l.arena.at(l.places[number]) }

// texts numbers texts, in order of first appearance.
type texts struct {
	textList
	seed  maphash.Seed
	table table

	isLong func(text []byte) bool // whether a text has brief forms
	long   map[uint32]string      // the whole texts of those, by number, as long as there is room
	kept   int                    // bytes of whole texts
	room   int                    // maximum of kept
}

// longOverhead is about what a whole text takes beside its bytes.
const longOverhead = 64

func newTexts(isLong func(text []byte) bool, room int) texts {
	return texts{seed: maphash.MakeSeed(), isLong: isLong, long: make(map[uint32]string), room: room}
}

func (t *texts) find(text []byte) (uint32, bool) {
	return t.table.find(maphash.Bytes(t.seed, text), func(n uint32) bool { return bytes.Equal(t.text(n), text) })
}

// of returns the number of a text; whole returns the whole text if it has brief forms, or "" if nobody knows it.
func (t *texts) of(text []byte, whole func() string) uint32 {
	if n, known := t.find(text); known {
		return n
	}
	n := uint32(len(t.places)) //nolint:gosec // each is in another entry
	t.table.add(maphash.Bytes(t.seed, text), n, func(n uint32) uint64 { return maphash.Bytes(t.seed, t.text(n)) })
	t.places = append(t.places, t.arena.add(text))
	if t.kept < t.room && t.isLong(text) {
		long := whole()
		if size := len(long) + longOverhead; long != "" && t.kept+size <= t.room {
			t.long[n] = long
			t.kept += size
		}
	}
	return n
}

// bytes returns the memory that the texts take.
func (t *texts) bytes() int {
	return 4*cap(t.places) + t.arena.bytes() + t.table.bytes() + t.kept
}
