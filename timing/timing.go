// Package timing counts how long things take, in histograms as Prometheus reads them.
package timing

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds of histograms, in ascending order.
var (
	Short = []time.Duration{ // of what somebody waits for
		100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
	Long = []time.Duration{ // of jobs
		100 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
	}
)

// Histogram counts durations by bounds. To add one takes two atomic additions and no lock.
type Histogram struct {
	bounds []time.Duration
	counts []atomic.Uint64 // of durations up to each bound and above the one before; the last is of those above all bounds
	sum    atomic.Int64    // nanoseconds
}

// New returns a histogram with the bounds, which must be in ascending order.
func New(bounds []time.Duration) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Add adds a duration.
func (h *Histogram) Add(took time.Duration) {
	at, _ := slices.BinarySearch(h.bounds, took)
	h.counts[at].Add(1)
	h.sum.Add(int64(took))
}

// Since adds the time that has passed since the start.
func (h *Histogram) Since(start time.Time) { h.Add(time.Since(start)) }

// Write writes the histogram in the text format of Prometheus, in seconds, without HELP and TYPE. labels are those besides le, such as
// `kind="page"`; "" for none.
func (h *Histogram) Write(w io.Writer, name, labels string) error {
	var text strings.Builder
	prefix, all := labels, ""
	if labels != "" {
		prefix, all = labels+",", "{"+labels+"}"
	}
	count := uint64(0)
	for i := range h.counts {
		count += h.counts[i].Load()
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = seconds(h.bounds[i])
		}
		fmt.Fprintf(&text, "%s_bucket{%sle=%q} %d\n", name, prefix, bound, count)
	}
	fmt.Fprintf(&text, "%s_sum%s %s\n%s_count%s %d\n", name, all, seconds(time.Duration(h.sum.Load())), name, all, count)
	_, err := io.WriteString(w, text.String())
	return err
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }
