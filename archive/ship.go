package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"oplog/background"
	"oplog/faults"
	"oplog/oplog"
)

// A day is shipped in steps, each of which may be the last of the program. The record names the attempt before a row of it is sent, and closes the day.
// Whatever goes wrong then, the next run begins another attempt; the rows of the earlier one are named among those given up, and never read. Only the
// change of the record to “archived”, which replaces that very record, makes an attempt count, once all servers have the rows and no others.

// shipping is an attempt to ship a day.
type shipping struct {
	day      oplog.ArchivedDay
	revision oplog.Revision // of its record
	engine   Engine
	term     uint64 // in which this node leads
	of       Shipment
	leaves   func(ctx context.Context, visit func(key oplog.Key, leaf []byte) error) error // reads all of the day
}

// ShipDay closes a tenant's day, ships it, verifies it on every server and records that. A day that is archived already stays as it is; one without
// entries, which may have been deleted, is CodeNotFound.
func (a *Archive) ShipDay(ctx context.Context, tenant, date string) error {
	_, err := a.inTurn(ctx, tenant, func() (uint64, error) { return a.shipDay(ctx, tenant, date, false) })
	return err
}

// inTurn ships or removes a day while no other is.
func (a *Archive) inTurn(ctx context.Context, tenant string, do func() (uint64, error)) (rows uint64, err error) {
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-a.turn }()
	defer a.work.shipping(tenant, "")
	defer faults.Catch("archiving a day", &err)
	return do()
}

// shipDay ships a day, and returns its number of rows; again ships one that is archived and still here, since its rows differ.
func (a *Archive) shipDay(ctx context.Context, tenant, date string, again bool) (rows uint64, err error) {
	s, err := a.beginShipping(ctx, tenant, date, again)
	if err != nil || s == nil {
		return 0, err
	}
	a.work.shipping(tenant, date)
	sum, counts, err := a.send(ctx, s)
	if err == nil {
		err = a.compare(ctx, s.engine, s.of, sum)
	}
	if err == nil {
		err = a.recordArchived(s, sum, counts)
	}
	if err != nil {
		if _, now, readErr := a.record(tenant, date); readErr == nil && now != s.revision {
			err = errChanged // which is why: what was sent of a deleted day is dropped
		}
		return 0, fmt.Errorf("ship day %s of tenant %s, attempt %d: %w", date, tenant, s.day.Attempt, err)
	}
	a.work.shipped(sum.Rows)
	return sum.Rows, nil
}

// beginShipping records a new attempt, from which on the day takes no entries; nil if there is nothing to ship.
func (a *Archive) beginShipping(ctx context.Context, tenant, date string, again bool) (*shipping, error) {
	s := &shipping{term: a.options.Place.Term()}
	if err := a.leads(s.term); err != nil {
		return nil, err
	}
	if err := a.isOldEnough(tenant, date); err != nil {
		return nil, err
	}
	before, replaces, err := a.record(tenant, date)
	if err != nil {
		return nil, err
	}
	if before.State == oplog.DayRemoved || before.State == oplog.DayDeleted || before.State == oplog.DayArchived && !again {
		return nil, nil
	}
	if err := a.hasEntries(tenant, date); err != nil {
		return nil, err
	}
	if s.engine, err = a.shardOf(&before); err != nil {
		return nil, err
	}
	highest, err := s.engine.Highest(ctx, tenant, date)
	if err != nil {
		return nil, engineError(err)
	}
	if s.day = before; before.Attempt > 0 {
		s.day.Attempts = append(slices.Clone(before.Attempts), before.Attempt)
	}
	s.day = oplog.ArchivedDay{
		Tenant: tenant, Date: date, State: oplog.DayShipping, Attempt: 1 + max(highest, slices.Max(append(s.day.Attempts, 0))), Attempts: s.day.Attempts,
		Shard: before.Shard, Analysis: a.options.Analysis, BegunAt: a.now(),
	}
	data, err := json.Marshal(&s.day)
	if err == nil {
		err = a.leads(s.term)
	}
	if err == nil {
		err = a.store.PutRecord(oplog.RecordArchive, s.day.Name(), replaces, data)
	}
	if err != nil {
		return nil, inWords(err)
	}
	s.revision, s.of = oplog.RevisionOf(data), shipmentOf(&s.day)
	s.leaves = func(ctx context.Context, visit func(oplog.Key, []byte) error) error {
		return a.store.DayLeaves(ctx, tenant, date, visit)
	}
	return s, a.awaitClosed(ctx, s)
}

