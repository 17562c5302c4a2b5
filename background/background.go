// Package background runs small fire-and-forget writes in order ([Tasks]), and makes long jobs yield to appends and queries ([Pacer]).
package background

import (
	"sync"
	"time"

	"oplog/faults"
)

// Tasks runs small fire-and-forget writes in order.
type Tasks struct {
	mu         sync.Mutex
	changed    *sync.Cond
	tasks      []func()
	queued     map[string]bool // by name
	lastHourly time.Time       // start of the last hourly task
	closed     bool
	ended      sync.WaitGroup
}

// New starts a goroutine for tasks; Close stops it.
func New() *Tasks {
	b := &Tasks{queued: make(map[string]bool)}
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
		run(task)
		b.mu.Lock()
	}
}

// run runs a task, whose panic must not end the program, nor later tasks.
func run(task func()) {
	var err error
	defer faults.Catch("a background task", &err)
	task()
}

// Once queues a task unless one with the same name is already queued.
func (b *Tasks) Once(name string, task func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.queued[name] {
		return
	}
	b.queued[name] = true
	b.tasks = append(b.tasks, func() {
		b.mu.Lock()
		delete(b.queued, name)
		b.mu.Unlock()
		task()
	})
	b.changed.Signal()
}

// Hourly queues a cleanup task, at most once an hour.
func (b *Tasks) Hourly(now time.Time, task func()) {
	b.mu.Lock()
	due := now.Sub(b.lastHourly) >= time.Hour
	if due {
		b.lastHourly = now
	}
	b.mu.Unlock()
	if due {
		b.Once("hourly", task)
	}
}

// Close waits for queued tasks and stops.
func (b *Tasks) Close() {
	b.mu.Lock()
	b.closed = true
	b.changed.Signal()
	b.mu.Unlock()
	b.ended.Wait()
}
