package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"oplog/archive"
)

// held is what a server holds of a partition.
type held struct {
	rows  uint64
	parts string // changes whenever a part comes or goes, even if it comes again under its name
}

// holdings are what a server holds of a table, by partition.
type holdings struct {
	at   time.Time // before it was asked
	held map[archive.DayAttempt]held
}

// holdingsTime is how long an answer of a server about its parts is used.
const holdingsTime = time.Second

// Holdings asks all servers at once for their parts; see [archive.Engine].
func (s *Shard) Holdings(ctx context.Context, tenant string) ([]map[archive.DayAttempt]uint64, error) {
	all, failed := make([]map[archive.DayAttempt]uint64, len(s.servers)), make([]error, len(s.servers))
	var asking sync.WaitGroup
	for i, one := range s.servers {
		asking.Go(func() {
			known, err := one.askHoldings(ctx, tenant)
			if err != nil {
				failed[i] = &archive.ServerError{Server: one.url, Err: err}
				return
			}
			all[i] = map[archive.DayAttempt]uint64{}
			for of, h := range known.held {
				all[i][of] = h.rows
			}
		})
	}
	asking.Wait()
	return all, errors.Join(failed...)
}

// Highest asks all servers; see [archive.Engine].
func (s *Shard) Highest(ctx context.Context, tenant, date string) (highest uint32, err error) {
	all, err := s.Holdings(ctx, tenant)
	for _, rows := range all {
		for of := range rows {
			if of.Date == date {
				highest = max(highest, of.Attempt)
			}
		}
	}
	return highest, err
}

// askHoldings asks a server for what it holds of a tenant's table. It counts parts that readers see; one that is being replaced is not counted twice.
func (s *server) askHoldings(ctx context.Context, tenant string) (*holdings, error) {
	known := &holdings{at: time.Now(), held: map[archive.DayAttempt]held{}}
	answer, err := s.ask(ctx, "SELECT partition_id, sum(rows), sum(cityHash64(name, modification_time)) FROM system.parts WHERE database = currentDatabase() AND table = "+
		quote(tableOf(tenant))+" AND active GROUP BY partition_id FORMAT TabSeparated", probing)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(answer)) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		count, parts, _ := strings.Cut(rest, "\t")
		of, ok := readPartition(id)
		n, err := strconv.ParseUint(count, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s: %q is not a partition of %s", s.url, line, tableOf(tenant))
		}
		known.held[of] = held{n, parts}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known.at.After(s.holdings[tenant].at) {
		s.holdings[tenant] = *known
	}
	return known, nil
}

// readPartition reads a partition's id: 20261130-1.
func readPartition(id string) (archive.DayAttempt, bool) {
	date, number, _ := strings.Cut(id, "-")
	attempt, err := strconv.ParseUint(number, 10, 32)
	t, dateErr := time.Parse("20060102", date)
	return archive.DayAttempt{Date: t.Format(time.DateOnly), Attempt: uint32(attempt)}, err == nil && dateErr == nil
}

// known returns what a server holds, as asked within the last second, unless rows of the days were missing then.
func (s *server) known(ctx context.Context, tenant string, days []archive.Day) (*holdings, error) {
	s.mu.Lock()
	known := s.holdings[tenant]
	s.mu.Unlock()
	if time.Since(known.at) <= holdingsTime && known.hasAll(days) {
		return &known, nil
	}
	return s.askHoldings(ctx, tenant)
}

// hasAll reports whether exactly the rows of the days are there.
func (h *holdings) hasAll(days []archive.Day) bool {
	return !slices.ContainsFunc(days, func(d archive.Day) bool { return h.held[d.DayAttempt].rows != d.Rows })
}

// sameParts reports whether no part of the days has come or gone.
func (h *holdings) sameParts(other *holdings, days []archive.Day) bool {
	return !slices.ContainsFunc(days, func(d archive.Day) bool { return h.held[d.DayAttempt] != other.held[d.DayAttempt] })
}

// errSilent is the error of a server that had not even said what it holds, which takes it no time, when the time of a question was over.
var errSilent = errors.New("no answer in time")

// changes is how often a question is asked again because parts have come or gone meanwhile, as after a merge.
const changes = 5

// whole asks a server a question that needs all rows of some days. They must be there before it, and the same parts after it: a server that finds a part damaged
// lays it aside at any time, and answers without it until it has fetched it from another.
func (s *server) whole(ctx context.Context, tenant string, days []archive.Day, ask func(one *server) error) error {
	before, err := s.known(ctx, tenant, days)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s", errSilent, s.url)
	}
	for range changes {
		if err != nil {
			return err
		}
		if !before.hasAll(days) {
			return fmt.Errorf("%s does not hold all rows", s.url)
		}
		if err := ask(s); err != nil {
			return err
		}
		var after *holdings
		if after, err = s.askHoldings(ctx, tenant); err == nil && after.sameParts(before, days) {
			return nil
		}
		before = after
	}
	return errors.Join(err, fmt.Errorf("%s: its parts change all the time", s.url))
}
