package search

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	index "github.com/blevesearch/bleve_index_api"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"
	zap "github.com/blevesearch/zapx/v17"
	"pgregory.net/rapid"

	"oplog/oplog"
)

func TestBitmapsEqualRoaring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := roaring.New()
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			from := rapid.Uint32Range(0, 300_000).Draw(t, "from")
			step := rapid.Uint32Range(1, 40).Draw(t, "step")
			for i := range rapid.Uint32Range(1, 6000).Draw(t, "count") {
				b.Add(from + i*step)
			}
		}
		want, err := b.ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		if got := appendBitmap([]byte("before"), b.ToArray()); !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Fatalf("%v is written otherwise", b)
		}
	})
}

// TestSegmentsEqualZapx: a segment has the content of one written by zapx, except for frequencies, and merging parts gives the same bytes
// as writing all their entries at once.
func TestSegmentsEqualZapx(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.Custom(drawEntry), 2, 60).Draw(t, "entries")
		for i := range entries {
			entries[i].Seq = uint64(i + 1)
		}
		slices.SortFunc(entries, func(a, b oplog.Entry) int { return a.Key().Compare(b.Key()) })
		whole := must(buildImage(inMemory(entries)))(t)
		dir := must(os.MkdirTemp("", "oplog-segments-"))(t)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		sameSegment(t, openZap(t, dir, "ours", whole.bytes), zapxOf(t, dir, "theirs", entries))

		var parts []part
		for at := 0; at < len(entries); {
			end := rapid.IntRange(at+1, len(entries)).Draw(t, "end")
			// The image also has entries before and after the part.
			low, top := rapid.IntRange(0, at).Draw(t, "low"), rapid.IntRange(end, len(entries)).Draw(t, "top")
			i := must(buildImage(inMemory(entries[low:top])))(t)
			if rapid.Bool().Draw(t, "of zapx") {
				i = must(imageOf(zapxOf(t, dir, fmt.Sprint("part", at), entries[low:top])))(t)
			}
			parts = append(parts, part{i, uint32(at - low), uint32(end - low)})
			at = end
		}
		var out bytes.Buffer
		w := must(newSegmentWriter(&out))(t)
		if err := w.merge(context.Background(), parts); err != nil {
			t.Fatal(err)
		}
		must(w.finish())(t)
		if !bytes.Equal(out.Bytes(), whole.bytes) {
			t.Fatalf("%d parts of %d entries are merged into other bytes than those of all", len(parts), len(entries))
		}
	})
}

type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

func must[T any](v T, err error) func(failer) T {
	return func(t failer) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func openZap(t failer, dir, name string, data []byte) *zap.Segment {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := must(plugin.Open(path))(t)
	t.Cleanup(func() { _ = s.Close() })
	return s.(*zap.Segment)
}

// zapxOf has zapx write a segment, as the log did before it had its own writer.
func zapxOf(t failer, dir, name string, entries []oplog.Entry) *zap.Segment {
	t.Helper()
	documents := make([]index.Document, len(entries))
	for i := range entries {
		documents[i] = zapxDocument{&entries[i]}
	}
	built, _, err := plugin.New(documents)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name+".zapx")
	if err := built.(segmentapi.UnpersistedSegment).Persist(path); err != nil {
		t.Fatal(err)
	}
	s := must(plugin.Open(path))(t)
	t.Cleanup(func() { _ = s.Close() })
	return s.(*zap.Segment)
}

// sameSegment compares everything that queries read from two segments.
func sameSegment(t failer, a, b *zap.Segment) {
	t.Helper()
	if a.Count() != b.Count() {
		t.Fatalf("%d documents, and %d", a.Count(), b.Count())
	}
	for number := range a.Count() {
		one, other := must(a.DocID(number))(t), must(b.DocID(number))(t)
		if !bytes.Equal(one, other) {
			t.Fatalf("document %d is %x, and %x", number, one, other)
		}
	}
	for _, field := range fields {
		one, other := termsOf(t, a, field), termsOf(t, b, field)
		if fmt.Sprint(one) != fmt.Sprint(other) {
			t.Fatalf("%s: %v, and %v", field, one, other)
		}
	}
}

