package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// analysisVersion is written to the manifest; an index of another version, of
// texts or of documents, is built anew.
const analysisVersion = 5

// A text is analysed into words: its longest runs of letters, marks and digits
// after folding width (NFKC), case and Latin accents. Runs of Chinese, Japanese
// and Korean characters are words of their own, also inside a run.
//
// The analysed form of a name and an id is their words, each after a space and
// the last before one, the two parts separated by a line feed:
//
//	" spring sale 双十一 v3 \n page 0017 "
//
// In this form a word that starts with "spr" is the substring " spr", Chinese
// characters anywhere are a substring, and words in a row are a substring.

var asciiFolding = asciifolding.New()

// analyse returns the analysed form of the parts of a text.
func analyse(parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteByte(' ')
		for _, w := range words(part) {
			b.WriteString(w)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// words returns the words of a text, folded.
func words(s string) []string {
	var found []string
	folded := foldText(s)
	start, cjk := -1, false // of the word that is being read
	end := func(i int) {
		if start >= 0 {
			found = append(found, folded[start:i])
			start = -1
		}
	}
	for i, r := range folded {
		switch c := classOf(r); {
		case c == mark && start >= 0: // goes with what it marks
		case c == separator:
			end(i)
		case start < 0 || (c == ideograph) != cjk:
			end(i)
			start, cjk = i, c == ideograph || c == mark && isCJK(r)
		}
	}
	end(len(folded))
	return found
}

// foldText makes texts equal that differ in width, case or Latin accents.
func foldText(s string) string {
	if isPlain(s) {
		return strings.ToLower(s)
	}
	return foldAny(s)
}

// foldAny is foldText for any text.
func foldAny(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	s = string(asciiFolding.Filter([]byte(s)))
	return strings.ToLower(stripLatinMarks(s))
}

// stripLatinMarks drops the accents that no single letter has.
func stripLatinMarks(s string) string {
	latin := false
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			if latin {
				return -1
			}
			return r
		}
		latin = unicode.Is(unicode.Latin, r)
		return r
	}, s)
}

// isPlain tells texts of ASCII and unified ideographs, of which only the case
// differs.
func isPlain(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && (r < '\u4e00' || r > '\u9fff') {
			return false
		}
	}
	return true
}

// class says what a character is in a text.
type class int

const (
	separator class = iota
	letter          // or digit
	mark
	ideograph // or another character of what isCJK tells
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return letter
		}
		return separator
	case '\u4e00' <= r && r <= '\u9fff':
		return ideograph
	case unicode.IsMark(r):
		return mark
	case !unicode.IsLetter(r) && !unicode.IsDigit(r):
		return separator
	case isCJK(r):
		return ideograph
	}
	return letter
}

// isCJK tells the characters of Chinese, Japanese and Korean, which are written
// without spaces.
func isCJK(r rune) bool {
	if r < 0x1100 {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r == 'ー'
}

func isCJKWord(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return isCJK(r)
}

// gramSize is the longest piece of a run of CJK characters that is a term.
const gramSize = 3

// terms calls emit with each term that the index has for an analysed text: a
// word as it is, and of a run of CJK characters every two and three in a row,
// and the last.
func terms(analysed string, emit func(term string)) {
	for word := range strings.FieldsSeq(analysed) {
		if !isCJKWord(word) {
			emit(word)
			continue
		}
		grams(word, 2, emit)
		grams(word, gramSize, emit)
		_, last := utf8.DecodeLastRuneInString(word)
		emit(word[len(word)-last:])
	}
}

// grams calls emit with every n characters in a row.
func grams(run string, n int, emit func(gram string)) {
	starts := make([]int, 0, 16)
	for i := range run {
		starts = append(starts, i)
	}
	starts = append(starts, len(run))
	for i := 0; i+n < len(starts); i++ {
		emit(run[starts[i]:starts[i+n]])
	}
}
