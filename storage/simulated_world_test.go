//go:build linux && !race

package storage_test

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"oplog/durable"
	"oplog/exports/formats"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// world is a log on a simulated disk, and what is known of it: what it has acknowledged, and what it was sent besides.
type world struct {
	t      *testing.T
	random *rand.Rand
	disk   *simDisk
	trace  hash.Hash64
	loud   bool // print the trace
	began  time.Time
	drift  time.Duration // what the machine's clock is wrong by

	store      *storage.DB
	index      *search.Index
	*node.Node // nil unless the log is open

	tenants []*ledger
	labels  int // entries made so far
	backups int

	retained bool // no deletion was interrupted

	firstKey       string
	rotated, tried int // replacements of the key that were acknowledged, and all
}

// ledger is what must be true of a tenant's log.
type ledger struct {
	tenant  string
	name    string                    // of the tenant, as acknowledged
	maybe   []string                  // later names, which were not acknowledged
	acked   map[uint64]oplog.Entry    // by seq
	unacked map[string]oplog.Entry    // by label: sent, and not acknowledged; each may be stored, once
	ruled   bool                      // a retention rule was set, so old entries may be refused
	gone    string                    // entries of dates before may be deleted
	heads   []string                  // checkpoints that were given out
	exports map[string]finishedExport // by id
}

var simMorning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func (w *world) now() time.Time { return simMorning.Add(time.Since(w.began) + w.drift) }

// log adds a line to the trace, of which equal seeds have equal ones.
func (w *world) log(format string, args ...any) {
	_, _ = fmt.Fprintf(w.trace, format+"\n", args...)
	if w.loud {
		w.t.Logf(format, args...)
	}
}

func newWorld(t *testing.T, seed uint64, loud bool) *world {
	root, err := os.MkdirTemp(memory(), "oplog-simulation-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, 0)), trace: fnv.New64a(), loud: loud, began: time.Now(), retained: true}
	w.disk = &simDisk{
		random: rand.New(rand.NewPCG(seed, 1)), root: root, top: filepath.Join(root, "0"), log: w.log,
		files: make(map[uint64]*simFile), folders: make(map[string]map[string]uint64),
	}
	if err := errors.Join(os.Mkdir(w.disk.top, 0o700), os.Mkdir(filepath.Join(root, "held"), 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(durable.UseDisk(w.disk))
	t.Cleanup(storage.OnOpen(w.disk.opened))
	for _, name := range []string{"acme", "bee"} {
		w.tenants = append(w.tenants, &ledger{
			tenant: name, name: name, acked: make(map[uint64]oplog.Entry), unacked: make(map[string]oplog.Entry), exports: make(map[string]finishedExport),
		})
	}
	return w
}

// memory returns a folder in memory, if there is one: nothing has to be written to a real disk.
func memory() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return ""
}

func (w *world) dir() string { return filepath.Join(w.disk.top, "data") }

// open opens the log. An error is reported unless something went wrong meanwhile, as then the next attempt must succeed.
func (w *world) open() {
	for attempt := 0; ; attempt++ {
		switch w.random.IntN(8) {
		case 0:
			w.disk.plan = &strike{after: w.random.IntN(6), kill: w.random.IntN(2) == 0}
		case 1:
			w.disk.plan = w.failure()
		}
		armed := w.disk.plan != nil
		w.disk.struck = false
		err := w.tryOpen()
		synctest.Wait()
		w.log("open: %v", err != nil)
		w.disk.plan = nil
		switch {
		case w.disk.off:
			_ = w.shut()
			w.restart()
		case err == nil:
			return
		case !armed || attempt > 20:
			w.t.Fatalf("the log does not open: %v", err)
		}
	}
}

func (w *world) tryOpen() error {
	store, err := storage.Open(w.dir(), storage.Options{})
	if err != nil {
		return err
	}
	index := search.OpenManual(filepath.Join(w.dir(), "index"), store, 1024)
	opened, err := node.New(store, index, node.Options{
		Now: w.now, ExportDir: filepath.Join(w.dir(), "exports"), Formats: []oplog.ExportFormat{formats.NDJSON},
		Space: func(string) (free, total uint64, err error) { return 1 << 40, 1 << 40, nil },
	})
	if err != nil {
		return errors.Join(err, index.Close(), store.Close())
	}
	w.store, w.index, w.Node = store, index, opened
	return nil
}

// shut closes the log, if it is open.
func (w *world) shut() error {
	var err error
	if w.Node != nil {
		err = w.Close()
		w.Node = nil
	}
	synctest.Wait()
	return err
}

// restart starts the machine after it has stopped.
func (w *world) restart() {
	if err := w.disk.start(); err != nil {
		w.t.Fatal(err)
	}
}

// revive opens the log again after the machine has stopped, and checks it.
func (w *world) revive() {
	_ = w.shut() // the machine is off
	w.restart()
	w.open()
	w.check()
}

// failure returns a strike of steps that fail.
func (w *world) failure() *strike {
	errs := []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT}
	return &strike{after: w.random.IntN(12), times: 1 + w.random.IntN(4), err: errs[w.random.IntN(len(errs))]}
}

// sleep lets time pass. It ends at an instant at which no timer of the log fires: those of an instant fire in no order.
func (w *world) sleep(d time.Duration) {
	time.Sleep(d + time.Nanosecond)
	synctest.Wait()
}

// settle lets what failed recover: the log must be writable again by itself.
func (w *world) settle() {
	w.disk.plan = nil
	w.sleep(3 * time.Minute)
	if w.disk.off { // it stopped while the log recovered
		w.revive()
		return
	}
	if err := w.store.Failure(); err != nil {
		w.t.Fatalf("the log stays read-only: %v", err)
	}
}
