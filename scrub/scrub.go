// Package scrub reads the whole store in the background, again and again, so that damage is found while there still is a backup without it.
package scrub

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Pace is how a pass gives way to other work.
type Pace struct {
	Delay time.Duration // before the first slice
	Pause time.Duration // after each slice, at least
	Share int           // the pause is at least as many times as long as the slice took
	Save  time.Duration // how often the position is saved
}

// DefaultPace takes at most a twentieth of one processor and of the disk: 1,000 pages or 10,000 entries a second at most.
var DefaultPace = Pace{Delay: time.Minute, Pause: 100 * time.Millisecond, Share: 19, Save: time.Minute}

// State is how far the checks have come.
type State struct {
	Every   time.Duration `json:"-"` // zero if nothing is checked
	WholeAt time.Time     // end of the last whole pass; zero for none
	BeganAt time.Time     // of the pass in progress; zero for none
	Pages   uint64        // checked by the pass in progress, else by the last one
	Entries uint64        // likewise
	Found   uint64        // slices with damage in the pass in progress or the last whole one
	Damage  string        // the first found in these; "" for none

	Position  []byte // after the last slice
	FoundNow  uint64 // by the pass in progress
	DamageNow string
}

// Scrub checks the store.
type Scrub struct {
	store oplog.Store
	now   func() time.Time
	mu    sync.Mutex // guards state
	state State
}

const record = "scrub"

// New returns a Scrub that goes on where the last one stopped, or from the start if that cannot be read.
func New(store oplog.Store, now func() time.Time) *Scrub {
	s := &Scrub{store: store, now: now}
	state, err := records.Read[State](store, oplog.RecordServer, record)
	if err == nil {
		s.state = state
	} else if oplog.CodeOf(err) != oplog.CodeNotFound {
		faults.Report("reading how far the store was checked", err)
		faults.Report("removing how far the store was checked", records.Mend[State](store, oplog.RecordServer, record, nil))
	}
	return s
}

// State returns how far the checks have come.
func (s *Scrub) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Run checks the store, once in every period, until the context ends. Zero checks nothing.
func (s *Scrub) Run(ctx context.Context, every time.Duration, pace Pace) {
	if every == 0 {
		return
	}
	s.change(func(state *State) { state.Every = every })
	wait, unsaved, saved := pace.Delay, false, time.Now()
	for sleep(ctx, wait) {
		if wait = s.untilNext(every); wait > 0 {
			continue
		}
		began := time.Now()
		ended, err := s.slice()
		if wait = max(pace.Pause, time.Duration(pace.Share)*time.Since(began)); err != nil {
			faults.Report("checking the store", err)
			wait = max(wait, time.Minute)
		}
		if unsaved = true; ended || time.Since(saved) >= pace.Save {
			s.save()
			unsaved, saved = false, time.Now()
		}
	}
	if unsaved {
		s.save()
	}
}

// maxWait is how long to wait before the clock is read again.
const maxWait = time.Hour

// untilNext returns how long to wait for the next pass; 0 if one is in progress. A last pass in the future is of a clock that was wrong.
func (s *Scrub) untilNext(every time.Duration) time.Duration {
	state, now := s.State(), s.now()
	if !state.BeganAt.IsZero() || state.WholeAt.IsZero() || state.WholeAt.After(now) {
		return 0
	}
	return min(maxWait, max(0, every-now.Sub(state.WholeAt)))
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// slice checks the next slice, and reports whether it was the last of a pass.
func (s *Scrub) slice() (ended bool, err error) {
	defer faults.Catch("checking the store", &err)
	checked, err := s.store.CheckNext(s.State().Position)
	if err != nil {
		return false, err
	}
	s.change(func(state *State) { ended = state.add(checked, s.now()) })
	if checked.Damage != nil {
		slog.Error("the log is damaged; keep the last good backup, and run oplog verify", "err", checked.Damage)
	}
	if ended {
		state := s.State()
		slog.Info("the whole store was checked", "pages", state.Pages, "entries", state.Entries, "damaged", state.Found)
	}
	return ended, nil
}

// add adds what a slice has checked, and reports whether it was the last of a pass.
func (s *State) add(checked oplog.Checked, now time.Time) (ended bool) {
	if s.BeganAt.IsZero() {
		s.BeganAt, s.Pages, s.Entries, s.FoundNow, s.DamageNow = now.UTC(), 0, 0, 0, ""
	}
	s.Pages += checked.Pages
	s.Entries += checked.Entries
	s.Position = checked.Next
	if checked.Damage != nil {
		if s.FoundNow++; s.DamageNow == "" {
			s.DamageNow = checked.Damage.Error()
		}
	}
	ended = checked.Next == nil
	if ended || s.FoundNow > s.Found { // damage that was found before is shown until a whole pass finds none
		s.Found, s.Damage = s.FoundNow, s.DamageNow
	}
	if ended {
		s.WholeAt, s.BeganAt = now.UTC(), time.Time{}
	}
	return ended
}

func (s *Scrub) change(change func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
}

// save saves the position, unless nothing can be written. Without it the next start repeats what this one has checked.
func (s *Scrub) save() {
	if s.store.Failure() != nil {
		return
	}
	state := s.State()
	_, err := records.Change(s.store, oplog.RecordServer, record, func(stored *State, _ bool) (remove bool, err error) {
		*stored = state
		return false, nil
	})
	faults.Report("saving how far the store was checked", err)
}
