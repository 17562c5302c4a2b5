package server

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Failed sign-ins that an account and an address may have in a row, and how long it takes until another is allowed.
const (
	accountTries, accountTryEvery = 10, 30 * time.Second
	addressTries, addressTryEvery = 50, 5 * time.Second
	maxThrottled                  = 10_000 // names and addresses remembered
)

// throttle slows down password guessing. Each name and each address has a number of attempts, which are regained over time; successful ones
// cost nothing. Names count whether or not there is such an account.
type throttle struct {
	now func() time.Time

	mu   sync.Mutex
	full map[string]time.Time // when all attempts are regained, by name or address
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, full: make(map[string]time.Time)}
}

// take takes an attempt of both, or returns how long to wait for one. giveBack returns the attempts.
func (t *throttle) take(username, address string) (giveBack func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	account, from := "name "+username, "address "+address
	wait = max(t.missing(account, now, accountTries, accountTryEvery), t.missing(from, now, addressTries, addressTryEvery))
	if wait > 0 {
		return nil, wait
	}
	t.spend(account, now, accountTryEvery)
	t.spend(from, now, addressTryEvery)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.spend(account, now, -accountTryEvery)
		t.spend(from, now, -addressTryEvery)
	}, 0
}

// missing returns how long it takes until there is an attempt.
func (t *throttle) missing(key string, now time.Time, tries int, every time.Duration) time.Duration {
	full, known := t.full[key]
	if !known {
		return 0
	}
	return full.Sub(now) - time.Duration(tries-1)*every
}

func (t *throttle) spend(key string, now time.Time, cost time.Duration) {
	full, known := t.full[key]
	if !known || full.Before(now) {
		full = now
	}
	if full = full.Add(cost); !full.After(now) {
		delete(t.full, key)
		return
	}
	if !known && len(t.full) >= maxThrottled {
		t.forget()
	}
	t.full[key] = full
}

// forget drops the half that regains all its attempts first.
func (t *throttle) forget() {
	half := slices.SortedFunc(maps.Values(t.full), time.Time.Compare)[len(t.full)/2]
	maps.DeleteFunc(t.full, func(_ string, full time.Time) bool { return !full.After(half) })
}
