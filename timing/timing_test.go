package timing

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWrite: a duration counts in the bucket of its bound and in all above it.
func TestWrite(t *testing.T) {
	h := New([]time.Duration{time.Millisecond, 2500 * time.Millisecond})
	for _, took := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, 2 * time.Second, 2500 * time.Millisecond, time.Hour} {
		h.Add(took)
	}
	f := func(labels, want string) {
		t.Helper()
		var text strings.Builder
		if err := h.Write(&text, "x_seconds", labels); err != nil || text.String() != want {
			t.Errorf("%v\n%s\nwant\n%s", err, text.String(), want)
		}
	}
	f("", `x_seconds_bucket{le="0.001"} 2
x_seconds_bucket{le="2.5"} 5
x_seconds_bucket{le="+Inf"} 6
x_seconds_sum 3604.502000001
x_seconds_count 6
`)
	f(`kind="page"`, `x_seconds_bucket{kind="page",le="0.001"} 2
x_seconds_bucket{kind="page",le="2.5"} 5
x_seconds_bucket{kind="page",le="+Inf"} 6
x_seconds_sum{kind="page"} 3604.502000001
x_seconds_count{kind="page"} 6
`)
}

func TestBoundsAscend(t *testing.T) {
	for _, bounds := range [][]time.Duration{Short, Long} {
		if !slices.IsSorted(bounds) || len(slices.Compact(slices.Clone(bounds))) != len(bounds) {
			t.Error(bounds)
		}
	}
}

// TestConcurrent: no duration is lost, and adding one allocates nothing.
func TestConcurrent(t *testing.T) {
	h := New(Short)
	var adding sync.WaitGroup
	for range 8 {
		adding.Go(func() {
			for i := range 1000 {
				h.Add(time.Duration(i) * time.Millisecond)
			}
		})
	}
	adding.Wait()
	var text strings.Builder
	if err := h.Write(&text, "x", ""); err != nil || !strings.HasSuffix(text.String(), "x_sum 3996\nx_count 8000\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if n := testing.AllocsPerRun(100, func() { h.Since(time.Now()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	h := New(Short)
	b.ReportAllocs()
	for b.Loop() {
		h.Add(3 * time.Millisecond)
	}
}
