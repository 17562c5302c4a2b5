package oplog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// formatWords formats words briefly: field:text, phrases in brackets, ! before excluded ones.
func formatWords(words []Word) string {
	var parts []string
	for _, w := range words {
		s := w.Text
		if w.Phrase {
			s = "[" + s + "]"
		}
		if w.Field != FieldAny {
			s = string(w.Field) + ":" + s
		}
		if w.Not {
			s = "!" + s
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "|")
}

// searchCases are searches as people type them, with their parsed words.
var searchCases = []struct{ text, want string }{
	{"", ""},
	{"  \t\u3000 ", ""},
	{"spring", "spring"},
	{" spring  sale ", "spring|sale"},
	{"双十一\u3000会员", "双十一|会员"},
	{"O'Brien a_b-c.d", "O'Brien|a_b-c.d"},

	{"user:wang", "user:wang"},
	{"module:sms content:v3 user:u1", "module:sms|content:v3|user:u1"},
	{"user：王芳", "user:王芳"},
	{"name:wang", "name:wang"},
	{"User:wang MODULE:sms Content：v3", "user:wang|module:sms|content:v3"},
	{"USER", "USER"},
	{"User wang", "User|wang"},
	{"uſer:wang", "uſer:wang"},
	{"xuser:wang", "xuser:wang"},
	{"user:content:x", "user:content:x"},
	{"user: wang", "user:|wang"},
	{"user:", "user:"},

	{`"black friday"`, "[black friday]"},
	{`content:"black friday" sale`, "content:[black friday]|sale"},
	{`user："Wang Fang"`, "user:[Wang Fang]"},
	{`a"b c"d`, "a|[b c]|d"},
	{`"a""b"`, "[a]|[b]"},
	{`""`, "[]"},
	{`"black fri`, "[black fri]"},
	{`sale "`, "sale|[]"},
	{"“双十一 会员”", "[双十一 会员]"},
	{"”双十一 会员“ x", "[双十一 会员]|x"},
	{"＂a b＂", "[a b]"},
	{"“a b", "[a b]"},
	{`“a b" c`, "[a b]|c"},
	{`"user:x"`, "[user:x]"},

	{"-sms", "!sms"},
	{"spring -sms", "spring|!sms"},
	{`-"black friday" sale`, "![black friday]|sale"},
	{`-“双十一 会员”`, "![双十一 会员]"},
	{"-user:wang -module:sms", "!user:wang|!module:sms"},
	{`-content:"black friday"`, "!content:[black friday]"},
	{"user:-wang", "!user:wang"},
	{`user:-"Wang Fang"`, "!user:[Wang Fang]"},
	{"－短信 −sms ‐x ‑y ﹣z", "!短信|!sms|!x|!y|!z"},
	{"--x", "!-x"},
	{"-user:-wang", "!user:wang"},
	// While the user is still typing, inside a word, inside quotation marks, after them.
	{"-", "-"},
	{"sms -", "sms|-"},
	{"- sms", "-|sms"},
	{"user:-", "user:-"},
	{"user:- wang", "user:-|wang"},
	{"a-b a- 2026-11-20", "a-b|a-|2026-11-20"},
	{`"-a" "a -b"`, "[-a]|[a -b]"},
	{`"a"-b a-"b c"`, "[a]|-b|a-|[b c]"},
	{"–x —y", "–x|—y"},
	{`-"`, "![]"},
	{strings.Repeat("é", MaxSearchLength), strings.Repeat("é", MaxSearchLength)},
	{strings.Repeat("a ", MaxSearchWords), strings.TrimSuffix(strings.Repeat("a|", MaxSearchWords), "|")},
}

func TestParseSearch(t *testing.T) {
	for _, c := range searchCases {
		words, err := ParseSearch(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if got := formatWords(words); got != c.want {
			t.Errorf("%q reads as %s, want %s", c.text, got, c.want)
		}
	}
}

func TestParseSearchRefuses(t *testing.T) {
	f := func(t *testing.T, in, want string) {
		t.Helper()
		words, err := ParseSearch(in)
		if CodeOf(err) != CodeInvalid || words != nil {
			t.Fatalf("%.20q: %v, %v, want it refused", in, words, err)
		}
		var errs *Error
		if !errors.As(err, &errs) {
			t.Fatalf("%.20q: %v has no fields", in, err)
		}
		if fields := errs.Fields; len(fields) != 1 || fields[0].location() != "query.q" || fields[0].Message != want {
			t.Errorf("%.20q: %+v, want %s", in, fields, want)
		}
	}
	f(t, strings.Repeat("é", MaxSearchLength+1), "is 1025 characters long; at most 1024")
	f(t, strings.Repeat("a ", MaxSearchWords+1), "has more than 32 words")
	f(t, strings.Repeat(`""`, MaxSearchWords+1), "has more than 32 words")
	f(t, "a\x00b", "contains invalid characters")
	f(t, "a\xffb", "contains invalid characters")
}

func FuzzParseSearch(f *testing.F) {
	for _, seed := range []string{"", "a b", `user:"a b" c`, "“a", "module：双", `"`, "user:", "\u3000", "a\x00", "\xff", "-a -user:b user:-c", `-"a" "b"-c`, "－", "- -"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, q string) {
		words, err := ParseSearch(q)
		if err != nil {
			if CodeOf(err) != CodeInvalid {
				t.Fatalf("%q: %v", q, err)
			}
			return
		}
		if !utf8.ValidString(q) || len(words) > MaxSearchWords {
			t.Fatalf("%q is let through with %d words", q, len(words))
		}
		rest := q // words are parts of the search, in its order
		for _, w := range words {
			i := strings.Index(rest, w.Text)
			if i < 0 {
				t.Fatalf("%q: word %q is not of it", q, w.Text)
			}
			rest = rest[i+len(w.Text):]
			if strings.ContainsFunc(w.Text, isQuote) || !w.Phrase && len(strings.Fields(w.Text)) > 1 {
				t.Fatalf("%q: word %q is more than one", q, w.Text)
			}
		}
		again, _ := ParseSearch(" " + q + " ")
		if strings.ContainsFunc(q, isQuote) { // an unclosed one includes the space
			return
		}
		if fmt.Sprint(again) != fmt.Sprint(words) {
			t.Fatalf("%q: %v, with spaces around %v", q, words, again)
		}
	})
}
