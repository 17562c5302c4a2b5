package oplog

import (
	"sync"
	"time"
)

// background does small writes that nobody waits for, one after another.
type background struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []func()
	waiting map[string]bool // tasks that have a name
	cleared time.Time       // when the hourly task was last begun
	closed  bool
	ended   sync.WaitGroup
}

func newBackground() *background {
	b := &background{waiting: make(map[string]bool)}
	b.changed = sync.NewCond(&b.mu)
	b.ended.Go(b.run)
	return b
}

func (b *background) run() {
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

// once does a task, unless one of that name waits already.
func (b *background) once(name string, task func()) {
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

// hourly does a task that cleans up, at most once an hour.
func (b *background) hourly(now time.Time, task func()) {
	b.mu.Lock()
	due := now.Sub(b.cleared) >= time.Hour
	if due {
		b.cleared = now
	}
	b.mu.Unlock()
	if due {
		b.once("hourly", task)
	}
}

// close ends it when all that waits is done.
func (b *background) close() {
	b.mu.Lock()
	b.closed = true
	b.changed.Signal()
	b.mu.Unlock()
	b.ended.Wait()
}

// usedEvery is how often a use is written down.
const usedEvery = time.Minute

// markUsed notes that a record was used, unless that was noted just before. A
// use that cannot be written is noted by the next.
func markUsed[T any](l *Log, kind RecordKind, name string, last time.Time, mark func(record *T, at time.Time)) {
	now := l.now().UTC()
	if now.Sub(last) < usedEvery {
		return
	}
	l.later.once(string(kind)+"/"+name, func() {
		_, _ = changeRecord(l.store, kind, name, func(record *T, exists bool) (bool, error) {
			mark(record, now)
			return !exists, nil
		})
	})
}
