package search

import (
	"net"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"oplog/oplog"
)

// The plain matcher below defines a search word by word, without an index and its text analysis.

func plainMatch(q oplog.Query, tree oplog.Tree, e *oplog.Entry) bool {
	below := func(id string) bool {
		for o := e.Organization.ID; o != ""; {
			if o == id {
				return true
			}
			found, _ := tree.Find(o)
			o = found.ParentID
		}
		return false
	}
	has := func(values oplog.Values) (all, some bool) {
		all = true
		for _, f := range []struct {
			values []string
			is     func(value string) bool
		}{
			{values.Users, func(v string) bool { return e.User.ID == v }},
			{values.Modules, func(v string) bool { return e.Module == v }},
			{values.Operations, func(v string) bool { return e.Operation == v }},
			{values.ContentIDs, func(v string) bool { return e.Content.ID == v }},
			{values.Outcomes, func(v string) bool { return e.Outcome == v || e.Outcome == "" && v == "success" }},
			{values.Roles, func(v string) bool { return e.User.Role == v }},
			{values.IPs, func(v string) bool { return plainWithin(e.IP, v) }},
			{values.Keys, func(v string) bool { return e.KeyID == v && v != "" }},
			{values.Organizations, below},
		} {
			if len(f.values) > 0 {
				one := slices.ContainsFunc(f.values, f.is)
				all, some = all && one, some || one
			}
		}
		return all, some
	}
	if all, _ := has(q.Values); !all {
		return false
	}
	if _, some := has(q.Not); some {
		return false
	}
	if q.Scope != "" && !below(q.Scope) || !q.From.IsZero() && e.Time.Before(q.From) || !q.To.IsZero() && !e.Time.Before(q.To) {
		return false
	}
	return plainSearch(q, e)
}

// plainSearch reports whether an entry matches the words of a query.
func plainSearch(q oplog.Query, e *oplog.Entry) bool {
	words, _ := oplog.ParseSearch(q.Search)
	module, _ := oplog.BuiltInCatalog().Module(e.Module)
	texts := map[oplog.Field][]string{
		oplog.FieldUser: {e.User.Name, e.User.ID}, oplog.FieldContent: {e.Content.Name, e.Content.ID},
		oplog.FieldModule: {module.Key, module.Title.EN, module.Title.ZH},
	}
	for _, w := range words {
		var within []string
		for field, t := range texts {
			if w.Field == oplog.FieldAny || w.Field == field {
				within = append(within, t...)
			}
		}
		parts := [][]string{plainWords(w.Text)}
		if !w.Phrase {
			parts = nil
			for _, p := range plainWords(w.Text) {
				parts = append(parts, []string{p})
			}
		}
		found := true
		for _, p := range parts {
			found = found && slices.ContainsFunc(within, func(text string) bool { return plainContains(plainWords(text), p, w.Phrase) })
		}
		if nothing := len(plainWords(w.Text)) == 0; !nothing && found == w.Not {
			return false
		}
	}
	return true
}

// plainWithin reports whether an address is in a network, using net instead of netip.
func plainWithin(ip, network string) bool {
	if host, _, err := net.SplitHostPort(ip); err == nil {
		ip = host
	}
	host, _, _ := strings.Cut(ip, "%")
	a := net.ParseIP(host)
	if !strings.Contains(network, "/") {
		return a != nil && a.Equal(net.ParseIP(network))
	}
	_, n, _ := net.ParseCIDR(network)
	return a != nil && (a.To4() != nil) == (n.IP.To4() != nil) && n.Contains(a)
}

// plainContains reports whether a text contains the words in a row.
func plainContains(text, row []string, whole bool) bool {
	for i := 0; i+len(row) <= len(text); i++ {
		matched := true
		for j, w := range row {
			have := text[i+j]
			first, last := j == 0, j == len(row)-1
			switch cjk := plainCJK([]rune(w)[0]); {
			case cjk && first && last:
				matched = matched && strings.Contains(have, w)
			case cjk && first:
				matched = matched && strings.HasSuffix(have, w)
			case cjk && last:
				matched = matched && strings.HasPrefix(have, w)
			case first:
				matched = matched && slices.ContainsFunc(plainEnds(have), func(end string) bool {
					return end == w || !whole && strings.HasPrefix(end, w)
				})
			default:
				matched = matched && have == w
			}
		}
		if matched {
			return true
		}
	}
	return len(row) == 0
}

// plainEnds returns a word and its suffixes that start at a boundary of letters and digits.
func plainEnds(word string) []string {
	found := []string{word}
	before := rune(0)
	for i, r := range word {
		if unicode.IsMark(r) {
			continue
		}
		if before != 0 && unicode.IsDigit(before) != unicode.IsDigit(r) {
			found = append(found, word[i:])
		}
		before = r
	}
	return found
}

// ignorable are the Default_Ignorable_Code_Point characters of Unicode's DerivedCoreProperties.txt.
var ignorable = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, {Lo: 0x034f, Hi: 0x034f, Stride: 1}, {Lo: 0x061c, Hi: 0x061c, Stride: 1}, {Lo: 0x115f, Hi: 0x1160, Stride: 1},
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, {Lo: 0x180b, Hi: 0x180f, Stride: 1}, {Lo: 0x200b, Hi: 0x200f, Stride: 1}, {Lo: 0x202a, Hi: 0x202e, Stride: 1},
		{Lo: 0x2060, Hi: 0x206f, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, {Lo: 0xfeff, Hi: 0xfeff, Stride: 1},
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, {Lo: 0xfff0, Hi: 0xfff8, Stride: 1},
	},
	R32:         []unicode.Range32{{Lo: 0x1bca0, Hi: 0x1bca3, Stride: 1}, {Lo: 0x1d173, Hi: 0x1d17a, Stride: 1}, {Lo: 0xe0000, Hi: 0xe0fff, Stride: 1}},
	LatinOffset: 1,
}

func plainCJK(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー'
}

// plainWords splits a text into folded words, also between scripts.
func plainWords(s string) []string {
	var out []rune
	var shown []rune
	for _, r := range s {
		if !unicode.Is(ignorable, r) {
			shown = append(shown, r)
		}
	}
	for _, r := range norm.NFD.String(strings.ToLower(strings.ToUpper(norm.NFKC.String(string(shown))))) {
		latinBefore := len(out) > 0 && unicode.Is(unicode.Latin, out[len(out)-1])
		switch {
		case unicode.Is(unicode.Mn, r) && latinBefore: // an accent
		case r == 'ß':
			out = append(out, 's', 's')
		case r == 'ς':
			out = append(out, 'σ')
		default:
			out = append(out, unicode.ToLower(r))
		}
	}
	var words []string
	word := ""
	for _, r := range norm.NFC.String(string(out)) {
		wordRune := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '〇'
		if word != "" && (!wordRune || !unicode.IsMark(r) && plainCJK(r) != plainCJK([]rune(word)[0])) {
			words = append(words, word)
			word = ""
		}
		if wordRune {
			word += string(r)
		}
	}
	if word != "" {
		words = append(words, word)
	}
	return words
}
