//go:build linux && !race

package storage_test

import (
	"flag"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"oplog/oplog"
)

var (
	simFirst = flag.Uint64("seed", 1, "first seed of the simulation")
	simSeeds = flag.Int("seeds", 0, "how many seeds the simulation runs; 0 for those of make test")
	simEach  = flag.Int("stride", 1, "distance between the seeds")
	simLoud  = flag.Bool("trace", false, "print the steps of the simulation")
)

// usualSeeds is how many seeds make test runs, in about 15 seconds; make sim runs more. The race detector is left out: it takes the virtual time
// of a bubble, by which goroutines take turns here, for no order.
const usualSeeds = 200

// TestSimulation runs the log on a disk and under a clock that belong to the test. Steps and what goes wrong at them follow from a seed: writes
// that are torn, lost, short or in another order, syncs and renames that fail, bits that turn, clocks that jump, machines that stop anywhere.
// After each stop, what was acknowledged must be there, once and unchanged.
func TestSimulation(t *testing.T) {
	n := *simSeeds
	if n == 0 {
		n = usualSeeds
	}
	for i := range n {
		seed := *simFirst + uint64(i**simEach)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, seed) })
	}
}

// TestSimulationRepeats: a seed always makes the same steps, and the disk gets the same names, contents and pages.
func TestSimulationRepeats(t *testing.T) {
	for i := range uint64(usualSeeds / 10) {
		seed := *simFirst + i
		first := simulate(t, seed)
		if again := simulate(t, seed); again != first {
			t.Errorf("seed %d went another way the second time", seed)
		}
	}
}

// simulate runs a seed and returns the sum of its trace.
func simulate(t *testing.T, seed uint64) (trace uint64) {
	t.Run("run", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one segment is built at a time
		defer debug.SetGCPercent(debug.SetGCPercent(400))
		if !*simLoud {
			before := slog.Default()
			slog.SetDefault(slog.New(slog.DiscardHandler))
			defer slog.SetDefault(before)
		}
		cryptotest.SetGlobalRandom(t, seed)
		ended := false
		defer func() {
			if !ended || t.Failed() {
				fmt.Printf("seed %d failed; repeat it with: go test ./storage -run '^TestSimulation$' -seed %d -seeds 1 -trace -v\n", seed, seed)
			}
		}()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, *simLoud)
			defer func() {
				trace = w.trace.Sum64()
				if p := recover(); p != nil { // the other seeds are run all the same
					t.Errorf("panic: %v\n%s", p, debug.Stack())
				}
			}()
			w.run()
		})
		ended = true
	})
	return trace
}

// run lets a log live.
func (w *world) run() {
	defer func() { _ = w.shut() }()
	w.create()
	for range 10 + w.random.IntN(25) {
		w.step()
		synctest.Wait()
		if w.disk.off {
			w.revive()
			continue
		}
		if w.store.Failure() != nil {
			w.look()
		}
		if w.random.IntN(4) == 0 && w.store.Failure() != nil {
			w.settle()
		}
	}
	w.settle()
	for _, l := range w.tenants {
		w.send(l, w.request(l))
	}
	w.check()
	if err := w.shut(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
	w.check()
	if err := w.shut(); err != nil {
		w.t.Fatal(err)
	}
	if w.random.IntN(3) == 0 {
		w.rot()
	}
}

// create begins the log.
func (w *world) create() {
	if err := w.tryOpen(); err != nil {
		w.t.Fatal(err)
	}
	for _, l := range w.tenants {
		if _, err := w.Directory.AddTenant(oplog.Tenant{ID: l.tenant, Name: l.name}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.firstKey = w.store.VerifierKey()
}

// step does one thing, at which something may go wrong.
func (w *world) step() {
	l := w.tenants[w.random.IntN(len(w.tenants))]
	switch w.random.IntN(6) {
	case 0:
		w.disk.plan = &strike{after: w.random.IntN(12), kill: w.random.IntN(3) == 0}
	case 1:
		w.disk.plan = w.failure()
	}
	switch n := w.random.IntN(21); {
	case n == 6:
		w.drift = time.Duration(w.random.IntN(60*24*90)-60*24*45) * time.Minute
		w.expire()
	case n == 7:
		_ = w.disk.stop(w.random.IntN(2) == 0)
	case n == 8:
		w.reopen()
	case n == 1:
		w.rename(l)
	case n == 0:
		w.crowd(l)
	case n <= 5:
		w.build(l)
	case n == 9:
		w.checkpoint(l)
	case n == 10:
		w.export(l)
	case n == 11:
		w.backUp()
	case n == 12:
		w.retain(l)
	case n == 13:
		w.disk.plan = nil
		w.check()
	case n == 14:
		w.look()
	case n == 20:
		w.rotate()
	default:
		w.send(l, w.request(l))
	}
}

// reopen closes the log in order and opens it again.
func (w *world) reopen() {
	_ = w.shut() // what went wrong may keep it from being closed in order
	w.disk.plan = nil
	if w.disk.off {
		w.restart()
	}
	w.open()
	w.check()
}
