package docs

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Result is a section that contains all words of a search.
type Result struct {
	Page, Section        string // titles; Section is "" for a page's beginning
	Link                 string // relative to the results
	Before, Match, After string
	rank                 int // 0 before 1 …
}

const (
	maxResults = 30
	maxQuery   = 200 // characters
	around     = 80  // characters of text on both sides of a match
)

// fold makes texts comparable regardless of case and width.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// search returns the sections with all words of a query, those with a word in their title first, and those of the API last.
func (b *book) search(query string) []Result {
	if utf8.RuneCountInString(query) > maxQuery {
		query = string([]rune(query)[:maxQuery])
	}
	wanted := strings.Fields(fold(query))
	if len(wanted) == 0 {
		return nil
	}
	var found []Result
	for _, p := range b.pages {
		for i, s := range p.Sections {
			if slices.ContainsFunc(wanted, func(word string) bool { return !strings.Contains(s.text, word) }) {
				continue
			}
			r := Result{Page: p.Title, Link: p.Name + "#" + s.ID, rank: 1}
			if strings.Contains(fold(s.Title), wanted[0]) {
				r.rank = 0
			}
			if p.Name == apiName {
				r.rank += 2
			}
			if p.Name == "" {
				r.Link = "./#" + s.ID
			}
			if i > 0 {
				r.Section = s.Title
			}
			r.Before, r.Match, r.After = excerpt(s.plain, wanted[0])
			found = append(found, r)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].rank < found[j].rank })
	return found[:min(len(found), maxResults)]
}

// excerpt returns the text around the first place of a folded word.
func excerpt(plain, word string) (before, match, after string) {
	runes := []rune(strings.Join(strings.Fields(plain), " "))
	length := utf8.RuneCountInString(word)
	at := 0
	for at < len(runes) && !strings.HasPrefix(fold(string(runes[at:min(len(runes), at+2*length)])), word) {
		at++
	}
	if at == len(runes) { // a match across letters that folding combines
		return "", "", string(runes[:min(len(runes), 2*around)])
	}
	end := min(len(runes), at+length)
	start := max(0, at-around)
	before, after = string(runes[start:at]), string(runes[end:min(len(runes), end+around)])
	if start > 0 {
		before = "… " + before
	}
	if end+around < len(runes) {
		after += " …"
	}
	return before, string(runes[at:end]), after
}
