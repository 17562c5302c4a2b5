package search

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// TestMemoryOfDistinctUsers: a sender cannot fill the memory with users: each takes little, however long the id, the name and the role
// are, also once a search has looked at all of them.
func TestMemoryOfDistinctUsers(t *testing.T) {
	const users = 100_000
	long := strings.Repeat("长", oplog.MaxUserLength-8)
	f := func(name, role string, id func(i int) string, most uint64) {
		t.Helper()
		n := newNumbering(0)
		before := heapInUse()
		latest := make(map[uint32]int64)
		for i := range users {
			e := oplog.Entry{User: oplog.User{ID: id(i), Name: name, Role: role}, Module: "sms", Operation: "send", Time: time.UnixMicro(int64(i))}
			n.document(&e, latest)
			n.userText([]byte(userTerm(e.User)))
			clear(latest)
		}
		each := (heapInUse() - before) / users
		if each > most {
			t.Errorf("a user whose id has %d bytes takes %d bytes, more than %d", len(id(0)), each, most)
		}
		if told := uint64(n.bytes()) / users; told > each+each/4 || told < each-each/4 { //nolint:gosec // a size
			t.Errorf("a user takes %d bytes, and %d are told", each, told)
		}
		runtime.KeepAlive(n)
	}
	const analysed = maxAnalysed/users + 16
	f("Wang Fang", "clerk", func(i int) string { return fmt.Sprint("u", i) }, 120+analysed)
	f(long, "clerk", func(i int) string { return fmt.Sprint("u", i) }, 160+analysed)
	f(long, long, func(i int) string { return fmt.Sprint(long, i) }, 220+analysed)
}

// TestNumbersOfUsers: the same values have the same numbers, in the tail and in segments, and others have others.
func TestNumbersOfUsers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNumbering(rapid.SampledFrom([]int{0, 500, 1 << 20}).Draw(t, "kept"))
		text := rapid.SampledFrom([]string{
			"", "a", "ab", strings.Repeat("x", longText-1), strings.Repeat("x", longText), strings.Repeat("x", longText) + "y",
			strings.Repeat("x", briefText), string(appendBrief(nil, strings.Repeat("x", longText))), longName, longName + "1",
		})
		type values struct {
			user, name, role, organization string
		}
		numbers, of := map[values]uint32{}, map[uint32]values{}
		for range 30 {
			v := values{text.Draw(t, "id"), text.Draw(t, "name"), text.Draw(t, "role"), text.Draw(t, "organization")}
			e := &oplog.Entry{User: oplog.User{ID: v.user, Name: v.name, Role: v.role}, Organization: oplog.Ref{ID: v.organization}}
			_, w := n.of(e)
			if known, found := numbers[v]; found && known != w {
				t.Fatalf("%+v has the numbers %d and %d", v, known, w)
			}
			if other, found := of[w]; found && other != v {
				t.Fatalf("%+v and %+v have the number %d", v, other, w)
			}
			numbers[v], of[w] = w, v
			number := func(field, term string) uint32 { return n.numberTerm(field, []byte(term)) }
			a := n.actors[w]
			if u, o, r := number(fieldUser, userTerm(e.User)), number(fieldOrganization, v.organization), number(fieldRole, v.role); (actor{u, a.id, o, r}) != a {
				t.Fatalf("%+v has the numbers %+v, and the terms %d, %d, %d", v, a, u, o, r)
			}
		}
		ids := map[string]uint32{}
		for v, w := range numbers {
			id := n.actors[w].id
			if known, found := ids[v.user]; found && known != id {
				t.Fatalf("id %q has the numbers %d and %d", v.user, known, id)
			}
			ids[v.user] = id
		}
		if len(ids) != len(n.ids) {
			t.Fatalf("%d ids have %d numbers", len(ids), len(n.ids))
		}
	})
}

// TestTexts: many texts keep their numbers while the table and the arena grow, also texts longer than a chunk.
func TestTexts(t *testing.T) {
	const all = 50_000
	n := newTexts(isBrief, 0)
	text := func(i int) []byte {
		if i%10_000 == 7 {
			return []byte(fmt.Sprint(i, strings.Repeat("x", maxChunk)))
		}
		return []byte(strings.Repeat(fmt.Sprint("text ", i), i%7))
	}
	number := map[string]uint32{}
	for range 2 {
		for i := range all {
			s := text(i)
			got := n.of(s, nil)
			want, known := number[string(s)]
			if !known {
				want = uint32(len(number))
				number[string(s)] = want
			}
			if got != want || string(n.text(got)) != string(s) {
				t.Fatalf("text %d has number %d, want %d", i, got, want)
			}
		}
	}
	if _, known := n.find([]byte("another")); known {
		t.Error("a text is known that was not added")
	}
}

// TestTop: the largest counts are kept, of equal ones the first texts.
func TestTop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []counted
		for i, count := range rapid.SliceOfN(rapid.Uint32Range(0, 6), 0, 60).Draw(t, "counts") {
			values = append(values, counted{uint32(i), count})
		}
		most := rapid.IntRange(1, 12).Draw(t, "most")
		text := func(v counted) []byte { return fmt.Appendf(nil, "%03d", v.number*7%61) }
		want := slices.DeleteFunc(slices.Clone(values), func(v counted) bool { return v.count == 0 })
		slices.SortFunc(want, func(a, b counted) int {
			if a.count != b.count {
				return int(b.count) - int(a.count)
			}
			return strings.Compare(string(text(a)), string(text(b)))
		})
		rest := max(0, len(want)-most)
		if kept, more := top(values, most, text); !slices.Equal(kept, want[:len(want)-rest]) || more != rest {
			t.Fatalf("kept are %v and %d more, want %v and %d", kept, more, want, rest)
		}
	})
}

// TestProbe: no user that has a word is left out before it is analysed, and most that have not are.
func TestProbe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{
			"Müller", "muller", "ＶＩＰ", "vip", "Straße", "STRASSE", "spr\u00ading", "spring", "ｶﾀｶﾅ", "カタカナ", "Ελλάς", "x²", "x2", "100\u200b27", "10027", "双十一", "十", "v3",
		})
		u := oplog.User{ID: piece.Draw(t, "id"), Name: piece.Draw(t, "first") + rapid.SampledFrom([]string{"", " ", "-"}).Draw(t, "joint") + piece.Draw(t, "last")}
		word := oplog.Word{Text: piece.Draw(t, "word") + rapid.SampledFrom([]string{"", " spring", "双"}).Draw(t, "more"), Phrase: rapid.Bool().Draw(t, "phrase")}
		for _, w := range newWordMatchers(word, oplog.BuiltInCatalog(), &catalogTexts{}) {
			if w.in(analyse(u.Name, u.ID)) && !w.mayBeIn([]byte(userTerm(u))) {
				t.Fatalf("%+v has %q, and is left out", u, w.form)
			}
		}
	})
	for _, w := range newWordMatchers(oplog.Word{Text: "fang"}, oplog.BuiltInCatalog(), &catalogTexts{}) {
		if w.mayBeIn([]byte("u1\x00Wang Li 王丽")) || !w.mayBeIn([]byte("u1\x00Wang FANG 王丽")) {
			t.Error("a user is told apart wrongly")
		}
	}
}
