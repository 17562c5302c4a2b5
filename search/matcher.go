package search

import (
	"slices"
	"strings"
	"sync"
	"time"

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
		within: m.Within, notWithin: m.NotWithin,
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
	return m.user.lets(user) && m.organization.lets(organization) && m.role.lets(role) &&
		(m.within == nil || m.within.Has(organization)) && (m.notWithin == nil || !m.notWithin.Has(organization))
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

// tailMatcher matches entries of the tail. It caches results by number, for one query in one goroutine.
type tailMatcher struct {
	*matcher
	actionOf    []action
	actorOf     []actor
	actions     []answer   // for module and operation filters
	actors      []answer   // for user and organization filters
	wordActions [][]answer // for each word, in modules
	wordActors  [][]answer // for each word, in users
	userTexts   []*lazyText
}

type answer int8

const (
	unknown answer = iota
	yes
	no
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

func newTailMatcher(m *matcher) *tailMatcher {
	t := &tailMatcher{matcher: m, wordActions: make([][]answer, len(m.words)), wordActors: make([][]answer, len(m.words))}
	t.fit()
	return t
}

// fit makes room for all numbers assigned so far.
func (t *tailMatcher) fit() {
	t.actionOf, t.actorOf = t.numbering.all()
	t.userTexts = t.numbering.userTexts()
	grow := func(answers []answer, to int) []answer { return append(answers, make([]answer, to-len(answers))...) }
	t.actions, t.actors = grow(t.actions, len(t.actionOf)), grow(t.actors, len(t.actorOf))
	for i := range t.words {
		t.wordActions[i], t.wordActors[i] = grow(t.wordActions[i], len(t.actionOf)), grow(t.wordActors[i], len(t.actorOf))
	}
}

func (t *tailMatcher) matches(d *tailDocument) bool {
	micros := d.key.Micros()
	if t.nothing || micros < t.from || micros >= t.to || !t.actionMatches(d.action) || !t.actorMatches(d.actor) {
		return false
	}
	return t.contentID.lets(d.content.id) && t.key.lets(d.apiKey) && t.ip.lets(d.ip) && t.letsWords(func(i int) bool { return t.wordMatches(i, t.words[i], d) })
}

func (t *tailMatcher) actionMatches(number uint32) bool {
	if t.actions[number] == unknown {
		t.actions[number] = answerOf(t.letsAction(t.actionOf[number]))
	}
	return t.actions[number] == yes
}

func (t *tailMatcher) actorMatches(number uint32) bool {
	if t.actors[number] == unknown {
		a := t.actorOf[number]
		id, _, _ := strings.Cut(a.user, userSeparator)
		t.actors[number] = answerOf(t.letsActor(id, a.organization, a.role))
	}
	return t.actors[number] == yes
}

func (t *tailMatcher) wordMatches(i int, w *wordMatcher, d *tailDocument) bool {
	if t.wordActions[i][d.action] == unknown {
		t.wordActions[i][d.action] = answerOf(slices.Contains(w.modules, t.actionOf[d.action].module))
	}
	if t.wordActions[i][d.action] == yes {
		return true
	}
	if w.user {
		if t.wordActors[i][d.actor] == unknown {
			t.wordActors[i][d.actor] = answerOf(w.in(t.userTexts[d.actor].analysed()))
		}
		if t.wordActors[i][d.actor] == yes {
			return true
		}
	}
	return w.content && w.in(d.content.analysed())
}
