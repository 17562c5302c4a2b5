package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// holding is what a server has of a tenant, compared with the records.
type holding struct {
	missing []string     // dates of days of which it has not all rows
	left    []DayAttempt // what records name, and nobody needs
	unknown []DayAttempt // what no record names
}

// holdingOf compares what a server of a shard has with the records of a tenant's days.
func holdingOf(days []oplog.ArchivedDay, shard int, rows map[DayAttempt]uint64) (h holding) {
	byDate := make(map[string]*oplog.ArchivedDay, len(days))
	for i := range days {
		d := &days[i]
		if byDate[d.Date] = d; d.Shard == shard && isThere(d) && rows[shipmentOf(d).DayAttempt] != d.Rows {
			h.missing = append(h.missing, d.Date)
		}
	}
	for _, of := range slices.SortedFunc(maps.Keys(rows), DayAttempt.compare) {
		switch d := byDate[of.Date]; {
		case d != nil && d.Shard == unknownShard: // it may be what its record named
		case d == nil || d.Shard != shard || !slices.Contains(attemptsOf(d), of.Attempt):
			h.unknown = append(h.unknown, of)
		case d.State == oplog.DayDeleted || of.Attempt != d.Attempt && of.Attempt != d.Next:
			h.left = append(h.left, of)
		}
	}
	return h
}

// isThere reports whether the archive has a day.
func isThere(d *oplog.ArchivedDay) bool {
	return d.State == oplog.DayArchived || d.State == oplog.DayRemoved
}

func (a DayAttempt) compare(b DayAttempt) int {
	if c := strings.Compare(a.Date, b.Date); c != 0 {
		return c
	}
	return int(int64(a.Attempt) - int64(b.Attempt))
}

// String names a shipment: 2026-01-31 attempt 2.
func (a DayAttempt) String() string { return fmt.Sprintf("%s attempt %d", a.Date, a.Attempt) }

// tidy drops what is left in the archive of attempts that were given up and of deleted days, and returns an error that names the days of which a server
// lacks rows. Rows that no record names may be those of another log, and are told only.
func (a *Archive) tidy(ctx context.Context, tenant string) error {
	term := a.options.Place.Term()
	var failed []error
	for shard, engine := range a.options.Shards {
		holdings, err := engine.Holdings(ctx, tenant)
		failed = append(failed, engineError(err))
		days := a.Days(tenant) // after what the servers have: an attempt that is begun later is in neither, or named
		left := map[DayAttempt]bool{}
		for i, rows := range holdings {
			if rows == nil {
				continue // it does not answer
			}
			h, server := holdingOf(days, shard, rows), engine.Servers()[i]
			if len(h.missing) > 0 {
				failed = append(failed, fmt.Errorf("%s lacks rows of archived days: %s", server, some(h.missing)))
			}
			if len(h.unknown) > 0 {
				slog.Warn("the archive has rows that this log does not know, and leaves them alone", "server", server, "tenant", tenant, "days", some(texts(h.unknown)))
			}
			for _, of := range h.left {
				left[of] = true
			}
		}
		for _, of := range slices.SortedFunc(maps.Keys(left), DayAttempt.compare) {
			failed = append(failed, a.dropLeft(ctx, engine, Shipment{tenant, of}, term))
		}
	}
	return errors.Join(failed...)
}

// replacedFor is how long a shipment stays after another took its place, for reads that go by an earlier view.
const replacedFor = time.Hour

// dropLeft drops a shipment, unless its day's record says by now that it counts.
func (a *Archive) dropLeft(ctx context.Context, engine Engine, of Shipment, term uint64) error {
	if err := a.leads(term); err != nil {
		return err
	}
	d, _, err := a.record(of.Tenant, of.Date)
	if err != nil || d.State != oplog.DayDeleted && !slices.Contains(d.Attempts, of.Attempt) {
		return err
	}
	if d.State == oplog.DayRemoved && of.Attempt == d.Replaced && a.now().Sub(d.RemovedAt) < replacedFor {
		return nil
	}
	if d.State == oplog.DayDeleted {
		return a.dropAll(ctx, &d, term)
	}
	return engineError(engine.Drop(ctx, of))
}

func texts(all []DayAttempt) (names []string) {
	for _, one := range all {
		names = append(names, one.String())
	}
	return names
}

// some returns the first ones of a list, for a message.
func some(all []string) string {
	const most = 10
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}
