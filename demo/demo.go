// Package demo makes up the operation log of a retail company: who did what in
// its marketing system over the last three months, in Chinese and English.
//
// What is in it are things with a life: a page is created by someone, edited
// by a few, perhaps deleted. The lives are drawn from a seed and the day that
// they begin on, so that the same seed always tells the same story, and a later
// run only goes on with it.
package demo

import (
	"cmp"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"oplog/oplog"
)

const (
	span        = 88   // days that the entries are spread over, about: "the last 90 days" has them all
	longestLife = 45   // days
	perBirth    = 2.25 // entries in the life of a thing, on average
	perDay      = 0.95 // busyness of an average day
)

// Generate yields the n newest entries of the story up to now, oldest first.
// They reach back almost 90 days; the more are asked for, the busier the
// company. The same seed and n yield the same entries, whenever they are asked
// for: those of a later run are the same story, cut off later.
func Generate(seed uint64, n int, now time.Time) iter.Seq[oplog.Entry] {
	return func(yield func(oplog.Entry) bool) {
		if n <= 0 {
			return
		}
		g := newGenerator(seed, float64(n)/(span*perBirth*perDay))
		for _, ev := range g.newest(n, localMillis(now)) {
			if !yield(g.entry(ev)) {
				return
			}
		}
	}
}

// generator plans lives as small events first, to sort them by time, and makes
// the entry of an event when it is asked for.
type generator struct {
	seed   uint64
	births float64 // of things on a plain working day
	things []thing
	days   busyDays
	pcg    rand.PCG
	dice   *rand.Rand // over pcg, seeded again for each thing and each entry
	arena  arena
}

// thing is something that people work on; what it is called and when it
// changes follow from these few values.
type thing struct {
	hash     uint64
	day      int32 // of its first event
	index    int32 // among the things of its kind that begin on that day
	stride   int32 // most things of its kind in a day
	kind     uint8
	theme    uint8
	language language
	creator  uint8
}

type language uint8

const (
	chinese language = iota
	english
	bilingual
)

// event is one operation on a thing.
type event struct {
	at       int64
	thing    int32
	actor    uint8
	op       operation
	revision uint8 // how often the thing was changed before
	failed   bool
}

func newGenerator(seed uint64, births float64) *generator {
	g := &generator{seed: seed, births: births}
	g.dice = rand.New(&g.pcg) //nolint:gosec // the same seed is to tell the same story
	return g
}

// newest plans as many days as n events need, and returns the newest n up to
// now, in order of time.
func (g *generator) newest(n int, now int64) []event {
	today := int(now / day)
	for back := span + 10; ; back *= 2 {
		events := g.plan(today-back-longestLife, today, now)
		if len(events) < n {
			continue
		}
		// Of the first days of a plan, the lives that began before are missing.
		if newest := events[len(events)-n:]; newest[0].at >= int64(today-back)*day {
			return newest
		}
	}
}

func (g *generator) plan(first, last int, now int64) []event {
	g.things = g.things[:0]
	g.days = newBusyDays(first, last+longestLife+10)
	var events []event
	for d := first; d <= last; d++ {
		for k := range kinds {
			mean := kinds[k].share * g.births * g.days.on(d)
			stride := int(kinds[k].share*g.births*3) + 4
			luck := float64(mix(g.seed, uint64(d)<<8|uint64(k))>>11) / (1 << 53)
			for i := range min(int(mean+luck), stride) {
				g.begin(k, d, i, stride)
				events = g.live(events, now)
			}
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.thing, b.thing)
	})
	return events
}

// begin adds a thing of a kind.
func (g *generator) begin(k, d, index, stride int) {
	hash := mix(g.seed^uint64(k)<<56, uint64(d)<<24|uint64(index))
	g.pcg.Seed(g.seed, hash)
	creator := kinds[k].everyone.pick(g.dice)
	g.things = append(g.things, thing{
		hash: hash, day: int32(d), index: int32(index), stride: int32(stride), kind: uint8(k),
		theme: themeOn(d, g.dice), language: languageOf(&staff[creator], g.dice), creator: creator,
	})
}

