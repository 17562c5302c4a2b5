package wire

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Budget bounds what callers hold at the same time, such as bytes of bodies: all of them together, those of each tenant, and each caller. A
// tenant has a bound because it can have many callers: a launch key signs in as many people as the host system names.
type Budget struct {
	all, ofTenant, ofCaller int64

	mu       sync.Mutex
	held     int64
	byTenant map[string]int64
	byCaller map[string]int64
	lines    map[Holder]*line // of those that wait
	waiting  []*line          // the same, the one that is served next first
}

// Holder is a caller, and the tenant whose share it uses, "" for that of all callers without one.
type Holder struct{ Caller, Tenant string }

// line is the requests of a holder that wait for what others give back. As they share one part of the budget, only the first can be next: what
// it costs to give something back does not grow with how many wait.
type line struct {
	holder  Holder
	waiters []*waiter // oldest first
}

type waiter struct {
	n     int64
	taken chan struct{} // closed once it has it
}

// NewBudget returns a budget of which a tenant and a caller can have a share.
func NewBudget(all, ofTenant, ofCaller int64) *Budget {
	return &Budget{all: all, ofTenant: ofTenant, ofCaller: ofCaller, byTenant: make(map[string]int64), byCaller: make(map[string]int64), lines: make(map[Holder]*line)}
}

// Take takes n for a holder. It returns an *OverBudget if that exceeds the share of the caller or of the tenant, or what there is for all.
func (b *Budget) Take(h Holder, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.take(h, n)
}

func (b *Budget) take(h Holder, n int64) error {
	if share := b.usedUp(h, n); share != "" {
		return &OverBudget{share}
	}
	b.held += n
	b.byTenant[h.Tenant] += n
	b.byCaller[h.Caller] += n
	return nil
}

// usedUp returns the share that n more of a holder would exceed; "" if none.
func (b *Budget) usedUp(h Holder, n int64) Share {
	switch {
	case b.byCaller[h.Caller]+n > b.ofCaller:
		return OfCaller
	case b.byTenant[h.Tenant]+n > b.ofTenant:
		return OfTenant
	case b.held+n > b.all:
		return OfAll
	}
	return ""
}

// Wait is Take that waits for what is given back, until the context ends. The requests of a caller get it in the order in which they came, and
// callers in turn; none waits for another's share.
func (b *Budget) Wait(ctx context.Context, h Holder, n int64) error {
	b.mu.Lock()
	l := b.lines[h]
	over := &OverBudget{cmp.Or(b.usedUp(h, n), OfCaller)} // the latter if only others of the line need more
	if l == nil {
		if b.take(h, n) == nil {
			b.mu.Unlock()
			return nil
		}
		l = &line{holder: h}
		b.lines[h] = l
		b.waiting = append(b.waiting, l)
	}
	w := &waiter{n, make(chan struct{})}
	l.waiters = append(l.waiters, w)
	b.mu.Unlock()
	select {
	case <-w.taken:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(l.waiters, w)
	if at < 0 {
		return nil // it was taken at the last moment
	}
	l.waiters = slices.Delete(l.waiters, at, at+1)
	if b.serve(); len(l.waiters) == 0 {
		b.leave(l)
	}
	return over
}

// leave ends a line in which nobody waits any more.
func (b *Budget) leave(l *line) {
	if b.lines[l.holder] != l {
		return
	}
	delete(b.lines, l.holder)
	at := slices.Index(b.waiting, l)
	b.waiting = slices.Delete(b.waiting, at, at+1)
}

// Give gives back what a holder took.
func (b *Budget) Give(h Holder, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	give(b.byTenant, h.Tenant, n)
	give(b.byCaller, h.Caller, n)
	b.serve()
}

// Waiting returns how many requests of a holder wait.
func (b *Budget) Waiting(h Holder) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.lines[h]; l != nil {
		return len(l.waiters)
	}
	return 0
}

// takes takes n for a holder, and reports whether there was so much.
func (b *Budget) takes(h Holder, n int64) bool { return b.Take(h, n) == nil }

func (b *Budget) heldNow() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// serve gives what there is to those that wait. A line that was served goes behind the others.
func (b *Budget) serve() {
	for i := 0; i < len(b.waiting); {
		l := b.waiting[i]
		served := 0
		for served < len(l.waiters) && b.take(l.holder, l.waiters[served].n) == nil {
			close(l.waiters[served].taken)
			served++
		}
		if served == 0 {
			i++
			continue
		}
		l.waiters = slices.Delete(l.waiters, 0, served)
		b.waiting = append(slices.Delete(b.waiting, i, i+1), l)
		if len(l.waiters) == 0 {
			b.leave(l)
		}
	}
}

func give(held map[string]int64, name string, n int64) {
	if held[name] -= n; held[name] <= 0 {
		delete(held, name)
	}
}

// Share is a part of a Budget.
type Share string

// The parts of a Budget.
const (
	OfCaller Share = "the caller's share"
	OfTenant Share = "the share of the caller's tenant"
	OfAll    Share = "everything"
)

// OverBudget is the error of a Budget of which a part is used up.
type OverBudget struct{ Share Share }

func (e *OverBudget) Error() string { return string(e.Share) + " is used up" }

// Held returns what a caller holds.
func (b *Budget) Held(caller string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byCaller[caller]
}
