// Package demo generates the operation log of a fictional retail company: who did what in its marketing system over the last three months,
// in Chinese and English.
//
// The entries are about objects with a history: a page is created by one person, edited by a few, perhaps deleted. The histories depend
// only on a seed and the day they begin, so that the same seed always generates the same entries, and a later run continues them.
package demo

import (
	"cmp"
	"iter"
	"math/rand/v2"
	"sort"
	"time"

	"oplog/oplog"
)

const (
	spanDays         = 88   // approximate period of the entries; the preset "last 90 days" contains all of them
	maxObjectDays    = 45   // longest history of an object
	entriesPerObject = 2.25 // average
	averageActivity  = 0.95 // average of activityOf
)

// Generate yields the n newest entries up to now, oldest first. They cover almost 90 days; a larger n means a busier company. The same seed
// and n generate the same entries at any time: a later run only shifts the period.
func Generate(seed uint64, n int, now time.Time) iter.Seq[oplog.Entry] {
	return func(yield func(oplog.Entry) bool) {
		if n <= 0 {
			return
		}
		g := newGenerator(seed, float64(n)/(spanDays*entriesPerObject*averageActivity))
		for _, ev := range g.newest(n, localMillis(now)) {
			if !yield(g.entry(ev)) {
				return
			}
		}
	}
}

// generator first plans small events, which it sorts by time, and creates the entry of an event when it is requested.
type generator struct {
	seed          uint64
	createdPerDay float64 // objects on an ordinary working day
	objects       []object
	activity      activityCache
	pcg           rand.PCG
	rng           *rand.Rand // uses pcg, which is reseeded for each object and each entry
	arena         arena
}

