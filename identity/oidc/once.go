package oidc

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// maxOnce is how many values a once remembers: more than are used within their lives.
const maxOnce = 10_000

// once tells values that come a second time.
type once struct {
	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
}

// first reports whether a value comes for the first time, and remembers it until a time.
func (o *once) first(value string, now, until time.Time) bool {
	key := sha256.Sum256([]byte(value))
	o.mu.Lock()
	defer o.mu.Unlock()
	if end, used := o.until[key]; used && now.Before(end) {
		return false
	}
	if o.until == nil {
		o.until = map[[sha256.Size]byte]time.Time{}
	}
	if len(o.until) >= maxOnce {
		o.forget(now)
	}
	o.until[key] = until
	return true
}

// forget makes place for a value.
func (o *once) forget(now time.Time) {
	for key, end := range o.until {
		if !now.Before(end) {
			delete(o.until, key)
		}
	}
	for key := range o.until {
		if len(o.until) < maxOnce {
			return
		}
		delete(o.until, key)
	}
}

// interval lets something happen once in a while.
type interval struct{ next atomic.Int64 }

// passes reports whether it may happen now, and then not again before every has passed.
func (i *interval) passes(now time.Time, every time.Duration) bool {
	next := i.next.Load()
	return now.UnixNano() >= next && i.next.CompareAndSwap(next, now.Add(every).UnixNano())
}
