package archive_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// fixture is a log with an archive in memory. Tenant plain archives what is older than 30 days, after a grace of a day.
type fixture struct {
	*nodetest.Log
	shards []*archivetest.Engine
	store  *mortalStore
	sent   map[string][]string // ids of the entries by date
}

// oldDays are how many days of plain are due, and each has so many entries.
const oldDays, dayEntries = 3, 150

func newFixture(t *testing.T, shards, servers int) *fixture {
	t.Helper()
	f := &fixture{Log: nodetest.New(t), sent: map[string][]string{}}
	for i := range shards {
		one := archivetest.New(fmt.Sprintf("shard-%d", i+1), servers)
		f.shards = append(f.shards, one)
		f.Shards = append(f.Shards, one)
	}
	f.Grace = 24 * time.Hour
	f.Wrap = func(s oplog.Store) oplog.Store {
		f.store = &mortalStore{store: s}
		return f.store
	}
	f.Restart()
	var entries []oplog.Entry
	for day := range oldDays + 2 {
		for i := range dayEntries {
			e := nodetest.WithID(fmt.Sprintf("order-%d-%d", day, i), nodetest.Entry(fmt.Sprintf("c%d", i), (31-2+day)*24*60+i))
			entries = append(entries, e)
			date := oplog.DateOf(e.Time)
			f.sent[date] = append(f.sent[date], e.ID)
		}
	}
	f.Record("plain", entries...)
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.TimeZone, t.ArchiveAfter = "UTC", 30 }))
	return f
}

// dates are the dates that are due, oldest first.
func (f *fixture) dates() []string {
	var due []string
	for date := range f.sent {
		if date < oplog.DateOf(f.Clock.Now().AddDate(0, 0, -30)) {
			due = append(due, date)
		}
	}
	slices.Sort(due)
	return due
}

// round does what Run does once, and returns what failed.
func (f *fixture) round() error {
	f.T.Helper()
	var failed []error
	f.Archive.Round(f.T.Context(), f.TenantStates, func(err error) { failed = append(failed, err) })
	return errors.Join(failed...)
}

// settle lets all be archived and removed.
func (f *fixture) settle() {
	f.T.Helper()
	f.Must(nil, f.round())
	f.Clock.Advance(25 * time.Hour)
	f.Archive.Retry()
	f.Must(nil, f.round())
}

// recordOf returns the record of a day.
func (f *fixture) recordOf(date string) oplog.ArchivedDay {
	f.T.Helper()
	for _, d := range f.Archive.Days("plain") {
		if d.Date == date {
			return d
		}
	}
	return oplog.ArchivedDay{}
}

// check checks that each due day is in the archive alone: all its entries, each once, on each server of one shard, in the one attempt that counts.
func (f *fixture) check(dates []string) {
	f.T.Helper()
	for _, date := range dates {
		d := f.recordOf(date)
		if d.State != oplog.DayRemoved || d.Rows != uint64(len(f.sent[date])) {
			f.T.Errorf("the record is %+v", d)
		}
		left := 0
		f.Must(nil, f.Store.DayLeaves(f.T.Context(), "plain", date, func(oplog.Key, []byte) error { left++; return nil }))
		if left > 0 {
			f.T.Errorf("the log still has %d entries of %s", left, date)
		}
		for shard, engine := range f.shards {
			for server := range engine.Servers() {
				f.checkServer(date, &d, engine, shard, server)
			}
		}
	}
}

func (f *fixture) checkServer(date string, d *oplog.ArchivedDay, engine *archivetest.Engine, shard, server int) {
	f.T.Helper()
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
	var ids []string
	for _, row := range engine.Rows(server, of) {
		ids = append(ids, row.ID)
	}
	want := slices.Sorted(slices.Values(f.sent[date]))
	if shard != d.Shard {
		want = nil
	}
	if slices.Sort(ids); !slices.Equal(ids, want) {
		f.T.Errorf("server %d of shard %d has %d entries of %s, not the %d that were recorded", server, shard, len(ids), date, len(want))
	}
	all, err := engine.Holdings(f.T.Context(), "plain")
	f.Must(all, err)
	for attempt := range all[server] {
		if attempt.Date == date && attempt.Attempt != d.Attempt {
			f.T.Errorf("server %d of shard %d still has %v, which does not count", server, shard, attempt)
		}
	}
}

// mortalStore is a store of a program that may end.
type mortalStore struct {
	store
	dead atomic.Bool

	// Before and after are called around each change of a day's record, and may end the program.
	before, after func(d string)
	deleting      func(context.Context) (context.Context, error)

	damaged string // a date whose last entry is damaged
}

type store interface{ oplog.Store }

var errDead = errors.New("the program has ended")

func (s *mortalStore) alive() error {
	if s.dead.Load() {
		return errDead
	}
	return nil
}

func (s *mortalStore) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return s.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (s *mortalStore) PutRecords(changes []oplog.RecordChange, audit ...oplog.Entry) error {
	isDay := changes[0].Kind == oplog.RecordArchive
	if isDay && s.before != nil {
		s.before(string(changes[0].Data))
	}
	err := s.alive()
	if err == nil {
		err = s.store.PutRecords(changes, audit...)
	}
	if err == nil && isDay && s.after != nil {
		s.after(string(changes[0].Data))
		err = s.alive()
	}
	return err
}

func (s *mortalStore) DayLeaves(ctx context.Context, tenant, date string, visit func(oplog.Key, []byte) error) error {
	var last oplog.Key
	err := s.store.DayLeaves(ctx, tenant, date, func(key oplog.Key, leaf []byte) error {
		last = key
		return visit(key, leaf)
	})
	if err == nil && date == s.damaged {
		err = oplog.DamagedEntry(tenant, last)
	}
	return err
}

func (s *mortalStore) DeleteDays(ctx context.Context, tenant string, days oplog.Days) error {
	if err := s.alive(); err != nil {
		return err
	}
	if s.deleting != nil {
		var err error
		if ctx, err = s.deleting(ctx); err != nil {
			return err
		}
	}
	return s.store.DeleteDays(ctx, tenant, days)
}

// dropLast takes the last row away.
func dropLast(rows []archivetest.Row) []archivetest.Row { return rows[:len(rows)-1] }

// entryOn returns an entry so many days ago.
func (f *fixture) entryOn(daysAgo int) oplog.Entry {
	return nodetest.WithID(fmt.Sprintf("one-%d", daysAgo), nodetest.Entry("c", daysAgo*24*60))
}
