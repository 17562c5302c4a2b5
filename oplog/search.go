package oplog

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word is one term of a search: text to find in a field.
type Word struct {
	Text   string
	Field  Field
	Phrase bool // Text is a phrase: its words must match whole and in order
	Not    bool // excludes matching entries
}

// Field is a field that a search looks in.
type Field string

// The fields of a search; FieldAny is any of the others.
const (
	FieldAny     Field = ""
	FieldUser    Field = "user"    // name and id
	FieldModule  Field = "module"  // key and both titles
	FieldContent Field = "content" // name and id
)

// Limits of a search.
const (
	MaxSearchLength = 1024 // characters
	MaxSearchWords  = 32
)

// ParseSearch parses a search as users type it: words separated by spaces, all of which must match. "user:", "module:" or "content:" before
// a word restricts it to that field; quotation marks enclose a phrase, and an unclosed one runs to the end, because the user may still be
// typing. A hyphen before a word, or between field and word, excludes its matches; a hyphen followed by a space is ignored for the same
// reason. A search without any letter or digit is rejected by the Index, which defines words.
func ParseSearch(q string) ([]Word, error) {
	if n := utf8.RuneCountInString(q); n > MaxSearchLength {
		return nil, searchError(q, "too_long", "is {length} characters long; at most {max}", n, MaxSearchLength)
	}
	if !utf8.ValidString(q) || strings.ContainsRune(q, 0) {
		return nil, searchError("", "not_utf8", "contains invalid characters")
	}
	var words []Word
	atStart := true // not right after a closing quotation mark
	for rest := strings.TrimSpace(q); rest != ""; {
		var w Word
		w, rest = nextWord(rest, atStart)
		trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
		atStart, rest = len(trimmed) < len(rest), trimmed
		if words = append(words, w); len(words) > MaxSearchWords {
			return nil, searchError(q, "too_many_words", "has more than {max} words", MaxSearchWords)
		}
	}
	return words, nil
}

func searchError(q, code, message string, args ...any) error {
	v := Validation{part: InQuery}
	v.Fail("q", q, code, message, args...)
	return &Error{Code: CodeInvalid, Message: "The search is invalid.", Fields: v.Errors}
}

// nextWord splits the first word or phrase, with its field, off a text that does not start with a space. A hyphen excludes the word if
// atStart.
func nextWord(s string, atStart bool) (Word, string) {
	var w Word
	if atStart {
		s, w.Not = cutHyphen(s)
	}
	for _, f := range []Field{FieldUser, FieldModule, FieldContent} {
		if after, ok := cutField(s, f); ok {
			w.Field, s = f, after
			if excluded, ok := cutHyphen(s); ok {
				s, w.Not = excluded, true
			}
			break
		}
	}
	if open, size := utf8.DecodeRuneInString(s); isQuote(open) {
		w.Phrase = true
		s = s[size:]
		end := strings.IndexFunc(s, isQuote)
		if end < 0 {
			w.Text = s
			return w, ""
		}
		w.Text = s[:end]
		_, size = utf8.DecodeRuneInString(s[end:])
		return w, s[end+size:]
	}
	end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isQuote(r) })
	if end < 0 {
		end = len(s)
	}
	w.Text = s[:end]
	return w, s[end:]
}

// cutField removes a prefix such as "user:", in any case since phones capitalize it; the full-width colon of Chinese keyboards counts too.
func cutField(s string, f Field) (string, bool) {
	if len(s) < len(f) || !strings.EqualFold(s[:len(f)], string(f)) {
		return s, false
	}
	after, ok := strings.CutPrefix(s[len(f):], ":")
	if !ok {
		after, ok = strings.CutPrefix(s[len(f):], "：")
	}
	if !ok {
		return s, false
	}
	return after, true
}

// cutHyphen removes a leading hyphen if something follows it.
func cutHyphen(s string) (string, bool) {
	r, size := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[size:]); !isHyphen(r) || size == len(s) || unicode.IsSpace(next) {
		return s, false
	}
	return s[size:], true
}

// isHyphen reports whether r is one of the characters typed as a hyphen or minus sign.
func isHyphen(r rune) bool { return strings.ContainsRune("-\u2010\u2011\u2212\ufe63\uff0d", r) }

func isQuote(r rune) bool { return r == '"' || r == '“' || r == '”' || r == '＂' }
