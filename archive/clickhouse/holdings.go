package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"oplog/archive"
)

// holdings are the numbers of rows of a table by partition.
type holdings struct {
	at   time.Time
	rows map[archive.DayAttempt]uint64
}

// holdingsTime is how long an answer of a server about its parts is used.
const holdingsTime = time.Second

// Holdings asks all servers at once for their parts; see [archive.Engine].
func (s *Shard) Holdings(ctx context.Context, tenant string) ([]map[archive.DayAttempt]uint64, error) {
	all, failed := make([]map[archive.DayAttempt]uint64, len(s.servers)), make([]error, len(s.servers))
	var asking sync.WaitGroup
	for i, one := range s.servers {
		asking.Go(func() {
			var err error
			if all[i], err = one.askHoldings(ctx, tenant); err != nil {
				all[i], failed[i] = nil, &archive.ServerError{Server: one.url, Err: err}
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

// askHoldings asks a server for the numbers of rows of a tenant's table, by day and attempt. It counts parts that readers see; one that is being
// replaced is not counted twice.
func (s *server) askHoldings(ctx context.Context, tenant string) (map[archive.DayAttempt]uint64, error) {
	answer, err := s.ask(ctx, "SELECT partition_id, sum(rows) FROM system.parts WHERE database = currentDatabase() AND table = "+quote(tableOf(tenant))+
		" AND active GROUP BY partition_id FORMAT TabSeparated", reading)
	if err != nil {
		return nil, err
	}
	rows := map[archive.DayAttempt]uint64{}
	for line := range strings.Lines(string(answer)) {
		id, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		of, ok := readPartition(id)
		n, err := strconv.ParseUint(count, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s: %q is not a partition of %s", s.url, line, tableOf(tenant))
		}
		rows[of] = n
	}
	return rows, nil
}

// readPartition reads a partition's id: 20261130-1.
func readPartition(id string) (archive.DayAttempt, bool) {
	date, number, _ := strings.Cut(id, "-")
	attempt, err := strconv.ParseUint(number, 10, 32)
	t, dateErr := time.Parse("20060102", date)
	return archive.DayAttempt{Date: t.Format(time.DateOnly), Attempt: uint32(attempt)}, err == nil && dateErr == nil
}

// forget forgets what a server was last known to hold.
func (s *server) forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.holdings, tenant)
}

// hasAll reports whether a server holds exactly the rows of the given days. It is asked before each query, at most once a second, unless days are missing:
// they may have been added since.
func (s *server) hasAll(ctx context.Context, tenant string, days []archive.Day) (bool, error) {
	s.mu.Lock()
	known := s.holdings[tenant]
	s.mu.Unlock()
	if time.Since(known.at) <= holdingsTime && known.hasAll(days) {
		return true, nil
	}
	at := time.Now()
	rows, err := s.askHoldings(ctx, tenant)
	if err != nil {
		return false, err
	}
	known = holdings{at, rows}
	s.mu.Lock()
	s.holdings[tenant] = known
	s.mu.Unlock()
	return known.hasAll(days), nil
}

func (h *holdings) hasAll(days []archive.Day) bool {
	for _, d := range days {
		if h.rows[d.DayAttempt] != d.Rows {
			return false
		}
	}
	return true
}
