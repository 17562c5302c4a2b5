package formats

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// formulaSigns are the characters at which a spreadsheet starts a formula.
const formulaSigns = "=+-@＝＋－＠"

// cellEnds are the characters that end a cell for a spreadsheet that does not separate cells by commas: where the decimal sign is a comma,
// Excel separates them by semicolons and ignores quotation marks that are not at the start of a cell, so line breaks end cells, too.
const cellEnds = ";\t\r\n"

// isFormula reports whether a spreadsheet would execute a text as a formula, also after blanks, which some skip.
func isFormula(text string) bool {
	if text == "" {
		return false
	}
	if strings.IndexByte("\t\r\n", text[0]) >= 0 {
		return true
	}
	if c := text[0]; c > ' ' && c < utf8.RuneSelf {
		return strings.IndexByte(formulaSigns, c) >= 0
	}
	return startsWithSign(strings.TrimLeftFunc(text, isBlank))
}

// isBlank reports whether a character is one that spreadsheets may skip before a formula: white space, or invisible.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

func startsWithSign(text string) bool {
	if text == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune(formulaSigns, first)
}

// guarded returns a text with an apostrophe before each formula: at its start, and after each character at which another spreadsheet could
// start a cell.
func guarded(text string) string {
	if isFormula(text) {
		text = "'" + text
	}
	return editFormulas(text, func(b *strings.Builder, apostrophes string) { b.WriteString(apostrophes + "'") })
}

// looksGuarded reports whether a text has the form of a guarded formula. If a text was recorded like this, its cell is quoted even if RFC
// 4180 does not require it: CSV readers see the same text, and [unguarded] can tell the difference.
func looksGuarded(text string) bool { return text != "" && text[0] == '\'' && isFormula(text[1:]) }

// unguarded returns the text of an export's cell; inQuotes reports whether the cell is quoted, which may be the writer's mark. If RFC 4180
// requires the quotes, they carry no meaning: a text recorded as an apostrophe before a formula loses the apostrophe if it also contains a
// comma, quotation mark or line break, or ends in a space. Within a text nothing is lost: [guarded] adds one apostrophe to those recorded.
func unguarded(cell string, inQuotes bool) string {
	text := editFormulas(cell, func(b *strings.Builder, apostrophes string) { b.WriteString(strings.TrimSuffix(apostrophes, "'")) })
	if !looksGuarded(text) || inQuotes && !quoted(cell) {
		return text
	}
	return text[1:]
}

// editFormulas returns a text in which write has replaced the apostrophes, if any, before each formula within the text. Line breaks and tabs
// at the start are part of a formula at the start, which has one apostrophe before them.
func editFormulas(text string, write func(b *strings.Builder, apostrophes string)) string {
	if !strings.ContainsAny(text, cellEnds) {
		return text
	}
	var b strings.Builder
	start := strings.TrimLeft(strings.TrimPrefix(text, "'"), "\t\r\n")
	b.WriteString(text[:len(text)-len(start)])
	text = start
	for end := strings.IndexAny(text, cellEnds); end >= 0; end = strings.IndexAny(text, cellEnds) {
		rest := strings.TrimLeftFunc(text[end:], func(r rune) bool { return r == ';' || r == '"' || isBlank(r) })
		b.WriteString(text[:len(text)-len(rest)])
		formula := strings.TrimLeft(rest, "'")
		if startsWithSign(formula) {
			write(&b, rest[:len(rest)-len(formula)])
			rest = formula
		}
		text = rest
	}
	b.WriteString(text)
	return b.String()
}
