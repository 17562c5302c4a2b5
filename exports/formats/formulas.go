package formats

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts are the characters at which a spreadsheet starts a formula, or which it skips before looking for one.
const formulaStarts = "=+-@＝＋－＠\t\r\n"

// isFormula reports whether a spreadsheet would execute a text as a formula.
func isFormula(text string) bool {
	if text == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune(formulaStarts, first)
}

// looksGuarded reports whether a text has the form of a guarded formula. If a text was recorded like this, its cell is quoted even if RFC
// 4180 does not require it: CSV readers see the same text, and [unguarded] can tell the difference.
func looksGuarded(text string) bool { return text != "" && text[0] == '\'' && isFormula(text[1:]) }

// unguarded returns the text of an export's cell; inQuotes reports whether the cell is quoted, which may be the writer's mark. If RFC 4180
// requires the quotes, they carry no meaning: a text recorded as an apostrophe before a formula loses the apostrophe if it also contains a
// comma, quotation mark or line break, or ends in a space.
func unguarded(cell string, inQuotes bool) string {
	if !looksGuarded(cell) || inQuotes && !quoted(cell) {
		return cell
	}
	return cell[1:]
}
