package search

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// Filters of many values are answered as others are, and not remembered: each
// may be as long as a request, and each segment would keep it.
func TestFiltersOfManyValues(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	record(t, l, 0, 100, func(number int) int { return number })
	if _, err := l.Total(t.Context(), tenant, oplog.Query{}); err != nil {
		t.Fatal(err)
	}
	awaitMerges(l)
	f := func(values int) {
		t.Helper()
		q := oplog.Query{Filters: oplog.Filters{Values: oplog.Values{ContentIDs: []string{"page_3"}}}}
		for i := range values {
			q.ContentIDs = append(q.ContentIDs, fmt.Sprint("other-", i))
		}
		if n, err := l.Total(t.Context(), tenant, q); err != nil || n != 100/13+1 {
			t.Errorf("%d values let %d entries through, %v; want %d", values, n, err, 100/13+1)
		}
	}
	f(10)
	f(10_000)
	v, err := l.index.view(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer v.release()
	if len(v.segments) == 0 {
		t.Error("there is no segment")
	}
	for _, s := range v.segments {
		for key := range s.words {
			if len(key) > maxRememberedBytes {
				t.Errorf("a segment remembers %d bytes of a filter", len(key))
			}
		}
	}
}
