package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oplog/oplog"
)

// latency holds the latencies of one kind of request.
type latency struct {
	plan     int
	cold     time.Duration // first query after opening
	p50, p99 time.Duration // later queries
}

// results are the measurements of one system at one size.
type results struct {
	name      string
	latencies [requestKinds][]latency // by query
	answers   [requestKinds][]answer

	batchRate   float64 // entries per second in batches, until durable and found
	settledRate float64 // entries per second, until there is nothing left to build or merge
	singleRate  float64 // entries per second from 64 senders, one at a time
	single      latency
	memory      int64 // maximum bytes while 8 clients send queries
	disk        int64 // bytes at rest
	queryRate   float64
}

// Parameters of the measurements.
const (
	batchSize = 500
	writers   = 64
	clients   = 8

	warmTime    = 400 * time.Millisecond // for each query
	maxWarmRuns = 400                    // maximum
	minWarmRuns = 5
	planRuns    = 3 // of each plan, to find the fastest
)

// measure runs all measurements of one system.
func measure(ctx context.Context, s system, d *data, queries []query, o options) (*results, error) {
	r := &results{name: s.name()}
	start := time.Now()
	if err := s.load(ctx, d, o.senders); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	loaded := time.Since(start)
	r.batchRate = float64(len(d.records)) / loaded.Seconds()
	o.logf("  %s: loaded in %.1f s", s.name(), loaded.Seconds())
	done, err := s.settle(ctx)
	if err != nil {
		return nil, fmt.Errorf("settle: %w", err)
	}
	r.settledRate = float64(len(d.records)) / max(loaded, done.Sub(start)).Seconds()
	for what := range requestKinds {
		if err := r.measureRequests(ctx, s, queries, what); err != nil {
			return nil, err
		}
	}
	o.logf("  %s: queries measured", s.name())
	if err := r.serve(ctx, s, queries, o.serving); err != nil {
		return nil, fmt.Errorf("serve %d clients: %w", clients, err)
	}
	if err = s.reopen(ctx); err != nil { // what is on disk at rest
		return nil, err
	}
	if r.disk, err = s.disk(); err != nil {
		return nil, err
	}
	return r, r.recordSingles(ctx, s, d, o.recording)
}

// measureRequests measures one kind of request for all queries: first with each plan, to find the fastest; then once after opening; then
// many times.
func (r *results) measureRequests(ctx context.Context, s system, queries []query, what request) error {
	latencies := make([]latency, len(queries))
	r.answers[what] = make([]answer, len(queries))
	for i, q := range queries {
		best := time.Duration(1 << 62)
		for plan := range s.plans(q, what) {
			took, err := r.tryPlan(ctx, s, q, what, i, plan, best)
			if errors.Is(err, errSlow) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", requestNames[what], q.name, err)
			}
			if took < best {
				best, latencies[i].plan = took, plan
			}
		}
	}
	if err := s.reopen(ctx); err != nil {
		return err
	}
	for i, q := range queries {
		start := time.Now()
		if err := retryUntilReady(ctx, func() error {
			_, err := s.query(ctx, q, what, latencies[i].plan)
			return err
		}); err != nil {
			return err
		}
		latencies[i].cold = time.Since(start)
	}
	for i, q := range queries {
		took, err := repeat(maxWarmRuns, warmTime, func() error {
			_, err := s.query(ctx, q, what, latencies[i].plan)
			return err
		})
		if err != nil {
			return err
		}
		latencies[i].p50, latencies[i].p99 = quantile(took, 50), quantile(took, 99)
	}
	r.latencies[what] = latencies
	return nil
}

// errSlow is the error of a plan that is far slower than another.
var errSlow = errors.New("slower than another plan")

// tryPlan runs query i with one plan a few times and returns the shortest time. The answer must equal that of the first plan. A plan that
// takes ten times as long as the best so far plus a second is stopped with errSlow.
func (r *results) tryPlan(ctx context.Context, s system, q query, what request, i, plan int, best time.Duration) (time.Duration, error) {
	if plan > 0 {
		limited, cancel := context.WithTimeout(ctx, 10*best+time.Second)
		defer cancel()
		ctx = limited
	}
	took, err := repeat(planRuns, 0, func() error {
		finish, err := s.query(ctx, q, what, plan)
		if err != nil {
			return err
		}
		a, err := finish()
		if err != nil {
			return err
		}
		if plan == 0 {
			r.answers[what][i] = a
		} else if difference := r.answers[what][i].differs(a, what); difference != "" {
			return fmt.Errorf("the answers of plans 0 and %d differ: %s", plan, difference)
		}
		return nil
	})
	if err != nil && plan > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return 0, errSlow
	}
	if err != nil {
		return 0, err
	}
	return took[0], nil
}

