package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible escapes a text for a terminal. Characters that a terminal interprets or hides (controls, bidirectional marks, zero-width
// characters) become \uXXXX, so that recorded text displays as recorded and has no side effects. Joiners within emoji and within words of
// joining scripts stay.
func visible(s string) string { return escape(s, false) }

// visibleLines is like visible, but keeps line breaks.
func visibleLines(s string) string { return escape(s, true) }

func escape(s string, lines bool) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case !hidden(r) || lines && r == '\n' || joins(runes, i):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

// hidden reports whether a terminal displays nothing for a character or interprets it.
func hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7F
	}
	const blankPattern = '\u2800' // of Braille
	return r == blankPattern || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		!unicode.IsGraphic(r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joining are scripts in which joiners change the shape of letters.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Adlam, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer,
	unicode.Myanmar,
}

// joins reports whether a hidden character affects the display: a joiner within an emoji or a word of a joining script, a variation
// selector, or the tags of a flag.
func joins(runes []rune, i int) bool {
	if i == 0 {
		return false
	}
	before, after := runes[i-1], rune(0)
	if i+1 < len(runes) {
		after = runes[i+1]
	}
	const nonJoiner, joiner, flag, tags, endTag = '\u200c', '\u200d', '\U0001f3f4', '\U000e0020', '\U000e007f'
	switch r := runes[i]; {
	case r == joiner && isEmoji(after) && (isEmoji(before) || unicode.Is(unicode.Variation_Selector, before)):
		return true
	case r == joiner || r == nonJoiner:
		return unicode.In(before, joining...) && (unicode.In(after, joining...) || unicode.Is(unicode.Mn, before))
	case unicode.Is(unicode.Variation_Selector, r):
		return !hidden(before) && !unicode.IsSpace(before)
	case r >= tags && r <= endTag:
		return before == flag || before >= tags && before < endTag && joins(runes, i-1)
	}
	return false
}

func isEmoji(r rune) bool {
	return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0xFFFF
}
