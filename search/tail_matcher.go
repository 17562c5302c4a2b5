package search

import (
	"bytes"
	"slices"
)

// tailMatcher matches entries of the tail. It caches results by number, for one query in one goroutine.
type tailMatcher struct {
	*matcher
	snapshot
	user, role          choice     // of brief forms
	actionAnswers       []answer   // for module and operation filters
	actorAnswers        []answer   // for user and organization filters
	organizationAnswers []answer   // for organization filters, by number of the organization
	wordActions         [][]answer // for each word, in modules
	wordActors          [][]answer // for each word, in users
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
	t := &tailMatcher{
		matcher: m, user: m.user.brief(), role: m.role.brief(),
		wordActions: make([][]answer, len(m.words)), wordActors: make([][]answer, len(m.words)),
	}
	t.fit()
	return t
}

// fit makes room for all numbers assigned so far.
func (t *tailMatcher) fit() {
	t.snapshot = t.numbering.snapshot()
	grow := func(answers []answer, to int) []answer { return append(answers, make([]answer, to-len(answers))...) }
	t.actionAnswers, t.actorAnswers = grow(t.actionAnswers, len(t.actions)), grow(t.actorAnswers, len(t.actors))
	t.organizationAnswers = grow(t.organizationAnswers, len(t.organizations.places))
	for i := range t.words {
		t.wordActions[i], t.wordActors[i] = grow(t.wordActions[i], len(t.actions)), grow(t.wordActors[i], len(t.actors))
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
	if t.actionAnswers[number] == unknown {
		t.actionAnswers[number] = answerOf(t.letsAction(t.actions[number]))
	}
	return t.actionAnswers[number] == yes
}

func (t *tailMatcher) actorMatches(number uint32) bool {
	if t.actorAnswers[number] == unknown {
		t.actorAnswers[number] = answerOf(t.letsNumbers(&t.actors[number]))
	}
	return t.actorAnswers[number] == yes
}

// letsNumbers is letsActor for numbers.
func (t *tailMatcher) letsNumbers(a *actor) bool {
	if t.user.given() {
		if id, _ := userParts(t.users.text(a.user)); !t.user.lets(string(id)) {
			return false
		}
	}
	if t.role.given() && !t.role.lets(string(t.roles.text(a.role))) {
		return false
	}
	if t.organizationAnswers[a.organization] == unknown {
		t.organizationAnswers[a.organization] = answerOf(t.letsOrganization(string(t.organizations.text(a.organization))))
	}
	return t.organizationAnswers[a.organization] == yes
}

func (t *tailMatcher) wordMatches(i int, w *wordMatcher, d *tailDocument) bool {
	if t.wordActions[i][d.action] == unknown {
		t.wordActions[i][d.action] = answerOf(slices.Contains(w.modules, t.actions[d.action].module))
	}
	if t.wordActions[i][d.action] == yes {
		return true
	}
	if w.user {
		if t.wordActors[i][d.actor] == unknown {
			user := t.actors[d.actor].user
			t.wordActors[i][d.actor] = answerOf(bytes.Contains(t.numbering.textOfUser(user, t.users.text(user), d.long), w.formed))
		}
		if t.wordActors[i][d.actor] == yes {
			return true
		}
	}
	return w.content && w.in(d.content.analysed())
}