// retryUntilReady retries while a system is not ready.
func retryUntilReady(ctx context.Context, do func() error) error {
	const patience = 2 * time.Minute
	for start := time.Now(); ; {
		err := do()
		if !errors.Is(err, errNotReady) && oplog.CodeOf(err) != oplog.CodeUnavailable || time.Since(start) > patience {
			return err
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// repeat measures a function up to most times, and stops after forTime once it has run a few times. It returns sorted durations.
func repeat(most int, forTime time.Duration, do func() error) ([]time.Duration, error) {
	var took []time.Duration
	began := time.Now()
	for len(took) < most && (forTime == 0 || len(took) < minWarmRuns || time.Since(began) < forTime) {
		start := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took, nil
}

// quantile returns a percentile of sorted durations.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// serve measures pages and summaries with 8 clients, and the memory in use.
func (r *results) serve(ctx context.Context, s system, queries []query, forTime time.Duration) error {
	first, err := s.memory()
	if err != nil || first == 0 {
		return err
	}
	var n atomic.Int64
	done := make(chan struct{})
	group := newGroup()
	for c := range clients {
		group.run(func() error {
			for i := c; ; i++ {
				select {
				case <-done:
					return nil
				default:
				}
				k := i % len(queries)
				if _, err := s.query(ctx, queries[k], summary, r.latencies[summary][k].plan); err != nil {
					return err
				}
				n.Add(1)
			}
		})
	}
	start := time.Now()
	for time.Since(start) < forTime && err == nil {
		var used int64
		if used, err = s.memory(); err == nil {
			r.memory = max(r.memory, used)
			err = sleep(ctx, 20*time.Millisecond)
		}
	}
	close(done)
	err = errors.Join(err, group.wait())
	r.queryRate = float64(n.Load()) / time.Since(start).Seconds()
	return err
}

// recordSingles records entries one at a time from 64 senders, each waiting for its acknowledgement.
func (r *results) recordSingles(ctx context.Context, s system, d *data, forTime time.Duration) error {
	var next atomic.Int64
	took := make([][]time.Duration, writers)
	group := newGroup()
	start := time.Now()
	for w := range writers {
		group.run(func() error {
			for time.Since(start) < forTime {
				e := d.laterEntry(int(next.Add(1) - 1))
				began := time.Now()
				if err := s.record(ctx, e); err != nil {
					return err
				}
				took[w] = append(took[w], time.Since(began))
			}
			return nil
		})
	}
	if err := group.wait(); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	all := slices.Concat(took...)
	r.singleRate = float64(len(all)) / time.Since(start).Seconds()
	slices.Sort(all)
	r.single.p50, r.single.p99 = quantile(all, 50), quantile(all, 99)
	return nil
}

// recorded estimates the number of entries that recordSingles has recorded.
func (r *results) recorded(forTime time.Duration) int {
	return int(r.singleRate*forTime.Seconds()*2) + 10_000
}

// distribute sends ranges of entries in order, from several senders.
func distribute(runs [][2]int, senders int, send func(run [2]int) error) error {
	var next atomic.Int64
	group := newGroup()
	for range senders {
		group.run(func() error {
			for !group.failed() {
				i := int(next.Add(1) - 1)
				if i >= len(runs) {
					return nil
				}
				if err := send(runs[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.wait()
}

// group runs functions concurrently and keeps their first error.
type group struct {
	sync.WaitGroup
	mu  sync.Mutex
	err error
}

func newGroup() *group { return &group{} }

func (g *group) run(f func() error) {
	g.Go(func() {
		if err := f(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.err == nil {
				g.err = err
			}
		}
	})
}

func (g *group) failed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err != nil
}

func (g *group) wait() error {
	g.Wait()
	return g.err
}
