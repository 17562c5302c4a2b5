package search

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"oplog/oplog"
)

// The fields of a document. Keywords are single terms, exactly as recorded; the content's text is analysed into terms.
const (
	fieldID           = "_id" // stored: the key, encoded by appendDocID
	fieldContentText  = "content"
	fieldModule       = "module"
	fieldOperation    = "operation"
	fieldOutcome      = "outcome"
	fieldUser         = "user_id" // id, NUL, name
	fieldOrganization = "organization"
	fieldRole         = "role"
	fieldContentID    = "content_id"
	fieldIP           = "ip" // encoded by octetTerm and addressTerm
	fieldKey          = "key"
)

// userSeparator separates id and name in terms of fieldUser; neither may contain it.
const userSeparator = "\x00"

// appendDocID appends a key without redundant bytes: the first byte of the time, which is 0 until the year 4253, and the leading zero bytes
// of the seq.
func appendDocID(id []byte, k oplog.Key) []byte {
	return append(append(id, k[1:8]...), bytes.TrimLeft(k[8:], "\x00")...)
}

// keyOfDocID is the inverse of appendDocID; false for invalid ids.
func keyOfDocID(id []byte) (k oplog.Key, ok bool) {
	if len(id) <= 7 || len(id) >= len(k) {
		return k, false
	}
	copy(k[1:8], id)
	copy(k[len(k)-len(id)+7:], id[7:])
	return k, true
}

// span is a range of a list; to is exclusive.
type span struct{ from, to uint32 }

// noTerm stands for an empty value, which no filter matches.
const noTerm = ^uint32(0)

// documentBuilder converts entries to terms of fields with their documents. It numbers terms, analyses repeated texts once, and reuses its
// memory for the next segment.
type documentBuilder struct {
	terms   []string // by number
	numbers map[string]uint32
	users   map[[2]string]uint32 // by id and name
	octets  [4][256]uint32       // by place and value: the number of the octetTerm plus one; 0 if not known
	texts   map[[2]string]span   // by name and id: their terms, in text
	text    []uint32             // the terms of texts, concatenated

	contents  []span                // by document: terms of its content
	addresses [][4]uint32           // by document: terms of its IP address, or noTerm
	keywords  [len(fields)][]uint32 // by field and document: its term
	used      []usedTerm            // of the current field
	places    []uint32              // by term number: index in used plus one; 0 for none
	found     []uint32              // documents of used terms, concatenated
	id        []byte
}

// usedTerm is a term that occurs in a field of a segment.
type usedTerm struct {
	start     uint64 // its first bytes, which distinguish most terms
	number    uint32
	documents span // in found
}

// A builder discards known texts and terms beyond these numbers.
const (
	maxKnownTexts = 4 << 10
	maxKnownTerms = 64 << 10
)

var builders = sync.Pool{New: func() any {
	return &documentBuilder{
		numbers: make(map[string]uint32), users: make(map[[2]string]uint32), texts: make(map[[2]string]span),
	}
}}

// entrySource calls visit with entries in key order, in batches, which are valid only during the call.
type entrySource func(visit func(entries []oplog.Entry)) error

// inMemory is a source of given entries.
func inMemory(entries []oplog.Entry) entrySource {
	return func(visit func([]oplog.Entry)) error {
		for chunk := range slices.Chunk(entries, readAtOnce) {
			visit(chunk)
		}
		return nil
	}
}

// readAtOnce is the number of entries that a builder reads before it yields.
const readAtOnce = 256

// stored is a source of a tenant's entries by key, without deleted ones.
func (x *Index) stored(tenant string, keys []oplog.Key) entrySource {
	return func(visit func([]oplog.Entry)) error {
		var batch oplog.ReadBuffer
		for chunk := range slices.Chunk(keys, readAtOnce) {
			if err := x.ctx.Err(); err != nil {
				return err
			}
			entries, err := x.store.Get(tenant, chunk, &batch)
			if err != nil {
				return err
			}
			visit(entries)
		}
		return nil
	}
}

// buildSegment writes a segment of entries.
func buildSegment(w *segmentWriter, entries entrySource) error {
	b := builders.Get().(*documentBuilder)
	err := b.build(w, entries)
	builders.Put(b) // not after a panic
	return err
}

func (b *documentBuilder) build(w *segmentWriter, entries entrySource) error {
	b.forget()
	b.contents, b.addresses = b.contents[:0], b.addresses[:0]
	for i := range b.keywords {
		b.keywords[i] = b.keywords[i][:0]
	}
	err := entries(func(some []oplog.Entry) {
		for i := range some {
			e := &some[i]
			b.id = appendDocID(b.id[:0], e.Key())
			w.document(b.id)
			b.add(e)
		}
		w.pace.Yield()
	})
	if err != nil {
		return err
	}
	w.endDocuments()
	for field := range fields {
		if err := b.writeField(w, field); err != nil {
			return err
		}
	}
	return nil
}

// forget discards known texts and terms if there are too many.
func (b *documentBuilder) forget() {
	if len(b.terms) > maxKnownTerms {
		b.terms = slices.Delete(b.terms, 0, len(b.terms))
		clear(b.numbers)
		clear(b.users)
		clear(b.octets[:])
	} else if len(b.texts) <= maxKnownTexts {
		return
	}
	clear(b.texts)
	b.text = b.text[:0]
}

