package search

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// TestFoldText: the fast path for plain texts returns the same as the full one.
func TestFoldText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(
			rapid.RuneFrom([]rune("aZ09_ .-é\u0301İßſKÅﬁＡ１，。・ー가각ᄀ\u4dff\u4e00双十\u9fff\ua000豈①㍿Ⅷ\u200d\u00ad\u034f〇😀ا")),
			rapid.Rune(),
		)).Draw(t, "text")
		if got, want := foldText(s), foldAny(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	})
}

func TestIsIgnorable(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if got, want := isIgnorable(r), unicode.Is(ignorable, r); got != want {
			t.Errorf("%U: %v, want %v", r, got, want)
		}
	}
}

func TestAnalyse(t *testing.T) {
	f := func(name, id, want string) {
		t.Helper()
		if got := analyse(name, id); got != want {
			t.Errorf("%q, %q becomes %q, want %q", name, id, got, want)
		}
	}
	f("", "", " \n ")
	f("Spring sale 双十一v3", "page_0017", " |spring |sale 双十一 |v|3 \n |page |0017 ")
	f("iPhone15手机壳", "U10027", " |iphone|15 手机壳 \n |u|10027 ")
	f("二〇二六年", "x²", " 二〇二六年 \n |x|2 ")
	f("shy\u00adness zero\u200bwidth", "e\u00ad\u0301", " |shyness |zerowidth \n |e ")
	f("…\u0302a1\u03022b", "|", " |\u0302a|1\u03022|b \n ")
}

func TestTerms(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var got []string
		terms(analyse(text), func(term string) { got = append(got, term) })
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q has the terms %q, want %q", text, got, want)
		}
	}
	f("spring U10027", "spring u10027 10027")
	f("a1b22222", "a1b22222 1b22222 b22222 22222")
	f("550e8400 9f1e0a77b2c3", "550e8400 e8400 8400 9f1e0a77b2c3 f1e0\x00 1e0a\x00 e0a7\x00 0a77\x00 a77b\x00 77b2\x00 b2c3 2c3 c3 3")
	f("双十一v3", "双十 十一 双十一 一 v3 3")
}