// object is what people work on; its name and its changes follow from these few values.
type object struct {
	hash     uint64
	day      int32 // of its first event
	index    int32 // among the objects of its kind that begin on that day
	stride   int32 // limit of objects of its kind per day
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

// event is an operation on an object.
type event struct {
	at       int64
	object   int32
	actor    uint8
	op       operation
	revision uint8 // number of earlier changes of the object
	failed   bool
}

func newGenerator(seed uint64, createdPerDay float64) *generator {
	g := &generator{seed: seed, createdPerDay: createdPerDay}
	g.rng = rand.New(&g.pcg) //nolint:gosec // the same seed is to tell the same story
	return g
}

// newest plans as many days as n events need, and returns the newest n up to now, ordered by time.
func (g *generator) newest(n int, now int64) []event {
	today := int(now / day)
	for back := spanDays + 10; ; back *= 2 {
		events := g.planAll(today-back-maxObjectDays, today, now)
		if len(events) < n {
			continue
		}
		// The first days of a plan lack events of objects that were created earlier.
		if newest := events[len(events)-n:]; newest[0].at >= int64(today-back)*day {
			return newest
		}
	}
}

func (g *generator) planAll(first, last int, now int64) []event {
	g.objects = g.objects[:0]
	g.activity = newActivityCache(first, last+maxObjectDays+10)
	var events []event
	for d := first; d <= last; d++ {
		for k := range kinds {
			mean := kinds[k].share * g.createdPerDay * g.activity.on(d)
			stride := int(kinds[k].share*g.createdPerDay*3) + 4
			fraction := float64(mix(g.seed, uint64(d)<<8|uint64(k))>>11) / (1 << 53)
			for i := range min(int(mean+fraction), stride) {
				g.addObject(k, d, i, stride)
				events = g.planObject(events, now)
			}
		}
	}
	sort.Slice(events, func(i, j int) bool {
		return cmp.Or(cmp.Compare(events[i].at, events[j].at), cmp.Compare(events[i].object, events[j].object)) < 0
	})
	return events
}

// addObject adds an object of a kind.
func (g *generator) addObject(k, d, index, stride int) {
	hash := mix(g.seed^uint64(k)<<56, uint64(d)<<24|uint64(index))
	g.pcg.Seed(g.seed, hash)
	creator := kinds[k].everyone.pick(g.rng)
	g.objects = append(g.objects, object{
		hash: hash, day: int32(d), index: int32(index), stride: int32(stride), kind: uint8(k),
		theme: themeOn(d, g.rng), language: languageOf(&employees[creator], g.rng), creator: creator,
	})
}

func languageOf(e *employee, r *rand.Rand) language {
	roll := r.IntN(100)
	switch {
	case e.region == "overseas", e.english && roll < 72:
		return english
	case roll < 68:
		return chinese
	case roll < 88:
		return bilingual
	}
	return english
}

// planObject plans the history of the newest object, up to now.
func (g *generator) planObject(events []event, now int64) []event {
	number := int32(len(g.objects) - 1)
	o := &g.objects[number]
	kind := &kinds[o.kind]
	p := plan{gen: g, object: number, events: events, now: now, actor: o.creator, at: int64(o.day)*day + randomWorkTime(g.rng)}
	p.addStep(pickStep(kind.first, g.rng))
	for range min(int(g.rng.ExpFloat64()*kind.middleSteps), 24) {
		p.nextStep(pickStep(kind.middle, g.rng))
	}
	p.nextStep(pickStep(kind.last, g.rng))
	return p.events
}

// plan is an object's history while it is planned.
type plan struct {
	gen      *generator
	object   int32
	events   []event
	now, at  int64
	actor    uint8
	revision uint8
	running  bool // for flows, which start and stop alternately
}

// nextStep plans an event some time after the last, by the same person or another.
func (l *plan) nextStep(op operation) {
	if op == none {
		return
	}
	o := &l.gen.objects[l.object]
	l.at = l.gen.activity.nextTime(l.gen.rng, l.at)
	switch roll := l.gen.rng.IntN(100); {
	case roll < 52:
		l.actor = o.creator
	case roll < 88:
		l.actor = kinds[o.kind].colleagues[employees[o.creator].region].pick(l.gen.rng)
	default:
		l.actor = kinds[o.kind].everyone.pick(l.gen.rng)
	}
	l.addStep(op)
}

// addStep plans an event at the current time; a failed one is retried.
func (l *plan) addStep(op operation) {
	if op == start && l.running {
		op = stop
	}
	if l.gen.rng.IntN(1000) < operations[op].failures {
		l.addEvent(op, true)
		l.at += 30*second + int64(l.gen.rng.ExpFloat64()*2*minute)
	}
	l.addEvent(op, false)
	if op == start || op == stop {
		l.running = op == start
	}
	if op == edit || kinds[l.gen.objects[l.object].kind].renamesEachStep {
		l.revision++
	}
}

func (l *plan) addEvent(op operation, failed bool) {
	created := int64(l.gen.objects[l.object].day)
	if l.at > l.now || l.at/day > created+maxObjectDays {
		return
	}
	l.events = append(l.events, event{l.at, l.object, l.actor, op, l.revision, failed})
}

// entry creates the entry of an event.
func (g *generator) entry(ev event) oplog.Entry {
	o := &g.objects[ev.object]
	kind := &kinds[o.kind]
	g.pcg.Seed(o.hash, uint64(ev.at))
	actor := &employees[ev.actor]
	user, organization := actor.on(int(ev.at / day))
	device := 0
	if g.rng.IntN(100) < 9 {
		device = 1
	}
	e := oplog.Entry{
		Time: toTime(ev.at), User: user, Organization: organization,
		Module: kind.module, Operation: operations[ev.op].key,
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		IP: actor.ips[device], UserAgent: actor.userAgents[device],
	}
	revision := int(ev.revision)
	if !ev.failed && ev.op == edit {
		e.Changes = g.changes(kind, o, revision)
		revision++
	}
	if !ev.failed && (ev.op == start || ev.op == stop) {
		e.Changes = g.arena.keep(append(g.arena.changes(1), flowChanges[ev.op]))
	}
	e.Content.ID = string(kind.id(g.arena.scratch(), o))
	e.Content.Name = string(kind.name(g.arena.scratch(), o, kind.titleChanges(o, revision)))
	if ev.failed {
		e.Outcome = oplog.OutcomeFailure
		e.Details = failureDetails[ev.op][g.rng.IntN(len(failureDetails[ev.op]))]
	} else {
		e.Details = g.details(kind, o, ev.op)
	}
	return e
}

// mix hashes two numbers to 64 bits (the finalizer of SplitMix64).
func mix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
