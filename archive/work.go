package archive

import (
	"sync"
	"time"
)

// work is what this process ships and removes, and how that went.
type work struct {
	mu      sync.Mutex // guards the fields below
	tenants map[string]*tenantWork
	meters  Meters
}

// tenantWork is what is known of a tenant's days.
type tenantWork struct {
	shipping string // date, if one is under way
	sent     uint64 // rows of it so far
	tries    [jobs]try
}

// job is what is done for a tenant; each is tried again by itself.
type job int

const (
	shipJob job = iota
	removeJob
	tidyJob
	countJob
	jobs
)

// try is how a job went.
type try struct {
	failed   error // of the last time; nil if it went well
	failedAt time.Time
	failures int       // in a row
	next     time.Time // not before
}

// Meters count what was done since the program started.
type Meters struct {
	ShippedEntries uint64
	Failures       uint64
}

// Waits after failures in a row: they double.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// of returns what is known of a tenant. The caller holds mu.
func (w *work) of(tenant string) *tenantWork {
	if w.tenants == nil {
		w.tenants = make(map[string]*tenantWork)
	}
	if w.tenants[tenant] == nil {
		w.tenants[tenant] = &tenantWork{}
	}
	return w.tenants[tenant]
}

// get returns what is known of a tenant.
func (w *work) get(tenant string) tenantWork {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *w.of(tenant)
}

// shipping notes the date that is under way; "" for none.
func (w *work) shipping(tenant, date string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.of(tenant)
	t.shipping, t.sent = date, 0
}

// sent notes how many rows of the date that is under way were sent.
func (w *work) sent(tenant string, rows uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.of(tenant).sent = rows
}

// Sending returns the date of a tenant that is on its way to the archive, with its rows that were sent so far; "" if there is none.
func (a *Archive) Sending(tenant string) (date string, rows uint64) {
	of := a.work.get(tenant)
	return of.shipping, of.sent
}

func (w *work) shipped(rows uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meters.ShippedEntries += rows
}

// mayTry reports whether it is time for a job.
func (w *work) mayTry(tenant string, j job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !time.Now().Before(w.of(tenant).tries[j].next)
}

// done notes how a job went. The next time is after a pause, by the clock of the program; after a failure, the pauses double.
func (w *work) done(tenant string, j job, err error, at time.Time, pause time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.of(tenant).tries[j]
	if err == nil {
		*t = try{next: time.Now().Add(pause)}
		return
	}
	w.meters.Failures++
	*t = try{failed: err, failedAt: at, failures: t.failures + 1, next: time.Now().Add(min(lastRetry, firstRetry<<min(t.failures, 10)))}
}

// lastFailure returns why a tenant's days are not where they should be; zero if all goes well.
func (w *work) lastFailure(tenant string) (last try) {
	for _, t := range w.get(tenant).tries {
		if t.failed != nil && !t.failedAt.Before(last.failedAt) {
			last = t
		}
	}
	return last
}

// Meters returns what was done since the program started.
func (a *Archive) Meters() Meters {
	a.work.mu.Lock()
	defer a.work.mu.Unlock()
	return a.work.meters
}
