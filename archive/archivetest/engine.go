// Package archivetest has an archive's engine in memory, for tests.
package archivetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"oplog/archive"
	"oplog/oplog"
)

// Engine is a shard in memory. Each of its servers has a copy of its own, which a test may change.
type Engine struct {
	archive.Engine // what is not here is not asked for

	// Fault is called, if it is set, at each step, and may return an error: "highest", "put", "row", "inserted", "verify", "leaves", "drop" or "holdings". At
	// "row" the rows before have reached the servers, at "inserted" all have.
	Fault func(step string, of archive.Shipment) error

	mu      sync.Mutex // guards the following
	urls    []string
	servers []map[archive.Shipment][]Row
	away    []bool
	steps   []string
	reads
}

// Row is a row as a server has it.
type Row struct {
	Key  oplog.Key
	ID   string
	Leaf []byte
}

// New returns a shard of so many servers, whose URLs begin with a name.
func New(name string, servers int) *Engine {
	e := &Engine{away: make([]bool, servers)}
	for i := range servers {
		e.urls = append(e.urls, fmt.Sprintf("https://%s-%d:8443", name, i+1))
		e.servers = append(e.servers, make(map[archive.Shipment][]Row))
	}
	return e
}

// SetAway lets a server answer no more, or again.
func (e *Engine) SetAway(server int, away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away[server] = away
}

// Change changes the rows of a shipment on a server.
func (e *Engine) Change(server int, of archive.Shipment, change func([]Row) []Row) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.servers[server][of] = change(e.servers[server][of])
	if len(e.servers[server][of]) == 0 {
		delete(e.servers[server], of)
	}
}

// Rows returns the rows of a shipment on a server.
func (e *Engine) Rows(server int, of archive.Shipment) []Row {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.servers[server][of])
}

// Steps returns the steps so far, but for rows.
func (e *Engine) Steps() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.steps)
}

func (e *Engine) step(step string, of archive.Shipment) error {
	e.mu.Lock()
	if step != "row" {
		e.steps = append(e.steps, step)
	}
	e.mu.Unlock()
	if e.Fault != nil {
		return e.Fault(step, of)
	}
	return nil
}

// errAway is the error of a server that does not answer. The caller holds mu.
func (e *Engine) errAway(server int) error {
	if !e.away[server] {
		return nil
	}
	return &archive.ServerError{Server: e.urls[server], Err: fmt.Errorf("%s does not answer", e.urls[server])}
}

// allThere returns an error if a server does not answer. The caller holds mu.
func (e *Engine) allThere() error {
	for i := range e.servers {
		if err := e.errAway(i); err != nil {
			return err
		}
	}
	return nil
}

// Servers returns the URLs of the servers.
func (e *Engine) Servers() []string { return e.urls }

// Check returns an error if a server does not answer.
func (e *Engine) Check(context.Context, string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.allThere()
}

// Highest returns the highest attempt of a date.
func (e *Engine) Highest(_ context.Context, tenant, date string) (highest uint32, err error) {
	if err := e.step("highest", archive.Shipment{Tenant: tenant, DayAttempt: archive.DayAttempt{Date: date}}); err != nil {
		return 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rows := range e.servers {
		for of := range rows {
			if of.Tenant == tenant && of.Date == date {
				highest = max(highest, of.Attempt)
			}
		}
	}
	return highest, e.allThere()
}

// Put adds rows on all servers.
func (e *Engine) Put(_ context.Context, of archive.Shipment, rows iter.Seq2[*archive.Row, error]) error {
	if err := e.step("put", of); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			err = e.step("row", of)
		}
		if err != nil {
			return err
		}
		e.mu.Lock()
		if err := e.allThere(); err != nil {
			e.mu.Unlock()
			return err
		}
		for _, all := range e.servers {
			all[of] = append(all[of], Row{row.Entry.Key(), row.Entry.ID, slices.Clone(row.Leaf)})
		}
		e.mu.Unlock()
	}
	return e.step("inserted", of)
}

// Verify sums what each server has.
func (e *Engine) Verify(_ context.Context, of archive.Shipment) ([]archive.Sum, error) {
	if err := e.step("verify", of); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	sums := make([]archive.Sum, len(e.servers))
	for i, all := range e.servers {
		for _, row := range all[of] {
			sums[i].Add(row.Key.Seq(), archive.LeafHash(row.Leaf))
		}
	}
	return sums, e.allThere()
}

// Drop drops a shipment on each server.
func (e *Engine) Drop(_ context.Context, of archive.Shipment) error {
	if err := e.step("drop", of); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, all := range e.servers {
		if err := e.errAway(i); err != nil {
			return err
		}
		delete(all, of)
	}
	return nil
}

// Holdings returns what each server has.
func (e *Engine) Holdings(_ context.Context, tenant string) ([]map[archive.DayAttempt]uint64, error) {
	if err := e.step("holdings", archive.Shipment{Tenant: tenant}); err != nil {
		return make([]map[archive.DayAttempt]uint64, len(e.servers)), err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	holdings, failed := make([]map[archive.DayAttempt]uint64, len(e.servers)), make([]error, len(e.servers))
	for i, all := range e.servers {
		if failed[i] = e.errAway(i); failed[i] != nil {
			continue
		}
		holdings[i] = make(map[archive.DayAttempt]uint64)
		for of, rows := range all {
			if of.Tenant == tenant {
				holdings[i][of.DayAttempt] = uint64(len(rows))
			}
		}
	}
	return holdings, errors.Join(failed...)
}