// add adds the terms of an entry.
func (b *documentBuilder) add(e *oplog.Entry) {
	b.contents = append(b.contents, b.textOf(e.Content.Name, e.Content.ID))
	b.addresses = append(b.addresses, b.address(e))
	for field, name := range fields {
		var term uint32
		switch name {
		case fieldContentID:
			term = b.keyword(e.Content.ID)
		case fieldModule:
			term = b.keyword(e.Module)
		case fieldOperation:
			term = b.keyword(e.Operation)
		case fieldOutcome:
			term = b.keyword(e.Outcome)
		case fieldKey:
			term = b.keyword(e.KeyID)
		case fieldRole:
			term = b.keyword(e.User.Role)
		case fieldOrganization:
			term = b.keyword(e.Organization.ID)
		case fieldUser:
			term = b.user(e.User)
		default:
			continue
		}
		b.keywords[field] = append(b.keywords[field], term)
	}
}

// userTerm returns a user as a term of fieldUser.
func userTerm(u oplog.User) string { return u.ID + userSeparator + u.Name }

func (b *documentBuilder) user(u oplog.User) uint32 {
	key := [2]string{u.ID, u.Name}
	n, known := b.users[key]
	if !known {
		n = b.keyword(userTerm(u))
		b.users[[2]string{strings.Clone(u.ID), strings.Clone(u.Name)}] = n
	}
	return n
}

// address returns the terms of an entry's IP address.
func (b *documentBuilder) address(e *oplog.Entry) [4]uint32 {
	found := [4]uint32{noTerm, noTerm, noTerm, noTerm}
	a, ok := e.Address()
	switch {
	case !ok:
	case a.Is4():
		for place, octet := range a.As4() {
			known := &b.octets[place][octet]
			if *known == 0 {
				*known = b.number(octetTerm(place, octet)) + 1
			}
			found[place] = *known - 1
		}
	default:
		found[0] = b.number(addressTerm(a))
	}
	return found
}

func (b *documentBuilder) keyword(value string) uint32 {
	if value == "" {
		return noTerm
	}
	return b.number(value)
}

func (b *documentBuilder) number(term string) uint32 {
	n, known := b.numbers[term]
	if !known {
		n, term = uint32(len(b.terms)), strings.Clone(term)
		b.terms = append(b.terms, term)
		b.numbers[term] = n
	}
	return n
}

// textOf returns the distinct terms of a text.
func (b *documentBuilder) textOf(name, id string) span {
	key := [2]string{name, id}
	s, known := b.texts[key]
	if !known {
		s.from = uint32(len(b.text))
		terms(analyse(name, id), func(term string) { b.text = append(b.text, b.number(term)) })
		found := b.text[s.from:]
		slices.Sort(found)
		s.to = s.from + uint32(len(slices.Compact(found)))
		b.text = b.text[:s.to]
		b.texts[[2]string{strings.Clone(name), strings.Clone(id)}] = s
	}
	return s
}

// writeField writes the terms of a field in order, with their documents.
func (b *documentBuilder) writeField(w *segmentWriter, field int) error {
	b.places = slices.Grow(b.places[:0], len(b.terms))[:len(b.terms)]
	clear(b.places)
	b.used = b.used[:0]
	total := uint32(0)
	b.eachTerm(field, func(_, term uint32) {
		if b.places[term] == 0 {
			b.used = append(b.used, usedTerm{start: firstBytes(b.terms[term]), number: term})
			b.places[term] = uint32(len(b.used))
		}
		b.used[b.places[term]-1].documents.to++
		total++
	})
	end := uint32(0)
	for i := range b.used {
		d := &b.used[i].documents
		d.from, d.to, end = end, end, end+d.to
	}
	b.found = slices.Grow(b.found[:0], int(total))[:total]
	b.eachTerm(field, func(document, term uint32) {
		d := &b.used[b.places[term]-1].documents
		b.found[d.to] = document
		d.to++
	})
	slices.SortFunc(b.used, func(x, y usedTerm) int {
		if c := cmp.Compare(x.start, y.start); c != 0 {
			return c
		}
		return strings.Compare(b.terms[x.number], b.terms[y.number])
	})
	for _, u := range b.used {
		if err := w.term([]byte(b.terms[u.number]), b.found[u.documents.from:u.documents.to]); err != nil {
			return err
		}
	}
	return w.endField(field)
}

// eachTerm calls visit for the terms of a field, document by document.
func (b *documentBuilder) eachTerm(field int, visit func(document, term uint32)) {
	switch fields[field] {
	case fieldContentText:
		for document, text := range b.contents {
			for _, term := range b.text[text.from:text.to] {
				visit(uint32(document), term)
			}
		}
	case fieldIP:
		for document, terms := range b.addresses {
			for _, term := range terms {
				if term != noTerm {
					visit(uint32(document), term)
				}
			}
		}
	default:
		for document, term := range b.keywords[field] {
			if term != noTerm {
				visit(uint32(document), term)
			}
		}
	}
}

// firstBytes returns the first bytes of a term as a number with the same order.
func firstBytes(term string) uint64 {
	var first [8]byte
	copy(first[:], term)
	return binary.BigEndian.Uint64(first[:])
}
