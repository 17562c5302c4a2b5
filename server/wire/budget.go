package wire

import "sync"

// Budget bounds what callers hold at the same time, such as bytes of bodies: all of them together, and each.
type Budget struct {
	all, each int64

	mu   sync.Mutex
	held int64
	by   map[string]int64
}

// NewBudget returns a budget of which a caller can have a share.
func NewBudget(all, each int64) *Budget {
	return &Budget{all: all, each: each, by: make(map[string]int64)}
}

// Take takes n for a caller. It returns an *OverBudget if that exceeds the caller's share or what there is for all.
func (b *Budget) Take(caller string, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
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

// Give gives back what a caller took.
func (b *Budget) Give(caller string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.by[caller] -= n; b.by[caller] <= 0 {
		delete(b.by, caller)
	}
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