func languageOf(e *employee, r *rand.Rand) language {
	dice := r.IntN(100)
	switch {
	case e.region == "overseas", e.english && dice < 72:
		return english
	case dice < 68:
		return chinese
	case dice < 88:
		return bilingual
	}
	return english
}

// live plans the life of the newest thing, up to now.
func (g *generator) live(events []event, now int64) []event {
	number := int32(len(g.things) - 1)
	t := &g.things[number]
	kind := &kinds[t.kind]
	l := life{g: g, thing: number, events: events, now: now, actor: t.creator, at: int64(t.day)*day + workTime(g.dice)}
	l.step(pickStep(kind.begin, g.dice))
	for range min(int(g.dice.ExpFloat64()*kind.steps), 24) {
		l.next(pickStep(kind.middle, g.dice))
	}
	l.next(pickStep(kind.end, g.dice))
	return l.events
}

// life is a thing's life while it is planned.
type life struct {
	g        *generator
	thing    int32
	events   []event
	now, at  int64
	actor    uint8
	revision uint8
	running  bool // of flows: they start and stop in turn
}

// next plans a step some time after the last, by the same person or another.
func (l *life) next(op operation) {
	if op == none {
		return
	}
	t := &l.g.things[l.thing]
	l.at = l.g.days.after(l.g.dice, l.at)
	switch dice := l.g.dice.IntN(100); {
	case dice < 52:
		l.actor = t.creator
	case dice < 88:
		l.actor = kinds[t.kind].colleagues[staff[t.creator].region].pick(l.g.dice)
	default:
		l.actor = kinds[t.kind].everyone.pick(l.g.dice)
	}
	l.step(op)
}

// step plans an event at the present time; one that fails is tried again.
func (l *life) step(op operation) {
	if op == start && l.running {
		op = stop
	}
	if l.g.dice.IntN(1000) < operations[op].failures {
		l.add(op, true)
		l.at += 30*second + int64(l.g.dice.ExpFloat64()*2*minute)
	}
	l.add(op, false)
	if op == start || op == stop {
		l.running = op == start
	}
	if op == edit || kinds[l.g.things[l.thing].kind].counts {
		l.revision++
	}
}

func (l *life) add(op operation, failed bool) {
	born := int64(l.g.things[l.thing].day)
	if l.at > l.now || l.at/day > born+longestLife {
		return
	}
	l.events = append(l.events, event{l.at, l.thing, l.actor, op, l.revision, failed})
}

// entry makes the entry of an event.
func (g *generator) entry(ev event) oplog.Entry {
	t := &g.things[ev.thing]
	kind := &kinds[t.kind]
	g.pcg.Seed(t.hash, uint64(ev.at))
	actor := &staff[ev.actor]
	user, organization := actor.on(int(ev.at / day))
	place := 0
	if g.dice.IntN(100) < 9 {
		place = 1
	}
	e := oplog.Entry{
		Time: toTime(ev.at), User: user, Organization: organization,
		Module: kind.module, Operation: operations[ev.op].key,
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		IP: actor.ip[place], UserAgent: actor.agent[place],
	}
	revision := int(ev.revision)
	if !ev.failed && ev.op == edit {
		e.Changes = g.changes(kind, t, revision)
		revision++
	}
	if !ev.failed && (ev.op == start || ev.op == stop) {
		e.Changes = g.arena.keep(append(g.arena.changes(1), running[ev.op]))
	}
	e.Content.ID = string(kind.id(g.arena.scratch(), t))
	e.Content.Name = string(kind.name(g.arena.scratch(), t, kind.titles(t, revision)))
	if ev.failed {
		e.Outcome = oplog.OutcomeFailure
		e.Details = failures[ev.op][g.dice.IntN(len(failures[ev.op]))]
	} else {
		e.Details = g.details(kind, t, ev.op)
	}
	return e
}

// mix spreads two numbers over 64 bits (the finalizer of SplitMix64).
func mix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