// record returns the record of a day, a new one if there is none, with its revision.
func (a *Archive) record(tenant, date string) (d oplog.ArchivedDay, revision oplog.Revision, err error) {
	d = oplog.ArchivedDay{Tenant: tenant, Date: date}
	data, revision, err := a.store.Record(oplog.RecordArchive, d.Name())
	switch {
	case err == nil:
		d, err = readDay(oplog.Record{Name: d.Name(), Data: data})
	case oplog.CodeOf(err) == oplog.CodeNotFound:
		err = nil
		if n := len(a.options.Shards); n > 0 {
			hash := fnv.New32a()
			_, _ = hash.Write([]byte(d.Name()))
			d.Shard = int(hash.Sum32() % uint32(n)) //nolint:gosec // less than n
		}
	}
	return d, revision, err
}

// isOldEnough returns an error if a day is to stay out of the archive by its tenant's setting.
func (a *Archive) isOldEnough(tenant, date string) error {
	data, _, err := a.store.Record(oplog.RecordTenant, tenant)
	if err != nil {
		return err
	}
	var t oplog.Tenant
	if json.Unmarshal(data, &t) != nil {
		return oplog.DamagedRecord(oplog.RecordTenant, tenant)
	}
	state := oplog.TenantState{Tenant: t, Zone: t.Location()}
	before := state.ArchivedBefore(a.surelyNow())
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return oplog.Errorf(oplog.CodeInvalid, "%s is not a date such as 2026-01-31.", date)
	}
	switch {
	case before == "":
		return oplog.Errorf(oplog.CodeInvalid, "Tenant %s keeps its entries out of the archive; change that with oplog tenant set %s --archive-after DAYS.", tenant, tenant)
	case date >= before:
		return oplog.Errorf(oplog.CodeInvalid, "Day %s of tenant %s stays out of the archive: days before %s are older than %d days.", date, tenant, before, t.ArchiveAfter)
	}
	return nil
}

// hasEntries returns CodeNotFound if a day has no entries here, or was deleted.
func (a *Archive) hasEntries(tenant, date string) error {
	from, to := oplog.Days{From: date, To: date}.Bounds()
	found, err := a.store.Older(tenant, oplog.MakeKey(to, 0), oplog.MakeKey(from, 0), 1, nil)
	if err == nil && len(found) == 0 {
		err = oplog.Errorf(oplog.CodeNotFound, "Day %s of tenant %s has no entries.", date, tenant)
	}
	return err
}

const (
	closedPoll  = 10 * time.Millisecond
	closedLimit = time.Minute
)

// awaitClosed returns once the day is closed in the copy of this node, which then has all its entries, unless retention has closed it before.
func (a *Archive) awaitClosed(ctx context.Context, s *shipping) error {
	ctx, cancel := context.WithTimeout(ctx, closedLimit)
	defer cancel()
	for {
		_, now, err := a.store.Record(oplog.RecordArchive, s.day.Name())
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if now == s.revision {
			break
		}
		select {
		case <-time.After(closedPoll):
		case <-ctx.Done():
			return fmt.Errorf("the record of day %s of tenant %s has not reached this node: %w", s.day.Date, s.day.Tenant, ctx.Err())
		}
	}
	return a.hasEntries(s.day.Tenant, s.day.Date)
}

const (
	pacedRows = 64   // that are read between two pauses
	toldRows  = 1000 // after which it is told how many were sent
)

// send streams all rows of a day to its shard, and returns the sum of their leaf hashes and what they count.
func (a *Archive) send(ctx context.Context, s *shipping) (sum Sum, counts *tally, err error) {
	isWhole := false
	var failed error
	rows := func(yield func(*Row, error) bool) {
		sum, counts, isWhole = Sum{}, newTally(), false
		var pacer background.Pacer
		var row Row
		failed = s.leaves(ctx, func(key oplog.Key, leaf []byte) error {
			if sum.Rows%pacedRows == pacedRows-1 {
				if err := a.leads(s.term); err != nil {
					return err
				}
				pacer.Yield()
			}
			e, err := a.decode(key, leaf)
			if err != nil {
				return err
			}
			sum.Add(key.Seq(), LeafHash(leaf))
			if counts.add(&e); sum.Rows%toldRows == 0 {
				a.work.sent(s.day.Tenant, sum.Rows)
			}
			if row = (Row{Entry: &e, Leaf: leaf}); !yield(&row, nil) {
				return errStopped
			}
			return nil
		})
		a.work.sent(s.day.Tenant, sum.Rows)
		if isWhole = failed == nil; failed != nil && !errors.Is(failed, errStopped) {
			yield(nil, failed)
		}
	}
	err = engineError(s.engine.Put(ctx, s.of, rows))
	switch {
	case failed != nil && !errors.Is(failed, errStopped):
		err = failed
	case err == nil && !isWhole:
		err = errStopped
	}
	return sum, counts, err
}

