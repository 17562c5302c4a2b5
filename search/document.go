package search

import (
	"bytes"
	"sync"

	index "github.com/blevesearch/bleve_index_api"

	"oplog/oplog"
)

// The fields of a document. Keywords are one term each, exactly as recorded;
// the content's text is the terms of an analysed one.
const (
	fieldID           = "_id" // stored: the key, as appendDocID writes it
	fieldContentText  = "content"
	fieldModule       = "module"
	fieldOperation    = "operation"
	fieldUser         = "user_id" // id, NUL, name
	fieldOrganization = "organization"
	fieldContentID    = "content_id"
)

// userSeparator stands between id and name in the terms of fieldUser; neither
// may hold it.
const userSeparator = "\x00"

// document is an entry as zapx indexes it.
type document struct {
	id     []byte
	fields [7]field
}

// appendDocID appends a key without what all keys have: the first byte of the
// time, which is 0 until the year 4253, and the leading zero bytes of the seq.
func appendDocID(id []byte, k oplog.Key) []byte {
	return append(append(id, k[1:8]...), bytes.TrimLeft(k[8:], "\x00")...)
}

// keyOfDocID is the inverse of appendDocID; false for what it did not write.
func keyOfDocID(id []byte) (k oplog.Key, ok bool) {
	if len(id) <= 7 || len(id) >= len(k) {
		return k, false
	}
	copy(k[1:8], id)
	copy(k[len(k)-len(id)+7:], id[7:])
	return k, true
}

var _ index.Document = (*document)(nil)

func (d *document) ID() string { return string(d.id) }
func (d *document) Size() int  { return 0 }
func (d *document) VisitFields(visit index.FieldVisitor) {
	for i := range d.fields {
		visit(&d.fields[i])
	}
}
func (d *document) VisitComposite(index.CompositeFieldVisitor) {}
func (d *document) HasComposite() bool                         { return false }
func (d *document) NumPlainTextBytes() uint64                  { return 0 }
func (d *document) AddIDField()                                {}
func (d *document) StoredFieldsBytes() uint64                  { return uint64(len(d.id)) }
func (d *document) Indexed() bool                              { return true }

// field is one field of a document, analysed already.
type field struct {
	name    string
	options index.FieldIndexingOptions
	terms   index.TokenFrequencies
	value   []byte
}

var _ index.Field = (*field)(nil)

func (f *field) Name() string                                     { return f.name }
func (f *field) Value() []byte                                    { return f.value }
func (f *field) ArrayPositions() []uint64                         { return nil }
func (f *field) EncodedFieldType() byte                           { return 't' }
func (f *field) Analyze()                                         {}
func (f *field) Options() index.FieldIndexingOptions              { return f.options }
func (f *field) AnalyzedLength() int                              { return len(f.terms) }
func (f *field) AnalyzedTokenFrequencies() index.TokenFrequencies { return f.terms }
func (f *field) NumPlainTextBytes() uint64                        { return 0 }

// documentBuilder makes documents. It analyses each text that repeats once, and
// uses its memory again for the next segment.
type documentBuilder struct {
	documents []document
	terms     map[string]*index.TokenFreq
	texts     map[[2]string]index.TokenFrequencies // by name and id
	words     map[string]index.TokenFrequencies    // of one term each
	found     []string                             // terms of the present text
	free      []index.TokenFrequencies             // empty
}

// A builder forgets what it knows of texts and terms where these are more.
const (
	maxKnownTexts = 4 << 10
	maxKnownTerms = 64 << 10
)

var builders = sync.Pool{New: func() any {
	return &documentBuilder{
		terms: make(map[string]*index.TokenFreq),
		texts: make(map[[2]string]index.TokenFrequencies),
		words: make(map[string]index.TokenFrequencies),
	}
}}

// build makes the documents of a segment, in the order of its entries. They are
// valid until the next call.
func (b *documentBuilder) build(entries []oplog.Entry) []index.Document {
	if len(b.texts) > maxKnownTexts {
		for _, t := range b.texts {
			clear(t)
			b.free = append(b.free, t)
		}
		clear(b.texts)
	}
	if len(b.terms) > maxKnownTerms || len(b.words) > maxKnownTerms {
		clear(b.terms)
		clear(b.words)
	}
	if cap(b.documents) < len(entries) {
		b.documents = make([]document, len(entries))
	}
	b.documents = b.documents[:len(entries)]
	documents := make([]index.Document, len(entries))
	for i := range entries {
		b.fill(&b.documents[i], &entries[i])
		documents[i] = &b.documents[i]
	}
	return documents
}

func (b *documentBuilder) fill(d *document, e *oplog.Entry) {
	const indexed = index.IndexField | index.SkipFreqNorm
	d.id = appendDocID(d.id[:0], e.Key())
	d.fields = [7]field{
		{fieldID, index.StoreField, nil, d.id},
		{fieldContentText, indexed, b.text(e.Content.Name, e.Content.ID), nil},
		{fieldModule, indexed, b.keyword(e.Module), nil},
		{fieldOperation, indexed, b.keyword(e.Operation), nil},
		{fieldUser, indexed, b.keyword(userTerm(e.User)), nil},
		{fieldOrganization, indexed, b.keyword(e.Organization.ID), nil},
		{fieldContentID, indexed, b.keyword(e.Content.ID), nil},
	}
}

func userTerm(u oplog.User) string { return u.ID + userSeparator + u.Name }

func (b *documentBuilder) text(name, id string) index.TokenFrequencies {
	key := [2]string{name, id}
	if t, ok := b.texts[key]; ok {
		return t
	}
	b.found = b.found[:0]
	terms(analyse(name, id), func(term string) { b.found = append(b.found, term) })
	t := b.emptyTerms()
	for _, term := range b.found {
		t[term] = b.term(term)
	}
	b.texts[key] = t
	return t
}

func (b *documentBuilder) emptyTerms() index.TokenFrequencies {
	if n := len(b.free); n > 0 {
		t := b.free[n-1]
		b.free = b.free[:n-1]
		return t
	}
	return make(index.TokenFrequencies, len(b.found))
}

// keyword returns the one term; none for an empty value, which no filter asks
// for.
func (b *documentBuilder) keyword(value string) index.TokenFrequencies {
	if t, ok := b.words[value]; ok {
		return t
	}
	t := make(index.TokenFrequencies, 1)
	if value != "" {
		t[value] = b.term(value)
	}
	b.words[value] = t
	return t
}

func (b *documentBuilder) term(term string) *index.TokenFreq {
	f := b.terms[term]
	if f == nil {
		f = &index.TokenFreq{Term: []byte(term)}
		b.terms[term] = f
	}
	return f
}
