package oplog

import (
	"fmt"
	"time"
)

// What retention deletes cannot be brought back, and it depends on one clock. So a run that nothing confirms waits until an owner agrees.

// ClockTolerance is by how much the clock may differ from what the log knows of the time. A stop that is longer asks for an owner's word.
const ClockTolerance = 7 * 24 * time.Hour

// usualDates is the number of days that any run may delete; more is compared with the run before.
const (
	usualDates = 31
	muchMore   = 10 // times as many days as the last run deleted
)

// WaitReason is why expired entries are not deleted.
type WaitReason string

// The reasons to wait for an owner.
const (
	WaitClock  WaitReason = "clock"  // the clock is far from what the log knows of the time
	WaitAmount WaitReason = "amount" // much more would be deleted than last time
)

// Waiting is a deletion that waits until an owner agrees.
type Waiting struct {
	Tenant  string     `json:"tenant" doc:"The tenant's id; empty for the installation's access log."`
	Access  bool       `json:"access,omitempty" doc:"Whether it is of the access log."`
	Reason  WaitReason `json:"reason" enum:"clock,amount" doc:"clock: the clock is far from the time of the newest receipts and starts; amount: much more would be deleted than last time."`
	Clock   time.Time  `json:"clock" doc:"The server's clock when it checked."`
	Known   time.Time  `json:"known" doc:"The time by what the log knows: when its clock was last confirmed, or of the newest receipt, plus the time that passed since the program started."`
	Dates   int        `json:"dates" doc:"Number of days with entries that would be deleted."`
	Entries int        `json:"entries" doc:"Number of entries that would be deleted."`

	LastDates   int `json:"last_dates,omitempty" doc:"Number of days that were deleted last time."`
	LastEntries int `json:"last_entries,omitempty" doc:"Number of entries that were deleted last time."`
}

func (w *Waiting) String() string {
	const minute = "2006-01-02 15:04 UTC"
	what := fmt.Sprintf("%d entries of %d days of tenant %s", w.Entries, w.Dates, w.Tenant)
	switch {
	case w.Tenant == "":
		what = fmt.Sprintf("%d entries of %d days of the installation's access log", w.Entries, w.Dates)
	case w.Access:
		what = fmt.Sprintf("%d entries of %d days of the access log of tenant %s", w.Entries, w.Dates, w.Tenant)
	}
	if w.Reason == WaitClock {
		return fmt.Sprintf("The clock says %s, but by the newest receipts and starts of this log it should be about %s. Until the clock is right, or an owner confirms it, nothing is deleted; %s would be.",
			w.Clock.UTC().Format(minute), w.Known.UTC().Format(minute), what)
	}
	return fmt.Sprintf("%s would be deleted, much more than the %d entries of %d days of the last time. They are kept until an owner agrees.", what, w.LastEntries, w.LastDates)
}

// ClockIsNear reports whether the clock agrees with what the log knows of the time.
func ClockIsNear(clock, known time.Time) bool { return clock.Sub(known).Abs() <= ClockTolerance }

// IsMuchMore reports whether a deletion has many more days than the one before, if there was one.
func (d *Deletion) IsMuchMore(before []Deletion) bool {
	return len(before) > 0 && d.Dates > max(usualDates, muchMore*before[len(before)-1].Dates)
}
