package archivetest

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"oplog/archive"
	"oplog/oplog"
)

// reads are what an engine is asked for by those who read. Guarded by mu of Engine.
type reads struct {
	alter func(rows []Row) []Row
	asked int
}

// Alter changes the leaves of all answers from now on; nil for none.
func (e *Engine) Alter(alter func(rows []Row) []Row) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alter = alter
}

// Asked returns how often leaves and ids were asked for.
func (e *Engine) Asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// complete returns the rows of some days from a server that has all of them: from the only one that may be asked, if there is such.
func (e *Engine) complete(ctx context.Context, tenant string, days []archive.Day, only int) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	for i, all := range e.servers {
		if rows, ok := rowsOf(all, tenant, days); ok && !e.away[i] && (only == 0 || only == i+1) {
			return rows, nil
		}
	}
	return nil, archive.ErrIncomplete
}

func rowsOf(all map[archive.Shipment][]Row, tenant string, days []archive.Day) (rows []Row, complete bool) {
	for _, d := range days {
		of := all[archive.Shipment{Tenant: tenant, DayAttempt: d.DayAttempt}]
		if uint64(len(of)) != d.Rows {
			return nil, false
		}
		rows = append(rows, of...)
	}
	return rows, true
}

// Find looks at every row.
func (e *Engine) Find(ctx context.Context, tenant string, days []archive.Day, id string, number int) (keys []oplog.Key, err error) {
	rows, err := e.complete(ctx, tenant, days, number)
	for i := range rows {
		if rows[i].ID == id {
			keys = append(keys, rows[i].Key)
		}
	}
	slices.SortFunc(keys, func(a, b oplog.Key) int { return b.Compare(a) })
	return keys, err
}

// Page returns the newest keys of a period; of other filters it knows nothing.
func (e *Engine) Page(ctx context.Context, q *archive.Query, before oplog.Key, limit int) (keys []oplog.Key, more bool, err error) {
	if !q.Match.IsPeriod() {
		return nil, false, errors.New("only periods are searched")
	}
	rows, err := e.complete(ctx, q.Tenant, q.Days, 0)
	for i := range rows {
		key := rows[i].Key
		if key.Compare(q.Match.First()) >= 0 && key.Compare(q.Match.Last()) < 0 && (before.IsZero() || key.Compare(before) < 0) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b oplog.Key) int { return b.Compare(a) })
	return keys[:min(limit, len(keys))], len(keys) > limit, err
}

// Leaves looks at every row.
func (e *Engine) Leaves(ctx context.Context, r *archive.Range, visit func(key oplog.Key, leaf []byte) error) error {
	for _, d := range r.Days {
		if err := e.step("leaves", archive.Shipment{Tenant: r.Tenant, DayAttempt: d.DayAttempt}); err != nil {
			return err
		}
	}
	rows, err := e.complete(ctx, r.Tenant, r.Days, r.Copy)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row Row) bool { return !selects(r, row.Key) })
	slices.SortFunc(rows, func(a, b Row) int {
		switch {
		case r.BySeq:
			return cmp.Compare(a.Key.Seq(), b.Key.Seq())
		case r.OldestFirst:
			return a.Key.Compare(b.Key)
		}
		return b.Key.Compare(a.Key)
	})
	if r.Limit > 0 && len(rows) > r.Limit {
		rows = rows[:r.Limit]
	}
	e.mu.Lock()
	alter := e.alter
	e.mu.Unlock()
	if alter != nil {
		rows = alter(rows)
	}
	for _, row := range rows {
		if err := visit(row.Key, slices.Clone(row.Leaf)); err != nil {
			return err
		}
	}
	return nil
}

func selects(r *archive.Range, key oplog.Key) bool {
	seq := key.Seq()
	switch {
	case r.Keys != nil && !slices.Contains(r.Keys, key),
		key.Compare(r.From) < 0, !r.To.IsZero() && key.Compare(r.To) >= 0,
		seq < r.FirstSeq, r.EndSeq > 0 && seq >= r.EndSeq,
		r.Spans != nil && !slices.ContainsFunc(r.Spans, func(s archive.Span) bool { return s.First <= seq && seq < s.End }):
		return false
	}
	return true
}
