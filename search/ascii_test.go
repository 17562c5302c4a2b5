package search

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// foldByBleve is foldAny with Bleve's filter, which the program did use: linking it adds all of Bleve.
func foldByBleve(s string) string {
	s = strings.Map(dropIgnorable, s)
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.ToLower(stripLatinMarks(string(asciifolding.New().Filter([]byte(s)))))
}

// TestToASCII: every character of the first two planes becomes what it becomes by Bleve's filter, alone and among others.
func TestToASCII(t *testing.T) {
	var line strings.Builder
	for r := range rune(0x20000) { // beyond are ideographs
		fmt.Fprintf(&line, "%c x%c\u0301 ", r, r)
		if r%256 < 255 {
			continue
		}
		got, want := strings.Split(foldAny(line.String()), " "), strings.Split(foldByBleve(line.String()), " ")
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("of the 256 characters up to %U, word %d becomes %q, want %q", r, i, got[min(i, len(got)-1)], want[i])
			}
		}
		line.Reset()
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.RuneFrom(nil, unicode.Latin), rapid.RuneFrom(nil, unicode.Mn), rapid.Rune())).Draw(t, "text")
		if got, want := foldAny(s), foldByBleve(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	})
	if got, want := foldAny("\xff\xc3é"), foldByBleve("\xff\xc3é"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func BenchmarkFold(b *testing.B) {
	text := "Crème brûlée, Øresund „Straße“ 双11返场主会场（上海）Łódź"
	for name, fold := range map[string]func(string) string{"Own": foldAny, "Bleve": foldByBleve} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				fold(text)
			}
		})
	}
}
