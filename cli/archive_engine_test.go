package cli

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"oplog/archive"
	"oplog/oplog"
)

// shelf is a shard in memory: two servers with the same rows, until a test changes those of one.
type shelf struct {
	archive.Engine // what is not here is not asked for

	mu     sync.Mutex // guards the fields below
	rows   [2]map[archive.Shipment][]shelfRow
	tables []string // of tenants
	away   bool     // no server answers

	sent func() // called once all rows of a day are there; nil for nothing
}

type shelfRow struct {
	key  oplog.Key
	leaf []byte
}

var errAway = errors.New("https://one:8443: no route to host")

func newShelf() *shelf {
	return &shelf{rows: [2]map[archive.Shipment][]shelfRow{{}, {}}}
}

// locked calls do while nothing else happens, unless no server answers.
func (s *shelf) locked(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errAway
	}
	return do()
}

func (s *shelf) Servers() []string { return []string{"https://one:8443", "https://two:8443"} }

func (s *shelf) MakeTable(_ context.Context, tenant string, _ bool) error {
	return s.locked(func() error { s.tables = append(s.tables, tenant); return nil })
}

func (s *shelf) Check(_ context.Context, tenant string) error {
	return s.locked(func() error {
		if !slices.Contains(s.tables, tenant) {
			return errors.New("https://one:8443 has no table for it")
		}
		return nil
	})
}

func (s *shelf) Highest(_ context.Context, tenant, date string) (highest uint32, err error) {
	return highest, s.locked(func() error {
		for of := range s.rows[0] {
			if of.Tenant == tenant && of.Date == date {
				highest = max(highest, of.Attempt)
			}
		}
		return nil
	})
}

func (s *shelf) Put(_ context.Context, of archive.Shipment, rows iter.Seq2[*archive.Row, error]) error {
	for row, err := range rows {
		if err == nil {
			err = s.locked(func() error {
				for i := range s.rows {
					s.rows[i][of] = append(s.rows[i][of], shelfRow{row.Entry.Key(), slices.Clone(row.Leaf)})
				}
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	if s.sent != nil {
		s.sent()
	}
	return nil
}

func (s *shelf) Verify(_ context.Context, of archive.Shipment) ([]archive.Sum, error) {
	sums := make([]archive.Sum, len(s.rows))
	return sums, s.locked(func() error {
		for i := range s.rows {
			for _, row := range s.rows[i][of] {
				sums[i].Add(row.key.Seq(), archive.LeafHash(row.leaf))
			}
		}
		return nil
	})
}

func (s *shelf) Drop(_ context.Context, of archive.Shipment) error {
	return s.locked(func() error { delete(s.rows[0], of); delete(s.rows[1], of); return nil })
}

func (s *shelf) Holdings(_ context.Context, tenant string) ([]map[archive.DayAttempt]uint64, error) {
	held := make([]map[archive.DayAttempt]uint64, len(s.rows))
	return held, s.locked(func() error {
		for i := range s.rows {
			held[i] = map[archive.DayAttempt]uint64{}
			for of, rows := range s.rows[i] {
				if of.Tenant == tenant {
					held[i][of.DayAttempt] = uint64(len(rows))
				}
			}
		}
		return nil
	})
}

// Leaves returns the leaves of whole days that the first server has.
func (s *shelf) Leaves(_ context.Context, r *archive.Range, visit func(oplog.Key, []byte) error) error {
	return s.locked(func() error {
		for _, day := range slices.Backward(r.Days) {
			rows := s.rows[0][archive.Shipment{Tenant: r.Tenant, DayAttempt: day.DayAttempt}]
			if uint64(len(rows)) != day.Rows {
				return archive.ErrIncomplete
			}
			for _, row := range slices.Backward(rows) {
				if err := visit(row.key, row.leaf); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// modify changes the last byte of a leaf on a server, and returns its entry's seq.
func (s *shelf) modify(server int) (seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rows := range s.rows[server] {
		row := &rows[len(rows)-1]
		row.leaf = slices.Clone(row.leaf)
		row.leaf[len(row.leaf)-1] ^= 1
		return row.key.Seq()
	}
	return 0
}