func termsOf(t failer, s *zap.Segment, field string) []string {
	t.Helper()
	d := must(s.Dictionary(field))(t)
	var found []string
	err := eachTerm(d, nil, nil, func(term []byte) error {
		b, err := postings(d, term)
		if err == nil {
			found = append(found, fmt.Sprintf("%q %v", term, b.ToArray()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// zapxDocument is an entry in the form that zapx indexes.
type zapxDocument struct{ *oplog.Entry }

func (d zapxDocument) ID() string { return string(appendDocID(nil, d.Key())) }
func (d zapxDocument) Size() int  { return 0 }
func (d zapxDocument) VisitFields(visit index.FieldVisitor) {
	visit(&zapxField{name: fieldID, value: []byte(d.ID())})
	var content []string
	terms(analyse(d.Content.Name, d.Content.ID), func(term string) { content = append(content, term) })
	for name, terms := range map[string][]string{
		fieldContentText: content, fieldContentID: {d.Content.ID}, fieldModule: {d.Module}, fieldOperation: {d.Operation},
		fieldOrganization: {d.Organization.ID}, fieldUser: {userTerm(d.User)}, fieldOutcome: {d.Outcome}, fieldRole: {d.User.Role}, fieldIP: ipTerms(d.Entry),
		fieldKey: {d.KeyID},
	} {
		f := &zapxField{name: name, terms: make(index.TokenFrequencies)}
		for _, term := range terms {
			if term != "" {
				f.terms[term] = &index.TokenFreq{Term: []byte(term)}
			}
		}
		visit(f)
	}
}
func ipTerms(e *oplog.Entry) (found []string) {
	a, ok := e.Address()
	switch {
	case !ok:
	case a.Is4():
		for place, octet := range a.As4() {
			found = append(found, octetTerm(place, octet))
		}
	default:
		found = append(found, addressTerm(a))
	}
	return found
}
func (d zapxDocument) VisitComposite(index.CompositeFieldVisitor) {}
func (d zapxDocument) HasComposite() bool                         { return false }
func (d zapxDocument) NumPlainTextBytes() uint64                  { return 0 }
func (d zapxDocument) AddIDField()                                {}
func (d zapxDocument) StoredFieldsBytes() uint64                  { return 0 }
func (d zapxDocument) Indexed() bool                              { return true }

type zapxField struct {
	name  string
	terms index.TokenFrequencies
	value []byte
}

func (f *zapxField) Name() string                                     { return f.name }
func (f *zapxField) Value() []byte                                    { return f.value }
func (f *zapxField) ArrayPositions() []uint64                         { return nil }
func (f *zapxField) EncodedFieldType() byte                           { return 't' }
func (f *zapxField) Analyze()                                         {}
func (f *zapxField) Options() index.FieldIndexingOptions              { return zapxOptions(f.name) }
func (f *zapxField) AnalyzedLength() int                              { return len(f.terms) }
func (f *zapxField) AnalyzedTokenFrequencies() index.TokenFrequencies { return f.terms }
func (f *zapxField) NumPlainTextBytes() uint64                        { return 0 }

func zapxOptions(field string) index.FieldIndexingOptions {
	if field == fieldID {
		return index.StoreField
	}
	return index.IndexField | index.SkipFreqNorm
}

func TestTermsOfTheSameDocumentsSharePostings(t *testing.T) {
	w := must(newSegmentWriter(&bytes.Buffer{}))(t)
	documents := []uint32{1, 5, 9}
	if err := w.term([]byte("black"), documents); err != nil {
		t.Fatal(err)
	}
	before := w.offset
	if err := w.term([]byte("friday"), documents); err != nil {
		t.Fatal(err)
	}
	if w.offset != before {
		t.Errorf("the same documents are written twice, in %d bytes", w.offset-before)
	}
}

// TestManyAddressesHaveFewTerms: a dictionary of whole addresses would take more space than everything else of an entry.
func TestManyAddressesHaveFewTerms(t *testing.T) {
	entries := make([]oplog.Entry, 4000)
	for i := range entries {
		entries[i] = plainEntry(i, i)
		entries[i].Seq, entries[i].IP = uint64(i+1), fmt.Sprintf("10.1.%d.%d", i>>8, i&255)
	}
	slices.SortFunc(entries, func(a, b oplog.Entry) int { return a.Key().Compare(b.Key()) })
	s := openZap(t, t.TempDir(), "segment", must(buildImage(inMemory(entries)))(t).bytes)
	if n := len(termsOf(t, s, fieldIP)); n > 4*256 {
		t.Errorf("%d terms of %d addresses", n, len(entries))
	}
}
