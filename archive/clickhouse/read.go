package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// complete calls ask with servers that hold all rows of the days, until one answers. Without one it returns ErrIncomplete with what is known of each.
func (s *Shard) complete(ctx context.Context, tenant string, days []archive.Day, ask func(one *server) error) error {
	return completeOf(ctx, s.inOrder(), tenant, days, ask)
}

// completeOf is complete of some servers.
func completeOf(ctx context.Context, servers []*server, tenant string, days []archive.Day, ask func(one *server) error) error {
	failed := []error{archive.ErrIncomplete}
	for _, one := range servers {
		err := one.ready(ctx)
		if err == nil {
			err = one.whole(ctx, tenant, days, ask)
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, errSilent) { // the question is not to blame for the time
			return errors.Join(append(failed, err)...)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if isTooLong(err) {
			return err // any copy would answer that
		}
		if isExpensive(err) {
			return errors.Join(archive.ErrTooLong, err) // another copy would take as long
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// copies returns the server with a number, from 1, if that alone is to be asked; for 0 all, in their order.
func (s *Shard) copies(number int) []*server {
	switch {
	case number == 0:
		return s.inOrder()
	case number > len(s.servers):
		return nil
	}
	return s.servers[number-1 : number]
}

// inOrder returns the servers as they are asked: those that did not answer lately come last.
func (s *Shard) inOrder() []*server {
	var lost, all []*server
	for _, one := range s.servers {
		if one.wasLost() {
			lost = append(lost, one)
		} else {
			all = append(all, one)
		}
	}
	return append(all, lost...)
}

// Codes of ClickHouse (src/Common/ErrorCodes.cpp).
const (
	codeTooSlow        = 160
	codeTimeout        = 159
	codeMemoryExceeded = 241
)

// isExpensive reports whether a query took more time or memory than it may.
func isExpensive(err error) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains([]int{codeTooSlow, codeTimeout, codeMemoryExceeded}, e.Code)
}

// isTooLong reports whether an answer was longer than it may be.
func isTooLong(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codeTooLong
}

// Page asks for the newest days first, for twice as many each time; see [archive.Engine].
func (s *Shard) Page(ctx context.Context, q *archive.Query, before oplog.Key, limit int) (keys []oplog.Key, more bool, err error) {
	days := q.Days
	if !before.IsZero() {
		date := oplog.DateOf(before.Time())
		end, _ := slices.BinarySearchFunc(days, date, func(d archive.Day, date string) int {
			if d.Date <= date {
				return -1
			}
			return 1
		})
		days = days[:end]
	}
	if len(days) == 0 {
		return nil, false, nil
	}
	err = s.complete(ctx, q.Tenant, days, func(one *server) error {
		keys = nil
		rest := days
		for window := 1; len(rest) > 0 && len(keys) <= limit; window *= 2 {
			part := rest[max(0, len(rest)-window):]
			rest = rest[:len(rest)-len(part)]
			found, err := one.newest(ctx, q, part, before, limit+1-len(keys))
			if err != nil {
				return err
			}
			keys = append(keys, found...)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	if len(keys) > limit {
		return keys[:limit], true, nil
	}
	return keys, false, nil
}

// newest returns the newest matches of some days before a key.
func (s *server) newest(ctx context.Context, q *archive.Query, days []archive.Day, before oplog.Key, limit int) ([]oplog.Key, error) {
	part := *q
	part.Days = days
	c := where(&part)
	if !before.IsZero() {
		c.add("time <= %d AND (time < %d OR seq < %d)", before.Micros(), before.Micros(), before.Seq())
	}
	return s.keys(ctx, fmt.Sprintf("SELECT time, seq FROM %s%s ORDER BY time DESC, seq DESC LIMIT %d FORMAT RowBinary", tableOf(q.Tenant), c, limit))
}

// keys asks for keys.
func (s *server) keys(ctx context.Context, statement string) ([]oplog.Key, error) {
	answer, err := s.ask(ctx, statement, reading)
	if err != nil {
		return nil, err
	}
	d := rowDecoder{left: answer}
	var keys []oplog.Key
	for d.more() {
		keys = append(keys, d.key())
	}
	return keys, d.err
}

// foundAtATime is how many entries with one sender's id an answer has. A day has one at most, unless the archive was changed.
var foundAtATime = 1000

// Find asks for some at a time, from where the last answer ended; see [archive.Engine].
func (s *Shard) Find(ctx context.Context, tenant string, days []archive.Day, id string, number int) (keys []oplog.Key, err error) {
	if id == "" || len(days) == 0 {
		return nil, nil
	}
	err = completeOf(ctx, s.copies(number), tenant, days, func(one *server) error {
		keys = nil
		for older := ""; ; {
			some, err := one.keys(ctx, fmt.Sprintf("SELECT time, seq FROM %s WHERE %s AND id = %s%s ORDER BY time DESC, seq DESC LIMIT %d FORMAT RowBinary", tableOf(tenant), inDays(days), quote(id), older, foundAtATime))
			keys = append(keys, some...)
			if err != nil || len(some) < foundAtATime {
				return err
			}
			last := some[len(some)-1]
			next := fmt.Sprintf(" AND time <= %d AND (time < %d OR seq < %d)", last.Micros(), last.Micros(), last.Seq())
			if next == older {
				return fmt.Errorf("%s: it does not go on after entry %d", one.url, last.Seq())
			}
			older = next
		}
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// leavesAtATime is how many leaves an answer has at most, and leavesBytes how many bytes.
const leavesAtATime, leavesBytes = 10_000, 8 << 20

// Leaves asks for some leaves at a time, from where the last answer ended: for fewer while they are long; see [archive.Engine].
func (s *Shard) Leaves(ctx context.Context, r *archive.Range, visit func(key oplog.Key, leaf []byte) error) error {
	if len(r.Days) == 0 || r.Keys != nil && len(r.Keys) == 0 {
		return nil
	}
	var last oplog.Key
	for left := r.Limit; ; {
		answer, limit, err := s.someLeaves(ctx, r, last, left)
		if err != nil {
			return err
		}
		d := rowDecoder{left: answer}
		n := 0
		for ; d.more() && n < limit; n++ {
			last = d.key()
			leaf := d.text()
			if d.err != nil {
				break
			}
			if err := visit(last, leaf); err != nil {
				return err
			}
		}
		if left -= n; d.err != nil || n < limit || left == 0 {
			return d.err
		}
	}
}

// someLeaves asks for the leaves after one, at most so many unless that is 0, and returns how many it has asked for. What has proved too many is remembered,
// and doubled again while answers are short.
func (s *Shard) someLeaves(ctx context.Context, r *archive.Range, last oplog.Key, most int) (answer []byte, limit int, err error) {
	for {
		usual := int(s.leaves.Load())
		if limit = usual; most > 0 {
			limit = min(usual, most)
		}
		bytes := int64(leavesBytes)
		if limit == 1 {
			bytes = noLimit
		}
		err = completeOf(ctx, s.copies(r.Copy), r.Tenant, r.Days, func(one *server) (err error) {
			answer, err = one.askUpTo(ctx, leavesStatement(r, last, limit), long, bytes)
			return err
		})
		switch {
		case isTooLong(err):
			s.leaves.Store(int64(max(1, limit/4)))
			continue
		case err == nil && limit == usual && len(answer) < leavesBytes/4:
			s.leaves.Store(int64(min(2*usual, leavesAtATime)))
		}
		return answer, limit, err
	}
}

// leavesStatement asks for the leaves that come after one; the zero key for the first ones.
func leavesStatement(r *archive.Range, last oplog.Key, limit int) string {
	c := condition{inDays(r.Days)}
	order := "time DESC, seq DESC"
	switch {
	case r.BySeq:
		order = "seq"
	case r.OldestFirst:
		order = "time, seq"
	}
	switch {
	case last.IsZero():
	case r.BySeq:
		c.add("seq > %d", last.Seq())
	case r.OldestFirst:
		c.add("time >= %d AND (time > %d OR seq > %d)", last.Micros(), last.Micros(), last.Seq())
	default:
		c.add("time <= %d AND (time < %d OR seq < %d)", last.Micros(), last.Micros(), last.Seq())
	}
	if !r.From.IsZero() {
		c.add("time >= %d AND (time > %d OR seq >= %d)", r.From.Micros(), r.From.Micros(), r.From.Seq())
	}
	if !r.To.IsZero() {
		c.add("time <= %d AND (time < %d OR seq < %d)", r.To.Micros(), r.To.Micros(), r.To.Seq())
	}
	if r.FirstSeq > 0 {
		c.add("seq >= %d", r.FirstSeq)
	}
	if r.EndSeq > 0 {
		c.add("seq < %d", r.EndSeq)
	}
	if r.Spans != nil {
		spans := make([]string, len(r.Spans))
		for i, s := range r.Spans {
			spans[i] = fmt.Sprintf("seq >= %d AND seq < %d", s.First, s.End)
		}
		c.add("(%s)", strings.Join(append(spans, "0"), " OR "))
	}
	if r.Keys != nil {
		keys := make([]string, len(r.Keys))
		for i, k := range r.Keys {
			keys[i] = fmt.Sprintf("(%d,%d)", k.Micros(), k.Seq())
		}
		first, newest := slices.MinFunc(r.Keys, oplog.Key.Compare), slices.MaxFunc(r.Keys, oplog.Key.Compare)
		c.add("time BETWEEN %d AND %d AND (time, seq) IN (%s)", first.Micros(), newest.Micros(), strings.Join(keys, ","))
	}
	return fmt.Sprintf("SELECT time, seq, leaf FROM %s%s ORDER BY %s LIMIT %d FORMAT RowBinary", tableOf(r.Tenant), c, order, limit)
}

// ceilMicros returns a time in microseconds, rounded up.
func ceilMicros(t time.Time) int64 { return t.Add(time.Microsecond - time.Nanosecond).UnixMicro() }
