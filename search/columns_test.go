package search

import (
	"fmt"
	"testing"
)

// TestNumbersOfManyActions: catalogs replaced repeatedly have more pairs of module and operation than a single one.
func TestNumbersOfManyActions(t *testing.T) {
	n := newNumbering()
	const pairs = 1<<16 + 2
	act := func(i int) action { return action{module: fmt.Sprint("module", i), operation: "edit"} }
	for range 2 {
		for i := range pairs {
			if got, _ := n.of(act(i), actor{}); int(got) != i {
				t.Fatalf("pair %d has number %d", i, got)
			}
		}
	}
	if actions, _ := n.all(); len(actions) != pairs || actions[pairs-1] != act(pairs-1) {
		t.Errorf("%d pairs are numbered", len(actions))
	}
}
