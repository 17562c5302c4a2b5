package journal

import (
	"log/slog"
	"sync"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Clock compares the machine's clock with what the log knows of the time: the clock when it was last confirmed, and the time that passed since
// the program started, which no change of the clock affects.
type Clock struct {
	store oplog.Store
	now   func() time.Time

	mu    sync.Mutex // guards the fields below
	known time.Time  // by the last check that confirmed the clock
	at    time.Time  // what now returned then, with its monotonic reading
	saved time.Time  // known, as it is stored
}

// clockRecord is the record of the time when the clock was last confirmed.
const clockRecord = "clock"

// clockSaved is how often that is written.
const clockSaved = time.Hour

// ReadClock reads what a log knows of the time. It must be called before anything is recorded: that would be at the time of a wrong clock.
func ReadClock(store oplog.Store, now func() time.Time) (*Clock, error) {
	c := &Clock{store: store, now: now, at: now()}
	var err error
	c.known, err = records.Read[time.Time](store, oplog.RecordServer, clockRecord)
	if err == nil {
		c.saved = c.known
		return c, nil
	}
	if oplog.CodeOf(err) == oplog.CodeDamaged { // the newest entry tells as much
		faults.Report("reading the time of the clock", err)
		faults.Report("removing the time of the clock", records.Mend[time.Time](store, oplog.RecordServer, clockRecord, nil))
	} else if oplog.CodeOf(err) != oplog.CodeNotFound {
		return nil, err
	}
	if c.known, err = newestReceipt(store); err == nil && c.known.IsZero() {
		c.known = c.at.Round(0) // of a new log
	}
	return c, err
}

// newestReceipt returns when the last entry of all logs was received, among which are the starts of the program; zero if there is none.
func newestReceipt(store oplog.Store) (newest time.Time, err error) {
	tenants, err := store.Records(oplog.RecordTenant, "")
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return newest, err
	}
	logs := []string{oplog.TrailName("")}
	for _, t := range tenants {
		logs = append(logs, t.Name, oplog.TrailName(t.Name))
	}
	for _, name := range logs {
		last, _, err := store.Counts(name)
		if err != nil || last == 0 {
			continue // a log that cannot be read confirms nothing
		}
		key, err := store.KeyOfSeq(name, last)
		if err != nil {
			continue
		}
		found, err := store.Get(name, []oplog.Key{key}, nil)
		if err == nil && len(found) == 1 && !found[0].Damaged && found[0].ReceivedAt.After(newest) {
			newest = found[0].ReceivedAt
		}
	}
	return newest, nil
}

// check returns the clock, the time by what the log knows, and whether they agree.
func (c *Clock) check() (clock, known time.Time, near bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	clock = now.Round(0)
	known = c.known.Add(max(0, now.Sub(c.at)))
	near = oplog.ClockIsNear(clock, known)
	if near {
		c.trust(now)
	}
	return clock, known, near
}

// ClockState is what the log knows of the time.
type ClockState struct {
	Known  time.Time // when the clock was last confirmed, or of the newest receipt then, plus the time that the program has run since
	Newest time.Time // receipt of the newest entry of all logs; zero for none
}

// State returns what the log knows of the time, and takes nothing as confirmed.
func (c *Clock) State() (ClockState, error) {
	newest, err := newestReceipt(c.store)
	c.mu.Lock()
	defer c.mu.Unlock()
	return ClockState{c.known.Add(max(0, c.now().Sub(c.at))), newest}, err
}

// KnownTime returns the time by what the log knows, whatever the machine's clock says.
func (j *Journal) KnownTime() time.Time {
	j.clock.mu.Lock()
	defer j.clock.mu.Unlock()
	return j.clock.known.Add(max(0, j.clock.now().Sub(j.clock.at)))
}

// ClockState returns what the log knows of the time.
func (j *Journal) ClockState() (ClockState, error) { return j.clock.State() }

// trust takes the clock as it is. The caller holds mu.
func (c *Clock) trust(now time.Time) {
	c.known, c.at = now.Round(0), now
	if c.known.Sub(c.saved).Abs() < clockSaved || c.store.Failure() != nil {
		return
	}
	if err := c.save(); err != nil {
		slog.Warn("the time of the clock could not be stored", "err", err)
	}
}

func (c *Clock) save() error {
	_, err := records.Change(c.store, oplog.RecordServer, clockRecord, func(stored *time.Time, _ bool) (bool, error) {
		*stored = c.known.UTC()
		return false, nil
	})
	if err == nil {
		c.saved = c.known
	}
	return err
}

// confirm takes the clock as it was at a time as right, because an owner says so. The record says it already.
func (c *Clock) confirm(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.at, c.saved = at.Round(0), at, at.Round(0)
}

// forRules returns the time by which entries are too old to be accepted: not that of a clock that is far ahead, by which those of today would
// be rejected for good.
func (c *Clock) forRules() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	known := c.known.Add(max(0, now.Sub(c.at)))
	if now.Sub(known) > oplog.ClockTolerance {
		return known
	}
	return now
}
