package search

import (
	"testing"

	"pgregory.net/rapid"
)

// The quick way for plain texts gives what the full one does.
func TestFoldText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(
			rapid.RuneFrom([]rune("aZ09_ .-é\u0301İßſKÅﬁＡ１，。・ー가각ᄀ\u4dff\u4e00双十\u9fff\ua000豈①㍿Ⅷ\u200d😀ا")),
			rapid.Rune(),
		)).Draw(t, "text")
		if got, want := foldText(s), foldAny(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	})
}
