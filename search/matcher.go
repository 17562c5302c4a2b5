package search

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"oplog/oplog"
)

// matcher is a query made ready to run on segments and on the tail.
type matcher struct {
	from, to      int64 // microseconds, to exclusive
	users         []string
	modules       []string
	operations    []string
	contentIDs    []string
	organizations []string
	below         map[string]bool // the organizations
	words         []*wordMatcher
	nothing       bool       // no entry can match
	numbering     *numbering // of the tenant; nil where entries are matched alone
}

// wordMatcher matches one word of a search. Exactly one of prefix, run and
// phrase is set.
type wordMatcher struct {
	prefix  string   // a Latin word, which a word of the text starts with
	run     string   // CJK characters, anywhere in the text
	phrase  []string // words in a row
	inRow   string   // what phrase looks like in an analysed text
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
		to: endOfTime, users: m.Users, modules: m.Modules, operations: m.Operations,
		contentIDs: m.ContentIDs, organizations: m.Organizations,
		nothing: m.Organizations != nil && len(m.Organizations) == 0,
	}
	if c.organizations != nil {
		c.below = make(map[string]bool, len(c.organizations))
		for _, id := range c.organizations {
			c.below[id] = id != ""
		}
	}
	if !m.From.IsZero() {
		c.from = max(0, ceilMicros(m.From))
	}
	if !m.To.IsZero() {
		c.to = ceilMicros(m.To)
	}
	for _, w := range m.Words {
		c.words = append(c.words, newWordMatchers(w, m.Catalog, &x.texts)...)
	}
	if len(m.Words) > 0 && len(c.words) == 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The search cannot be read.", Fields: []oplog.FieldError{{
			Location: "query.q", Message: "has no letter or digit to search for", Value: m.Words[0].Text,
		}}}
	}
	return c, nil
}

// ceilMicros rounds up, so that a bound between two microseconds lets through
// what it should: entries have whole ones.
func ceilMicros(t time.Time) int64 {
	micros := t.UnixMicro()
	if t.Nanosecond()%1000 > 0 {
		micros++
	}
	return micros
}

// newWordMatchers returns what must all match for a word of a search: what
// mixes scripts or holds separators is split.
func newWordMatchers(w oplog.Word, catalog *oplog.Catalog, texts *catalogTexts) []*wordMatcher {
	found := words(w.Text)
	if len(found) == 0 {
		return nil
	}
	var matchers []*wordMatcher
	if w.Phrase && (len(found) > 1 || !isCJKWord(found[0])) {
		matchers = []*wordMatcher{{phrase: found, inRow: inRow(found)}}
	} else {
		for _, word := range found {
			if isCJKWord(word) {
				matchers = append(matchers, &wordMatcher{run: word})
			} else {
				matchers = append(matchers, &wordMatcher{prefix: word})
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

// inRow returns the substring that an analysed text has where the words stand
// in a row: whole ones, but CJK characters at either end may go on.
func inRow(found []string) string {
	s := strings.Join(found, " ")
	if !isCJKWord(found[0]) {
		s = " " + s
	}
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

// catalogTexts remembers the analysed texts of catalogs' modules. A catalog
// that changes is another one.
type catalogTexts struct {
	mu        sync.Mutex
	byCatalog map[*oplog.Catalog][]string
}

// maxCatalogs is how many catalogs are remembered.
const maxCatalogs = 64

// of returns the texts of a catalog's modules, in their order.
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

// in tells whether the word is in an analysed text.
func (w *wordMatcher) in(analysed string) bool {
	switch {
	case w.prefix != "":
		return strings.Contains(analysed, " "+w.prefix)
	case w.run != "":
		return strings.Contains(analysed, w.run)
	}
	return strings.Contains(analysed, w.inRow)
}

// proven tells whether the index's terms alone prove a match of a content. They
// do not for longer runs of CJK characters, whose pieces may lie apart, nor for words in a
// row.
func (w *wordMatcher) proven() bool {
	switch {
	case w.prefix != "":
		return true
	case w.run != "":
		return utf8.RuneCountInString(w.run) <= gramSize
	}
	return len(w.phrase) == 1
}

// key names the matcher's texts, for what is remembered of them.
func (w *wordMatcher) key() string {
	fields := ""
	if w.user {
		fields += "user "
	}
	if w.content {
		fields += "content"
	}
	return fields + "\x00" + w.prefix + "\x00" + w.run + "\x00" + w.inRow
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
	given := func(values []string, value string) bool { return len(values) == 0 || slices.Contains(values, value) }
	micros := e.Time.UnixMicro()
	if m.nothing || micros < m.from || micros >= m.to ||
		!given(m.modules, e.Module) || !given(m.operations, e.Operation) || !given(m.users, e.User.ID) || !given(m.contentIDs, e.Content.ID) ||
		m.organizations != nil && !m.below[e.Organization.ID] {
		return false
	}
	if len(m.words) == 0 {
		return true
	}
	user, content := analyse(e.User.Name, e.User.ID), analyse(e.Content.Name, e.Content.ID)
	for _, w := range m.words {
		if !slices.Contains(w.modules, e.Module) && (!w.user || !w.in(user)) && (!w.content || !w.in(content)) {
			return false
		}
	}
	return true
}

// byActor tells whether an entry's actor alone decides, apart from the time.
func (m *matcher) byActor() bool {
	return len(m.words) == 0 && len(m.modules) == 0 && len(m.operations) == 0 && len(m.contentIDs) == 0
}

// byAction tells whether an entry's action alone decides, apart from the time.
func (m *matcher) byAction() bool {
	return len(m.words) == 0 && len(m.users) == 0 && m.organizations == nil && len(m.contentIDs) == 0
}

// tailMatcher matches entries of the tail; it remembers its answers for the
// numbers that entries share, and is for one query in one goroutine.
type tailMatcher struct {
	*matcher
	actionOf    []action
	actorOf     []actor
	actions     []answer   // of modules and operations
	actors      []answer   // of users and organizations
	wordActions [][]answer // of each word, in modules
	wordActors  [][]answer // of each word, in users
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

// fit makes room for all numbers that have been given.
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
	if len(t.contentIDs) > 0 && !slices.Contains(t.contentIDs, d.contentID) {
		return false
	}
	for i, w := range t.words {
		if !t.wordMatches(i, w, d) {
			return false
		}
	}
	return true
}

func (t *tailMatcher) actionMatches(number uint32) bool {
	if t.actions[number] == unknown {
		a := t.actionOf[number]
		t.actions[number] = answerOf(
			(len(t.modules) == 0 || slices.Contains(t.modules, a.module)) &&
				(len(t.operations) == 0 || slices.Contains(t.operations, a.operation)))
	}
	return t.actions[number] == yes
}

func (t *tailMatcher) actorMatches(number uint32) bool {
	if t.actors[number] == unknown {
		a := t.actorOf[number]
		id, _, _ := strings.Cut(a.user, userSeparator)
		t.actors[number] = answerOf(
			(len(t.users) == 0 || slices.Contains(t.users, id)) &&
				(t.organizations == nil || t.below[a.organization]))
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
