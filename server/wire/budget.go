package wire

import (
	"context"
	"slices"
	"sync"
)

// Budget bounds what callers hold at the same time, such as bytes of bodies: all of them together, and each.
type Budget struct {
	all, each int64

	mu      sync.Mutex
	held    int64
	by      map[string]int64
	waiting []*waiter // oldest first
}

// waiter is a caller that waits for what others give back.
type waiter struct {
	caller string
	n      int64
	taken  chan struct{} // closed once it has it
}

// NewBudget returns a budget of which a caller can have a share.
func NewBudget(all, each int64) *Budget {
	return &Budget{all: all, each: each, by: make(map[string]int64)}
}

// Take takes n for a caller. It returns an *OverBudget if that exceeds the caller's share or what there is for all.
func (b *Budget) Take(caller string, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.take(caller, n)
}

func (b *Budget) take(caller string, n int64) error {
	switch {
	case b.by[caller]+n > b.each:
		return &OverBudget{Own: true}
	case b.held+n > b.all:
		return &OverBudget{}
	}
	b.held += n
	b.by[caller] += n
	return nil
}

// Wait is Take that waits for what is given back, until the context ends. Callers that wait get it in the order in which they came, but none
// waits for another's share.
func (b *Budget) Wait(ctx context.Context, caller string, n int64) error {
	b.mu.Lock()
	over := b.take(caller, n)
	if over == nil {
		b.mu.Unlock()
		return nil
	}
	w := &waiter{caller, n, make(chan struct{})}
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

// Give gives back what a caller took.
func (b *Budget) Give(caller string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.by[caller] -= n; b.by[caller] <= 0 {
		delete(b.by, caller)
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(w *waiter) bool {
		if b.take(w.caller, w.n) != nil {
			return false
		}
		close(w.taken)
		return true
	})
}

// OverBudget is the error of a Budget that is used up.
type OverBudget struct {
	Own bool // the caller used its share; otherwise all callers together used everything
}

func (e *OverBudget) Error() string {
	if e.Own {
		return "this caller's share is used up"
	}
	return "everything is used up"
}

// Held returns what a caller holds.
func (b *Budget) Held(caller string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.by[caller]
}
