package archive

import (
	"context"

	"oplog/oplog"
)

// maxAhead is the most entries that are read ahead. A question takes some milliseconds, and each entry a few microseconds.
const maxAhead = 4096

// ahead is what was read from the archive before it was asked for, by a reader that goes on where it ended.
type ahead struct {
	view    *view
	from    oplog.Key
	next    oplog.Key     // the next read is of entries before it
	entries []oplog.Entry // newest first
	ended   bool          // there are no more
	size    int           // of the last question
}

// stretchAhead is stretch, newest first. A reader that goes on with the same buffer gets more from each question.
func (a *Archive) stretchAhead(v *view, days []oplog.ArchivedDay, r Range, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	if into == nil {
		return a.stretch(context.Background(), v, days, r)
	}
	h, _ := into.Ahead.(*ahead)
	if h == nil || h.view != v || h.from != r.From || h.next != r.To {
		h = &ahead{view: v, from: r.From}
	}
	into.Ahead = nil
	limit := r.Limit
	if left := len(h.entries); left < limit && !h.ended {
		if left > 0 {
			r.To = h.entries[left-1].Key()
		}
		h.size = max(limit, min(2*h.size, maxAhead))
		r.Limit = h.size
		more, err := a.stretch(context.Background(), v, days, r)
		if err != nil {
			return nil, err
		}
		h.ended = len(more) < h.size
		h.entries = append(h.entries[:left:left], more...)
	}
	n := min(limit, len(h.entries))
	some := h.entries[:n:n]
	if h.entries = h.entries[n:]; n > 0 {
		h.next = some[n-1].Key()
		into.Ahead = h
	}
	return some, nil
}
