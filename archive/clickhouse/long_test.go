package clickhouse

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

var (
	limitOf = regexp.MustCompile(`LIMIT (\d+)`)
	seqOf   = regexp.MustCompile(`OR seq < (\d+)`)
)

// leavesOf answers with the leaves of a day of so many rows, each of so many bytes, newest first, and keeps the limits that it was asked for.
func leavesOf(rows, size int, limits *[]int) *fake {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	return &fake{rows: rows, answer: func(w http.ResponseWriter, statement string) {
		limit, _ := strconv.Atoi(limitOf.FindStringSubmatch(statement)[1])
		*limits = append(*limits, limit)
		next := rows
		if m := seqOf.FindStringSubmatch(statement); m != nil {
			next, _ = strconv.Atoi(m[1])
			next--
		}
		for leaf := make([]byte, size); next > 0 && limit > 0; next, limit = next-1, limit-1 {
			row := appendKey(nil, at, uint64(next))
			row = binary.AppendUvarint(row, uint64(size))
			if _, err := w.Write(append(row, leaf...)); err != nil {
				return
			}
		}
	}}
}

// TestLongLeaves: an answer with leaves is never much longer than it may be. Fewer are asked for while they are long, and more again when they are short.
func TestLongLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		rows, size int
		limits     []int // that were asked for in the end
	}{
		"short ones":             {3, 300, []int{leavesAtATime}},
		"longer than one answer": {2, leavesBytes + 1, []int{2, 1, 1, 1}},
		"long ones":              {20, 1 << 20, []int{9, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			var limits []int
			s := shardOf(t, leavesOf(c.rows, c.size, &limits))
			day := oneDay
			day.Rows = uint64(c.rows)
			want := c.rows
			err := s.Leaves(ctx, &archive.Range{Tenant: testTenant, Days: []archive.Day{day}}, func(key oplog.Key, leaf []byte) error {
				if key.Seq() != uint64(want) || len(leaf) != c.size {
					return fmt.Errorf("leaf %d of %d bytes instead of %d", key.Seq(), len(leaf), want)
				}
				want--
				return nil
			})
			if err != nil || want != 0 {
				t.Errorf("%d leaves are missing, %v", want, err)
			}
			if len(limits) < len(c.limits) || !slices.Equal(limits[len(limits)-len(c.limits):], c.limits) {
				t.Errorf("%v were asked for; want %v in the end", limits, c.limits)
			}
		})
	}
}

// TestManyLeavesAgain: after long leaves, the number of short ones grows again.
func TestManyLeavesAgain(t *testing.T) {
	var limits []int
	s := shardOf(t, leavesOf(100, 300, &limits))
	s.leaves.Store(3)
	day := oneDay
	day.Rows = 100
	n := 0
	if err := s.Leaves(ctx, &archive.Range{Tenant: testTenant, Days: []archive.Day{day}}, func(oplog.Key, []byte) error { n++; return nil }); err != nil || n != 100 {
		t.Errorf("%d leaves, %v", n, err)
	}
	if want := []int{3, 6, 12, 24, 48, 96}; !slices.Equal(limits, want) {
		t.Errorf("%v were asked for, want %v", limits, want)
	}
}
