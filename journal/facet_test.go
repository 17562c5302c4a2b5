package journal

import (
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestFacetIsBounded: a facet lists the values with the most operations, and
// says how many others there are.
func TestFacetIsBounded(t *testing.T) {
	counts := make(map[string]int)
	for i := range oplog.MaxFacetValues + 5 {
		counts[fmt.Sprint(i)] = i + 1
	}
	values, more := facet(counts, func(string) string { return "" })
	if len(values) != oplog.MaxFacetValues || more != 5 || values[0].Count != len(counts) || values[len(values)-1].Count != 6 {
		t.Errorf("%d values from %v to %v, and %d more", len(values), values[0], values[len(values)-1], more)
	}
	long := strings.Repeat("x", oplog.MaxFacetBytes/4)
	values, more = facet(map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, func(string) string { return long })
	if len(values) != 3 || more != 2 || values[0].Value != "e" {
		t.Errorf("%d values with long names, and %d more", len(values), more)
	}
	if values, more = facet(map[string]int{"a": 1}, func(string) string { return "" }); len(values) != 1 || more != 0 || values[0].Name != "a" {
		t.Errorf("%v, and %d more", values, more)
	}
}
