package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// tenant is the tenant of the log.
var tenant = oplog.Tenant{ID: "bench", Name: "Bench", TimeZone: "UTC", DataPermission: true}

// engine is oplog in this process, without the server.
type engine struct {
	dir string
	log *node.Node
}

func openEngine(ctx context.Context, dir string, d *data) (*engine, error) {
	e := &engine{dir: dir}
	if err := e.open(); err != nil {
		return nil, err
	}
	if _, err := e.log.Directory.AddTenant(tenant); err != nil {
		return nil, err
	}
	_, err := e.log.Directory.SetOrganizations(ctx, tenant.ID, d.tree)
	return e, err
}

func (e *engine) open() error {
	store, err := storage.Open(e.dir, storage.Options{})
	if err != nil {
		return err
	}
	index, err := search.Open(filepath.Join(e.dir, "index"), store)
	if err != nil {
		return err
	}
	e.log, err = node.New(store, index, node.Options{ExportDir: filepath.Join(e.dir, "exports")})
	return err
}

func (e *engine) name() string { return "oplog" }

func (e *engine) load(ctx context.Context, d *data, senders int) error {
	return distribute(d.batches(), senders, func(run [2]int) error {
		_, err := e.log.Journal.Append(ctx, tenant.ID, d.entries(run))
		return err
	})
}

func (e *engine) settle(ctx context.Context) (time.Time, error) { return awaitSettled(ctx, e.dir) }

// reopen does not wait for the index to finish building.
func (e *engine) reopen(context.Context) error {
	if err := e.log.Close(); err != nil {
		return err
	}
	return e.open()
}

func (e *engine) plans(query, request) int { return 1 }

// query requests a page, and for other kinds of requests also the total or the summary.
func (e *engine) query(ctx context.Context, q query, what request, _ int) (func() (answer, error), error) {
	found, err := e.log.Journal.Page(ctx, tenant.ID, q.Query, pageSize, "")
	if err != nil || what == page {
		return func() (answer, error) { return answerOf(found, oplog.Summary{}), nil }, err
	}
	if what == count {
		total, err := e.log.Journal.Total(ctx, tenant.ID, q.Query)
		return func() (answer, error) { return answerOf(found, oplog.Summary{Total: total}), nil }, err
	}
	s, err := e.log.Journal.Summary(ctx, tenant.ID, q.Query, oplog.LocaleEN)
	return func() (answer, error) { return answerOf(found, s), nil }, err
}

func answerOf(p oplog.Page, s oplog.Summary) answer {
	a := answer{total: s.Total, buckets: make(map[int64]int)}
	for _, e := range p.Entries {
		a.rows = append(a.rows, e.Time.UnixMicro())
	}
	for _, b := range s.Histogram.Buckets {
		if b.Count > 0 {
			a.buckets[b.From.UnixMicro()] = b.Count
		}
	}
	f := s.Facets
	for kind, values := range [facetKinds][]oplog.FacetValue{f.Module, f.Operation, f.User, f.Organization} {
		a.facets[kind] = make(map[string]int)
		for _, v := range values {
			a.facets[kind][v.Value] = v.Count
		}
	}
	return a
}

func (e *engine) record(ctx context.Context, entry oplog.Entry) error {
	_, err := e.log.Journal.Append(ctx, tenant.ID, []oplog.Entry{entry})
	return err
}

func (e *engine) memory() (int64, error) { return 0, nil }

func (e *engine) disk() (int64, error) { return diskUsage(e.dir) }

func (e *engine) close() error { return e.log.Close() }

// awaitSettled waits until the files of a directory have not changed for a while: the index has nothing left to build or merge. It returns
// the time of the last change.
func awaitSettled(ctx context.Context, dir string) (time.Time, error) {
	const quiet = 5 * time.Second
	before, since := "", time.Now()
	for time.Since(since) < quiet {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return since, err
		}
		files, err := listing(dir)
		if err != nil {
			return since, fmt.Errorf("wait for the index: %w", err)
		}
		if files != before {
			before, since = files, time.Now()
		}
	}
	return since, nil
}
