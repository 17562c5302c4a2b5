package search

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"oplog/oplog"
)

// matcher is a query compiled for segments and the tail.
type matcher struct {
	from, to int64 // microseconds, to exclusive

	module, operation, outcome choice // of actions
	user, organization, role   choice // of actors
	contentID, key             choice
	within, notWithin          *oplog.OrganizationSet // nil for no filter
	ip                         addressChoice

	words     []*wordMatcher // of all groups
	groups    []wordGroup
	nothing   bool       // no entry can match
	all       bool       // counts name all users and roles; see [oplog.Match]
	numbering *numbering // of the tenant; nil if single entries are matched
}

// wordGroup is the range of matchers of one search word; to is exclusive. All must match; if the word is excluded, not all may match.
type wordGroup struct {
	from, to int
	not      bool
}

// wordMatcher matches one word of a search. Exactly one of prefix, run and phrase is set.
type wordMatcher struct {
	form    string   // the substring to find in analysed texts
	formed  []byte   // the same
	probe   []byte   // a substring that a text of ASCII and unified ideographs has, in lower case, if it has the word
	prefix  string   // a Latin word, matched at the start of a piece of a word
	run     string   // CJK characters, matched anywhere
	phrase  []string // consecutive words
	user    bool     // whether the user's text is searched
	content bool     // whether the content's text is searched
	modules []string // keys of modules whose key or title matches
}

const (
	endOfTime = int64(1) << 62
)

// newMatcher compiles a query. A search without any word is CodeInvalid.
func (x *Index) newMatcher(m oplog.Match) (*matcher, error) {
	c := &matcher{
		to:     endOfTime,
		module: newChoice(m.Modules, m.Not.Modules), operation: newChoice(m.Operations, m.Not.Operations), outcome: newChoice(m.Outcomes, m.Not.Outcomes),
		user: newChoice(m.Users, m.Not.Users), organization: newChoice(m.Organizations, m.Not.Organizations), role: newChoice(m.Roles, m.Not.Roles),
		contentID: newChoice(m.ContentIDs, m.Not.ContentIDs), key: newChoice(m.Keys, m.Not.Keys), ip: newAddressChoice(m.IPs, m.Not.IPs),
		within: m.Within, notWithin: m.NotWithin, all: m.AllValues,
		nothing: m.Organizations != nil && len(m.Organizations) == 0 || m.Within != nil && m.Within.Empty(),
	}
	if !m.From.IsZero() {
		c.from = max(0, ceilMicros(m.From))
	}
	if !m.To.IsZero() {
		c.to = ceilMicros(m.To)
	}
	for _, w := range m.Words {
		if found := newWordMatchers(w, m.Catalog, &x.texts); len(found) > 0 {
			c.groups = append(c.groups, wordGroup{len(c.words), len(c.words) + len(found), w.Not})
			c.words = append(c.words, found...)
		}
	}
	if len(m.Words) > 0 && len(c.words) == 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The search is invalid.", Fields: []oplog.FieldError{{
			Part: oplog.InQuery, Field: "q", Value: m.Words[0].Text, Violation: oplog.Violates("nothing_to_search", "has no letter or digit to search for"),
		}}}
	}
	return c, nil
}

// ceilMicros rounds up to whole microseconds, which entries have, so that a bound between two microseconds is exact.
func ceilMicros(t time.Time) int64 {
	micros := t.UnixMicro()
	if t.Nanosecond()%1000 > 0 {
		micros++
	}
	return micros
}

// newWordMatchers returns the matchers of a search word: words that mix scripts or contain separators are split.
func newWordMatchers(w oplog.Word, catalog *oplog.Catalog, texts *catalogTexts) []*wordMatcher {
	found := words(w.Text)
	if len(found) == 0 {
		return nil
	}
	var matchers []*wordMatcher
	if w.Phrase && (len(found) > 1 || !isCJKWord(found[0])) {
		m := &wordMatcher{form: inRow(found)}
		for _, word := range found {
			m.phrase = append(m.phrase, unbarred(word))
		}
		matchers = append(matchers, m)
	} else {
		for _, word := range found {
			if isCJKWord(word) {
				matchers = append(matchers, &wordMatcher{form: word, run: word})
			} else {
				matchers = append(matchers, &wordMatcher{form: word, prefix: unbarred(word)})
			}
		}
	}
	for _, m := range matchers {
		m.formed, m.probe = []byte(m.form), []byte(cmp.Or(m.prefix, m.run))
		if len(m.phrase) > 0 {
			m.probe = []byte(m.phrase[0])
		}
		m.user = w.Field == oplog.FieldAny || w.Field == oplog.FieldUser
		m.content = w.Field == oplog.FieldAny || w.Field == oplog.FieldContent
		if w.Field == oplog.FieldAny || w.Field == oplog.FieldModule {
			m.modules = m.matchingModules(catalog, texts.of(catalog))
		}
	}
	return matchers
}

