package search

import (
	"net"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"oplog/oplog"
)

// The plain matcher below says what a search means, word by word, without an
// index and without the index's analysis.

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

// plainWithin tells whether an address is in a network, by net instead of netip.
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

// plainContains tells whether the words stand in a row in a text.
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
			case cjk || whole:
				matched = matched && have == w
			default:
				matched = matched && strings.HasPrefix(have, w)
			}
		}
		if matched {
			return true
		}
	}
	return len(row) == 0
}

func plainCJK(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー'
}

// plainWords cuts a text into folded words, splitting between scripts.
func plainWords(s string) []string {
	var out []rune
	for _, r := range norm.NFD.String(strings.ToLower(strings.ToUpper(norm.NFKC.String(s)))) {
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
		wordRune := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
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
