// Package background does small writes that nobody waits for, one after another.
package background

import (
	"sync"
	"time"
)

// Tasks does small writes that nobody waits for, one after another.
type Tasks struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []func()
	waiting map[string]bool // tasks that have a name
	cleared time.Time       // when the hourly task was last begun
	closed  bool
	ended   sync.WaitGroup
}

// New starts doing tasks; Close ends it.
func New() *Tasks {
	b := &Tasks{waiting: make(map[string]bool)}
	b.changed = sync.NewCond(&b.mu)
	b.ended.Go(b.run)
	return b
}

func (b *Tasks) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for len(b.tasks) == 0 && !b.closed {
			b.changed.Wait()
		}
		if len(b.tasks) == 0 {
			return
		}
		task := b.tasks[0]
		b.tasks = b.tasks[1:]
		b.mu.Unlock()
		task()
		b.mu.Lock()
	}
}

// Once does a task, unless one of that name waits already.
func (b *Tasks) Once(name string, task func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.waiting[name] {
		return
	}
	b.waiting[name] = true
	b.tasks = append(b.tasks, func() {
		b.mu.Lock()
		delete(b.waiting, name)
		b.mu.Unlock()
		task()
	})
	b.changed.Signal()
}

// Hourly does a task that cleans up, at most once an hour.
func (b *Tasks) Hourly(now time.Time, task func()) {
	b.mu.Lock()
	due := now.Sub(b.cleared) >= time.Hour
	if due {
		b.cleared = now
	}
	b.mu.Unlock()
	if due {
		b.Once("hourly", task)
	}
}

// Close ends it when all that waits is done.
func (b *Tasks) Close() {
	b.mu.Lock()
	b.closed = true
	b.changed.Signal()
	b.mu.Unlock()
	b.ended.Wait()
}
