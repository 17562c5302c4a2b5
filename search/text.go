package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// analysisVersion is stored in the manifest; an index of another version is rebuilt.
const analysisVersion = 7

// A text is analysed into words: its longest runs of letters, marks and digits
// after dropping characters that are not shown and folding width (NFKC), case and
// Latin accents. Runs of Chinese, Japanese and Korean characters are words of
// their own, also inside a run. The other words have pieces, which meet where
// letters and digits do.
//
// The analysed form of a name and an id is their words, each after a space and
// the last before one, with a bar before each piece, and the two parts separated
// by a line feed:
//
//	" |spring |sale 双十一 |v|3 \n |page |0017 "
//
// In this form a piece that starts with "spr", and maybe goes on in the next
// piece of its word, is the substring "|spr", Chinese characters anywhere are a
// substring, and words in a row are a substring.

// bar precedes each piece of a word.
const bar = '|'

// analyse returns the analysed form of the parts of a text.
func analyse(parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteByte(' ')
		analysePart(&b, foldText(part))
	}
	return b.String()
}

func analysePart(b *strings.Builder, folded string) {
	from, last := 0, separator // of the characters being read
	turn := func(at int, next class) {
		if last != separator {
			b.WriteString(folded[from:at])
			if last == ideograph || next == ideograph || next == separator {
				b.WriteByte(' ')
			}
		}
		if next == letter || next == digit {
			b.WriteByte(bar)
		}
		from, last = at, next
	}
	for i, r := range folded {
		c := classOf(r)
		if c == mark {
			if last != separator {
				continue // it belongs to the character that it marks
			}
			c = letter
			if isCJK(r) {
				c = ideograph
			}
		}
		if c != last {
			turn(i, c)
		}
	}
	turn(len(folded), separator)
}

// words returns the words of a text in analysed form.
func words(s string) []string { return strings.Fields(analyse(s)) }

// unbarred returns a word without bars.
func unbarred(word string) string { return strings.ReplaceAll(word, string(bar), "") }

// foldText makes texts equal that differ only in width, case, Latin accents or invisible characters.
func foldText(s string) string {
	if isPlain(s) {
		return strings.ToLower(s)
	}
	return foldAny(s)
}

// foldAny is foldText for any text.
func foldAny(s string) string {
	s = strings.Map(dropIgnorable, s)
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.ToLower(stripLatinMarks(toASCII(s)))
}

func dropIgnorable(r rune) rune {
	if isIgnorable(r) {
		return -1
	}
	return r
}

// isIgnorable reports whether Unicode defines a character as invisible (Default_Ignorable_Code_Point): soft hyphens, joiners, directional
// marks, variation selectors.
func isIgnorable(r rune) bool {
	switch {
	case r < '\u00ad':
		return false
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case !unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return (r < '\ufff9' || r > '\ufffb') && (r < '\U00013430' || r > '\U0001343f') // annotations and hieroglyph joiners are visible
}

// stripLatinMarks removes accents that form no precomposed letter.
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

// isPlain reports whether a text has only ASCII and unified ideographs, so that only case has to be folded.
func isPlain(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && !isUnifiedIdeograph(r) {
			return false
		}
	}
	return true
}

func isUnifiedIdeograph(r rune) bool { return '\u4e00' <= r && r <= '\u9fff' }

// class is the class of a character.
type class int

const (
	separator class = iota
	letter
	digit
	mark
	ideograph // or another character for which isCJK is true
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return letter
		}
		if '0' <= r && r <= '9' {
			return digit
		}
		return separator
	case isUnifiedIdeograph(r):
		return ideograph
	case unicode.IsMark(r):
		return mark
	case unicode.IsDigit(r):
		return digit
	case isCJK(r) && unicode.In(r, unicode.Letter, unicode.Nl): // 〇 is a number
		return ideograph
	case unicode.IsLetter(r):
		return letter
	}
	return separator
}

// isCJK reports whether a character belongs to Chinese, Japanese or Korean, which are written without spaces.
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

// A word with more pieces than maxWhole would have as many terms, most of them unique: its ends are cut after cutSize characters, and
// longer searches are verified in the store.
const (
	maxWhole = 4
	cutSize  = 4
	cutMark  = "\x00" // ends cut terms; words never contain it
)

// terms calls emit with each term of an analysed text: each word, whole and from each of its pieces on, and of a run of CJK characters
// every two and three consecutive ones, and the last.
func terms(analysed string, emit func(term string)) {
	for word := range strings.FieldsSeq(analysed) {
		if !isCJKWord(word) {
			ends(word, emit)
			continue
		}
		grams(word, 2, emit)
		grams(word, gramSize, emit)
		_, last := utf8.DecodeLastRuneInString(word)
		emit(word[len(word)-last:])
	}
}

// ends calls emit with a word from each of its pieces on.
func ends(word string, emit func(term string)) {
	n := strings.Count(word, string(bar)) // of its pieces
	whole := word[1:]
	if n > 1 {
		whole = unbarred(word)
	}
	emit(whole)
	at := 0 // of a whole piece
	for rest := word[1:]; ; {
		i := strings.IndexByte(rest, bar)
		if i < 0 {
			return
		}
		at, rest = at+i, rest[i+1:]
		term := whole[at:]
		if n > maxWhole {
			term = cut(term)
		}
		emit(term)
	}
}

// cut returns the term of the end of a word of many pieces.
func cut(end string) string {
	n := 0
	for i := range end {
		if n == cutSize {
			return end[:i] + cutMark
		}
		n++
	}
	return end
}

// grams calls emit with every n consecutive characters.
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
