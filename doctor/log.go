package doctor

import (
	"errors"
	"time"

	"oplog/oplog"
)

// clockBehind is by how much the clock may be behind the newest receipt: threads read it at different times, and time servers set it back a little.
const clockBehind = time.Minute

// clock compares the machine's clock with what the log knows of the time.
func (r *round) clock() []Finding {
	l, err := r.log()
	if err != nil {
		return nil // which the format tells
	}
	known := l.Known
	if l.Newest.After(known) {
		known = l.Newest
	}
	code := "clock-near"
	switch {
	case l.Newest.Sub(r.now) > clockBehind:
		code = "clock-behind"
	case l.DeletionWaits:
		code = "clock-waits"
	case r.Server == Stopped && !oplog.ClockIsNear(r.now, known):
		code = "clock-ahead"
	}
	return []Finding{finding(code, "clock", r.now, "newest", l.Newest, "known", l.Known, "ahead", r.now.Sub(known))}
}

// format checks that the log can be opened by this program.
func (r *round) format() []Finding {
	l, err := r.log()
	switch {
	case r.Server.isClosed():
		return nil // which the first check tells
	case errors.Is(err, ErrNoLog):
		return []Finding{finding("format-new", "dir", r.Dir)}
	case errors.Is(err, ErrMustStart):
		return []Finding{finding("format-start", "error", err)}
	case err != nil:
		return []Finding{finding("format-unreadable", "error", err)}
	case l.Format < l.NewestFormat:
		return []Finding{finding("format-older", "version", l.Format, "newest", l.NewestFormat, "need", l.StoreBytes)}
	}
	return []Finding{finding("format-current", "version", l.Format)}
}

// store tells what is known of damage, and whether operations can be recorded.
func (r *round) store() (found []Finding) {
	l, err := r.log()
	if err != nil {
		return nil
	}
	if l.Missing != nil {
		found = append(found, finding("store-missing", "error", l.Missing))
	}
	if l.Failure != nil {
		found = append(found, finding("store-read-only", "error", l.Failure))
	}
	if l.Damage != nil {
		found = append(found, finding("store-damaged", "error", l.Damage))
	}
	if l.CheckDamage != "" {
		found = append(found, finding("store-damaged", "error", l.CheckDamage))
	}
	if len(l.DamagedRecords) > 0 {
		found = append(found, finding("store-record-damaged", "records", firstOf(l.DamagedRecords)))
	}
	if len(l.UnknownDays) > 0 {
		found = append(found, finding("store-days-unknown", "days", firstOf(l.UnknownDays)))
	}
	switch {
	case len(found) > 0:
		return found
	case r.Server == Stopped:
		return []Finding{finding("store-opened")}
	case r.ScrubEvery == 0:
		return []Finding{finding("store-unwatched")}
	case l.CheckedAt.IsZero():
		return []Finding{finding("store-unchecked")}
	}
	return []Finding{finding("store-sound", "at", l.CheckedAt)}
}

// index tells how far the index is.
func (r *round) index() []Finding {
	l, err := r.log()
	if err != nil {
		return nil
	}
	switch x := l.Index; {
	case x.CatchingUp != nil:
		return []Finding{finding("index-behind", "error", x.CatchingUp)}
	case x.Outdated > 0:
		return []Finding{finding("index-outdated", "tenants", x.Outdated)}
	case x.Lost > 0:
		return []Finding{finding("index-lost", "files", x.Lost)}
	case x.Behind > 0:
		return []Finding{finding("index-complete", "behind", x.Behind, "bytes", x.Bytes)}
	}
	return []Finding{finding("index-ready", "bytes", l.Index.Bytes)}
}