// inRow returns the substring of an analysed text for consecutive words: whole words, except that the first may be the end of a word from a
// piece on, and CJK characters at either end may continue.
func inRow(found []string) string {
	s := strings.Join(found, " ")
	if !isCJKWord(found[len(found)-1]) {
		s += " "
	}
	return s
}

func (w *wordMatcher) matchingModules(catalog *oplog.Catalog, texts []string) []string {
	var keys []string
	for i, text := range texts {
		if w.in(text) {
			keys = append(keys, catalog.Modules[i].Key)
		}
	}
	return keys
}

// catalogTexts caches the analysed texts of catalogs' modules. A changed catalog is a different pointer.
type catalogTexts struct {
	mu        sync.Mutex
	byCatalog map[*oplog.Catalog][]string
}

// maxCatalogs is the number of catalogs cached.
const maxCatalogs = 64

// of returns the texts of a catalog's modules, in order.
func (c *catalogTexts) of(catalog *oplog.Catalog) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if texts, ok := c.byCatalog[catalog]; ok {
		return texts
	}
	texts := make([]string, len(catalog.Modules))
	for i, m := range catalog.Modules {
		texts[i] = analyse(m.Key, m.Title.EN, m.Title.ZH)
	}
	if c.byCatalog == nil || len(c.byCatalog) >= maxCatalogs {
		c.byCatalog = make(map[*oplog.Catalog][]string)
	}
	c.byCatalog[catalog] = texts
	return texts
}

// in reports whether the word is in an analysed text.
func (w *wordMatcher) in(analysed string) bool { return strings.Contains(analysed, w.form) }

// mayBeIn reports whether the word may be in the analysed form of a user, given as a term of fieldUser. It is much faster than analysing.
func (w *wordMatcher) mayBeIn(term []byte) bool {
	var buffer [128]byte
	lower := buffer[:0]
	for i := 0; i < len(term); {
		c := term[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(term[i:])
			if !isUnifiedIdeograph(r) {
				return true
			}
			lower = append(lower, term[i:i+size]...)
			i += size
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
		i++
	}
	return bytes.Contains(lower, w.probe)
}

// key identifies the matcher's texts in caches.
func (w *wordMatcher) key() string {
	fields := ""
	if w.user {
		fields += "user "
	}
	if w.content {
		fields += "content"
	}
	return fields + "\x00" + w.form
}

// Matcher matches single entries; see [oplog.Index].
func (x *Index) Matcher(m oplog.Match) (func(e *oplog.Entry) bool, error) {
	c, err := x.newMatcher(m)
	if err != nil {
		return nil, err
	}
	return c.matchesEntry, nil
}

func (m *matcher) matchesEntry(e *oplog.Entry) bool {
	micros := e.Time.UnixMicro()
	if m.nothing || micros < m.from || micros >= m.to || !m.letsAction(action{e.Module, e.Operation, e.Outcome}) ||
		!m.letsActor(e.User.ID, e.Organization.ID, e.User.Role) || !m.contentID.lets(e.Content.ID) || !m.key.lets(e.KeyID) {
		return false
	}
	if m.ip.given() {
		if a, _ := e.Address(); !m.ip.lets(a) {
			return false
		}
	}
	if len(m.words) == 0 {
		return true
	}
	user, content := analyse(e.User.Name, e.User.ID), analyse(e.Content.Name, e.Content.ID)
	return m.letsWords(func(i int) bool {
		w := m.words[i]
		return slices.Contains(w.modules, e.Module) || w.user && w.in(user) || w.content && w.in(content)
	})
}

func (m *matcher) letsAction(a action) bool {
	return m.module.lets(a.module) && m.operation.lets(a.operation) && m.outcome.lets(a.outcome)
}

func (m *matcher) letsActor(user, organization, role string) bool {
	return m.user.lets(user) && m.role.lets(role) && m.letsOrganization(organization)
}

func (m *matcher) letsOrganization(id string) bool {
	return m.organization.lets(id) && (m.within == nil || m.within.Has(id)) && (m.notWithin == nil || !m.notWithin.Has(id))
}

// letsWords reports whether an entry passes the search; has reports whether it has a word.
func (m *matcher) letsWords(has func(word int) bool) bool {
	for _, g := range m.groups {
		all := true
		for i := g.from; i < g.to && all; i++ {
			all = has(i)
		}
		if all == g.not {
			return false
		}
	}
	return true
}

// byActor reports whether the actor alone decides, apart from the time.
func (m *matcher) byActor() bool {
	return m.byWhoAndWhat() && !m.module.given() && !m.operation.given() && !m.outcome.given()
}

// byAction reports whether the action alone decides, apart from the time.
func (m *matcher) byAction() bool {
	return m.byWhoAndWhat() && !m.user.given() && !m.organization.given() && !m.role.given() && m.within == nil && m.notWithin == nil
}

// byWhoAndWhat reports whether actor and action alone decide.
func (m *matcher) byWhoAndWhat() bool {
	return len(m.words) == 0 && !m.contentID.given() && !m.key.given() && !m.ip.given()
}
