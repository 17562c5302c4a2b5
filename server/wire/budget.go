package wire

import (
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
	waiting  []*waiter // oldest first
}

// Holder is a caller, and the tenant whose share it uses, "" for that of all callers without one.
type Holder struct{ Caller, Tenant string }

// waiter is a caller that waits for what others give back.
type waiter struct {
	holder Holder
	n      int64
	taken  chan struct{} // closed once it has it
}

// NewBudget returns a budget of which a tenant and a caller can have a share.
func NewBudget(all, ofTenant, ofCaller int64) *Budget {
	return &Budget{all: all, ofTenant: ofTenant, ofCaller: ofCaller, byTenant: make(map[string]int64), byCaller: make(map[string]int64)}
}

// Take takes n for a holder. It returns an *OverBudget if that exceeds the share of the caller or of the tenant, or what there is for all.
func (b *Budget) Take(h Holder, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.take(h, n)
}

func (b *Budget) take(h Holder, n int64) error {
	switch {
	case b.byCaller[h.Caller]+n > b.ofCaller:
		return &OverBudget{OfCaller}
	case b.byTenant[h.Tenant]+n > b.ofTenant:
		return &OverBudget{OfTenant}
	case b.held+n > b.all:
		return &OverBudget{OfAll}
	}
	b.held += n
	b.byTenant[h.Tenant] += n
	b.byCaller[h.Caller] += n
	return nil
}

// Wait is Take that waits for what is given back, until the context ends. Callers that wait get it in the order in which they came, but none
// waits for another's share.
func (b *Budget) Wait(ctx context.Context, h Holder, n int64) error {
	b.mu.Lock()
	over := b.take(h, n)
	if over == nil {
		b.mu.Unlock()
		return nil
	}
	w := &waiter{h, n, make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.mu.Unlock()
	select {
	case <-w.taken:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(b.waiting, w)
	if at < 0 {
		return nil // it was taken at the last moment
	}
	b.waiting = slices.Delete(b.waiting, at, at+1)
	return over
}

// Give gives back what a holder took.
func (b *Budget) Give(h Holder, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	give(b.byTenant, h.Tenant, n)
	give(b.byCaller, h.Caller, n)
	b.waiting = slices.DeleteFunc(b.waiting, func(w *waiter) bool {
		if b.take(w.holder, w.n) != nil {
			return false
		}
		close(w.taken)
		return true
	})
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