var errStopped = errors.New("not all rows were sent")

// shipmentOf returns the shipment of a day that counts.
func shipmentOf(d *oplog.ArchivedDay) Shipment {
	return Shipment{Tenant: d.Tenant, DayAttempt: DayAttempt{Date: d.Date, Attempt: d.Attempt}}
}

// sumOf returns what the archive has of an archived day.
func sumOf(d *oplog.ArchivedDay) Sum {
	return Sum{Rows: d.Rows, MinSeq: d.MinSeq, MaxSeq: d.MaxSeq, Lanes: d.Sum}
}

// differs is the error of servers that have other rows than a day.
type differs struct {
	of      Shipment
	servers []string
	rows    []uint64 // of each server
	want    uint64   // in the log
}

func (e *differs) Error() string {
	text := fmt.Sprintf("what %s has of day %s of tenant %s differs from the log", strings.Join(e.servers, " and "), e.of.Date, e.of.Tenant)
	if !slices.ContainsFunc(e.rows, func(n uint64) bool { return n != e.want }) {
		return text + ": as many entries, but not the same"
	}
	rows := strings.ReplaceAll(strings.Trim(fmt.Sprint(e.rows), "[]"), " ", " and ")
	return fmt.Sprintf("%s: %s entries instead of %d", text, rows, e.want)
}

// compare returns an error if a server has other rows of a shipment than the sum says.
func (a *Archive) compare(ctx context.Context, engine Engine, of Shipment, want Sum) error {
	sums, err := engine.Verify(ctx, of)
	if err != nil {
		return engineError(err)
	}
	servers := engine.Servers()
	if len(sums) != len(servers) {
		return fmt.Errorf("%d of %d servers have compared day %s", len(sums), len(servers), of.Date)
	}
	differ := &differs{of: of, want: want.Rows}
	for i := range sums {
		if sums[i] != want {
			differ.servers, differ.rows = append(differ.servers, servers[i]), append(differ.rows, sums[i].Rows)
		}
	}
	if len(differ.servers) > 0 {
		return differ
	}
	return nil
}

// recordArchived records that the archive has a day.
func (a *Archive) recordArchived(s *shipping, sum Sum, counts *tally) error {
	if err := a.leads(s.term); err != nil {
		return err
	}
	d := s.day
	d.State, d.Rows, d.MinSeq, d.MaxSeq, d.Sum = oplog.DayArchived, sum.Rows, sum.MinSeq, sum.MaxSeq, sum.Lanes
	d.ArchivedAt = a.now()
	d.VerifiedAt = d.ArchivedAt
	count, err := a.countsChange(&d, counts)
	if err != nil {
		return err
	}
	return a.put(&d, s.revision, "ship", count...)
}

// put stores the record of a day, with what the trail tells of it.
func (a *Archive) put(d *oplog.ArchivedDay, replaces oplog.Revision, operation string, others ...oplog.RecordChange) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	entry, err := a.options.Report(operation, d)
	if err != nil {
		return err
	}
	change := oplog.RecordChange{Kind: oplog.RecordArchive, Name: d.Name(), Replaces: replaces, Data: data}
	return inWords(a.store.PutRecords(append([]oplog.RecordChange{change}, others...), entry))
}

// countsChange returns the change that keeps here what a day counts.
func (a *Archive) countsChange(d *oplog.ArchivedDay, counts *tally) ([]oplog.RecordChange, error) {
	data, err := counts.encode()
	if err != nil || data == nil {
		return nil, err
	}
	_, revision, err := a.store.Record(oplog.RecordArchiveCounts, d.Name())
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound && oplog.CodeOf(err) != oplog.CodeDamaged {
		return nil, err
	}
	return []oplog.RecordChange{{Kind: oplog.RecordArchiveCounts, Name: d.Name(), Replaces: revision, Data: data}}, nil
}
